# SPDX-License-Identifier: MIT
"""What `rpikit new` makes and what it refuses; that it runs is shown in tests/virtual."""

import subprocess
import sys
from pathlib import Path

import pytest

from rpikit import app, interface, new, wiring
from rpikit.errors import DescriptionError

TEMPLATES = tuple(new.templates())
BOTH_KINDS = {".gitignore", "README.md", "bench.toml", "main.c", "rpikit.toml"}


def everything(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_project_is_whole(tmp_path: Path, template: str) -> None:
    made = new.new("my-lamp", template=template, parent=tmp_path)
    files = everything(made.folder)
    assert made.folder == tmp_path / "my-lamp"
    assert set(files) == set(made.files)
    assert BOTH_KINDS | {"tests/test_my_lamp.py"} <= set(files)
    described = app.load(made.folder)
    assert described.name == "my-lamp"
    bench = wiring.load(made.folder / "bench.toml")
    virtual = {"virtual-pi3", "virtual-pi3-no-kvm", "virtual-pi3-edges", "virtual-pi3-bench"}
    assert set(bench.boards) == virtual | {
        *("virtual-pi3-beside", "virtual-pi3-metal"),
        *("desk", "host"),
    }
    assert set(bench.target("desk").wires) == set(described.pins)
    assert list(tmp_path.iterdir()) == [made.folder]


@pytest.mark.parametrize("template", TEMPLATES)
def test_nothing_of_the_template_is_left_in_the_text(tmp_path: Path, template: str) -> None:
    made = new.new("my-lamp", template=template, parent=tmp_path)
    for name, text in everything(made.folder).items():
        assert b"{{" not in text, name
        assert b"{%" not in text, name
        assert b"SPDX" not in text, name
        assert text.strip() == text.rstrip(b"\n"), name


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_readme_names_every_file_that_is_not_hidden(tmp_path: Path, template: str) -> None:
    made = new.new("my-lamp", template=template, parent=tmp_path)
    readme = (made.folder / "README.md").read_text()
    for name in {*made.files} - {".gitignore", "README.md"}:
        assert f"`{name}`" in readme or f"`{name.split('/')[0]}/`" in readme


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_tests_are_formatted(tmp_path: Path, template: str) -> None:
    made = new.new("my-lamp", template=template, parent=tmp_path)
    for words in (["check", "--isolated"], ["format", "--isolated", "--check"]):
        command = [sys.executable, "-m", "ruff", *words, str(made.folder)]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout


def test_an_interface_of_its_own_has_a_handler_for_each_call(tmp_path: Path) -> None:
    made = new.new("my-lamp", template="own-interface", parent=tmp_path)
    (own,) = interface.load_all(("my_lamp",), made.folder / "interfaces")
    handlers = (made.folder / "devices/my_lamp.c").read_text()
    assert all(f"{own.handler(call)}(struct host *host" in handlers for call in own.call)
    assert own.interface.numbers[0] > max(
        interface.load(interface.find(name)).interface.numbers[1] for name in interface.names()
    )


@pytest.mark.parametrize(
    ("name", "remedy", "hint"),
    [
        ("My Lamp", "small letters", "rpikit new my-lamp"),
        ("../lamp", "small letters", "rpikit new lamp"),
        ("labs/pi/lamp/", "small letters", "rpikit new lamp"),
        ("3lamps", "a letter first", "rpikit new lamps"),
        ("", "a letter first", None),
        ("lamp\udcff", "small letters", "rpikit new lamp"),
        ("l" * 64, "at most 63", f"rpikit new {'l' * 63}"),
    ],
)
def test_a_wrong_name_is_refused(tmp_path: Path, name: str, remedy: str, hint: str | None) -> None:
    with pytest.raises(DescriptionError, match=remedy) as refused:
        new.new(name, parent=tmp_path)
    assert str(refused.value).startswith(f"NAME = {name!r}: write ")
    assert refused.value.hint == hint
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["switch", "console", "gpio", "l" * 33])
def test_a_name_that_cannot_be_an_interfaces_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(DescriptionError, match=f"NAME = '{name}': the interface gets this name"):
        new.new(name, template="own-interface", parent=tmp_path)
    assert new.new(name, parent=tmp_path).folder.is_dir()


def test_an_unknown_template_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DescriptionError, match="write blink, switch, own-interface"):
        new.new("lamp", template="common", parent=tmp_path)


def test_what_exists_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/mine").write_text("mine")
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("mine")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    before = everything(tmp_path), sorted(tmp_path.rglob("*"))
    for name in ("folder", "empty", "file", "dangling"):
        with pytest.raises(DescriptionError, match=f"{name}: exists already"):
            new.new(name, parent=tmp_path)
    assert (everything(tmp_path), sorted(tmp_path.rglob("*"))) == before


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(DescriptionError, match=r"lamp: cannot be made \(no such file") as refused:
        new.new("lamp", parent=tmp_path / "absent")
    assert str(tmp_path / "absent") in str(refused.value.hint)


def test_the_help_names_every_template() -> None:
    command = [sys.executable, "-m", "rpikit.cli", "new", "--help"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert all(name in said for name in TEMPLATES)


def test_an_interface_without_a_handler_is_refused(tmp_path: Path) -> None:
    made = new.new("my-lamp", template="own-interface", parent=tmp_path)
    found = interface.load_all(("my_lamp",), made.folder / "interfaces")
    interface.check_handlers(found, made.folder / "devices")
    (made.folder / "devices/my_lamp.c").unlink()
    with pytest.raises(DescriptionError, match=r"my_lamp\.c: .* my_lamp_add\(\), my_lamp_clear\("):
        interface.check_handlers(found, made.folder / "devices")
