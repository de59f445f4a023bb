# SPDX-License-Identifier: MIT
"""A serial console at this terminal: it ends with a sentence, also when the port is lost."""

import socket
import subprocess
import sys
import threading

ATTACH = """
import sys, threading
from rpikit import serial_line
from rpikit.errors import BoardError
try:
    serial_line.attach(sys.argv[1], "desk", typed=b"x" * 10_000_000)
except BoardError as error:
    print(error)
print(threading.active_count(), "thread")
"""


def test_a_port_that_is_lost_while_something_is_sent_is_told_in_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = f"socket://127.0.0.1:{server.getsockname()[1]}"

        def hang_up() -> None:
            server.accept()[0].close()

        other = threading.Thread(target=hang_up)
        other.start()
        process = subprocess.Popen(
            [sys.executable, "-c", ATTACH, port],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            said = process.stdout.read()  # its standard input stays open until then
            wrong = process.stderr.read()
        finally:
            process.kill()
            process.communicate()
            other.join()
    assert said == f"board 'desk': its serial port {port} is gone\n1 thread\n"
    assert wrong == ""
