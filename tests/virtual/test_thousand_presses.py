# SPDX-License-Identifier: MIT
"""A thousand presses on the virtual Pi in one test, as the documentation has it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from rpikit.device import DeviceHalf
from rpikit.transport.ssh import Ssh
from rpikit.virtual.machine import Machine

PAGE = Path(__file__).parents[2] / "docs/how-to/write-tests.md"


def rpikit(*words: str | Path, cwd: Path) -> str:
    """Run a command that has to succeed, and return what it printed."""
    command = [sys.executable, "-m", "rpikit", *map(str, words)]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr
    return done.stdout


@pytest.mark.long
@pytest.mark.alone
def test_of_a_thousand_presses_none_is_lost_and_none_is_invented(
    virtual_board: Machine, virtual_ssh: Ssh, tmp_path: Path
) -> None:
    shown = re.search(r'```python\n("""[^\n]*a thousand presses.*?)```', PAGE.read_text(), re.S)
    assert shown is not None
    rpikit("new", "lamp", "--template", "switch", cwd=tmp_path)
    (tmp_path / "lamp/tests/test_thousand.py").write_text(shown[1])
    board = ("--board", virtual_board.name)
    try:
        said = rpikit(
            "test", "lamp", *board, "--", "-k", "thousand", "-s", "--durations=1", cwd=tmp_path
        )
    finally:
        DeviceHalf(virtual_ssh, guest="lamp").stop()
    histogram = re.search(
        r"^button to lamp: 2000 measured, .*?emulated time.*?$", said, re.S | re.M
    )
    assert histogram is not None, said
    assert " 1 passed" in said
    print(histogram[0])
    print(*re.findall(r".* call +tests/test_thousand.py.*", said))
