# SPDX-License-Identifier: MIT
"""What tests of several files share: a board on this machine, with each shell or the usual one."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from local_board import SHELLS, LocalBoard, local_board


@pytest.fixture(params=SHELLS)
def board(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LocalBoard]:
    """Give a board on this machine, one for each shell that a board may have."""
    with local_board(tmp_path, request.param) as made:
        yield made


@pytest.fixture
def dash(tmp_path: Path) -> Iterator[LocalBoard]:
    """Give a board on this machine with dash, for what does not depend on the shell."""
    with local_board(tmp_path, "dash") as made:
        yield made
