# SPDX-License-Identifier: MIT
"""What tests of several files share on the virtual board."""

from collections.abc import Iterator

import pytest

from rpikit.device import DeviceHalf
from rpikit.transport.ssh import Ssh


@pytest.fixture
def half(request: pytest.FixtureRequest, virtual_ssh: Ssh) -> Iterator[DeviceHalf]:
    """Give a device half with a folder of its own: the board's other tests take what they like."""
    made = DeviceHalf(virtual_ssh, home=f"/opt/rpikit/{request.path.stem}")
    yield made
    made.stop_all()
    virtual_ssh.run(f"rm -rf {made.home}")
