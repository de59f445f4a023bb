# SPDX-License-Identifier: MIT
"""Linux beside unikernels: where its files and its memory are, and what its device tree says.

c/underlay/linux/README.md tells how it runs. The underlay copies its files each time that it
begins, so they lie in memory that is not its own.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rpikit import describe, metal, payload
from rpikit.errors import BoardError, DescriptionError
from rpikit.virtual import bare, fdt, qemu, underlay

if TYPE_CHECKING:
    from rpikit.payload import Guest, Linux

CORES = payload.CORES - 1
"""Linux's; the last one is the guests'."""
OWN_LINES = frozenset((14, 15))
"""The underlay's, for its serial port (c/underlay/guest.c)."""
_CONSOLE = (0x7E201000, 0x200)
"""Registers of the virtio device, in the device tree's addresses (c/underlay/linux/beside.c)."""
_INTERRUPT = (1, 1)
"""Compare 1 of the system timer, as brcm,bcm2836-armctrl-ic has it."""
_HIDDEN = ("serial@7e201000", "watchdog@7e100000")
"""Nodes of registers that are not Linux's."""
_TREE_ROOM = 0x100000
_INITRAMFS_AT = 0x8000000
"""Bytes into Linux's memory, behind the kernel and what it adds to its file."""
_LEAST = 256 << 20
_BUILT = "metal/beside.img"
_SOURCES = (
    *("c/abi", "c/backends", "c/backends/bcm2837", "c/devices", "c/dispatch", "c/interfaces"),
    *("c/lib", "c/underlay", "c/underlay/linux", "c/virtio"),
)


@dataclass(frozen=True)
class Placed:
    """What boots, and what else is in memory when it does."""

    image: bytes
    device_tree: bytes
    files: tuple[tuple[int, Path], ...]
    """Addresses of the kernel and of the initramfs."""
    device_tree_at: int

    def write(self, folder: Path) -> tuple[Path, tuple[tuple[int, Path], ...]]:
        """Write what is new into a folder; return the image, and all files and addresses."""
        image, tree = folder / "kernel8.img", folder / "beside.dtb"
        image.write_bytes(self.image)
        tree.write_bytes(self.device_tree)
        return image, (*self.files, (self.device_tree_at, tree))


def guests_of(kernel8: Path) -> tuple["Guest", ...]:
    """Return the guests of an image that was built for bare metal, on the core that is theirs."""
    try:
        found = payload.unpack(kernel8.read_bytes())
    except OSError as error:
        raise BoardError(f"{kernel8}: {error.strerror}") from error
    except DescriptionError as error:
        raise DescriptionError(f"{kernel8}: {error}", hint=error.hint) from error
    return tuple(replace(one, core=max(one.core, CORES)) for one in found)


def boot(boot: qemu.Boot, folder: Path, lines: int, report: Callable[[str], None]) -> qemu.Boot:
    """Return what boots instead of a board's Linux alone; files of its own go into `folder`."""
    assert boot.device_tree is not None
    assert boot.initramfs is not None
    guests: tuple[Guest, ...] = ()
    beneath = None
    if boot.options.beside is not None:
        chosen = Path(boot.options.beside)
        guests = guests_of(chosen)
        beneath = chosen.with_name(metal.WITH_LINUX)  # its build made both
    if beneath is None or not beneath.is_file():
        beneath = prepare(report)
    tree = fdt.Tree.parse(boot.device_tree.read_bytes())
    placed = place(
        guests, beneath.read_bytes(), boot.kernel, boot.initramfs, tree, boot.arguments, lines
    )
    image, loaded = placed.write(folder)
    return replace(boot, kernel=image, loaded=loaded, is_placed=True)


def prepare(report: Callable[[str], None]) -> Path:
    """Return the underlay that knows every interface, built when it is not in the cache."""
    return bare.kept("metal", _BUILT, "the underlay (c/underlay/linux)", _SOURCES, report)


def place(
    guests: Sequence["Guest"],
    beneath: bytes,
    kernel: Path,
    initramfs: Path,
    tree: fdt.Tree,
    arguments: Sequence[str],
    lines: int,
) -> Placed:
    """Place Linux beside guests, above an underlay; the tree is the board's, and is changed.

    `lines`: how many the chip has. Linux has those that no guest does.
    """
    plan = _plan(guests, kernel.stat().st_size, initramfs.stat().st_size, lines)
    _edit(tree, plan, arguments, lines)
    blob = tree.dump()
    if len(blob) > _TREE_ROOM:
        raise BoardError(f"the device tree has {len(blob)} bytes, and room for {_TREE_ROOM}")
    plan = replace(plan, device_tree=replace(plan.device_tree, size=len(blob)))
    return Placed(
        image=payload.image(beneath, guests, beside=plan),
        device_tree=blob,
        files=((plan.kernel.at, kernel), (plan.initramfs.at, initramfs)),
        device_tree_at=plan.device_tree.at,
    )


def _plan(guests: Sequence["Guest"], kernel: int, initramfs: int, lines: int) -> "Linux":
    """Return who is where: guests, then the files, then Linux with all the rest."""
    tree_at = payload.memory_end(guests)
    kernel_at = tree_at + _TREE_ROOM
    initramfs_at = _up(kernel_at + kernel, payload.PAGE)
    memory = _up(initramfs_at + initramfs, payload.STEP)
    size = payload.END - memory
    if size < _LEAST:
        raise DescriptionError(
            f"the guests leave {describe.format_size(max(size, 0))} of memory to Linux, which "
            f"needs {describe.format_size(_LEAST)}",
            hint="give them less: firmware.memory",
        )
    to_tree = memory + _INITRAMFS_AT - payload.STEP
    taken = {line for one in guests for line in _lines(one)} | OWN_LINES
    return payload.Linux(
        memory_at=memory,
        memory_size=size,
        kernel=payload.File(kernel_at, kernel, memory),
        device_tree=payload.File(tree_at, _TREE_ROOM, to_tree),
        initramfs=payload.File(initramfs_at, initramfs, memory + _INITRAMFS_AT),
        cores=CORES,
        lines=frozenset(range(lines)) - taken,
    )


def _lines(guest: "Guest") -> set[int]:
    """Return the lines of a guest; DescriptionError if it has more of the board than lines."""
    lines = set()
    for one in guest.grants:
        if not isinstance(one, payload.Grant):
            raise DescriptionError(
                f"{guest.name}: devices.{one.name}: the SD card is Linux's where there is one",
                hint="without Linux the guest can have its part of it: virtual-pi3-metal",
            )
        lines.add(one.line)
    return lines


def _edit(tree: fdt.Tree, plan: "Linux", arguments: Sequence[str], lines: int) -> None:
    """Change a board's device tree to what Linux has of it."""
    root = tree.root
    underlay.ask_for_cores(tree)
    cpus = root.at("/cpus").children
    for name in [name for name in cpus if name.startswith("cpu@") and int(name[4:]) >= plan.cores]:
        del cpus[name]
    for name in [name for name in root.children if name.partition("@")[0] == "memory"]:
        del root.children[name]
    place = {"device_type": b"memory\0", "reg": _cells(plan.memory_at, plan.memory_size)}
    root.children[f"memory@{plan.memory_at:x}"] = fdt.Node(place)
    soc = root.at("/soc").children
    for name in _HIDDEN:
        soc.pop(name, None)
    soc[f"virtio@{_CONSOLE[0]:x}"] = fdt.Node(
        {
            "compatible": b"virtio,mmio\0",
            "reg": _cells(*_CONSOLE),
            "interrupts": _cells(*_INTERRUPT),
        }
    )
    taken = sorted(set(range(lines)) - plan.lines)
    ranges = (number for line in taken for number in (line, 1))
    soc["gpio@7e200000"].properties["gpio-reserved-ranges"] = _cells(*ranges)
    chosen = root.at("/chosen").properties
    chosen["bootargs"] = " ".join(arguments).encode() + b"\0"
    chosen["linux,initrd-start"] = _cells(plan.initramfs.to)
    chosen["linux,initrd-end"] = _cells(plan.initramfs.to + plan.initramfs.size)


def _cells(*numbers: int) -> bytes:
    return b"".join(number.to_bytes(4, "big") for number in numbers)


def _up(number: int, step: int) -> int:
    return -(-number // step) * step
