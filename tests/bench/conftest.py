# SPDX-License-Identifier: MIT
"""What tests of several files ask of the virtual board."""

from collections.abc import Callable

import pytest

from rpikit.transport.ssh import Ssh


@pytest.fixture
def agents(virtual_ssh: Ssh) -> Callable[[], set[str]]:
    """Give how the board is asked for the processes that move its second pins."""
    ask = "grep -ls '[s]econd-pin' /proc/[0-9]*/cmdline"
    return lambda: set(virtual_ssh.run(ask).out.split())
