# SPDX-License-Identifier: MIT
"""The verb shell: a command, or a shell, on a board, at this terminal; its status is the result."""

import select
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

from rpikit import serial_line, terminal
from rpikit.errors import EXIT_OK, BoardError
from rpikit.transport import Transport
from rpikit.transport.serial import Serial
from rpikit.transport.ssh import Ssh

if TYPE_CHECKING:
    import paramiko

_CHUNK = 32768
_LONG_SECONDS = 24 * 3600.0


def shell(transport: Transport, command: str | None) -> int:
    """Run a command on a board, or a shell without one; return its exit status.

    With a terminal on both sides the board has one, too; otherwise the streams stay three. Over a
    serial console the shell is the console's, until Ctrl-]. A transport of another package runs a
    command, whose output is shown at its end.
    """
    if isinstance(transport, Serial) and command is None and terminal.is_interactive():
        transport.leave()
        address = transport.address
        serial_line.attach(address.place, transport.board, address.baud, typed=b"\r")
        return EXIT_OK
    if not isinstance(transport, Ssh):
        return _run(transport, command)
    interactive = terminal.is_interactive()
    kind = terminal.kind_and_size() if interactive else None
    if command is None and not interactive:
        command = "exec sh -s"  # the commands come through standard input
    with transport.session(command, kind) as channel:
        if not interactive:
            return _carry(transport, channel)
        with terminal.raw(), terminal.resized(channel.resize_pty):
            return _carry(transport, channel)


def _run(transport: Transport, command: str | None) -> int:
    if command is None:
        raise BoardError(
            f"{transport.name}: a shell at a terminal needs ssh",
            hint="name a command: rpikit board shell NAME -- COMMAND",
        )
    given = b"" if sys.stdin.isatty() else sys.stdin.buffer.read()
    result = transport.run(command, input=given, timeout=_LONG_SECONDS)
    terminal.show(result.out.encode())
    terminal.complain(result.err.encode())
    return result.status


def _carry(transport: Ssh, channel: "paramiko.Channel") -> int:
    """Carry bytes both ways to the command's end."""
    sources: list[paramiko.Channel | TextIO] = [channel, sys.stdin]
    while True:
        ready, _, _ = select.select(sources, [], [], 0.2)
        if sys.stdin in ready:
            typed = terminal.read()
            if typed:
                with suppress(OSError):  # it may end before it read everything
                    channel.sendall(typed)
            else:
                channel.shutdown_write()
                sources.remove(sys.stdin)
        ended = channel.exit_status_ready() and (channel.eof_received or channel.closed)
        if not _show(channel) and ended:
            break
    status = channel.recv_exit_status()
    if status < 0:
        raise transport.lost()
    return status


def _show(channel: "paramiko.Channel") -> bool:
    """Print what has come; say whether anything had."""
    said = False
    while channel.recv_ready():
        terminal.show(channel.recv(_CHUNK))
        said = True
    while channel.recv_stderr_ready():
        terminal.complain(channel.recv_stderr(_CHUNK))
        said = True
    return said
