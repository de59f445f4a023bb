# SPDX-License-Identifier: MIT
# ruff: noqa: PTH208
"""The chip of the header, and what the kernel knows of its lines (linux/gpio.h, version 2)."""

from __future__ import annotations

import errno
import fcntl
import os
import struct

from rpikit.bench.agent.line import FaultError, user

CHIPS = ("pinctrl-bcm2835", "pinctrl-bcm2711", "pinctrl-rp1")
"""The labels of those whose lines are on the header of a Raspberry Pi."""

_DEVICES = "/dev"
_CHIP_INFO = 0x8044B401  # GPIO_GET_CHIPINFO_IOCTL: name and label of 32 bytes, number of lines
_LINE_INFO = 0xC100B405  # GPIO_V2_GET_LINEINFO_IOCTL: name and consumer of 32 bytes, line, flags
_CHIP_INFO_SIZE = 68
_LINE_INFO_SIZE = 256
_TEXT = slice(32, 64)
_LINE_AT, _FLAGS_AT = 64, 72
_IS_USED = 1


class Kernel:
    """The chip of the header; `path` is empty until it is found."""

    def __init__(self) -> None:
        self.path = ""
        self.label = ""

    def find(self) -> None:
        """Find the chip of the header, or the only one there is."""
        labels = {}
        for name in sorted(os.listdir(_DEVICES)):
            if not name.startswith("gpiochip"):
                continue
            path = f"{_DEVICES}/{name}"
            try:
                labels[_text(_asked(path, _CHIP_INFO, bytearray(_CHIP_INFO_SIZE)))] = path
            except PermissionError:
                raise FaultError(
                    f"{user()} may not open {path}",
                    f"there: sudo usermod -aG gpio {user()}, and then log in again",
                ) from None
            except OSError:
                continue
        if not labels:
            raise FaultError("there is no GPIO chip", "it would be /dev/gpiochip0")
        known = [label for label in CHIPS if label in labels] or list(labels)
        if known[0] not in CHIPS and len(known) > 1:
            raise FaultError(f"no GPIO chip is that of a Raspberry Pi: {', '.join(known)}")
        self.label, self.path = known[0], labels[known[0]]

    def refuse_used(self, number: int) -> None:
        """Refuse a line that somebody else has, as far as the kernel knows."""
        if not self.path:
            return
        info = bytearray(_LINE_INFO_SIZE)
        struct.pack_into("=I", info, _LINE_AT, number)
        try:
            info = _asked(self.path, _LINE_INFO, info)
        except OSError as error:
            if error.errno == errno.EINVAL:
                raise FaultError(f"{self.label} has no line {number}") from None
            return
        if struct.unpack_from("=Q", info, _FLAGS_AT)[0] & _IS_USED:
            consumer = _text(info)
            who = f'"{consumer}"' if consumer else "a program that gives no name"
            raise FaultError(
                f"line {number} is in use by {who}",
                "end that program, or wire another line; there, gpioinfo tells who has which",
            )


def _asked(path: str, request: int, info: bytearray) -> bytearray:
    chip = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.ioctl(chip, request, info)
    finally:
        os.close(chip)
    return info


def _text(info: bytearray) -> str:
    return bytes(info[_TEXT]).partition(b"\0")[0].decode(errors="replace")
