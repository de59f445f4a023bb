# SPDX-License-Identifier: MIT
"""rpikit as a newcomer has it: an installed wheel, an empty folder, projects that work at once."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from shell import Shell

from rpikit import new
from rpikit.device import DeviceHalf
from rpikit.transport.ssh import Ssh

TEMPLATES = tuple(new.templates())
PROJECT = "my-lamp"


@pytest.fixture
def shell(installed: Path, virtual_ssh: Ssh, tmp_path: Path) -> Iterator[Shell]:
    """Give a shell in an empty folder; end the firmware after the test."""
    yield Shell(installed, tmp_path)
    DeviceHalf(virtual_ssh).stop()


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_new_project_builds_flashes_and_passes_its_tests(shell: Shell, template: str) -> None:
    for script in (
        f"rpikit new {PROJECT} --template {template} && cd {PROJECT}",
        "rpikit build .",
        "rpikit flash .",
        "rpikit test .",
    ):
        status, said = shell.run(script)
        assert status == 0, said
    assert re.search(r"= \d+ passed in", said), said


@pytest.mark.parametrize("template", TEMPLATES)
def test_its_tests_catch_an_inverted_lamp(shell: Shell, template: str) -> None:
    status, said = shell.run(f"rpikit new {PROJECT} --template {template} && cd {PROJECT}")
    assert status == 0, said
    program = shell.folder / "main.c"
    text = program.read_text()
    swapped = {"solo5_led_on(": "solo5_led_off(", "solo5_led_off(": "solo5_led_on("}
    program.write_text(re.sub(r"solo5_led_o(n|ff)\(", lambda found: swapped[found[0]], text))
    assert program.read_text() != text
    status, said = shell.run("rpikit test .")
    assert status == 1, said
    assert re.search(r"lamp: expected|test_the_lamp_is_lit_shortly", said), said
    assert re.search(r"lamp +[▁█]", said), said
