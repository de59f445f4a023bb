# SPDX-License-Identifier: MIT
"""What can be a guest of the underlay, alone and with others, and what becomes of its wish."""

import struct
from pathlib import Path

import pytest
from asking import ask

from rpikit import app as apps
from rpikit import metal, payload
from rpikit.app import App
from rpikit.errors import DescriptionError
from rpikit.payload import Grant, Storage

MIB = 1 << 20
LAMP = '[devices.lamp]\ntype = "gpio"\nline = 18\ndirection = "out"\n'


def application(folder: Path, more: str = "", name: str = "wish", memory: str = "2M") -> App:
    folder.mkdir(exist_ok=True)
    (folder / "main.c").touch()
    (folder / "rpikit.toml").write_text(
        f'[firmware]\nname = "{name}"\nversion = "1.0.0"\nsources = ["main.c"]\n'
        f'memory = "{memory}"\n{more}'
    )
    return apps.load(folder)


def others(place: Path, *tables: str) -> list[App]:
    """Return applications `one`, `two` and so on, each with what its description says besides."""
    names = ("one", "two", "three", "four", "five")
    return [
        application(place / name, more, name) for name, more in zip(names, tables, strict=False)
    ]


WISHES = {
    "net": (
        '[devices.uplink]\ntype = "net"\ntap = "tap0"\n',
        "the underlay has no net, which wish uses",
    ),
    "block": (
        '[devices.disk]\ntype = "block"\npath = "/d"\n',
        "devices.disk.card: without Linux there are no files; write card = { first = SECTOR",
    ),
    "drive": (
        f'{LAMP}drive = "open-drain"\n',
        'drive = "open-drain": the chip itself',
    ),
    "all_pins": (f"all_pins = true\n{LAMP}", "firmware.all_pins = true: the underlay gives no"),
}


@pytest.mark.parametrize("case", list(WISHES))
def test_a_wish_that_bare_metal_cannot_fulfil_is_refused(case: str, tmp_path: Path) -> None:
    more, why = WISHES[case]
    with pytest.raises(DescriptionError) as caught:
        metal.check([application(tmp_path, more)])
    assert why in str(caught.value)


def test_lines_and_console_are_what_it_has(tmp_path: Path) -> None:
    metal.check([application(tmp_path, LAMP)])


DISK = '[devices.disk]\ntype = "block"\nsector_size = 4096\ncard = { first = 2048, count = 64 }\n'


def test_storage_is_sectors_of_the_card(tmp_path: Path) -> None:
    app = application(tmp_path, LAMP + DISK.replace("64", "64, read_only = true"))
    metal.check([app])
    storage = Storage("disk", 2048, 64, read_only=True, block_size=4096)
    assert payload.grants_of(app) == (Grant("lamp", 18, 2), storage)


def test_sectors_have_one_writer(tmp_path: Path) -> None:
    with pytest.raises(DescriptionError) as caught:
        metal.check(others(tmp_path, DISK, DISK.replace("disk", "log").replace("2048", "2111")))
    assert str(caught.value).startswith("two: log has sectors of the card that disk of one has")
    metal.check(others(tmp_path, DISK, DISK.replace("2048", "2112")))
    alike = DISK.replace("64", "64, read_only = true")
    metal.check(others(tmp_path, alike, alike))


INTERFACE = """[interface]
name = "taste"
title = "Taste"
version = 1
since = "0.1.0"
numbers = [0x300000, 0x300000]
doc = "{doc}"

[[call]]
name = "sip"
number = 0x300000
doc = "Sips."
fields = [{{ name = "size", type = "u32", direction = "in", doc = "How much." }}]
"""


def test_a_line_has_one_guest(tmp_path: Path) -> None:
    with pytest.raises(DescriptionError) as caught:
        metal.check(others(tmp_path, LAMP, LAMP.replace("lamp", "light")))
    assert str(caught.value).endswith(
        "two/rpikit.toml: devices.light.line = 18: one has this line already, for its lamp; "
        "no two guests of a board can have the same"
    )


def test_a_name_has_one_guest(tmp_path: Path) -> None:
    twice = [application(tmp_path / place, name="same") for place in ("one", "two")]
    with pytest.raises(DescriptionError) as caught:
        metal.check(twice)
    assert 'two/rpikit.toml: firmware.name = "same": ' in str(caught.value)
    assert str(caught.value).endswith("one/rpikit.toml has this name already; give each its own")


def test_memory_is_enough_for_all(tmp_path: Path) -> None:
    large = [application(tmp_path / name, "", name, "512M") for name in ("one", "two")]
    metal.check(large[:1])
    with pytest.raises(DescriptionError, match="the guests need 1G of memory; the board has"):
        metal.check(large)


def test_the_chip_has_one_watchdog(tmp_path: Path) -> None:
    metal.check(others(tmp_path, "[metal]\nwatchdog = 5\n", "", "[metal]\nwatchdog = 5\n"))
    with pytest.raises(DescriptionError) as caught:
        metal.check(others(tmp_path, "[metal]\nwatchdog = 5\n", "", "[metal]\nwatchdog = 6\n"))
    assert "three/rpikit.toml: metal.watchdog = 6: one says 5, and the chip has" in str(
        caught.value
    )


def with_taste(place: Path, *docs: str) -> list[App]:
    found = others(place, *("" for _ in docs))
    for one, doc in zip(found, docs, strict=True):
        (one.folder / "interfaces").mkdir()
        (one.folder / "interfaces" / "taste.toml").write_text(INTERFACE.format(doc=doc))
        (one.folder / "devices").mkdir()
        (one.folder / "devices" / "taste.c").write_text("/* sips */\n")
    return [application(one.folder, 'interfaces = ["taste"]\n', one.name) for one in found]


def test_guests_may_share_an_interface_of_their_own(tmp_path: Path) -> None:
    both = with_taste(tmp_path, "Sips.", "Sips.")
    assert [one.name for one in metal.interfaces(both)].count("taste") == 1


@pytest.mark.parametrize("part", ["description", "handlers"])
def test_what_has_one_name_means_one_thing(part: str, tmp_path: Path) -> None:
    both = with_taste(tmp_path, "Sips.", "Sips." if part == "handlers" else "Gulps.")
    if part == "handlers":
        (both[1].folder / "devices" / "taste.c").write_text("/* gulps */\n")
    with pytest.raises(DescriptionError, match="its interface taste is another than that of one"):
        metal.check(both)


def test_interfaces_are_those_of_all_guests(tmp_path: Path) -> None:
    led = '[devices.lamp]\ntype = "led"\nline = 25\n'
    found = [one.name for one in metal.interfaces(others(tmp_path, LAMP, led))]
    assert {"gpio", "led", "console"} <= set(found)
    assert "switch" not in found
    assert "switch" in [one.name for one in metal.interfaces(others(tmp_path, led), "switch")]


def image(place: Path, guests: list[App]) -> bytes:
    """Return what is behind an underlay for guests whose unikernels are some bytes."""
    (place / metal.UNDERLAY).write_bytes(bytes(0x1000))
    files = []
    for one in guests:
        files.append(place / f"{one.name}.hvt")
        files[-1].write_bytes(one.name.encode())
    made = metal.image(metal.built(guests, files), place)
    assert made == place / "kernel8.img"
    return made.read_bytes()[0x1000:]


def test_the_image_has_what_the_description_says(tmp_path: Path) -> None:
    life = '[metal]\ncore = 2\nweight = 7\npatience_ms = 500\nrestart = "on-failure"\n'
    more = f"{life}restarts = 9\npause_ms = 3\nwatchdog = 12\n{LAMP}"
    found = image(tmp_path, [application(tmp_path / "wish", more)])
    expected = payload.Guest(
        *("wish", b"wish", 2 * MIB, "", (payload.Grant("lamp", 18, 2),)),
        core=2,
        weight=7,
        patience_ms=500,
        restart="on-failure",
        restarts=9,
        pause_ms=3,
    )
    assert found == payload.pack([expected], watchdog=12)


def test_who_says_nothing_has_what_a_guest_has_otherwise(tmp_path: Path) -> None:
    found = image(tmp_path, [application(tmp_path / "wish")])
    assert found == payload.pack([payload.Guest("wish", b"wish", 2 * MIB)])


def test_who_names_no_core_gets_the_first_with_the_fewest_guests(tmp_path: Path) -> None:
    tables = ("", "[metal]\ncore = 0\n", "", "[metal]\ncore = 2\n", "")
    found = image(tmp_path, others(tmp_path, *tables))
    cores = [struct.unpack_from("<I", found, 40 + at * 160 + 68)[0] for at in range(5)]
    assert cores == [1, 0, 3, 2, 0]


def test_guests_that_do_not_go_together_are_refused_before_anything_is_built(
    tmp_path: Path,
) -> None:
    others(tmp_path, LAMP, LAMP)
    done = ask("build", "one", "--target", "metal", "--with", "two", cwd=tmp_path, status=2)
    assert "two/rpikit.toml: devices.lamp.line = 18: one has this line already" in done.stderr
    assert not (tmp_path / "one" / "build").exists()


def test_with_linux_below_an_application_is_built_alone(tmp_path: Path) -> None:
    others(tmp_path, "", "")
    done = ask("build", "one", "--target", "hvt", "--with", "two", cwd=tmp_path, status=2)
    assert "--with: on virtual-pi3, for hvt, an application is built alone" in done.stderr


def test_what_the_operator_grants_is_what_goes_into_the_image(tmp_path: Path) -> None:
    others(tmp_path, DISK, DISK.replace("2048", "2112"))
    (tmp_path / "bench.toml").write_text(
        '[boards.desk]\nboard = "rpi3b"\nssh = "pi@nowhere.invalid"\n'
        "[boards.desk.guests.two.devices]\ndisk = { card = { first = 2104, count = 64 } }\n"
    )
    words = ("build", "one", "--board", "desk", "--target", "metal", "--with", "two")
    done = ask(*words, "--bench", "bench.toml", cwd=tmp_path, status=2)
    assert "two: disk has sectors of the card that disk of one has, too" in done.stderr
