# SPDX-License-Identifier: MIT
"""How a command ends: an interrupt is one, in whatever form it comes out of what was running."""

import signal
import subprocess
import sys

import pytest

START = "import signal\nfrom rpikit import ending\n"

IN_AN_IMPORT = """
class Half:
    def __set_name__(self, owner, name):
        signal.raise_signal(signal.SIGINT)

def command():
    class Loaded:
        half = Half()
"""
WHILE_CLEANING_UP = """
from rpikit.errors import BoardError
def command():
    try:
        signal.raise_signal(signal.SIGINT)
    except BaseException:
        raise BoardError("the board is gone") from None
"""
WHERE_NOTHING_CAN_BE_RAISED = """
import time

class Dying:
    def __del__(self):
        signal.raise_signal(signal.SIGINT)

def command():
    Dying()
    time.sleep(60)
    print("it went on")
"""
AT_THE_VERY_END = """
import atexit
def command():
    atexit.register(signal.raise_signal, signal.SIGINT)
"""


def end(command: str) -> subprocess.CompletedProcess[str]:
    text = f"{START}{command}\nending.end(command)\n"
    return subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("command", [IN_AN_IMPORT, WHILE_CLEANING_UP, WHERE_NOTHING_CAN_BE_RAISED])
def test_an_interrupt_stays_one(command: str) -> None:
    done = end(command)
    assert done.returncode == 128 + signal.SIGINT
    assert (done.stdout, done.stderr) == ("", "rpikit: interrupted\n")


def test_an_interrupt_after_the_last_word_is_obeyed_without_one() -> None:
    done = end(AT_THE_VERY_END)
    assert (done.returncode, done.stdout, done.stderr) == (128 + signal.SIGINT, "", "")
