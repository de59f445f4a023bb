# SPDX-License-Identifier: MIT
"""A board reached by SSH: one connection, kept open, on which commands and bytes travel.

A host key that is not known is an error, never accepted on sight.
"""

import logging
import select
import shlex
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from rpikit.closing import Closing
from rpikit.errors import BoardError
from rpikit.transport import Result, SshAddress

if TYPE_CHECKING:
    import fabric
    import paramiko

_CONNECT_SECONDS = 10.0
_KEEPALIVE_SECONDS = 5
_WRITE_SECONDS = 60.0
_STEP_SECONDS = 0.01
_END_SECONDS = 2.0
_CHUNK = 32768


class Ssh(Closing):
    """A transport over SSH; it connects when first used and again after a loss."""

    def __init__(self, address: SshAddress, name: str, *, host_key: str | None = None) -> None:
        """`host_key` is the fingerprint of the only key that is taken, besides being known."""
        self.address = address
        self.board = name
        self._expected = host_key
        self._connection: fabric.Connection | None = None

    @property
    def name(self) -> str:
        return f"{self.board} (ssh {self.address})"

    def run(self, command: str, *, input: bytes = b"", timeout: float = 60.0) -> Result:
        channel = self._open(command)
        with channel:
            status, out, err = self._finish(channel, command, input, timeout)
        return Result(status, out.decode(errors="replace"), err.decode(errors="replace"))

    def put(
        self,
        data: Path,
        remote: str,
        *,
        offset: int = 0,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        sent = offset
        command = f"cat {'>>' if offset else '>'} {shlex.quote(remote)}"
        with data.open("rb") as source, self._open(command) as channel:
            source.seek(offset)
            channel.settimeout(_WRITE_SECONDS)
            with suppress(OSError):  # the command's own words say more
                while chunk := source.read(_CHUNK):
                    channel.sendall(chunk)
                    sent += len(chunk)
                    if progress is not None:
                        progress(sent)
            status, _, err = self._finish(channel, f"put {remote}", b"", _WRITE_SECONDS)
        if status != 0:
            raise BoardError(f"{self.name}: cannot write {remote}: {_last_line(err, status)}")

    def get(self, remote: str) -> bytes:
        with self._open(f"cat {shlex.quote(remote)}") as channel:
            status, out, err = self._finish(channel, f"get {remote}", b"", _WRITE_SECONDS)
        if status != 0:
            raise BoardError(f"{self.name}: cannot read {remote}: {_last_line(err, status)}")
        return out

    def start(self, command: str) -> "SshChannel":
        """Start a command; the shell that runs it leads a process group of its own."""
        channel = self._open(f"echo $$; exec 2>&1; {command}")
        return SshChannel(self, channel)

    def session(
        self, command: str | None, terminal: tuple[str, int, int] | None
    ) -> "paramiko.Channel":
        """Start a command, or a login shell, on a terminal of this kind, columns and lines."""
        return self._open(command, terminal)

    def host_key(self) -> str:
        """Return the fingerprint of the key by which the board proved itself: `SHA256:…`."""
        transport = self._connected().transport
        assert transport is not None
        return str(transport.get_remote_server_key().fingerprint)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def lost(self) -> BoardError:
        """Return the error of a connection that ended by itself."""
        self.close()
        return BoardError(f"{self.name}: the connection was lost")

    def _open(
        self, command: str | None, terminal: tuple[str, int, int] | None = None
    ) -> "paramiko.Channel":
        """Start a command on the connection, which is made when there is none."""
        import paramiko

        transport = self._connected().transport
        try:
            assert transport is not None
            channel: paramiko.Channel = transport.open_session(timeout=_CONNECT_SECONDS)
            with self._no_longer_than(_CONNECT_SECONDS, channel):
                if terminal is not None:
                    channel.get_pty(*terminal)
                if command is None:
                    channel.invoke_shell()
                else:
                    channel.exec_command(command.encode())
        except (paramiko.SSHException, OSError, EOFError) as error:
            raise self.lost() from error
        return channel

    @contextmanager
    def _no_longer_than(self, seconds: float, channel: "paramiko.Channel") -> Iterator[None]:
        """Give up what would wait for the board's answer for ever."""
        too_late = threading.Event()

        def give_up() -> None:
            too_late.set()
            channel.close()  # which ends the wait

        clock = threading.Timer(seconds, give_up)
        clock.daemon = True
        clock.start()
        try:
            yield
        finally:
            clock.cancel()
        if too_late.is_set():
            raise self.lost()

    def _connected(self) -> "fabric.Connection":
        if self._connection is None or not self._connection.is_connected:
            self._connection = _connect(self.address, self.board, self._expected)
        return self._connection

    def _finish(
        self, channel: "paramiko.Channel", what: str, data: bytes, timeout: float
    ) -> tuple[int, bytes, bytes]:
        """Send `data` and read both streams to the command's end."""
        out, err, left = bytearray(), bytearray(), data
        deadline = time.monotonic() + timeout
        told = False
        while True:
            while channel.recv_ready():
                out += channel.recv(_CHUNK)
            while channel.recv_stderr_ready():
                err += channel.recv_stderr(_CHUNK)
            ended = channel.exit_status_ready()
            if ended and (channel.eof_received or channel.closed):
                if not (channel.recv_ready() or channel.recv_stderr_ready()):
                    break
            elif left and not ended and channel.send_ready():
                with suppress(OSError):  # it may end before it read everything
                    left = left[channel.send(left[:_CHUNK]) :]
            elif not left and not told:
                channel.shutdown_write()
                told = True
            else:
                select.select([channel], [], [], _STEP_SECONDS if left else 0.2)
            if time.monotonic() > deadline:
                last = _last_line(bytes(err or out), None)
                raise BoardError(f"{self.name}: no end of {what!r} after {timeout:g} s; {last}")
        if channel.exit_status < 0:
            raise self.lost()
        return channel.exit_status, bytes(out), bytes(err)


class SshChannel(Closing):
    """A running command: its output and errors in one stream, its input, its end."""

    def __init__(self, ssh: Ssh, channel: "paramiko.Channel") -> None:
        self._ssh = ssh
        self._channel = channel
        self._group = self._read_group()

    def read(self, size: int, timeout: float | None) -> bytes:
        self._channel.settimeout(timeout)
        data: bytes = self._channel.recv(size)
        if not data and not self._channel.exit_status_ready() and not self._is_alive():
            raise self._ssh.lost()
        return data

    def write(self, data: bytes) -> None:
        self._channel.settimeout(_WRITE_SECONDS)
        try:
            self._channel.sendall(data)
        except OSError as error:
            raise BoardError(f"{self._ssh.name}: the command takes no more input") from error

    def close(self) -> None:
        """End the command and whatever it started, politely first."""
        # No `--`: the shells dash and BusyBox take it for a process.
        if not self._channel.eof_received and self._is_alive():
            with suppress(BoardError):
                self._ssh.run(f"kill -TERM -{self._group}", timeout=_CONNECT_SECONDS)
                if not self._ends():
                    self._ssh.run(f"kill -KILL -{self._group}", timeout=_CONNECT_SECONDS)
        self._channel.close()

    def _ends(self) -> bool:
        """Wait a moment for everything that holds the output to end; say whether it did."""
        self._channel.settimeout(_END_SECONDS)
        with suppress(TimeoutError):
            while self._channel.recv(_CHUNK):
                pass
        return bool(self._channel.eof_received)

    def _is_alive(self) -> bool:
        transport = self._channel.get_transport()
        return transport is not None and transport.is_active()

    def _read_group(self) -> int:
        said = b""
        self._channel.settimeout(_WRITE_SECONDS)
        with suppress(TimeoutError):
            while not said.endswith(b"\n") and (byte := self._channel.recv(1)):
                said += byte
        if not said.strip().isdigit():
            raise self._ssh.lost()
        return int(said)


def _last_line(said: bytes, status: int | None) -> str:
    lines = said.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else ("nothing was said" if status is None else f"status {status}")


def _connect(address: SshAddress, board: str, host_key: str | None) -> "fabric.Connection":
    """Connect, or say in one line why not and what would help."""
    import fabric
    import paramiko

    logging.getLogger("paramiko").addHandler(logging.NullHandler())
    own = address.known_hosts is not None
    config = fabric.Config(overrides={"load_ssh_configs": not own})
    keys = [str(address.key_file)] if address.key_file else []
    connection = fabric.Connection(
        address.host,
        user=address.user,
        port=address.port,
        config=config,
        connect_timeout=_CONNECT_SECONDS,
        connect_kwargs={
            "key_filename": keys,
            "password": address.password,
            "compress": True,  # what is sent is small and compresses to half
            "allow_agent": not own,
            "look_for_keys": not own,
            "banner_timeout": _CONNECT_SECONDS,
            "auth_timeout": _CONNECT_SECONDS,
            "transport_factory": _transport_for(board, address, host_key),
        },
    )
    connection.client.set_missing_host_key_policy(paramiko.RejectPolicy())
    if address.known_hosts is not None:
        connection.client.load_host_keys(str(address.known_hosts))
    else:
        connection.client.load_system_host_keys()
    where = f"board {board!r}"
    login = f"ssh -p {address.port} {address.user}@{address.host}"
    try:
        connection.open()
    except paramiko.BadHostKeyException as error:
        raise BoardError(
            f"{where} at {address} is not the one known: its host key has changed",
            hint=f"if you know why: ssh-keygen -R '{_known_name(address)}', then {login}",
        ) from error
    except paramiko.AuthenticationException as error:
        raise BoardError(
            f"{where} at {address} refuses your SSH keys",
            hint=f"give it your key once: ssh-copy-id -p {address.port} "
            f"{address.user}@{address.host}",
        ) from error
    except (paramiko.SSHException, OSError, EOFError) as error:
        if "not found in known_hosts" in str(error):
            raise BoardError(
                f"{where}: the host key of {address} is not known",
                hint=f"compare and accept it once: {login}",
            ) from error
        raise BoardError(
            f"{where} does not answer at {address}: {_reason(error)}",
            hint=f"is it on and on the network? try: {login}",
        ) from error
    assert connection.transport is not None
    connection.transport.set_keepalive(_KEEPALIVE_SECONDS)
    return connection


def _transport_for(
    board: str, address: SshAddress, host_key: str | None
) -> "type[paramiko.Transport]":
    """Return paramiko's transport, as one that takes no other key than that of this fingerprint."""
    import paramiko

    class Checked(paramiko.Transport):
        def get_remote_server_key(self) -> "paramiko.PKey":
            """Return the key that the board has proved to have; asked before anything is sent."""
            key = super().get_remote_server_key()
            if host_key is not None and key.fingerprint != host_key:
                self.close()
                raise BoardError(
                    f"board {board!r}: another board answers at {address}: its host key is "
                    f"{key.fingerprint}, not {host_key}",
                    hint="look where it is plugged in; if it was exchanged: "
                    f"rpikit board identify {board}",
                )
            return key

    return Checked


def _known_name(address: SshAddress) -> str:
    return address.host if address.port == 22 else f"[{address.host}]:{address.port}"


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {_CONNECT_SECONDS:.0f} s"
    if isinstance(error, OSError):
        errors = getattr(error, "errors", None)
        first = next(iter(errors.values())) if errors else error
        return (getattr(first, "strerror", None) or str(first)).lower()
    # Paramiko's words for no greeting, in time or at all; which of both, depends on the moment.
    if any(words in str(error) for words in ("No existing session", "SSH protocol banner")):
        return "whatever listens there said nothing of SSH"
    return str(error) or "it closed the connection"
