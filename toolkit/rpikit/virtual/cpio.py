# SPDX-License-Identifier: MIT
"""The newc archive of an initramfs, written the same for the same entries.

Owner is root and every time is 0, so no privilege is needed and equal input gives equal bytes.
Format: Documentation/driver-api/early-userspace/buffer-format.rst of the Linux kernel.
"""

import stat
from typing import BinaryIO

_TRAILER = "TRAILER!!!"


class Archive:
    """Entries by path, in the order of their names, parents before children."""

    def __init__(self) -> None:
        self._entries: dict[str, tuple[int, bytes, int]] = {}

    def __contains__(self, path: str) -> bool:
        return _clean(path) in self._entries

    def directory(self, path: str, mode: int = 0o755) -> None:
        """Add a folder, with its parents."""
        self._add(path, stat.S_IFDIR | mode, b"")

    def file(self, path: str, content: bytes, mode: int = 0o644) -> None:
        """Add a file."""
        self._add(path, stat.S_IFREG | mode, content)

    def link(self, path: str, target: str) -> None:
        """Add a symbolic link."""
        self._add(path, stat.S_IFLNK | 0o777, target.encode())

    def device(self, path: str, major: int, minor: int, mode: int = 0o600) -> None:
        """Add a character device."""
        self._add(path, stat.S_IFCHR | mode, b"", major << 8 | minor)

    def read(self, path: str) -> bytes:
        """Return the content of a file added before."""
        return self._entries[_clean(path)][1]

    def write(self, out: BinaryIO) -> None:
        """Write the archive, closed by its trailer."""
        entries = sorted(self._entries.items())
        for number, (path, (mode, content, device)) in enumerate(entries, start=1):
            _write_entry(out, number, path, mode, content, device)
        _write_entry(out, 0, _TRAILER, 0, b"", 0)

    def _add(self, path: str, mode: int, content: bytes, device: int = 0) -> None:
        path = _clean(path)
        parent = path.rpartition("/")[0]
        if parent and parent not in self._entries:
            self.directory(parent)
        self._entries[path] = (mode, content, device)


def _clean(path: str) -> str:
    return "/".join(part for part in path.split("/") if part not in ("", "."))


def _write_entry(out: BinaryIO, inode: int, path: str, mode: int, data: bytes, device: int) -> None:
    name = path.encode() + b"\0"
    links = 2 if stat.S_ISDIR(mode) else 1
    fields = (inode, mode, 0, 0, links, 0, len(data), 0, 0, device >> 8, device & 0xFF)
    header = "070701" + "".join(f"{field:08x}" for field in (*fields, len(name), 0))
    for part in (header.encode() + name, data):
        out.write(part)
        out.write(bytes(-len(part) % 4))
