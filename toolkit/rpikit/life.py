# SPDX-License-Identifier: MIT
"""What an rpikit.toml says of a guest's life on bare metal: where it runs, how much, how often.

Knows what the underlay can keep (c/underlay); with Linux on the board it means nothing.
"""

from typing import Literal, Self, get_args

from pydantic import Field, model_validator

from rpikit.describe import Misfit, Model

# Also in c/underlay; tests/unit/test_payload.py compares them.
CORES = 4
WEIGHT_MAX = 100
WATCHDOG_MAX = 15
"""Seconds that the chip's watchdog can wait."""
COUNT_MAX = (1 << 32) - 1
"""The largest number of milliseconds, or of restarts."""

Restart = Literal["never", "on-failure", "always"]
RESTARTS: tuple[Restart, ...] = get_args(Restart)
"""Whether a guest that has ended begins again; in the order of enum payload_restart."""


class Metal(Model):
    """A guest without an operating system below it, as `--target metal` builds it in."""

    core: int | None = Field(
        default=None,
        ge=0,
        le=CORES - 1,
        examples=[3],
        description="The core that it runs on; else the first of those with the fewest guests.",
    )
    weight: int = Field(
        default=1,
        ge=1,
        le=WEIGHT_MAX,
        description="Its part of the core's time, beside those of the core's other guests.",
    )
    patience_ms: int | None = Field(
        default=None,
        ge=1,
        le=COUNT_MAX,
        examples=[500],
        description="It is stopped when it computes for so many milliseconds without a call, or "
        "waits for what never comes; what others take of the core does not count.",
    )
    restart: Restart = Field(
        default="never",
        description="Whether it begins again when it has ended: `on-failure` if it was stopped or "
        "its status was not 0.",
    )
    restarts: int = Field(
        default=5, ge=1, le=COUNT_MAX, description="How often it begins again, at most."
    )
    pause_ms: int = Field(
        default=100,
        ge=0,
        le=COUNT_MAX,
        description="Milliseconds before it begins again; each time twice as long, up to a minute.",
    )
    watchdog: int | None = Field(
        default=None,
        ge=1,
        le=WATCHDOG_MAX,
        examples=[10],
        description="Seconds after which the chip resets a board that hangs; for all guests.",
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        for key in ("restarts", "pause_ms"):
            if self.restart == "never" and key in self.model_fields_set:
                remedy = 'it is never begun again; write restart = "on-failure" or "always"'
                raise Misfit(remedy, key)
        return self
