# SPDX-License-Identifier: MIT
"""The FAT32 writer beside a reader of our own, fsck.fat and mtools; and what it refuses."""

import subprocess
from pathlib import Path

import fat_reader
import fat_samples
import pytest

from rpikit import fat


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return fat_samples.tools(tmp_path_factory.mktemp("tools"))


def test_a_reader_of_the_specification_finds_every_file() -> None:
    fat_samples.judge(fat.volume)


def test_fsck_finds_nothing_wrong(tools: dict[str, str], tmp_path: Path) -> None:
    volume = tmp_path / "volume"
    for made in fat_samples.judge(fat.volume):
        volume.write_bytes(made)
        assert fat_samples.fsck(tools["fsck.fat"], volume) == ""


def test_mtools_read_the_same_files(tools: dict[str, str], tmp_path: Path) -> None:
    files = fat_samples.PLAIN | fat_samples.LONG
    volume, out = tmp_path / "volume", tmp_path / "out"
    made = fat.volume(files, size=fat_samples.SIZE, label="A", serial=1, hidden=0, at=0)
    volume.write_bytes(made)
    out.mkdir()
    subprocess.run(
        [tools["mcopy"], "-s", "-n", "-i", str(volume), "::/*", str(out)],
        check=True,
        capture_output=True,
    )
    found = {str(one.relative_to(out)): one.read_bytes() for one in out.rglob("*") if one.is_file()}
    assert found == files


def test_large_volumes_have_larger_clusters(tools: dict[str, str], tmp_path: Path) -> None:
    size = 272 << 20
    made = fat.volume(fat_samples.LONG, size=size, label="A", serial=1, hidden=0, at=0)
    read = fat_reader.read(made)
    assert read.sectors == 8
    assert read.files == fat_samples.LONG
    (tmp_path / "volume").write_bytes(made)
    assert fat_samples.fsck(tools["fsck.fat"], tmp_path / "volume") == ""


@pytest.mark.parametrize(("size", "sectors"), [(260 << 20, 1), ((260 << 20) + 512, 8)])
def test_up_to_260_megabytes_clusters_are_small(size: int, sectors: int) -> None:
    made = fat.volume({}, size=size, label="A", serial=1, hidden=0, at=0)
    assert made[13] == sectors


def test_the_same_files_give_the_same_bytes() -> None:
    one, two = (fat_samples.judge(fat.volume) for _ in range(2))
    assert one == two


@pytest.mark.parametrize(("at", "date"), [(0, 1 << 5 | 1), (1 << 40, 127 << 9 | 12 << 5 | 31)])
def test_a_moment_that_no_date_can_say_is_the_nearest(at: int, date: int) -> None:
    made = fat.volume({"a": b"1"}, size=fat_samples.SIZE, label="A", serial=1, hidden=0, at=at)
    assert {one for one, _ in fat_reader.read(made).dates} == {date}


def test_a_volume_can_be_full_to_its_last_cluster() -> None:
    size = (33 << 20) + (1 << 18)
    free = fat_reader.read(fat.volume({}, size=size, label="A", serial=1, hidden=0, at=0)).free
    full = {"a": b"x" * (free * 512)}
    made = fat.volume(full, size=size, label="A", serial=1, hidden=0, at=0)
    assert fat_reader.read(made).free == 0
    with pytest.raises(ValueError, match=r"need 512 bytes more than the 34865152 bytes have"):
        fat.volume({"a": full["a"] + b"x"}, size=size, label="A", serial=1, hidden=0, at=0)


def test_clusters_have_numbers_of_more_than_16_bits() -> None:
    files = {"a": b"x" * (66000 * 512), "folder/b": b"1", "c": b"2"}
    size = (33 << 20) + (1 << 18)
    made = fat.volume(files, size=size, label="A", serial=1, hidden=0, at=0)
    assert fat_reader.read(made).files == files


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"a/": b""}, "'' is no name"),
        ({"../a": b""}, "'..' is no name"),
        ({"a?": b""}, "is no name"),
        ({"ä": b""}, "is no name"),
        ({"a.": b""}, "is no name"),
        ({"x" * 101: b""}, "is no name"),
        ({"a": b"", "A": b""}, "'A': is there already"),
        ({"a": b"", "a/b": b""}, "'a' is a file"),
        ({"a/b": b"", "A": b""}, "is there already"),
    ],
)
def test_names_that_would_not_come_back_are_refused(files: dict[str, bytes], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        fat.volume(files, size=fat_samples.SIZE, label="A", serial=1, hidden=0, at=0)


def test_folders_are_the_same_in_any_case() -> None:
    files = {"a/b": b"1", "A/c": b"2"}
    made = fat.volume(files, size=fat_samples.SIZE, label="A", serial=1, hidden=0, at=0)
    assert fat_reader.read(made).files == {"a/b": b"1", "a/c": b"2"}


@pytest.mark.parametrize("size", [32 << 20, (40 << 20) + 1, (8 << 30) + 512])
def test_sizes_that_are_no_fat32_are_refused(size: int) -> None:
    with pytest.raises(ValueError, match=f"^{size} bytes: "):
        fat.volume({}, size=size, label="A", serial=1, hidden=0, at=0)


@pytest.mark.parametrize("label", ["", "small", "TWELVELETTER"])
def test_labels_that_are_none_are_refused(label: str) -> None:
    with pytest.raises(ValueError, match="a label has"):
        fat.volume({}, size=fat_samples.SIZE, label=label, serial=1, hidden=0, at=0)
