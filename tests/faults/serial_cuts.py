# SPDX-License-Identifier: MIT
"""Cuts flashes over a serial line at random bytes, and says what became of the board.

    python tests/faults/serial_cuts.py --cuts 300

Each time a shell of this machine is the board, behind a line of its own; a bundle is flashed, the
line is cut, or the flashing side let go, after a random number of bytes; then the board must still
have its confirmed slot, and the next flash must succeed. Ends with 1 if one did not.
"""

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))

from local_board import READY, make_bundle
from serial_console import console

from rpikit.device import DeviceHalf
from rpikit.errors import RpikitError
from rpikit.flash import flash
from rpikit.report import Silent
from rpikit.transport.local import Local
from rpikit.transport.serial import Serial, SerialAddress
from rpikit.virtual.line import Faults, Wire


def half_of(transport: Serial | Local, folder: Path) -> DeviceHalf:
    return DeviceHalf(transport, guest="blink", home=str(folder / "home"))


def carry(wire: Wire, folder: Path, version: str, patience: float = 120.0) -> None:
    """Flash one bundle over a line; it has some noise in it, so that there is something to send."""
    noise = random.Random(version).randbytes(6000).hex()
    made = make_bundle(folder / f"{version}.rpk", f"# {noise}\n{READY}", version=version)
    with Serial(SerialAddress(wire.place), "cut", patience=patience) as serial:
        flash(made, serial, reporter=Silent(), half=half_of(serial, folder))


def cut_once(seed: int) -> str:
    """Cut one flash; return what was wrong, or nothing."""
    dice = random.Random(seed)
    kind = dice.choice(["dash", "busybox"])
    at = dice.randrange(1_000, 40_000)
    with tempfile.TemporaryDirectory(prefix="rpikit-cut-") as name:
        folder = Path(name)
        local = half_of(Local(folder), folder)
        try:
            with console(kind, folder) as wire:
                carry(wire, folder, "1.0.0")
            before = local.status()
            faults = Faults(cut_after=at)
            broken = "whole"
            with console(kind, folder, baud=921600, faults=faults, seed=seed) as wire:
                try:
                    carry(wire, folder, "2.0.0", patience=8.0)
                except RpikitError as error:
                    broken = str(error)
            after = local.status()
            if broken != "whole" and after.version not in (before.version, "2.0.0"):
                return f"{kind}, cut after {at} bytes: it has {after.version}"
            if not after.running:
                return f"{kind}, cut after {at} bytes: nothing runs"
            with console(kind, folder) as wire:
                carry(wire, folder, "3.0.0")
            if local.status().version != "3.0.0":
                return f"{kind}, cut after {at} bytes: the next flash left {local.status().version}"
            return ""
        finally:
            local.stop_all()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cuts", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1, help="of the first; one more for each")
    options = parser.parse_args()
    wrong = 0
    for number in range(options.cuts):
        begun = time.monotonic()
        try:
            said = cut_once(options.seed + number)
        except RpikitError as error:
            said = f"the next flash failed: {error}"
        wrong += bool(said)
        seconds = time.monotonic() - begun
        print(
            f"seed {options.seed + number}: {said or 'as it must be'} ({seconds:.0f} s)", flush=True
        )
    print(f"{options.cuts} cuts, {wrong} with a fault")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
