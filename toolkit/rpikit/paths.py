# SPDX-License-Identifier: MIT
"""Where things are: the data that travels with rpikit, and the user's cache and state."""

import os
from functools import cache
from pathlib import Path

import platformdirs


@cache
def data_root() -> Path:
    """Return the folder that holds boards/, c/, templates/ and SConstruct."""
    packaged = Path(__file__).parent / "_data"
    return packaged if packaged.is_dir() else Path(__file__).parents[2]


def cache_dir() -> Path:
    """Return the folder of what can be made or fetched again; RPIKIT_CACHE moves it."""
    return Path(os.environ.get("RPIKIT_CACHE") or platformdirs.user_cache_dir("rpikit"))


def state_dir() -> Path:
    """Return the folder of what is running now: boards, locks; RPIKIT_STATE moves it."""
    return Path(os.environ.get("RPIKIT_STATE") or platformdirs.user_state_dir("rpikit"))
