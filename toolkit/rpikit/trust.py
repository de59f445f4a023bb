# SPDX-License-Identifier: MIT
"""The verb trust: give a board its allowed signers, from then on it takes nobody else's firmware.

The first list is taken as it is; each one after it has to be signed with a key of the one before,
and to have a higher number, so that nobody brings an old one back.
"""

from dataclasses import dataclass
from pathlib import Path

from rpikit import results, sign
from rpikit.device import DeviceHalf, Trust
from rpikit.errors import VerificationError
from rpikit.report import Reporter
from rpikit.transport import Transport


@dataclass(frozen=True)
class Trusted:
    """Whose firmware a board takes now."""

    board: str
    held: Trust
    changed: bool

    @property
    def signers(self) -> tuple[sign.Allowed, ...]:
        """The lines of its list."""
        return sign.parse_signers(self.held.signers, self.board) if self.held.signers else ()

    def __str__(self) -> str:
        if not self.signers:
            return (
                f"{self.board}: takes anybody's firmware; "
                f"rpikit board trust BOARD {sign.LIST} changes that"
            )
        now = "takes from now on" if self.changed else "takes"
        number = sign.number_of(self.held.signers)
        lines = [f"{self.board}: {now} only firmware that is signed by, as list {number} says"]
        lines += [f"  {one}" for one in self.signers]
        lines += [
            f"  {name}: nothing below security version {version}"
            for name, version in self.held.security.items()
        ]
        return "\n".join(lines)

    def values(self) -> results.Trusted:
        """Return it as one object for programs."""
        return {
            "board": self.board,
            "signers": [
                {
                    "principals": list(one.principals),
                    "kind": one.kind,
                    "fingerprint": one.fingerprint,
                    "namespaces": one.namespaces,
                    "valid_after": one.valid_after,
                    "valid_before": one.valid_before,
                }
                for one in self.signers
            ],
            "number": sign.number_of(self.held.signers),
            "security": self.held.security,
            "changed": self.changed,
        }


def trust(
    transport: Transport,
    signers: Path | None,
    key: Path | None,
    *,
    reporter: Reporter,
    half: DeviceHalf | None = None,
) -> Trusted:
    """Give the board a list, signed with `key` or by the file beside it; or only ask for its own.

    Without a key and without that file the list goes unsigned, which a board without one takes.
    """
    half = half or DeviceHalf(transport)
    before = half.trust()
    if signers is None:
        return Trusted(transport.name, before, changed=False)
    text, _ = sign.read_signers(signers)
    if text == before.signers:
        return Trusted(transport.name, before, changed=False)
    signature = ""
    if before.signers:
        signature = _signature(text, signers, key, reporter)
    return Trusted(transport.name, half.trust(text, signature), changed=True)


def _signature(text: str, signers: Path, key: Path | None, reporter: Reporter) -> str:
    """Return the signature over a new list."""
    beside = signers.with_name(signers.name + sign.SUFFIX)
    if key is not None:
        reporter.step(f"sign {signers} with {key}")
        return sign.sign(text.encode(), key, sign.SIGNERS, report=reporter.note).decode()
    try:
        data = beside.read_bytes()
        sign.check_form(data)
    except FileNotFoundError:
        raise VerificationError(
            f"{signers}: the board holds a list already; one of its signers must sign the new one",
            hint="name the key: --key release_key; or, where the key is: "
            f"ssh-keygen -Y sign -n {sign.SIGNERS} -f release_key {signers}",
        ) from None
    except (OSError, ValueError) as error:
        raise VerificationError(f"{beside}: {error}", hint="sign the list again") from None
    return data.decode()
