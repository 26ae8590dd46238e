"""The table of modes, exhaustively."""

import itertools

import pytest
from takeover.intervention.state_machine import Event, Mode, next_mode, TABLE

# Said a second time, as a person would: who may follow whom, and why.
EXPECTED = {
    'HOLD': {'POLICY_READY': 'HANDOVER', 'TAKE_OVER': 'HANDOVER', 'ESTOP': 'ESTOPPED'},
    'AUTONOMOUS': {
        'POLICY_LOST': 'HOLD',
        'DEVICE_LOST': 'HOLD',
        'TAKE_OVER': 'HANDOVER',
        'ESTOP': 'ESTOPPED',
    },
    'HUMAN': {'RELEASE': 'HOLD', 'DEVICE_LOST': 'HOLD', 'ESTOP': 'ESTOPPED'},
    'HANDOVER': {
        'POLICY_DRIVES': 'AUTONOMOUS',
        'PERSON_DRIVES': 'HUMAN',
        'TAKE_OVER': 'HANDOVER',
        'POLICY_LOST': 'HOLD',
        'RELEASE': 'HOLD',
        'DEVICE_LOST': 'HOLD',
        'ESTOP': 'ESTOPPED',
    },
    'ESTOPPED': {'ESTOP_CLEARED': 'HOLD'},
}


@pytest.mark.parametrize(('mode', 'event'), list(itertools.product(Mode, Event)))
def test_every_pair_is_in_the_table_or_leaves_the_mode(mode, event):
    """No pair is left to chance."""
    expected = EXPECTED[mode.name].get(event.name, mode.name)
    assert next_mode(mode, event).name == expected
    assert ((mode, event) in TABLE) == (event.name in EXPECTED[mode.name])


def test_an_estop_is_possible_from_everywhere():
    """In one event."""
    assert all(next_mode(mode, Event.ESTOP) is Mode.ESTOPPED for mode in Mode)


def test_the_only_way_out_of_an_estop_is_its_end():
    """And it leads to HOLD."""
    ways = {event: target for (mode, event), target in TABLE.items() if mode is Mode.ESTOPPED}
    assert ways == {Event.ESTOP_CLEARED: Mode.HOLD}


def test_a_person_never_hands_over_to_the_policy_directly():
    """Always through a hold."""
    ways = {target for (mode, _), target in TABLE.items() if mode is Mode.HUMAN}
    assert ways == {Mode.HOLD, Mode.ESTOPPED}


def test_nobody_drives_wholly_without_a_hand_over():
    """Neither the policy nor a person."""
    for driver in (Mode.AUTONOMOUS, Mode.HUMAN):
        assert {mode for (mode, _), target in TABLE.items() if target is driver} == {Mode.HANDOVER}


def test_no_entry_of_the_table_is_idle():
    """What changes nothing does not stand in it, but for a hand-over that begins anew."""
    idle = {pair for pair, target in TABLE.items() if pair[0] is target}
    assert idle == {(Mode.HANDOVER, Event.TAKE_OVER)}
