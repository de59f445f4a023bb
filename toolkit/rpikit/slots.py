# SPDX-License-Identifier: MIT
"""The two slots of a guest as a state machine: which event leads where, and by which steps.

Pure: it knows no board. `templates/device/` takes the same steps in the same order, and a test
cuts both after each of them. Whatever the cut, a boot runs the confirmed slot.
"""

from dataclasses import dataclass, replace
from enum import Enum
from types import MappingProxyType
from typing import Literal

Slot = Literal["a", "b"]


class Phase(Enum):
    """How far a guest is; `new` is what a flash has uploaded."""

    EMPTY = "empty"
    EMPTY_STAGED = "empty, new staged"
    EMPTY_TRIAL = "first on trial"
    CONFIRMED = "confirmed"
    CONFIRMED_STAGED = "confirmed, new staged"
    CONFIRMED_TRIAL = "confirmed, other on trial"


class Event(Enum):
    """What happens to a guest."""

    STAGE = "stage"  # files are uploaded
    ABANDON = "abandon"  # the connection broke, or what came was not what was signed
    TRY = "try"  # all that was uploaded is whole: start it
    CONFIRM = "confirm"  # it was ready in time, or its tests passed, or somebody said so
    ROLL_BACK = "roll back"  # it was not ready, failed, ran out of its time, or somebody said so
    START = "start"
    STOP = "stop"
    BOOT = "boot"  # after an orderly end of the board, or after a cut at any step
    DAMAGE = "damage"  # a file of the confirmed slot changes, as on an SD card that wears out


class Step(Enum):
    """What is done at once or not at all: a rename on the disk, or a process begun or ended."""

    FILL = "fill `new`"
    DROP = "drop `new`"
    GIVE_UP = "note that the idle slot is no spare any more"
    TAKE = "make `new` the idle slot"
    NOTE = "note that the idle slot is on trial, and whether the guest runs"
    HALT = "end what runs"
    RUN_TRIAL = "start the slot on trial"
    SELECT = "point `current` at the slot on trial"
    KEEP = "note that the slot that was confirmed before is a spare"
    RUN_BEFORE = "start the confirmed slot if it ran before"
    FORGET = "remove the note of the trial"
    HOLD = "note that the guest was stopped"
    RELEASE = "remove the note that it was stopped"
    RUN_ON_TRIAL_OR_CONFIRMED = "start the slot on trial, or else the confirmed one"
    FALL_BACK = "point `current` at the spare if the confirmed slot is damaged"
    RUN_AT_BOOT = "start the confirmed slot unless it is damaged, or the guest was stopped"
    SPOIL = "change a file of the confirmed slot"


@dataclass(frozen=True)
class Move:
    """Where an event leads, and by which steps."""

    to: Phase
    steps: tuple[Step, ...]


_TRY = (Step.GIVE_UP, Step.TAKE, Step.NOTE, Step.HALT, Step.RUN_TRIAL)
_CONFIRM = (Step.SELECT, Step.KEEP, Step.RELEASE, Step.FORGET)
_ROLL_BACK = (Step.HALT, Step.RUN_BEFORE, Step.FORGET)
_BOOT = (Step.HALT, Step.DROP, Step.FORGET, Step.FALL_BACK, Step.RUN_AT_BOOT)
_START = (Step.RUN_ON_TRIAL_OR_CONFIRMED, Step.RELEASE)
_STOP = (Step.HOLD, Step.HALT)

TABLE: MappingProxyType[tuple[Phase, Event], Move] = MappingProxyType(
    {
        (Phase.EMPTY, Event.STAGE): Move(Phase.EMPTY_STAGED, (Step.FILL,)),
        (Phase.EMPTY, Event.BOOT): Move(Phase.EMPTY, _BOOT),
        (Phase.EMPTY_STAGED, Event.ABANDON): Move(Phase.EMPTY, (Step.DROP,)),
        (Phase.EMPTY_STAGED, Event.TRY): Move(Phase.EMPTY_TRIAL, _TRY),
        (Phase.EMPTY_STAGED, Event.BOOT): Move(Phase.EMPTY, _BOOT),
        (Phase.EMPTY_TRIAL, Event.CONFIRM): Move(Phase.CONFIRMED, _CONFIRM),
        (Phase.EMPTY_TRIAL, Event.ROLL_BACK): Move(Phase.EMPTY, _ROLL_BACK),
        (Phase.EMPTY_TRIAL, Event.START): Move(Phase.EMPTY_TRIAL, _START),
        (Phase.EMPTY_TRIAL, Event.STOP): Move(Phase.EMPTY_TRIAL, (Step.HALT,)),
        (Phase.EMPTY_TRIAL, Event.BOOT): Move(Phase.EMPTY, _BOOT),
        (Phase.CONFIRMED, Event.STAGE): Move(Phase.CONFIRMED_STAGED, (Step.FILL,)),
        (Phase.CONFIRMED, Event.START): Move(Phase.CONFIRMED, _START),
        (Phase.CONFIRMED, Event.STOP): Move(Phase.CONFIRMED, _STOP),
        (Phase.CONFIRMED, Event.BOOT): Move(Phase.CONFIRMED, _BOOT),
        (Phase.CONFIRMED, Event.DAMAGE): Move(Phase.CONFIRMED, (Step.SPOIL,)),
        (Phase.CONFIRMED_STAGED, Event.ABANDON): Move(Phase.CONFIRMED, (Step.DROP,)),
        (Phase.CONFIRMED_STAGED, Event.TRY): Move(Phase.CONFIRMED_TRIAL, _TRY),
        (Phase.CONFIRMED_STAGED, Event.STOP): Move(Phase.CONFIRMED_STAGED, _STOP),
        (Phase.CONFIRMED_STAGED, Event.BOOT): Move(Phase.CONFIRMED, _BOOT),
        (Phase.CONFIRMED_TRIAL, Event.CONFIRM): Move(Phase.CONFIRMED, _CONFIRM),
        (Phase.CONFIRMED_TRIAL, Event.ROLL_BACK): Move(Phase.CONFIRMED, _ROLL_BACK),
        (Phase.CONFIRMED_TRIAL, Event.START): Move(Phase.CONFIRMED_TRIAL, _START),
        (Phase.CONFIRMED_TRIAL, Event.STOP): Move(Phase.CONFIRMED_TRIAL, (Step.HALT,)),
        (Phase.CONFIRMED_TRIAL, Event.BOOT): Move(Phase.CONFIRMED, _BOOT),
    }
)
"""What is not in it is refused and changes nothing."""


@dataclass(frozen=True)
class State:
    """All that a board keeps of a guest, and what runs. Versions stand for what is in a slot."""

    a: str | None = None
    b: str | None = None
    new: str | None = None
    confirmed: Slot | None = None  # where `current` leads
    trial: Slot | None = None
    was_running: bool = False  # when the trial began
    held: bool = False  # it was stopped: a boot leaves it so
    running: Slot | None = None
    spare: Slot | None = None  # the idle slot while it holds what was confirmed before
    spoiled: frozenset[Slot] = frozenset()  # slots with a damaged file

    @property
    def is_damaged(self) -> bool:
        """Whether the confirmed slot is; nobody looks before the next boot."""
        return self.confirmed in self.spoiled

    @property
    def phase(self) -> Phase:
        """How far the guest is."""
        if self.trial is not None and self.trial != self.confirmed:
            return Phase.EMPTY_TRIAL if self.confirmed is None else Phase.CONFIRMED_TRIAL
        if self.new is not None:
            return Phase.EMPTY_STAGED if self.confirmed is None else Phase.CONFIRMED_STAGED
        return Phase.EMPTY if self.confirmed is None else Phase.CONFIRMED

    @property
    def idle(self) -> Slot:
        """The slot that a flash may overwrite."""
        return "b" if self.confirmed == "a" else "a"

    def version(self, slot: Slot | None) -> str | None:
        """Return what is in a slot."""
        return {"a": self.a, "b": self.b}.get(slot or "")


def allows(state: State, event: Event) -> bool:
    """Whether the event is one that the board does not refuse, and that is modelled.

    While a guest whose slot was damaged still runs, that is the next boot only.
    """
    if state.is_damaged and event != Event.BOOT:
        if state.running == state.confirmed or event == Event.DAMAGE:
            return False
        if event == Event.START and state.trial is None:
            return False
    return (state.phase, event) in TABLE


def states(state: State, event: Event, version: str | None = None) -> tuple[State, ...]:
    """Return the state after each step of an event, the one before it first.

    `version` is what a stage uploads. An event that the table does not have leads nowhere.
    """
    found = [state]
    move = TABLE[state.phase, event] if allows(state, event) else None
    for step in move.steps if move else ():
        found.append(_after(found[-1], step, version))
    return tuple(found)


def after(state: State, event: Event, version: str | None = None) -> State:
    """Return where an event leads."""
    return states(state, event, version)[-1]


def _after(state: State, step: Step, version: str | None) -> State:
    confirmed, trial = state.confirmed, state.trial
    match step:
        case Step.FILL:
            return replace(state, new=version)
        case Step.DROP:
            return replace(state, new=None)
        case Step.GIVE_UP:
            return replace(state, spare=None)
        case Step.TAKE:
            taken = replace(state, new=None, spoiled=state.spoiled - {state.idle})
            if state.idle == "a":
                return replace(taken, a=state.new)
            return replace(taken, b=state.new)
        case Step.NOTE:
            return replace(state, trial=state.idle, was_running=state.running is not None)
        case Step.HALT:
            return replace(state, running=None)
        case Step.RUN_TRIAL:
            return replace(state, running=trial)
        case Step.SELECT:
            return replace(state, confirmed=trial)
        case Step.KEEP:
            return replace(state, spare=state.idle if state.version(state.idle) else None)
        case Step.RUN_BEFORE:
            return replace(state, running=confirmed if state.was_running else None)
        case Step.FORGET:
            return replace(state, trial=None, was_running=False)
        case Step.HOLD:
            return replace(state, held=True)
        case Step.RELEASE:
            return replace(state, held=False)
        case Step.RUN_ON_TRIAL_OR_CONFIRMED:
            return replace(state, running=state.running or trial or confirmed)
        case Step.FALL_BACK:
            is_whole = state.spare is not None and state.spare not in state.spoiled
            if state.held or not state.is_damaged or not is_whole:
                return state
            return replace(state, confirmed=state.spare, spare=None)
        case Step.RUN_AT_BOOT:
            is_idle = state.held or state.is_damaged
            return replace(state, running=None if is_idle else confirmed)
        case Step.SPOIL:
            assert confirmed is not None  # of which there is none in other phases
            return replace(state, spoiled=state.spoiled | {confirmed})
