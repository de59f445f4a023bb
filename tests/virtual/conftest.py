# SPDX-License-Identifier: MIT
"""What tests of several files share on the virtual board."""

from collections.abc import Callable, Iterator

import pytest

from rpikit.device import DeviceHalf
from rpikit.transport.ssh import Ssh


@pytest.fixture
def behind() -> Callable[[str], str]:
    """Give how a shell of the board puts a tender behind, as $!, and waits until its guest runs.

    It has a pipe for its console: a file it might make longer, and is limited otherwise.
    """

    def words(tender: str) -> str:
        began = "until grep -q ^Solo5 said || ! kill -0 $!; do sleep 0.1; done 2>/dev/null"
        return f"rm -f pipe said; mkfifo pipe; cat pipe >said & {tender} >pipe & {began}"

    return words


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
