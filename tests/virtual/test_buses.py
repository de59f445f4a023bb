# SPDX-License-Identifier: MIT
"""Buses and PWM channels with the kernel's own drivers.

QEMU has registers without anything behind them where the chip has its I2C controllers, and Linux
sets up its PWM all the same: pulses are as real here as the kernel knows them, and every transfer
on a bus fails as one does when no clock comes. SPI is switched off in the device tree.
"""

import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

from rpikit import app, board, build, paths
from rpikit.transport.ssh import Ssh
from rpikit.virtual import apt

GUEST = Path(__file__).parents[1] / "guests" / "buses"
FOLDER = "/tmp/buses"
MODULES = ("i2c-dev", "i2c-bcm2835", "pwm-bcm2835")
CHIP = "/sys/class/pwm/pwmchip0"


def _drivers(folder: Path) -> list[Path]:
    """Take the drivers out of the board's kernel package."""
    virtual = board.load(board.DEFAULT).virtual
    assert virtual is not None
    archive = apt.Archive(paths.cache_dir() / "debian", virtual.mirror, virtual.suite)
    packages = archive.fetch((virtual.kernel, *virtual.packages), lambda line: None)
    files = {}
    with apt.contents(packages[virtual.kernel]) as entries:
        for entry, tar in entries:
            stem = PurePosixPath(entry.name).name.removesuffix(".ko")
            content = tar.extractfile(entry) if stem in MODULES else None
            if content is not None and entry.name.endswith(".ko"):
                files[stem] = folder / f"{stem}.ko"
                files[stem].write_bytes(content.read())
    return [files[name] for name in MODULES]


class Buses:
    """The board with its drivers, and the guest with its tender."""

    def __init__(self, ssh: Ssh) -> None:
        self._ssh = ssh

    def shell(self, command: str) -> tuple[int, str]:
        done = self._ssh.run(f"cd {FOLDER} || exit; {command}", timeout=120)
        return done.status, done.out + done.err

    def run(self, options: str) -> tuple[int, str]:
        """Run the guest to its end; one that makes pulses is ended while it does."""
        return self.shell(
            f"rm -f out; ./rpikit-tender --mem=2 {options} -- buses.hvt --solo5:quiet "
            ">out 2>&1 & guest=$!; "
            "until grep -q pulses out || ! kill -0 $guest; do sleep 0.1; done 2>/dev/null; "
            f"(cd {CHIP}/pwm0 && head -n 1 period duty_cycle enable) 2>/dev/null; "
            "kill $guest 2>/dev/null; wait $guest; status=$?; cat out; exit $status"
        )


@pytest.fixture(scope="module")
def buses(virtual_ssh: Ssh, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Buses]:
    folder = tmp_path_factory.mktemp("buses")
    made = build.build(app.load(GUEST), board=board.load(board.DEFAULT), out=folder / "build")
    with tarfile.open(folder / "all.tgz", mode="w:gz") as tar:
        for file in (made.tender, made.unikernel, *_drivers(folder)):
            tar.add(file, file.name)
    assert virtual_ssh.run(f"mkdir {FOLDER}").status == 0
    virtual_ssh.put(folder / "all.tgz", f"{FOLDER}/all.tgz")
    made_buses = Buses(virtual_ssh)
    loads = " && ".join(f"insmod {name}.ko" for name in MODULES)
    awaited = f"until [ -c /dev/i2c-1 ] && [ -d {CHIP} ]; do sleep 0.1; done"
    status, said = made_buses.shell(f"tar xzf all.tgz && {loads} && {awaited}")
    assert status == 0, said
    yield made_buses
    made_buses.shell(f"for m in {' '.join(reversed(MODULES))}; do rmmod $m; done")
    virtual_ssh.run(f"rm -r {FOLDER}")


def test_what_was_not_granted_cannot_be_acquired(buses: Buses) -> None:
    assert buses.run("") == (0, "no sensor\nno display\nno servo\nend\n")


def test_pulses_are_those_of_the_guest_and_end_with_it(buses: Buses) -> None:
    _status, said = buses.run("--pwm:servo=0.0")
    answers = dict(line.rsplit(": ", 1) for line in said.splitlines() if ": " in line)
    assert {answers[f"servo {what}"] for what in ("before", "too long", "too slow")} == {"2"}
    assert {answers[f"servo {what}"] for what in ("slow", "fast", "slow again", "on")} == {"0"}
    shown = said.split("no sensor")[0].split()
    assert [word for word in shown if word.isdigit()] == ["20000000", "1500000", "1"]
    assert buses.shell(f"ls -d {CHIP}/pwm0")[0] != 0


def test_the_operators_limits_hold_over_those_of_the_manifest(buses: Buses) -> None:
    _status, said = buses.run("--pwm:servo=0.0,period-min=20000000,duty-max=1500000")
    assert "servo slow: 2\n" in said
    assert "servo fast: 2\n" in said
    assert "servo slow again: 0\n" in said


def test_a_channel_that_somebody_exported_stays_so_and_rests(buses: Buses) -> None:
    assert buses.shell(f"echo 0 >{CHIP}/export")[0] == 0
    _status, said = buses.run("--pwm:servo=0.0")
    assert "servo on: 0\n" in said
    status, enabled = buses.shell(f"cat {CHIP}/pwm0/enable && echo 0 >{CHIP}/unexport")
    assert (status, enabled) == (0, "0\n")


def test_a_bus_that_fails_is_told_to_the_guest_and_to_the_operator(buses: Buses) -> None:
    status, said = buses.run("--i2c:sensor=1@0x48")
    assert status == 0
    refused = [f"sensor {what}: 2\n" for what in ("twice", "too much", "nothing")]
    assert all(line in said for line in (*refused, "sensor: 3\n"))
    assert "1 transfers failed, the last one with I2C device sensor: Connection timed out\n" in said


REFUSALS = {
    "--i2c:sensor=7@0x48": "there is no /dev/i2c-7: enable the bus",
    "--i2c:sensor=1@0x99": "BUS@ADDRESS is expected, such as 1@0x48",
    "--i2c:sensor=1@72": "BUS@ADDRESS is expected, such as 1@0x48",
    "--i2c:servo=1@0x48": "the manifest declares no I2C device of that name",
    "--i2c:sensor=1@0x48 --i2c:sensor=1@0x49": "sensor was attached before",
    "--spi:display=0.1": "/dev/spidev0.1: No such file or directory: enable the bus",
    "--spi:display=0.1,mode=4": "modes are 0 to 3",
    "--spi:display=0": "BUS.CHIP_SELECT is expected, such as 0.1",
    "--pwm:servo=3.0": "pwmchip3, channel 0: No such file or directory: no such chip",
    "--pwm:servo=0.7": "pwmchip0, channel 7: No such device: the chip has no such channel",
    "--pwm:servo=0.0,period-min=30000000": "the limits of the period leave none",
    "--pwm:servo=0.0,period=1": "'period=1' is none of period-min=NS",
}


@pytest.mark.parametrize(("options", "message"), list(REFUSALS.items()))
def test_a_grant_that_cannot_be_is_refused(buses: Buses, options: str, message: str) -> None:
    status, said = buses.run(options)
    assert status == 1
    assert message in said
    assert said.count("\n") == 1
