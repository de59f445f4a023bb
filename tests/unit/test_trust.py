# SPDX-License-Identifier: MIT
"""`rpikit board trust`, and `rpikit flash` of a bundle, from the command line to the board."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import promised
import pytest
from asking import ask
from local_board import LocalBoard, local_board, make_bundle
from signing import line, make_key, make_list, numbered, signed

from rpikit import sign
from rpikit.errors import VerificationError
from rpikit.report import Silent
from rpikit.trust import Trusted, trust


@pytest.fixture
def board(tmp_path: Path) -> Iterator[LocalBoard]:
    with local_board(tmp_path, "dash") as made:
        yield made


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return make_key(tmp_path / "keys")


def give(board: LocalBoard, signers: Path | None, key: Path | None = None) -> Trusted:
    return trust(board.transport, signers, key, reporter=Silent(), half=board.half)


def test_a_board_takes_a_first_list_and_tells_it(
    board: LocalBoard, tmp_path: Path, key: Path
) -> None:
    assert "takes anybody's firmware" in str(give(board, None))
    first = give(board, make_list(tmp_path, line(key)))
    assert first.changed
    assert "takes from now on only firmware that is signed by" in str(first)
    again = give(board, make_list(tmp_path, line(key)))
    assert not again.changed
    asked = give(board, None)
    assert "release_key@example.com: ssh-ed25519 SHA256:" in str(asked)
    promised.result("board trust", json.dumps(asked.values()))


def test_a_list_is_rotated_with_a_key_or_with_a_signature_made_elsewhere(
    board: LocalBoard, tmp_path: Path, key: Path
) -> None:
    heir = make_key(tmp_path / "keys", "heir")
    give(board, make_list(tmp_path, line(key)))
    both = make_list(tmp_path, numbered(1), line(key), line(heir))
    with pytest.raises(VerificationError, match="one of its signers must sign") as told:
        give(board, both)
    assert "ssh-keygen -Y sign -n rpikit-signers" in str(told.value.hint)
    assert len(give(board, both, key).signers) == 2
    alone = make_list(tmp_path, numbered(2), line(heir))
    command = ["ssh-keygen", "-Y", "sign", "-n", sign.SIGNERS, "-f", heir, alone]
    subprocess.run(command, check=True, capture_output=True)
    assert [one.principals for one in give(board, alone).signers] == [("heir@example.com",)]
    with pytest.raises(VerificationError, match="the list is signed with"):
        give(board, make_list(tmp_path, numbered(3), line(key)), key)
    with pytest.raises(VerificationError, match="holds list 2 of allowed signers"):
        give(board, make_list(tmp_path, numbered(2), line(heir), line(key)), heir)
    assert give(board, None).values()["number"] == 2


def test_a_bundle_is_flashed_only_onto_its_kind_of_board(tmp_path: Path, key: Path) -> None:
    made = signed(make_bundle(tmp_path), key)
    done = ask("flash", made.path.name, "-b", "host", cwd=tmp_path, status=None)
    assert done.returncode == 4
    assert "is for virtual-pi3, and host is a host" in done.stderr
    made.path.write_bytes(made.path.read_bytes()[:-1])
    ask("flash", made.path.name, "-b", "host", cwd=tmp_path, status=6)
    (tmp_path / "notes").write_text("no bundle")
    done = ask("flash", "notes", cwd=tmp_path, status=None)
    assert (done.returncode, "name an application's folder" in done.stderr) == (2, True)
    done = ask("flash", made.path.name, "--confirm", "tests", cwd=tmp_path, status=None)
    assert (done.returncode, "a bundle has no tests" in done.stderr) == (2, True)


def test_a_board_that_trusts_somebody_refuses_what_is_built_here(tmp_path: Path, key: Path) -> None:
    project = tmp_path
    ask("new", "lamp", cwd=project)
    listed = make_list(tmp_path, line(key))
    try:
        done = ask("board", "trust", "host", str(listed), "--json", cwd=project, status=None)
        assert done.returncode == 0, done.stderr
        assert promised.result("board trust", done.stdout)["changed"] is True
        done = ask("flash", "lamp", "-b", "host", cwd=project, status=None)
        assert done.returncode == 6
        assert "is not signed, and the board holds allowed signers" in done.stderr
        assert "rpikit release signs" in done.stderr
    finally:
        ask("board", "down", "host", cwd=project, status=None)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("release",), 2, "no key is named"),
        (("release", "--key", "none"), 2, "there is no such file"),
        (("release", "--key", "key"), 2, "is in no git repository"),
        (("verify", "none.rpk"), 2, "nothing says whose signature counts"),
        (("verify", "none.rpk", "--signers", "list"), 2, "No such file"),
        (("board", "trust", "host", "list"), 2, "no such file"),
    ],
)
def test_what_is_missing_is_told_before_any_work(
    tmp_path: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "main.c").write_text("")
    (folder / "rpikit.toml").write_text(
        '[firmware]\nname = "a"\nversion = "1.0.0"\nsources = ["main.c"]\nmemory = "2M"\n'
    )
    make_key(folder, "key")
    done = ask(*words, cwd=folder, status=None)
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr
