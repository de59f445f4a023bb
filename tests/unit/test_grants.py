# SPDX-License-Identifier: MIT
"""What an operator grants a guest in bench.toml: places of its devices, and every pin or none."""

from pathlib import Path

import pytest
from test_cli import ask

from rpikit import app as apps
from rpikit import board, bundle, payload, wiring
from rpikit.app import App
from rpikit.errors import DescriptionError

APP = """\
[firmware]
name = "logger"
version = "1.0.0"
sources = ["main.c"]
memory = "2M"
all_pins = {all_pins}
[devices.lamp]
type = "gpio"
line = 22
direction = "out"
[devices.storage]
type = "block"
path = "/var/lib/storage.img"
sector_size = 4096
[devices.uplink]
type = "net"
tap = "tap0"
"""
BENCH = '[boards.desk]\nboard = "rpi3b"\nssh = "pi@lab3"\n[boards.desk.guests.logger]\n'
TRUST = ("--gpio=mmio", "--trust-guest-with-all-pins")

rpi3b = board.load("rpi3b")


def an_app(folder: Path, *, all_pins: bool = False) -> App:
    (folder / "main.c").touch()
    (folder / "rpikit.toml").write_text(APP.format(all_pins=str(all_pins).lower()))
    return apps.load(folder)


def granted(folder: Path, app: App, text: str, name: str = "desk") -> App:
    (folder / "bench.toml").write_text(text)
    return wiring.load(folder / "bench.toml").granted(app, name)


def test_a_place_on_the_board_is_the_operators_word(tmp_path: Path) -> None:
    text = (
        BENCH + '[boards.desk.guests.logger.devices]\nstorage = { path = "/dev/sda1" }\n'
        'uplink = { tap = "tap7", mac = "52:54:00:12:34:56" }\n'
    )
    app = granted(tmp_path, an_app(tmp_path), text)
    assert bundle.options(app, rpi3b)[-4:] == (
        "--block:storage=/dev/sda1",
        "--block-sector-size:storage=4096",
        "--net:uplink=tap7",
        "--net-mac:uplink=52:54:00:12:34:56",
    )


def test_sectors_of_the_card_are_the_operators_word_too(tmp_path: Path) -> None:
    card = "storage = { card = { first = 4096, count = %d } }\n"
    text = BENCH + "[boards.desk.guests.logger.devices]\n" + card
    app = granted(tmp_path, an_app(tmp_path), text % 64)
    assert payload.grants_of(app)[-1] == payload.Storage("storage", 4096, 64, block_size=4096)
    with pytest.raises(DescriptionError) as caught:
        granted(tmp_path, app, text % 65)
    assert "devices.storage.card.count: blocks of 4096 bytes have 8" in str(caught.value)


def test_under_linux_storage_is_a_file(tmp_path: Path) -> None:
    app = an_app(tmp_path)
    file = app.folder / "rpikit.toml"
    file.write_text(file.read_text().replace("path = ", "card = { first = 8, count = 8 } # "))
    with pytest.raises(DescriptionError) as caught:
        bundle.options(apps.load(app.folder), rpi3b)
    assert "devices.storage.path: logger runs under Linux here; write its file" in str(caught.value)


def test_what_the_operator_leaves_out_is_as_the_application_says(tmp_path: Path) -> None:
    app = an_app(tmp_path)
    assert granted(tmp_path, app, BENCH) == app
    assert granted(tmp_path, app, BENCH.replace("logger", "other")) == app
    assert "--net:uplink=tap0" in bundle.options(app, rpi3b)


@pytest.mark.parametrize(
    ("said", "place", "remedy"),
    [
        (
            'disk = { path = "/dev/sda" }',
            "disk",
            'logger has no storage or network of that name; there is "storage" or "uplink"',
        ),
        (
            'uplink = { path = "/dev/sda" }',
            "uplink.path",
            'a device of type "net" has no such key for a place; it has "tap" or "mac"',
        ),
    ],
)
def test_a_place_that_no_device_has_is_refused(
    tmp_path: Path, said: str, place: str, remedy: str
) -> None:
    with pytest.raises(DescriptionError) as caught:
        granted(tmp_path, an_app(tmp_path), f"{BENCH}[boards.desk.guests.logger.devices]\n{said}\n")
    place = f"boards.desk.guests.logger.devices.{place}"
    assert str(caught.value).endswith(f"bench.toml: {place}: {remedy}")


@pytest.mark.parametrize("wishes", [False, True])
@pytest.mark.parametrize("grants", [False, True])
def test_every_pin_is_given_to_who_wishes_for_it_and_is_granted_it(
    tmp_path: Path, wishes: bool, grants: bool
) -> None:
    app = an_app(tmp_path, all_pins=wishes)
    text = BENCH + f"all_pins = {str(grants).lower()}\n"
    if wishes and not grants:
        with pytest.raises(DescriptionError, match=r"desk\.guests\.logger\.all_pins: logger wish"):
            granted(tmp_path, app, text)
        return
    options = bundle.options(granted(tmp_path, app, text), rpi3b)
    assert (options[3:5] == TRUST) == (wishes and grants)
    assert ("--trust-guest-with-all-pins" in options) == (wishes and grants)


def test_what_is_granted_on_one_board_is_not_on_another(tmp_path: Path) -> None:
    app = an_app(tmp_path, all_pins=True)
    text = BENCH + 'all_pins = true\n[boards.shelf]\nboard = "rpi3b"\nssh = "pi@lab4"\n'
    assert granted(tmp_path, app, text).has_all_pins
    with pytest.raises(DescriptionError, match=r"boards\.shelf\.guests\.logger\.all_pins"):
        granted(tmp_path, app, text, "shelf")


def test_an_application_alone_never_has_every_pin(tmp_path: Path) -> None:
    app = an_app(tmp_path, all_pins=True)
    assert "--trust-guest-with-all-pins" not in bundle.options(app, rpi3b)


def test_a_process_cannot_be_given_every_pin(tmp_path: Path) -> None:
    app = granted(tmp_path, an_app(tmp_path, all_pins=True), BENCH + "all_pins = true\n")
    with pytest.raises(DescriptionError, match=r"firmware\.all_pins = true: only a guest of hvt"):
        bundle.options(app, rpi3b.made_for("spt"))


def test_this_machine_has_no_pins_to_trust_anybody_with(tmp_path: Path) -> None:
    app = granted(tmp_path, an_app(tmp_path, all_pins=True), BENCH, board.HOST)
    assert not app.has_all_pins
    assert not any("trust" in word for word in bundle.options(app, board.load(board.HOST)))


@pytest.mark.parametrize("command", ["flash", "run", "test", "debug"])
def test_a_wish_that_is_not_granted_is_refused_in_one_line(tmp_path: Path, command: str) -> None:
    an_app(tmp_path, all_pins=True)
    bench = tmp_path / "bench.toml"
    bench.write_text(BENCH)
    done = ask(command, str(tmp_path), "--board", "desk", "--bench", str(bench))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"rpikit: {bench}: boards.desk.guests.logger.all_pins: logger wishes for every pin, "
        "which its operator has to grant; write all_pins = true\n"
    )
