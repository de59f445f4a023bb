# SPDX-License-Identifier: MIT
"""The checks of a piece of data that a board can compute with what it has, and we as well.

The receiver says by number which of them its board has; each is a number below 2**32.
"""

import zlib
from collections.abc import Callable

Check = Callable[[bytes], int]

_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_FACTOR, _PRIME = 69069, 2147483647


def posix(data: bytes) -> int:
    """Return the CRC of the program cksum (POSIX.1-2017, cksum): the length is part of it."""
    length, size = b"", len(data)
    while size:
        length += bytes([size & 0xFF])
        size >>= 8
    # zlib's CRC-32 has the same polynomial, from the other end of each byte and of the result.
    register = zlib.crc32((data + length).translate(_MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{register:032b}"[::-1], 2) ^ 0xFFFFFFFF


def polynomial(data: bytes) -> int:
    """Return a polynomial in the bytes modulo a prime, for boards that have od and awk only."""
    value = 0
    for byte in data:
        value = (value * _FACTOR + byte + 1) % _PRIME
    return value


CHECKS: dict[int, Check] = {1: posix, 2: zlib.crc32, 3: polynomial}
