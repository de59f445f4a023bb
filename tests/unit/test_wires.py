# SPDX-License-Identifier: MIT
"""The wires of a board under test: opened at idle, given to tests, let go of at the end."""

import socket
from pathlib import Path

import pytest

from rpikit import app as apps
from rpikit.app import App
from rpikit.bench.fake import Fake
from rpikit.bench.wires import Site, Wires
from rpikit.errors import BenchError
from rpikit.units import ms
from rpikit.wiring import Target, Wire

RPIKIT_TOML = """\
[firmware]
name = "follow"
version = "1.0.0"
sources = ["main.c"]
memory = "2M"

[devices.button]
type = "switch"
line = 17
direction = "in"
pull = "up"
active = "low"

[devices.lamp]
type = "led"
line = 18
"""


@pytest.fixture
def app(tmp_path: Path) -> App:
    (tmp_path / "main.c").touch()
    (tmp_path / "rpikit.toml").write_text(RPIKIT_TOML)
    return apps.load(tmp_path)


def target(**wires: Wire) -> Target:
    """Return a real board of the bench with these wires."""
    return Target(name="desk", board="rpi3b", ssh="pi@lab3", wires=wires)


def fake_wires() -> dict[str, Wire]:
    return {"button": Wire(driver="fake", line=27), "lamp": Wire(driver="fake", line=18)}


def test_switches_lie_at_idle_from_the_beginning(app: App) -> None:
    fake = Fake()
    with Wires(app, target(**fake_wires()), Site(fake=fake)):
        assert fake.is_high(27)


def test_a_test_that_fails_leaves_its_pins_at_idle(app: App) -> None:
    def fail() -> None:
        with wires.panel() as panel:
            held = panel["button"].pressed()
            held.__enter__()
            assert not fake.is_high(27)
            raise RuntimeError

    fake = Fake()
    with Wires(app, target(**fake_wires()), Site(fake=fake)) as wires:
        with pytest.raises(RuntimeError):
            fail()
        assert fake.is_high(27)


def test_every_test_begins_with_an_empty_scope(app: App) -> None:
    with Wires(app, target(**fake_wires()), Site(fake=Fake())) as wires:
        with wires.panel() as panel:
            panel["button"].press(10 * ms)
        with wires.panel() as panel:
            assert panel["button"].edges() == []


def test_a_device_without_a_wire_is_absent(app: App) -> None:
    lamp_only = {"lamp": Wire(driver="fake", line=18)}
    with Wires(app, target(**lamp_only), Site(fake=Fake())) as wires:
        assert wires.absent == ["button"]
        with wires.panel() as panel, pytest.raises(BenchError, match="wired are: lamp"):
            panel["button"]


@pytest.mark.parametrize("driver", ["gpiod", "RPi.GPIO"])
def test_a_bench_computer_that_does_not_answer_is_a_bench_fault(app: App, driver: str) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"pi@127.0.0.1:{nobody.getsockname()[1]}"
        wires = {"button": Wire(driver=driver, line=22, host=address)}
        with pytest.raises(BenchError, match=r"button: .*does not answer.*refused") as caught:
            Wires(app, target(**wires), Site())
    assert "is it on" in (caught.value.hint or "")


def test_a_second_pin_needs_a_shell_on_the_board(app: App) -> None:
    wires = {"button": Wire(driver="second-pin", line=27)}
    with pytest.raises(BenchError, match="no shell on the board"):
        Wires(app, target(**wires), Site())


def test_what_was_opened_is_released_when_a_later_wire_fails(app: App) -> None:
    fake = Fake()
    fake.set(27, True)
    released: list[bool] = []
    wires = fake_wires() | {"lamp": Wire(driver="gpiod", line=22, host="pi@bench")}
    site = Site(fake=fake)
    site.leave.callback(released.append, True)
    with pytest.raises(BenchError):
        Wires(app, target(**wires), site)
    assert released == [True]
