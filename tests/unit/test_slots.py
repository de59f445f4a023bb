# SPDX-License-Identifier: MIT
"""The state machine of the slots by itself: every state it can come to, cut after every step."""

import itertools

import pytest

from rpikit import slots
from rpikit.slots import Event, Phase, State, Step


def reachable() -> set[State]:
    """Every state that events lead to, also those in which a cut leaves it, with two versions."""
    found = {State()}
    fresh = list(found)
    while fresh:
        state = fresh.pop()
        for event, version in itertools.product(Event, ("1", "2")):
            for led in (slots.after(state, event, version), *after_cuts(state, event, version)):
                if led not in found:
                    found.add(led)
                    fresh.append(led)
    return found


def after_cuts(state: State, event: Event, version: str) -> list[State]:
    return [slots.after(cut, Event.BOOT) for cut in slots.states(state, event, version)]


STATES = reachable()


def test_events_and_cuts_lead_to_every_phase() -> None:
    assert {state.phase for state in STATES} == set(Phase)
    assert len(STATES) > 100


@pytest.mark.parametrize("event", Event)
def test_after_a_cut_at_any_step_a_boot_runs_a_confirmed_slot(event: Event) -> None:
    for state, version in itertools.product(STATES, ("1", "2")):
        for cut in slots.states(state, event, version):
            booted = slots.after(cut, Event.BOOT)
            is_idle = booted.held or booted.is_damaged
            assert booted.running == (None if is_idle else booted.confirmed), (state, cut)
            assert (booted.trial, booted.new) == (None, None)
            assert (booted.confirmed is None) == (booted.version(booted.confirmed) is None)


@pytest.mark.parametrize("event", [one for one in Event if one is not Event.CONFIRM])
def test_only_a_confirmation_changes_what_is_confirmed(event: Event) -> None:
    for state, version in itertools.product(STATES, ("1", "2")):
        for cut in slots.states(state, event, version):
            if not state.is_damaged:
                assert cut.confirmed == state.confirmed
                assert cut.version(cut.confirmed) == state.version(state.confirmed)


def test_a_boot_runs_what_was_confirmed_before_if_only_that_is_whole() -> None:
    fell_back = 0
    for state in STATES:
        booted = slots.after(state, Event.BOOT)
        if not state.is_damaged:
            assert booted.spare == state.spare
        elif booted.confirmed != state.confirmed:
            fell_back += 1
            assert booted.confirmed == state.spare == state.idle
            assert booted.running == booted.confirmed
            assert not booted.is_damaged
            assert slots.after(booted, Event.BOOT) == booted
        else:
            assert state.held or state.spare is None or state.spare in state.spoiled
            assert booted.running is None
    assert fell_back


def test_a_spare_is_what_was_confirmed_and_nothing_that_came_later() -> None:
    tried = State()
    for version in ("1", "2"):
        for event in (Event.STAGE, Event.TRY, Event.CONFIRM):
            tried = slots.after(tried, event, version)
    assert (tried.confirmed, tried.spare, tried.version(tried.spare)) == ("b", "a", "1")
    failed = slots.after(slots.after(tried, Event.STAGE, "3"), Event.TRY)
    for cut in slots.states(slots.after(tried, Event.STAGE, "3"), Event.TRY):
        assert cut.spare is None or cut.version(cut.spare) == "1"
    back = slots.after(failed, Event.ROLL_BACK)
    assert (back.version("a"), back.spare) == ("3", None)
    gone = slots.after(slots.after(back, Event.DAMAGE), Event.BOOT)
    assert (gone.confirmed, gone.running) == ("b", None)


def test_the_table_leads_where_its_steps_do() -> None:
    for state in STATES:
        for (phase, event), move in slots.TABLE.items():
            if phase == state.phase and slots.allows(state, event):
                assert slots.after(state, event, "3").phase == move.to, (state, event)


def test_every_phase_can_be_booted_and_every_step_is_used() -> None:
    assert all((phase, Event.BOOT) in slots.TABLE for phase in Phase)
    assert {step for move in slots.TABLE.values() for step in move.steps} == set(Step)


def test_what_the_table_does_not_have_changes_nothing() -> None:
    refused = [
        (state, event) for state in STATES for event in Event if not slots.allows(state, event)
    ]
    assert refused
    for state, event in refused:
        assert slots.after(state, event, "3") == state


def test_a_trial_that_is_rolled_back_leaves_what_was_confirmed_as_it_ran() -> None:
    for state in STATES:
        if state.phase == Phase.CONFIRMED_STAGED:
            tried = slots.after(state, Event.TRY)
            back = slots.after(tried, Event.ROLL_BACK)
            assert (back.confirmed, back.running) == (state.confirmed, state.running)
