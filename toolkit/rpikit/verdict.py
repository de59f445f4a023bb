# SPDX-License-Identifier: MIT
"""What a run of tests came to: counted inside pytest, read by the verb that started it.

pytest's own exit status cannot tell a fault of the bench from a failed test, and is 0 when every
test was skipped; so the counts travel in a small file.
"""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rpikit import paths
from rpikit.errors import (
    EXIT_INTERRUPTED,
    EXIT_OK,
    DescriptionError,
    FirmwareError,
    NothingRanError,
)

_PYTEST_USAGE, _PYTEST_NO_TESTS = 4, 5  # pytest.ExitCode


@dataclass
class Verdict:
    """The counts of a session; `ran` are tests that came to their end, well or not.

    `boards` are those that tests ran on, `set_aside` those at fault, with the reason.
    """

    ran: int = 0
    failed: int = 0
    skipped: int = 0
    interrupted: bool = False
    fault: str = ""
    fault_code: int = 0
    boards: list[str] = field(default_factory=list)
    set_aside: dict[str, str] = field(default_factory=dict)

    def note_fault(self, said: str, code: int) -> None:
        """Keep the first fault that is not the firmware's: it decides what the run came to."""
        if code != FirmwareError.exit_code and not self.fault_code:
            self.fault, self.fault_code = said, code

    @property
    def why(self) -> str:
        """Why it proves nothing, in a few words."""
        if self.fault:
            return self.fault
        if self.failed:
            return f"{self.failed} of its tests failed"
        return "its tests did not come to their end"

    def exit_status(self, pytest_status: int) -> int:
        """Return the exit status of the whole, given that of pytest."""
        if self.interrupted:
            return EXIT_INTERRUPTED
        if self.fault_code:
            return self.fault_code
        if pytest_status == _PYTEST_USAGE:
            return DescriptionError.exit_code
        if self.failed or pytest_status not in (EXIT_OK, _PYTEST_NO_TESTS):
            return FirmwareError.exit_code
        return EXIT_OK if self.ran else NothingRanError.exit_code

    def values(self) -> dict[str, object]:
        """Return it as one flat object for programs."""
        return asdict(self)

    def save(self, path: Path) -> None:
        """Write it for the process that waits."""
        paths.write(path, json.dumps(self.values()) + "\n")

    @classmethod
    def load(cls, path: Path) -> "Verdict":
        """Read it; without a file pytest ended before it could begin."""
        return cls(**json.loads(path.read_text())) if path.is_file() else cls()
