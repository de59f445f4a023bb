# SPDX-License-Identifier: MIT
"""How a contact bounces: the changes that one press of a real switch makes.

Measured figures are those of J. Ganssle, "A Guide to Debouncing" (2004, revised 2008): 18 kinds
of switches, of which 16 bounced for 1557 us on average and 6200 us at most. How a contact opens
and closes within that time is a model of ours: shorter and shorter gaps, drawn from a generator
that the profile and the seed decide, so that two runs of a test play the same changes.

- `ideal` no bounce: one edge, as a signal generator makes it;
- `typical` 2 to 6 changes more within 1557 us;
- `worst` 8 to 20 changes more within 6200 us;
- `stuck` closes as `typical` does and does not open when it is let go of;
- `chatter` as `typical`, and while it is held it opens for 50 to 500 us, 5 to 25 ms apart, as a
  worn contact does that is shaken (figures of ours, no measurement).
"""

import random
from typing import Literal, get_args

from rpikit.units import Duration, ms, us

Profile = Literal["ideal", "typical", "worst", "stuck", "chatter"]
PROFILES: tuple[str, ...] = get_args(Profile)

_TYPICAL = (1557 * us, (1, 3))
_WORST = (6200 * us, (4, 10))
_SETTLES: dict[str, tuple[Duration, tuple[int, int]]] = {
    "typical": _TYPICAL,
    "worst": _WORST,
    "stuck": _TYPICAL,
    "chatter": _TYPICAL,
}
_APART, _OPEN = (5 * ms, 25 * ms), (50 * us, 500 * us)


def checked(profile: Profile) -> Profile:
    """Return the profile; raise ValueError for one that does not exist."""
    if profile not in PROFILES:
        raise ValueError(f"bounce={profile!r}: write one of {', '.join(PROFILES)}")
    return profile


def closing(profile: Profile, seed: int, hold: Duration | None) -> list[tuple[Duration, bool]]:
    """Return the changes after a contact has closed: when, counted from then, and if it closes.

    They end with the contact closed, before `hold` is over.
    """
    changes = _settling(profile, seed, "close", ends_closed=True)
    if profile == "chatter" and hold is not None:
        changes += _chatter(seed, changes[-1][0] if changes else 0 * us, hold)
    if hold is not None:
        pairs = zip(changes[0::2], changes[1::2], strict=True)
        changes = [change for pair in pairs if pair[1][0] < hold for change in pair]
    return changes


def opening(profile: Profile, seed: int) -> list[tuple[Duration, bool]]:
    """Return the changes after a contact has opened first; they end with it open."""
    return _settling(profile, seed, "open", ends_closed=False)


def _settling(
    profile: Profile, seed: int, way: str, *, ends_closed: bool
) -> list[tuple[Duration, bool]]:
    if profile not in _SETTLES:
        return []
    draw = random.Random(f"{profile}/{seed}/{way}")
    within, (fewest, most) = _SETTLES[profile]
    count = 2 * draw.randint(fewest, most)
    # The roots lie closer together towards the end, as a contact that comes to rest.
    places = sorted(draw.random() ** 0.5 for _ in range(count))
    times = sorted({max(1, round(place * within.ns)) for place in places})
    times = times[len(times) % 2 :]
    return [(Duration(at), (number % 2 == 1) == ends_closed) for number, at in enumerate(times)]


def _chatter(seed: int, begin: Duration, hold: Duration) -> list[tuple[Duration, bool]]:
    draw = random.Random(f"chatter/{seed}/hold")
    changes: list[tuple[Duration, bool]] = []
    at = begin
    while True:
        opens = at + Duration(draw.randint(_APART[0].ns, _APART[1].ns))
        closes = opens + Duration(draw.randint(_OPEN[0].ns, _OPEN[1].ns))
        if closes >= hold:
            return changes
        changes += [(opens, False), (closes, True)]
        at = closes
