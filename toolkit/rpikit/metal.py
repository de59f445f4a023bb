# SPDX-License-Identifier: MIT
"""What a board boots without an operating system: the underlay with an application's guest in it.

Knows what of an application the underlay can serve; the payload's form is payload.py's.
"""

from pathlib import Path

from rpikit import describe, interface, payload
from rpikit.app import App
from rpikit.errors import DescriptionError
from rpikit.virtual import qemu

UNDERLAY = "underlay.img"
IMAGE = "kernel8.img"


def check(app: App) -> None:
    """Refuse an application that wishes for what the underlay has not: DescriptionError."""
    own = app.folder / "interfaces"
    for found in interface.load_all(app.interfaces, own):
        needed = {found.name, *found.interface.uses} & set(interface.names())
        missing = sorted(needed - set(interface.ON_METAL))
        if missing:
            raise DescriptionError(
                f"{app.source}: --target metal: the underlay has no {', '.join(missing)}, which "
                f"{app.name} uses; it has {', '.join(interface.ON_METAL)}",
                hint="with Linux on the board it has: leave --target out",
            )
    for one in app.devices:
        if one.drive != "push-pull":
            remedy = 'the chip itself has no such drive; write "push-pull", or leave it out'
            raise describe.fault(app.source, f"devices.{one.name}.drive", one.drive, remedy)
    if app.all_pins:
        remedy = "the underlay gives no guest the registers of every pin; leave it out"
        raise describe.fault(app.source, "firmware.all_pins", True, remedy)


def image(app: App, folder: Path) -> Path:
    """Put the guest that was built in a folder behind its underlay; return the image."""
    guest = payload.Guest(
        name=app.name,
        unikernel=(folder / f"{app.name}.hvt").read_bytes(),
        memory=app.memory,
        grants=payload.grants_of(app),
    )
    made = payload.image((folder / UNDERLAY).read_bytes(), [guest])
    target = folder / IMAGE
    if not target.is_file() or target.read_bytes() != made:
        target.write_bytes(made)
    return target


def command(image: Path) -> tuple[str, ...]:
    """Return what runs an image in QEMU, with the board's serial port at the terminal."""
    machine = ("-M", "raspi3b", "-kernel", str(image), "-no-reboot")
    return (qemu.PROGRAM, *machine, "-display", "none", "-monitor", "none", "-serial", "stdio")
