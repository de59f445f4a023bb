# SPDX-License-Identifier: MIT
"""Inspecting says what is in a unikernel, and refuses what is none in one line."""

import json
import random
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from rpikit import app, board, build, cli, elf, inspection, surface
from rpikit.errors import DescriptionError, RpikitError

SWITCH = Path(__file__).parents[2] / "c" / "apps" / "test_switch"
BUDGET = '\n[budget]\nloaded = "16K"\ntender = "1M"\n'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("inspection") / "switch"
    shutil.copytree(SWITCH, made, ignore=shutil.ignore_patterns("build"))
    with (made / "rpikit.toml").open("a") as description:
        description.write(BUDGET)
    build.build(app.load(made), board=board.load(board.DEFAULT), toolchain="gcc")
    return made


def test_an_applications_last_build_is_shown_whole(folder: Path) -> None:
    values = inspection.inspect(folder).values()
    assert values["abi"] == {"target": "hvt", "version": 2}
    assert values["manifest"] == [
        {"name": "button", "type": "line", "line": 17, "flags": ("in", "pull-down")},
        {"name": "lamp", "type": "line", "line": 18, "flags": ("out",)},
    ]
    assert values["limits"] == {"memory": 2 << 20, "loaded": 16 << 10, "tender": 1 << 20}
    interfaces = values["interfaces"]
    assert isinstance(interfaces, dict)
    assert interfaces["switch"]["write"] == 0x200015
    assert interfaces["clock"] == {"walltime": 1}
    assert "end" not in interfaces


def test_of_two_targets_the_one_asked_for_is_shown(folder: Path) -> None:
    with pytest.raises(DescriptionError, match=r"build/spt/test_switch\.spt: .* build") as missing:
        inspection.inspect(folder, target="spt")
    assert str(missing.value.hint).endswith(" --target spt")
    spt = build.build(app.load(folder), board=board.load(board.DEFAULT).made_for("spt"))
    words = ["inspect", str(folder), "--target", "spt", "--json"]
    shown = json.loads(CliRunner().invoke(cli.rpikit, words).stdout)
    assert shown["abi"] == {"target": "spt", "version": 2}
    assert shown["file"] == str(spt.unikernel)
    assert shown["sizes"]["tender"] == spt.tender.stat().st_size
    assert shown["stack"]
    assert inspection.inspect(folder).unikernel.target == "hvt"
    seen = {target: surface.of(folder, target=target).tender for target in ("auto", "hvt", "spt")}
    debug = "rpikit-tender.debug"
    hvt = folder / "build" / debug
    assert seen == {"auto": hvt, "hvt": hvt, "spt": spt.folder / debug}


def test_an_application_that_was_built_for_spt_alone_is_shown(folder: Path, tmp_path: Path) -> None:
    alone = tmp_path / "switch"
    shutil.copytree(folder, alone, ignore=shutil.ignore_patterns("*.hvt"))
    build.build(app.load(alone), board=board.load(board.DEFAULT).made_for("spt"))
    assert inspection.inspect(alone).unikernel.target == "spt"


def test_stack_use_is_of_the_functions_in_it(folder: Path) -> None:
    frames = inspection.inspect(folder).stack
    sizes = {frame.function: frame.size for frame in frames}
    assert sizes["solo5_app_main"] > 0
    assert set(sizes) <= {
        name.split(".")[0] for name in elf.functions(folder / "build" / "test_switch.debug")
    }
    assert list(sizes.values()) == sorted(sizes.values(), reverse=True)


def test_a_file_alone_is_shown_without_what_only_its_folder_knows(
    folder: Path, tmp_path: Path
) -> None:
    alone = tmp_path / "alone.hvt"
    shutil.copy(folder / "build" / "test_switch.hvt", alone)
    seen = inspection.inspect(alone)
    assert seen.stack == ()
    assert seen.interfaces == ()
    assert seen.unikernel.build_id == elf.build_id(folder / "build" / "test_switch.debug")


def test_the_command_prints_text_or_one_object(folder: Path) -> None:
    text = CliRunner().invoke(cli.rpikit, ["inspect", str(folder), "--top", "2"])
    assert "button: line 17, in, pull-down" in text.stdout
    assert "% of 16K" in text.stdout
    printed = CliRunner().invoke(cli.rpikit, ["inspect", str(folder), "--json"])
    assert json.loads(printed.stdout)["sizes"].keys() >= {"file", "loaded", "zeroed", "tender"}


def test_the_attack_surface_is_that_of_the_linked_tender(folder: Path) -> None:
    found = surface.of(folder)
    files = {part.file: part for part in found.parts}
    assert files.keys() >= {"c/devices/switch.c", "c/tender/kvm.c", "c/lib/elf.c"}
    assert any(name.endswith("gen/dispatch_switch.c") for name in files)
    assert not [name for name in files if name.endswith(("/net.c", "/block.c", "/i2c.c"))]
    assert files["c/lib/elf.c"].before
    assert found.lines(before=False) == sum(one.lines for one in found.parts if not one.before)
    assert all(part.lines > 0 for part in found.parts)


def test_at_most_twelve_system_calls_are_left_and_checked(folder: Path) -> None:
    found = surface.of(folder)
    calls = found.calls("tender")
    assert {"ioctl", "write", "exit_group"} <= set(calls)
    assert len(calls) <= 12
    assert {rule.name for rule in found.rules if not rule.checks} == {
        "exit_group",
        "restart_syscall",
    }
    assert found.calls("guest") == ()


def test_an_application_that_was_not_built_is_told_how(tmp_path: Path) -> None:
    shutil.copytree(SWITCH, tmp_path / "new", ignore=shutil.ignore_patterns("build"))
    with pytest.raises(DescriptionError, match="build the application first") as caught:
        inspection.inspect(tmp_path / "new")
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("rpikit build ")


def test_no_damaged_file_is_met_with_anything_but_a_refusal(folder: Path, tmp_path: Path) -> None:
    whole = (folder / "build" / "test_switch.hvt").read_bytes()
    chance = random.Random(20)
    file = tmp_path / "damaged.hvt"
    refused = []
    for _ in range(150):
        data = bytearray(whole[: chance.choice([len(whole), chance.randrange(len(whole))])])
        for at in (chance.randrange(64), -1 - chance.randrange(640), chance.randrange(568)):
            if len(data) > 640:
                data[at] = chance.choice([0, 1, 0x7F, 0xFF])
        file.write_bytes(data)
        try:
            str(inspection.inspect(file))
        except RpikitError as error:
            refused.append(str(error))
    assert len(refused) > 50
    assert not [line for line in refused if "\n" in line]
