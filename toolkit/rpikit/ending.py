# SPDX-License-Identifier: MIT
"""How a command ends: its exit code, and one line of what went wrong with a hint below it.

Nothing that goes wrong shows a traceback, unless RPIKIT_TRACE asks for it.
"""

import errno
import io
import itertools
import json
import os
import signal
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn, TextIO

import rich_click as click

from rpikit import plugins
from rpikit.errors import EXIT_INTERRUPTED, EXIT_OK, DescriptionError, RpikitError, ToolError

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

EXIT_INTERNAL = 1
TRACE = "RPIKIT_TRACE"

_BY_PLACE = {
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.EEXIST),
    *(errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG),
}
"""What goes wrong because of the place a user named; the rest is for want of something here."""


def end(command: Callable[[], object]) -> NoReturn:
    """Run a command and leave with its exit code."""
    _open_streams()
    sys.unraisablehook = _still_raised
    try:
        status = _run(command)
        sys.stdout.flush()
    except KeyboardInterrupt:
        status = EXIT_INTERRUPTED
    except OSError:  # what was printed last did not get out
        status = EXIT_INTERNAL
        _close_output()
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # All is said; what Python does until its end would show an interrupt as a traceback.
        signal.signal(signal.SIGINT, lambda *_: os._exit(EXIT_INTERRUPTED))
    sys.exit(status)


def _run(command: Callable[[], object]) -> int:
    """Run a command and return its exit code."""
    try:
        _call(command)
        sys.stdout.flush()
    except SystemExit as asked:
        return asked.code if isinstance(asked.code, int) else EXIT_OK
    except RpikitError as error:
        complain(str(error), error.hint)
        return error.exit_code
    except click.ClickException as error:
        if _wants_json():
            complain(error.format_message())
        else:
            error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        complain("interrupted")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        _close_output()
        return EXIT_INTERNAL
    except Exception as error:
        if os.environ.get(TRACE):
            raise
        return _explain(error)
    return EXIT_OK


def _call(command: Callable[[], object]) -> None:
    """Run a command; an interrupt stays one when something below turned it into another error.

    An import does so, and what cannot be taken back while an interrupt ends it.
    """
    try:
        command()
    except Exception as error:
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, KeyboardInterrupt):
                raise cause from None
            cause = cause.__cause__ or cause.__context__
        raise


def _still_raised(lost: "UnraisableHookArgs") -> None:
    """Raise an interrupt once more that came where Python can only drop an exception."""
    if isinstance(lost.exc_value, KeyboardInterrupt):
        import threading

        # Not from here: it would be dropped again.
        again = threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT))
        again.daemon = True
        again.start()
    else:
        sys.__unraisablehook__(lost)


def _explain(error: Exception) -> int:
    """Say what a failure of this machine is, or whose fault it is: rpikit's or a package's."""
    if isinstance(error, OSError) and error.errno is not None:
        reason = error.strerror or str(error)
        where = next((os.fsdecode(name) for name in (error.filename, error.filename2) if name), "")
        complain(": ".join(filter(None, (printable(where), reason))))
        return (DescriptionError if error.errno in _BY_PLACE else ToolError).exit_code
    added = plugins.culprit(error)
    if added is not None:
        whose = plugins.owner(added)
        complain(
            f"{whose}: a fault in its own code: {type(error).__name__}: {error}",
            f"run it again with {TRACE}=1 and tell whoever makes {whose}",
        )
        return ToolError.exit_code
    complain(
        f"this is a fault of rpikit itself: {type(error).__name__}: {error}",
        f"run it again with {TRACE}=1 and report what it prints",
    )
    return EXIT_INTERNAL


def complain(message: str, hint: str | None = None) -> None:
    """Say what went wrong on standard error, with a hint.

    An error that has none, or shows what another program printed, gets one that fits the text.
    """
    from rpikit import hints

    try:
        found = hints.find(f"{message}\n{hint or ''}") if "\n" in (hint or "\n") else None
        answers = [one for one in (hint, found) if one]
        if _wants_json():
            event = {"event": "error", "message": message, "hint": "\n".join(answers) or None}
            print(json.dumps(event), file=sys.stderr)
            return
        print(f"rpikit: {printable(message)}", file=sys.stderr)
        for line in answers:
            print(f"  hint: {printable(line)}", file=sys.stderr)
    except OSError:
        return  # nobody reads that either


def _wants_json() -> bool:
    """Say whether JSON was asked for; the words may be so wrong that nobody could read them."""
    words = list(itertools.takewhile(lambda word: word != "--", sys.argv[1:]))
    return "--json" in words or os.environ.get("RPIKIT_JSON", "").lower() in ("1", "true", "yes")


def printable(text: str) -> str:
    """Return a text without the halves of characters that a name which is not UTF-8 leaves."""
    return text.encode("utf-8", "backslashreplace").decode()


def _open_streams() -> None:
    """Give a command that was started without its streams ones that go nowhere.

    A name that is not UTF-8 is printed with its odd bytes spelt out, instead of being a fault.
    """
    sys.stdout = sys.stdout or _nowhere()
    sys.stderr = sys.stderr or _nowhere()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _nowhere() -> TextIO:
    return os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")


def _close_output() -> None:
    """Nobody reads on; let the interpreter's last flush go nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(nowhere, stream.fileno())
