# SPDX-License-Identifier: MIT
"""The virtual board checks signatures with its own ssh-keygen, clock and BusyBox."""

import time
from pathlib import Path

import pytest
from local_board import make_bundle
from signing import line, make_key, make_list, numbered, signed

from rpikit import bundle, device
from rpikit.bundle import Bundle, Security
from rpikit.device import DeviceHalf, Status
from rpikit.errors import VerificationError
from rpikit.flash import flash
from rpikit.report import Silent
from rpikit.trust import trust


def put(half: DeviceHalf, made: Bundle) -> Status:
    return flash(made, half.transport, reporter=Silent(), half=half, ready_within=30.0).status


def test_the_board_takes_only_what_is_signed_by_whom_it_trusts(
    half: DeviceHalf, tmp_path: Path
) -> None:
    key, heir = (make_key(tmp_path / "keys", name) for name in ("release_key", "heir"))
    trust(
        half.transport,
        make_list(tmp_path, numbered(1), line(key)),
        None,
        reporter=Silent(),
        half=half,
    )
    now = int(time.time())
    expired = Security(version=3, expires=now - 5)
    first = signed(make_bundle(tmp_path, security=Security(version=2, expires=now + 3600)), key)
    assert put(half, first).running
    for wrong, reason in (
        (make_bundle(tmp_path, version="2.0.0"), "is not signed"),
        (signed(make_bundle(tmp_path, version="2.1.0"), heir), "which the board does not allow"),
        (
            signed(make_bundle(tmp_path, version="2.2.0", security=Security(version=1)), key),
            "has security version 1, and 2 has been selected here",
        ),
        (
            signed(make_bundle(tmp_path, version="2.3.0", security=expired), key),
            "has expired",
        ),
    ):
        with pytest.raises(VerificationError, match=reason):
            put(half, wrong)
        assert half.of("blink").status().version == "1.0.0"
        assert half.of("blink").status().running
    listed = make_list(tmp_path, numbered(2), line(heir))
    with pytest.raises(VerificationError, match="the list is signed with"):
        trust(half.transport, listed, heir, reporter=Silent(), half=half)
    trust(half.transport, listed, key, reporter=Silent(), half=half)
    with pytest.raises(VerificationError, match="or not any more"):
        put(half, first)
    assert put(half, signed(bundle.read(first.path), heir)).running
    assert half.trust() == device.Trust(numbered(2) + line(heir), {"blink": 2})
    old = make_list(tmp_path, numbered(1), line(heir), line(key))
    with pytest.raises(VerificationError, match="holds list 2 of allowed signers"):
        trust(half.transport, old, heir, reporter=Silent(), half=half)
