# SPDX-License-Identifier: MIT
"""The verb monitor on origins that say what they are told to: lines, stamps, filters, logs."""

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from rpikit import monitor as verb
from rpikit.crash import Library
from rpikit.errors import DescriptionError, FirmwareError
from rpikit.kept_log import KeptLog, OwnLog
from rpikit.monitor import Ending, monitor
from rpikit.origin import Began, Ended, Event, Note, Quiet, Text
from rpikit.screen import Bytes, Clock, Lines, Objects, Patterns, Stamps


class Told:
    """An origin that gives these events."""

    name = "told"

    def __init__(self, *events: Event) -> None:
        self._events = events

    def events(self) -> Iterator[Event]:
        yield from self._events


def run(*events: Event, ending: Ending | None = None, **options: object) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    screen = Lines(out, err, **options)  # type: ignore[arg-type]
    status = monitor(Told(*events), screen, Library([]), ending=ending, keys=lambda: b"")
    return status, out.getvalue(), err.getvalue()


def shown(said: bytes, *filters: str, exclude: tuple[str, ...] = ()) -> str:
    return run(Text(said), patterns=verb.patterns(filters, exclude, ()))[1]


def test_lines_are_shown_whatever_parts_they_come_in() -> None:
    status, out, err = run(Text(b"one\r\ntw"), Quiet(), Text(b"o\nthree"))
    assert (status, out, err) == (0, "one\ntwo\nthree\n", "")


def test_a_beginning_is_shown_at_once_on_a_terminal_only() -> None:
    out = io.StringIO()
    screen = Lines(out, io.StringIO(), live=True)

    def keys() -> bytes:
        assert out.getvalue() == "login: "
        return b"\x1d"

    assert monitor(Told(Text(b"login: "), Quiet()), screen, Library([]), keys=keys) == 0
    assert out.getvalue() == "login: \n"
    assert run(Text(b"lo"), Text(b"gin"), Text(b": x\n"), live=True)[1] == "login: x\n"


def test_filters_choose_lines_and_an_exclamation_mark_excludes() -> None:
    said = b"gpio on\nnet on\ngpio off\n"
    assert shown(said, "gpio") == "gpio on\ngpio off\n"
    assert shown(said, "gpio", "net") == said.decode()
    assert shown(said, "!off") == "gpio on\nnet on\n"
    assert shown(said, "on", exclude=("^net",)) == "gpio on\n"
    assert shown(b"\x1b[31mred\x1b[0m alert\n", "^red alert$") == "red alert\n"


def test_what_was_looked_for_is_marked_on_a_terminal() -> None:
    patterns = verb.patterns(("gp.o",), (), ("on|off",))
    out = run(Text(b"a gpio on \x1b[2J\n"), patterns=patterns, colours=True)[1]
    assert out == "a \x1b[1;33mgpio\x1b[0m \x1b[1;33mon\x1b[0m \\x1b[2J\n"
    assert run(Text(b"a gpio on\n"), patterns=patterns)[1] == "a gpio on\n"


def test_a_wrong_pattern_is_refused_with_what_is_wrong() -> None:
    with pytest.raises(DescriptionError, match=r"--filter '\(': is no regular expression: .*"):
        verb.patterns(("(",), (), ())


@pytest.mark.parametrize(
    ("kind", "stamps"),
    [
        ("off", ["", ""]),
        ("elapsed", ["     1.500 ", "     3.750 "]),
        ("delta", ["   +0.000 ", "   +2.250 "]),
    ],
)
def test_stamps_say_when_a_line_began(kind: Stamps, stamps: list[str]) -> None:
    clock = Clock(kind, start=1000.0)
    assert [clock.stamp(1001.5), clock.stamp(1003.75)] == stamps


def test_the_wall_clock_has_milliseconds() -> None:
    assert re.fullmatch(r"\d\d:\d\d:\d\d\.\d{3} one\n", run(Text(b"one\n"), stamps="wall")[1])


def test_notes_are_apart_from_the_console_and_cannot_control_a_terminal() -> None:
    _, out, err = run(Text(b"be"), Note("back \x1b[2J"), Ended(3))
    assert out == "be\n"
    assert err == "--- back \\x1b[2J\n--- the guest has ended with status 3\n"


def test_a_guest_that_fails_is_the_exit_code_when_the_monitor_ends_with_it() -> None:
    assert run(Text(b"x\n"), Ended(3))[0] == 1
    assert run(Text(b"x\n"), Ended(0))[0] == 0
    assert run(Text(b"x\n"), Ended(None))[0] == 0


def test_it_ends_at_the_line_that_is_waited_for() -> None:
    ending = Ending(until=re.compile("ready"))
    status, out, _ = run(Text(b"a\nready: "), Text(b"never seen\n"), ending=ending)
    assert (status, out) == (0, "a\nready: \n")


def test_a_line_that_never_came_is_a_failure_that_says_the_last_one() -> None:
    ending = Ending(until=re.compile("ready"))
    with pytest.raises(FirmwareError, match=r"matched 'ready' before the guest .* was 'oh no'"):
        run(Text(b"oh no\n\n"), Ended(1), ending=ending)
    late = Ending(until=re.compile("ready"), timeout=0)
    with pytest.raises(FirmwareError, match="matched 'ready' within 0 s; nothing came"):
        run(Quiet(), Quiet(), ending=late)


def test_the_time_that_was_given_is_an_end_like_any_other() -> None:
    assert run(Text(b"one\n"), Text(b"two\n"), ending=Ending(timeout=0))[:2] == (0, "one\n")


def test_programs_get_an_object_for_each_line() -> None:
    out, err = io.StringIO(), io.StringIO()
    screen = Objects(out, err, "desk", Patterns(wanted=(re.compile("o"),)))
    origin = Told(Note("is running"), Text(b"one\x1b[2J\nthree\ntw"), Text(b"o"))
    monitor(origin, screen, Library([]), keys=lambda: b"")
    first, second = map(json.loads, out.getvalue().splitlines())
    assert list(first) == ["time", "elapsed", "source", "text", "whole", "symbols"]
    assert (first["text"], first["whole"], first["source"]) == ("one\x1b[2J", True, "desk")
    assert (second["text"], second["whole"]) == ("two", False)
    assert json.loads(err.getvalue()) == {"event": "note", "text": "is running"}


def test_raw_is_every_byte() -> None:
    out = io.BytesIO()
    said = bytes(range(256)) * 3
    monitor(Told(Text(said)), Bytes(out, io.StringIO()), Library([]), keys=lambda: b"")
    assert out.getvalue() == said


def test_a_log_has_the_bytes_and_begins_anew_at_its_limit(tmp_path: Path) -> None:
    path = tmp_path / "console.log"
    path.write_bytes(b"before\n")
    with KeptLog(path, limit=1000) as log:
        screen = Lines(io.StringIO(), io.StringIO())
        events = [Began(lambda: None), *(Text(b"\xff%03d\n" % at) for at in range(250)), Note("!")]
        monitor(Told(*events), screen, Library([]), log=log, keys=lambda: b"")
    older, newer = path.with_name("console.log.1").read_bytes(), path.read_bytes()
    assert 1000 <= len(older) < 1010
    assert len(newer) < 1000
    assert re.fullmatch(rb"(\xff\d{3}\n)+--- \S+ !\n", newer)


def test_a_log_with_stamps_has_one_for_each_line(tmp_path: Path) -> None:
    path = tmp_path / "console.log"
    with KeptLog(path, stamps=True) as log:
        for part in (b"on", b"e\ntwo", b"\n"):
            log.write(part)
    assert [row.split(b" ", 1)[1] for row in path.read_bytes().splitlines()] == [b"one", b"two"]


def test_two_monitors_keep_one_log_between_them(tmp_path: Path) -> None:
    path = tmp_path / "consoles" / "desk.log"
    first = OwnLog.open(path)
    assert first is not None
    assert OwnLog.open(path) is None
    first.close()
    second = OwnLog.open(path)
    assert second is not None
    second.close()


def test_a_log_that_cannot_be_kept_unasked_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert OwnLog.open(tmp_path / "file" / "desk.log") is None
