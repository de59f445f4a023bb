# SPDX-License-Identifier: MIT
"""What an operator grants the guest of one name on one board, besides what every guest may have.

Knows what may be written, and what it makes of an application's wish; bench.toml is where it
stands.
"""

from typing import TYPE_CHECKING

from pydantic import Field

from rpikit import describe, wording
from rpikit.attachment import Place
from rpikit.describe import FrozenMap, Misfit, Model

if TYPE_CHECKING:
    from rpikit.app import App
    from rpikit.attachment import Attachment


class Grants(Model):
    """What the operator grants the guest of that name."""

    all_pins: bool = Field(
        default=False,
        description="Trust it with the registers of every pin, past every grant, if it wishes for "
        "them. It then runs alone with the pins: no other guest may have one beside it.",
    )
    devices: FrozenMap[str, Place] = Field(
        default_factory=describe.nothing,
        description="Where its storage and networks are on this board, instead of what its "
        "application says.",
    )


def apply(app: "App", grants: Grants) -> "App":
    """Return the application with what it is granted; a Misfit leads from the guest's table."""
    if app.all_pins and not grants.all_pins:
        raise Misfit(
            f"{app.name} wishes for every pin, which its operator has to grant; "
            "write all_pins = true",
            "all_pins",
        )
    known = {one.name: one for one in app.attachments}
    for name, place in grants.devices.items():
        if name not in known:
            remedy = wording.options(tuple(known)) if known else "none"
            raise Misfit(
                f"{app.name} has no storage or network of that name; there is {remedy}",
                *("devices", name),
            )
        _check(known[name], place)
    attachments = tuple(
        one.model_copy(update=grants.devices[one.name].given) if one.name in grants.devices else one
        for one in app.attachments
    )
    trusted = app.all_pins and grants.all_pins
    return app.model_copy(update={"attachments": attachments, "has_all_pins": trusted})


def _check(one: "Attachment", place: Place) -> None:
    """Refuse what a device of this type does not have."""
    for key in place.given:
        if key not in one.place_keys:
            known = wording.options(one.place_keys) if one.place_keys else "none"
            raise Misfit(
                f'a device of type "{one.type}" has no such key for a place; it has {known}',
                *("devices", one.name, key),
            )
    if place.card is not None:
        one.check_blocks(place.card, "devices", one.name, "card", "count")
