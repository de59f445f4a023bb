# SPDX-License-Identifier: MIT
"""Devices that are more than a line: storage, networks, devices on buses, channels of pulses.

Knows what a description says of them, and what that is for the guest's manifest and the tender.
"""

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from rpikit import wording
from rpikit.describe import Misfit, Model
from rpikit.soc import Line

SECTOR_SIZES = tuple(512 << n for n in range(7))
"""Block sizes of a Solo5 block device, in bytes."""

SECTOR = 512
"""Bytes of what an SD card counts."""

SECTORS_MAX = 0xFFFF_FFFF
"""What a command to a card has room for."""

I2C_ADDRESSES = range(0x08, 0x78)
"""Addresses of 7 bits without the reserved ones: UM10204, section 3.1.12."""

SPEED_MAX = 125_000_000
"""Half the BCM2837's core clock, in Hz: BCM2835 ARM Peripherals, section 10.5, CDIV."""

PERIOD_MAX = 999_999_999
"""Nanoseconds; the tender reads nine digits."""

NUMBER_MAX = 255


def _path(path: str) -> str:
    if not path.startswith("/") or not path.isprintable():
        raise Misfit('write an absolute path on the board, such as "/var/lib/storage.img"')
    return path


def _sector_size(size: int) -> int:
    if size not in SECTOR_SIZES:
        raise Misfit(f"write {wording.options(SECTOR_SIZES)}")
    return size


def _tap(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,15}", name):
        raise Misfit('write the name of a tap on the board, such as "tap0"')
    return name


def _mac(mac: str) -> str:
    if not re.fullmatch(r"[0-9a-fA-F][02468aceACE](:[0-9a-fA-F]{2}){5}", mac):
        raise Misfit('write an address that is not a group\'s, such as "52:54:00:12:34:56"')
    return mac


def _i2c_address(address: int) -> int:
    if address not in I2C_ADDRESSES:
        raise Misfit("write an address of 7 bits, 0x08 to 0x77, as i2cdetect shows it")
    return address


class Card(Model):
    """Sectors of the SD card of a board without an operating system, 512 bytes each."""

    first: int = Field(
        ge=1,
        le=SECTORS_MAX,
        examples=[2_097_152],
        description="The first one, as `fdisk -l` tells where a partition starts; not 0, where "
        "the table of partitions is.",
    )
    count: int = Field(
        ge=1, le=SECTORS_MAX, examples=[131_072], description="How many the block device has."
    )
    read_only: bool = Field(default=False, description="Whether they can only be read.")


class Place(Model):
    """Where a device is on a board."""

    path: Annotated[str, AfterValidator(_path)] | None = Field(
        default=None,
        examples=["/var/lib/storage.img"],
        description="The file or block device on the board that a block device is.",
    )
    card: Card | None = Field(
        default=None,
        description="The sectors of the board's SD card that a block device is without an "
        "operating system (`--target metal`).",
    )
    tap: Annotated[str, AfterValidator(_tap)] | None = Field(
        default=None,
        examples=["tap0"],
        description="The interface on the board, a tap that is up, that a network device is.",
    )
    mac: Annotated[str, AfterValidator(_mac)] | None = Field(
        default=None,
        examples=["52:54:00:12:34:56"],
        description="A network device's address; else a random one at each start.",
    )

    @property
    def given(self) -> dict[str, object]:
        """The keys that are written."""
        return {key: value for key, value in self if value is not None}


class Keys(Place):
    """What a file may say of such a device, whatever its type."""

    sector_size: Annotated[int, AfterValidator(_sector_size)] | None = Field(
        default=None, examples=[512], description="Bytes of a block device's blocks; 512."
    )
    bus: int | None = Field(
        default=None,
        ge=0,
        le=NUMBER_MAX,
        examples=[1],
        description="The number of the I2C or SPI bus that a device is on.",
    )
    address: Annotated[int, AfterValidator(_i2c_address)] | None = Field(
        default=None, examples=[0x48], description="The address of an I2C device, 7 bits."
    )
    chip_select: int | None = Field(
        default=None, ge=0, le=NUMBER_MAX, examples=[0], description="What selects an SPI device."
    )
    mode: int | None = Field(
        default=None, ge=0, le=3, examples=[0], description="The mode of an SPI device, 0 to 3; 0."
    )
    speed_hz: int | None = Field(
        default=None,
        ge=1,
        le=SPEED_MAX,
        examples=[1_000_000],
        description="The highest clock of an SPI device.",
    )
    period_max_ns: int | None = Field(
        default=None,
        ge=1,
        le=PERIOD_MAX,
        examples=[20_000_000],
        description="The longest period of a PWM channel.",
    )
    period_min_ns: int | None = Field(
        default=None,
        ge=1,
        le=PERIOD_MAX,
        examples=[20_000_000],
        description="The shortest period of a PWM channel; the longest, unless written.",
    )
    duty_max_ns: int | None = Field(
        default=None,
        ge=0,
        le=PERIOD_MAX,
        examples=[2_000_000],
        description="How long a PWM channel may be active in a period; all of it, unless written.",
    )

    @model_validator(mode="after")
    def _check_card(self) -> Self:
        if self.card is not None:
            self.check_blocks(self.card, "card", "count")
        return self

    def check_blocks(self, card: Card, *place: str) -> None:
        """Refuse sectors that are no whole blocks; the Misfit is at `place`."""
        step = (self.sector_size or SECTOR) // SECTOR
        if card.count % step != 0:
            size = step * SECTOR
            remedy = f"blocks of {size} bytes have {step} sectors each; write a multiple of {step}"
            raise Misfit(remedy, *place)

    @model_validator(mode="after")
    def _check_limits(self) -> Self:
        longest = self.period_max_ns
        for key in ("period_min_ns", "duty_max_ns"):
            value = getattr(self, key)
            if longest is not None and value is not None and value > longest:
                raise Misfit(f"this is more than period_max_ns, {longest}; write less", key)
        return self


class Attachment(Keys):
    """A device that is more than a line."""

    name: str
    type: Literal["block", "net", "i2c", "spi", "pwm"]
    line: Line | None = None

    @property
    def place_keys(self) -> tuple[str, ...]:
        """The keys of its place on a board, which the operator of that board may say instead."""
        return {"block": ("path", "card"), "net": ("tap", "mac")}.get(self.type, ())

    @property
    def mft_type(self) -> str:
        """Its type in the manifest: a name of enum mft_type in abi/manifest.h."""
        kind = self.type.upper()
        return f"MFT_{kind}_BASIC" if self.type in ("block", "net") else f"MFT_{kind}"

    @property
    def is_wired(self) -> bool:
        """Whether it is on lines of the board."""
        return self.line is not None or bool(self.signals)

    @property
    def mft_values(self) -> dict[str, int]:
        """What the manifest wishes for: members of its struct in abi/manifest.h."""
        wishes = {
            "i2c": {"bus": self.bus, "address": self.address},
            "spi": {
                "bus": self.bus,
                "chip_select": self.chip_select,
                "mode": self.mode or 0,
                "speed": self.speed_hz,
            },
            "pwm": {
                "period_min": self.period_min_ns or self.period_max_ns,
                "period_max": self.period_max_ns,
                "duty_max": self._duty_max,
            },
        }
        values = wishes.get(self.type, {})
        return {member: value for member, value in values.items() if value is not None}

    @property
    def _duty_max(self) -> int | None:
        return self.period_max_ns if self.duty_max_ns is None else self.duty_max_ns

    @property
    def signals(self) -> dict[str, str]:
        """The chip's signals that it needs, as soc files name them, each with the key that says so.

        What a PWM channel needs is said by its line.
        """
        if self.type == "i2c":
            return {f"SDA{self.bus}": "bus", f"SCL{self.bus}": "bus"}
        if self.type == "spi":
            shared = {f"SPI{self.bus}_{name}": "bus" for name in ("MISO", "MOSI", "SCLK")}
            return {**shared, f"SPI{self.bus}_CE{self.chip_select}_N": "chip_select"}
        return {}

    @property
    def node(self) -> str | None:
        """What the tender opens for it, where that is a device; a file is not."""
        nodes = {
            "pwm": "/sys/class/pwm/pwmchip0",
            "net": "/dev/net/tun",
            "i2c": f"/dev/i2c-{self.bus}",
            "spi": f"/dev/spidev{self.bus}.{self.chip_select}",
        }
        return nodes.get(self.type)

    def options(self, channel: int | None = None) -> tuple[str, ...]:
        """Return the tender's options that attach it; `channel` is that of its line."""
        values = {
            "block": self.path,
            "block-sector-size": self.sector_size,
            "net": self.tap,
            "net-mac": self.mac,
            **self._grant(channel),
        }
        return tuple(
            f"--{option}:{self.name}={value}"
            for option, value in values.items()
            if value is not None
        )

    def _grant(self, channel: int | None) -> dict[str, str]:
        wish = self.mft_values
        if self.type == "i2c":
            return {"i2c": f"{self.bus}@{self.address:#04x}"}
        if self.type == "spi":
            words = f"mode={wish['mode']},speed={wish['speed']}"
            return {"spi": f"{self.bus}.{self.chip_select},{words}"}
        if self.type == "pwm":
            limits = (f"{member.replace('_', '-')}={value}" for member, value in wish.items())
            return {"pwm": ",".join((f"0.{channel}", *limits))}
        return {}
