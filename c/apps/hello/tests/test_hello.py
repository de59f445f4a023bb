# SPDX-License-Identifier: MIT
"""hello on a board: what it says, and how it ends."""

from typing import TYPE_CHECKING

import pexpect

if TYPE_CHECKING:
    from pytest_embedded import Dut

    from rpikit.pytest_fixtures import Firmware


def test_it_says_hello_and_ends_well(dut: "Dut", firmware: "Firmware") -> None:
    dut.expect_exact("Hello, World")
    dut.expect_exact("SUCCESS")
    dut.expect(pexpect.EOF)
    assert firmware.exit_status() == 0


def test_it_says_the_same_every_time(dut: "Dut") -> None:
    said = dut.expect(pexpect.EOF)
    assert said.count(b"Hello, World") == 1
