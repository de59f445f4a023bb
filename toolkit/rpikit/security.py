# SPDX-License-Identifier: MIT
"""What an rpikit.toml says of its releases: which is older, and until when it may be flashed.

Boards that hold allowed signers look at it; to all others it means nothing.
"""

import re
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field

from rpikit.describe import Misfit, Model


def _day(day: str) -> str:
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", day) is None:
            raise ValueError
        datetime.fromisoformat(day)
    except ValueError:
        raise Misfit('write a day as "2027-12-31"') from None
    return day


class Release(Model):
    """What boards that hold allowed signers ask of a release."""

    security_version: int = Field(
        default=0,
        ge=0,
        lt=1 << 31,
        examples=[3],
        description="Raise it with each fix of a weakness: such a board takes no lower one after.",
    )
    expires: Annotated[str, AfterValidator(_day)] | None = Field(
        default=None,
        examples=["2027-12-31"],
        description="The first day, in UTC, on which such a board takes it no more.",
    )

    @property
    def expires_at(self) -> int | None:
        """When it expires, in seconds since 1970."""
        if self.expires is None:
            return None
        return int(datetime.fromisoformat(f"{self.expires}T00:00:00+00:00").timestamp())
