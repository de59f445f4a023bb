# SPDX-License-Identifier: MIT
"""What tests of several files share on the virtual board."""

from collections.abc import Iterator

import pytest

from rpikit.device import DeviceHalf
from rpikit.transport.ssh import Ssh


@pytest.fixture
def begun() -> str:
    """Give what a shell of the board does after `COMMAND >pipe &` until the guest of it runs."""
    return "until grep -q ^Solo5 said || ! kill -0 $!; do sleep 0.1; done 2>/dev/null"


@pytest.fixture
def pipe() -> str:
    """Give what it does before: a tender that writes to a file may make it longer."""
    return "rm -f pipe said; mkfifo pipe; cat pipe >said &"


@pytest.fixture
def home(request: pytest.FixtureRequest) -> str:
    """Give the name of a folder of its own on the board: its other tests take what they like."""
    return f"/opt/rpikit/{request.path.stem}"


@pytest.fixture
def half(virtual_ssh: Ssh, home: str) -> Iterator[DeviceHalf]:
    """Give a device half with that folder."""
    made = DeviceHalf(virtual_ssh, home=home)
    yield made
    made.stop_all()
    virtual_ssh.run(f"rm -rf {home}")
