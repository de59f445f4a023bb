# SPDX-License-Identifier: MIT
"""The initramfs archive: what the kernel expects, the same bytes each time."""

import io

from rpikit.virtual.cpio import Archive


def written(archive: Archive) -> bytes:
    out = io.BytesIO()
    archive.write(out)
    return out.getvalue()


def example() -> Archive:
    archive = Archive()
    archive.file("usr/bin/tool", b"#!/bin/sh\n", 0o755)
    archive.link("bin", "usr/bin")
    archive.device("dev/console", 5, 1)
    archive.directory("root", 0o700)
    return archive


def test_parents_come_before_their_children() -> None:
    names = [part.split(b"\0")[0] for part in written(example()).split(b"070701")]
    assert names[1:] == sorted(names[1:-1]) + names[-1:]
    assert names[-1].endswith(b"TRAILER!!!")
    assert "usr" in example()
    assert "usr/bin" in example()


def test_order_of_adding_does_not_change_the_bytes() -> None:
    one, two = Archive(), Archive()
    for archive, names in ((one, "ab"), (two, "ba")):
        for name in names:
            archive.file(f"etc/{name}", name.encode())
    assert written(one) == written(two)


def test_entries_are_aligned_to_four_bytes() -> None:
    archive = Archive()
    archive.file("a", b"12345")
    data = written(archive)
    assert len(data) % 4 == 0
    assert data.find(b"070701", 6) % 4 == 0


def test_content_can_be_read_back() -> None:
    assert example().read("/usr/bin/tool") == b"#!/bin/sh\n"
