# SPDX-License-Identifier: MIT
"""The same bytes come out again, from another folder and by another user; else it is said where."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from rpikit import app, board, build, toolchain, verify
from rpikit.errors import ToolError, VerificationError

ROOT = Path(__file__).parents[2]
DESCRIPTION = """
[firmware]
name = "again"
version = "1.0.0"
sources = ["main.c"]
memory = "2M"
"""
MAIN = """
#include "solo5.h"

#if __has_include(".mine.h")
#define PLACE "my place"
#else
#define PLACE "a place!"
#endif

int solo5_app_main(const struct solo5_start_info *info);

int solo5_app_main(const struct solo5_start_info *info)
{
    (void)info;
    solo5_console_write(TEXT, sizeof(TEXT) - 1);
    return SOLO5_EXIT_SUCCESS;
}
"""

# Another user, who may look into the folder of this one's Python.
AS_ANOTHER = (
    "setpriv --reuid=nobody --regid=nogroup --clear-groups --inh-caps=+dac_read_search"
    " --ambient-caps=+dac_read_search"
).split()


def _application(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True)
    (folder / "rpikit.toml").write_text(DESCRIPTION)
    (folder / "main.c").write_text(MAIN.replace("TEXT", text))
    return folder


@pytest.fixture(params=list(toolchain.KNOWN))
def chain(request: pytest.FixtureRequest) -> str:
    try:
        return toolchain.find(request.param).name
    except ToolError as error:
        pytest.skip(f"{error}; {error.hint}")


def _verify(folder: Path, chain: str) -> verify.Verified:
    return verify.verify(app.load(folder), board=board.load(board.DEFAULT), toolchain=chain)


def test_a_build_comes_out_again(tmp_path: Path, chain: str) -> None:
    verified = _verify(_application(tmp_path / "again", "__DATE__ __FILE__"), chain)
    assert list(verified.digests) == ["again.hvt", "rpikit-tender", "again-1.0.0-virtual-pi3.rpk"]
    assert all(digest in str(verified) for digest in verified.digests.values())


def test_what_changes_is_refused_with_its_section(tmp_path: Path, chain: str) -> None:
    folder = _application(tmp_path / "again", "PLACE")
    (folder / ".mine.h").touch()  # hidden, and no part of what is copied
    with pytest.raises(VerificationError, match=r"again\.hvt: .* other bytes: .*\.rodata\b"):
        _verify(folder, chain)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Give a folder into which every user may look."""
    with tempfile.TemporaryDirectory() as made:
        Path(made).chmod(0o755)
        yield Path(made)


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user, which only root may")
def test_another_user_with_rpikit_elsewhere_gets_the_same_bytes(
    open_folder: Path, chain: str
) -> None:
    ours = build.build(
        app.load(_application(open_folder / "ours" / "again", '"same"')),
        board=board.load(board.DEFAULT),
        toolchain=chain,
    )
    theirs = open_folder / "theirs"
    for part in ("boards", "c", "templates", "toolkit", "perf"):
        shutil.copytree(
            ROOT / part, theirs / part, ignore=shutil.ignore_patterns("build", "__pycache__")
        )
    shutil.copy(ROOT / "SConstruct", theirs)
    _application(theirs / "again", '"same"')
    (theirs / "out").mkdir(mode=0o777)
    (theirs / "out").chmod(0o777)
    script = (
        "from pathlib import Path; from rpikit import app, board, build;"
        "build.build(app.load(Path('again')), board=board.load(board.DEFAULT),"
        f" toolchain='{chain}', out=Path('out'))"
    )
    libraries = [str(theirs / "toolkit"), *filter(None, sys.path)]
    done = subprocess.run(
        [*AS_ANOTHER, sys.executable, "-B", "-c", script],
        cwd=theirs,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(libraries), "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for name in ("again.hvt", "again.debug", "rpikit-tender", "rpikit-tender.debug"):
        file = theirs / "out" / name
        assert file.owner() == "nobody"
        assert file.read_bytes() == (ours.folder / name).read_bytes(), name
