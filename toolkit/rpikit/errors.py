# SPDX-License-Identifier: MIT
"""The errors a user can meet and the exit code of each; the codes are frozen.

RpikitError
├── FirmwareError        1  the firmware or a test of it failed
├── DescriptionError     2  a description file or an option is wrong
├── BenchError           3  the bench or its wiring is at fault, not the firmware
├── BoardError           4  a board is absent, busy or not the one asked for
├── ToolError            5  a toolchain or program is missing
├── VerificationError    6  a digest or a signature does not fit
└── NothingRanError      7  no test ran
"""

EXIT_OK = 0
EXIT_INTERRUPTED = 130


class RpikitError(Exception):
    """Say in one line what was read, where, and what would be right.

    `hint` is a second line: the command or the edit that mends it.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class FirmwareError(RpikitError):
    """The firmware, or a test of it, failed."""

    exit_code = 1


class DescriptionError(RpikitError):
    """A description file, or an option of a command, is wrong."""

    exit_code = 2


class BenchError(RpikitError):
    """The bench or its wiring is at fault."""

    exit_code = 3


class BoardError(RpikitError):
    """A board is absent, busy, or not the one asked for."""

    exit_code = 4


class ToolError(RpikitError):
    """A toolchain or a program is missing."""

    exit_code = 5


class VerificationError(RpikitError):
    """A digest or a signature does not fit its bytes."""

    exit_code = 6


class NothingRanError(RpikitError):
    """No test ran, so nothing was proved."""

    exit_code = 7
