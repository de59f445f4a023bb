# SPDX-License-Identifier: MIT
"""Findings: what a look at a machine or a board came to, each with the command that mends it."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Literal

from rpikit.errors import EXIT_OK, RpikitError

State = Literal["ok", "warn", "fail"]


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `mend` is a command or an edit, `code` that of a failure."""

    where: str
    what: str
    state: State
    says: str
    mend: str | None = None
    code: int = EXIT_OK

    def __str__(self) -> str:
        line = f"{self.state:5} {self.what}: {self.says}"
        return f"{line}\n      mend: {self.mend}" if self.mend else line


@dataclass(frozen=True)
class About:
    """Makes findings about one place; `code` is the class of its failures."""

    where: str
    code: int

    def ok(self, what: str, says: str) -> Finding:
        """Return a finding that all is well."""
        return Finding(self.where, what, "ok", says)

    def warn(self, what: str, says: str, mend: str) -> Finding:
        """Return a finding that something works less well than it could."""
        return Finding(self.where, what, "warn", says, mend)

    def fail(self, what: str, says: str, mend: str) -> Finding:
        """Return a finding that something cannot work."""
        return Finding(self.where, what, "fail", says, mend, self.code)

    def error(self, what: str, error: RpikitError) -> Finding:
        """Return the finding that an error is."""
        mend = error.hint or "run the command again with what the line above asks for"
        says = str(error).removeprefix(f"{what}: ")
        return Finding(self.where, what, "fail", says, mend, error.exit_code)


@dataclass(frozen=True)
class Diagnosis:
    """All findings, in the order in which a person would look."""

    findings: tuple[Finding, ...]

    @classmethod
    def of(cls, findings: Iterable[Finding]) -> "Diagnosis":
        """Gather findings as they are made."""
        return cls(tuple(findings))

    @property
    def exit_code(self) -> int:
        """The class of the first failure; a warning is none."""
        return next((one.code for one in self.findings if one.state == "fail"), EXIT_OK)

    def __str__(self) -> str:
        lines: list[str] = []
        place = ""
        for one in self.findings:
            if one.where != place:
                place = one.where
                lines.append(f"{place}:")
            lines.append(str(one))
        counts = [f"{self._count(state)} {state}" for state in ("ok", "warn", "fail")]
        return "\n".join([*lines, ", ".join(counts)])

    def values(self) -> dict[str, object]:
        """Return it as one object for programs."""
        findings = [asdict(one) for one in self.findings]
        return {"findings": findings, "status": self.exit_code}

    def _count(self, state: State) -> int:
        return sum(one.state == state for one in self.findings)
