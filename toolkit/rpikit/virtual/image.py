# SPDX-License-Identifier: MIT
"""What a virtual board boots: kernel, device tree and initramfs, made once and kept in the cache.

An image is named after the digest of everything it is made from, so a change makes a new one and
an interrupted run leaves none.
"""

import hashlib
import json
import os
import shutil
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from filelock import FileLock

from rpikit import paths
from rpikit.errors import ToolError
from rpikit.virtual import apt, cpio, fdt, keys, underlay

if TYPE_CHECKING:
    from rpikit.board import VirtualBoard

FIRMWARE_FOLDER = "/opt/rpikit"
FIRMWARE_SIZE = "64M"
HOST = "127.0.0.1"
ALONE = "/etc/alone"
"""The program that the board runs instead of starting its network, and ends with."""
ASKING = "init: who am I?"
"""What the console says when the board waits to be told who it is."""
CARD = "card"
"""What the board is told instead of the size of its disk when it has an SD card."""
READY = "sshd: listening"
"""What the console says when the network is up and sshd listens."""

_KEPT = 4
_ROOT = "board/root"
_MERGED = ("bin", "lib", "sbin")
_UNUSED = ("usr/share/", "usr/lib/aarch64-linux-gnu/gconv/", "usr/lib/systemd/", "etc/", "var/")
_ONLY = {"openssh-client": ("usr/bin/ssh-keygen",)}
"""Of these packages nothing else is taken."""
_FOLDERS = ("dev", "proc", "sys", "run", "tmp", "mnt", "root", "var/empty", "var/log")


@dataclass(frozen=True)
class Image:
    """The files QEMU is given, and the keys that fit them."""

    folder: Path
    keys: keys.Keys

    @property
    def kernel(self) -> Path:
        """Debian's arm64 kernel, unmodified."""
        return self.folder / "Image"

    @property
    def underlay(self) -> Path | None:
        """What runs beneath the kernel, if something does."""
        file = self.folder / underlay.IMAGE
        return file if file.exists() else None

    @property
    def device_tree(self) -> Path:
        """The board's device tree, before a start adds its random seed."""
        return self.folder / "board.dtb"

    @property
    def initramfs(self) -> Path:
        """The root file system."""
        return self.folder / "initramfs"


def prepare(virtual: "VirtualBoard", report: Callable[[str], None]) -> Image:
    """Return the board's image, fetching packages and building it when it is not in the cache."""
    home = paths.cache_dir() / "virtual"
    pair = keys.prepare(home / "keys")
    image = Image(home / "images" / _digest(virtual, pair), pair)
    if _is_whole(image.folder):
        return image
    image.folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(home / "images.lock"):
        if not _is_whole(image.folder):
            _make(image, virtual, report)
    return image


def _digest(virtual: "VirtualBoard", pair: keys.Keys) -> str:
    """Return what names an image: a digest of its description, its templates and its makers."""
    digest = hashlib.sha256(repr(virtual).encode())
    digest.update(pair.public(pair.user).encode() + pair.public(pair.host).encode())
    for name, file in _templates():
        digest.update(name.encode() + b"\0" + file.read_bytes())
    for maker in (__file__, cpio.__file__):
        digest.update(Path(maker).read_bytes())
    if virtual.underlay:
        digest.update(Path(underlay.__file__).read_bytes() + underlay.digest().encode())
    return digest.hexdigest()[:16]


def _templates() -> Iterator[tuple[str, Path]]:
    root = paths.data_root() / "templates" / _ROOT
    for file in sorted(root.rglob("*")):
        if file.is_file():
            yield str(file.relative_to(root)), file


def _is_whole(folder: Path) -> bool:
    """Say whether the image's files are those that were made.

    Size and time of change stand for the digest while they are the recorded ones.
    """
    try:
        files = json.loads((folder / "manifest.json").read_text())
        return all(_is_same(folder / name, facts) for name, facts in files.items())
    except (OSError, ValueError, KeyError):
        return False


def _facts(file: Path) -> dict[str, int | str]:
    with file.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return {"sha256": digest, "size": file.stat().st_size, "mtime_ns": file.stat().st_mtime_ns}


def _is_same(file: Path, facts: dict[str, int | str]) -> bool:
    now = file.stat()
    if (now.st_size, now.st_mtime_ns) == (facts["size"], facts["mtime_ns"]):
        return True
    return now.st_size == facts["size"] and _facts(file)["sha256"] == facts["sha256"]


def _make(image: Image, virtual: "VirtualBoard", report: Callable[[str], None]) -> None:
    archive = apt.Archive(paths.cache_dir() / "debian", virtual.mirror, virtual.suite)
    names = (*virtual.packages, *virtual.more_packages)
    packages = archive.fetch((virtual.kernel, *names), report)
    report("building the virtual board's image")
    images = image.folder.parent
    with TemporaryDirectory(prefix=".new-", dir=images) as aside:
        made = Image(Path(aside) / "image", image.keys)
        made.folder.mkdir(mode=0o700)
        root = cpio.Archive()
        modules = _take_kernel(packages[virtual.kernel], virtual, made, root)
        late = len(virtual.modules)
        card = late + len(virtual.late_modules)
        for name in names:
            _take_package(packages[name], root, _ONLY.get(name, ("",)))
        loaded = {
            "modules": modules[:late],
            "late_modules": modules[late:card],
            "card_modules": modules[card:],
        }
        _add_system(root, loaded, image.keys)
        if virtual.underlay:
            built = underlay.build(_made(Path(aside) / "underlay"), report)
            shutil.copyfile(built, made.folder / underlay.IMAGE)
        with made.initramfs.open("wb") as out:
            root.write(out)
        manifest = {file.name: _facts(file) for file in sorted(made.folder.iterdir())}
        (made.folder / "manifest.json").write_text(json.dumps(manifest, indent=1))
        shutil.rmtree(image.folder, ignore_errors=True)
        made.folder.rename(image.folder)
    _forget_old(images)


def _take_kernel(
    package: Path, virtual: "VirtualBoard", image: Image, root: cpio.Archive
) -> list[str]:
    """Take kernel, device tree and the modules named; return the modules' paths in their order."""
    wanted = (*virtual.modules, *virtual.late_modules, *virtual.card_modules)
    modules: dict[str, str] = {}
    with apt.contents(package) as entries:
        for entry, archive in entries:
            name = entry.name.removeprefix("./")
            stem = PurePosixPath(name).name.removesuffix(".ko").replace("_", "-")
            if name.startswith("boot/vmlinuz-"):
                image.kernel.write_bytes(_content(entry, archive))
            elif name.endswith(f"/{virtual.dtb}"):
                image.device_tree.write_bytes(_bootable(_content(entry, archive), virtual))
            elif name.endswith(".ko") and stem in wanted:
                modules[stem] = f"/usr/{name}"
                root.file(f"usr/{name}", _content(entry, archive))
    missing = [name for name in wanted if name not in modules]
    missing += [f.name for f in (image.kernel, image.device_tree) if not f.exists()]
    if missing:
        raise ToolError(f"{package.name} has no {missing[0]}", hint="see the board's [virtual]")
    return [modules[name] for name in wanted]


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _bootable(blob: bytes, virtual: "VirtualBoard") -> bytes:
    """Return the device tree with the PL011 as a plain console: there is no Bluetooth on it.

    What a real board's firmware adds to it, the board's revision, is added here.
    """
    tree = fdt.Tree.parse(blob)
    tree.root.at("/soc/serial@7e201000").children.pop("bluetooth", None)
    if virtual.revision is not None:
        system = tree.root.children.setdefault("system", fdt.Node())
        system.properties["linux,revision"] = virtual.revision.to_bytes(4, "big")
    if virtual.underlay:
        underlay.beneath(tree)
    return tree.dump()


def seeded(device_tree: Path, seed: bytes | None = None) -> bytes:
    """Return the device tree with random bytes that make the kernel's generator ready."""
    tree = fdt.Tree.parse(device_tree.read_bytes())
    tree.root.at("/chosen").properties["rng-seed"] = seed or os.urandom(64)
    return tree.dump()


def _take_package(package: Path, root: cpio.Archive, wanted: tuple[str, ...]) -> None:
    """Take the files of a package whose names begin as wanted, but for those nothing needs."""
    with apt.contents(package) as entries:
        for entry, archive in entries:
            name = entry.name.removeprefix("./").rstrip("/")
            name = f"usr/{name}" if name.split("/")[0] in _MERGED else name
            if entry.isdir() or name.startswith(_UNUSED) or not name.startswith(wanted):
                continue
            if entry.issym():
                root.link(name, entry.linkname)
            elif entry.isreg():
                root.file(name, _content(entry, archive), entry.mode & 0o755)


def _content(entry: tarfile.TarInfo, archive: tarfile.TarFile) -> bytes:
    content = archive.extractfile(entry)
    return content.read() if content else b""


def _add_system(root: cpio.Archive, loaded: dict[str, list[str]], pair: keys.Keys) -> None:
    """Add what is ours: folders, links, keys, and the files printed from the templates."""
    from rpikit import generate

    for folder in (*_FOLDERS, FIRMWARE_FOLDER, "root/.ssh"):
        root.directory(folder, 0o700 if folder.startswith("root") else 0o755)
    for name in _MERGED:
        root.link(name, f"usr/{name}")
    root.device("dev/console", 5, 1)
    values = {
        **loaded,
        "card": CARD,
        "folder": FIRMWARE_FOLDER,
        "size": FIRMWARE_SIZE,
        "alone": ALONE,
        "asking": ASKING,
        "ready": READY,
    }
    for name, _ in _templates():
        text = generate.render(f"{_ROOT}/{name}", **values)
        root.file(name.removesuffix(".j2"), text.encode(), 0o755 if name == "init.j2" else 0o644)
    root.file("etc/ssh/host_key", pair.host.read_bytes(), 0o600)
    root.file("root/.ssh/authorized_keys", pair.public(pair.user).encode(), 0o600)
    for applet in _applets(root.read("usr/bin/busybox")):
        if f"usr/bin/{applet}" not in root and f"usr/sbin/{applet}" not in root:
            root.link(f"usr/bin/{applet}", "busybox")


def _applets(busybox: bytes) -> Iterator[str]:
    """Give the names BusyBox answers to: it keeps them as one list of strings, in their order."""
    at = busybox.index(b"\0[\0[[\0") + 1
    names = busybox[at : busybox.index(b"\0\0", at)].split(b"\0")
    return (name.decode() for name in names)


def _forget_old(images: Path) -> None:
    """Keep the newest few images; the others can be made again."""
    found = [folder for folder in images.iterdir() if not folder.name.startswith(".")]
    found.sort(key=lambda folder: folder.stat().st_mtime_ns, reverse=True)
    for folder in found[_KEPT:]:
        shutil.rmtree(folder, ignore_errors=True)
