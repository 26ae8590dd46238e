"""Taking over by motion, under any movement of a stick, jitter and silence; and the blend."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st
import pytest
from takeover.action import ActionContract
from takeover.command import Source
from takeover.intervention.arbiter import Arbiter
from takeover.intervention.arbiter_config import ArbiterConfig
from takeover.intervention.handover import Handover
from takeover.intervention.joystick import JoystickMapping
from takeover.specs import ActionSpec

ACTION = ActionContract(
    ActionSpec.model_validate(
        {
            'kind': 'twist',
            'frame': 'base_link',
            'components': ({'name': 'linear.x', 'unit': 'm/s', 'low': -1.0, 'high': 1.0},),
        }
    )
)
MAPPING = JoystickMapping.model_validate(
    {'deadman_button': 0, 'axes': {'linear.x': {'axis': 0, 'dead_zone': 0.0}}}
)
CONFIG = ArbiterConfig(take_over='motion', resume_delay_s=0.3, handover_s=0.1)
POLICY = (0.7,)
EPSILON_S = 1e-5

positions = st.one_of(st.just(0.0), st.sampled_from([-1.0, 0.5, 0.2, 0.05]), st.floats(-1.0, 1.0))
# A gap, where the stick is then (None: nothing is heard), and how often this repeats.
pieces = st.tuples(
    st.one_of(st.just(0.05), st.floats(0.005, 0.12), st.floats(0.31, 0.6)),
    st.one_of(positions, positions, positions, st.none()),
    st.integers(1, 12),
)


class History:
    """What was heard from the stick, and questions that do not ask the arbiter."""

    def __init__(self):
        self.heard = []

    def fresh(self, now_s):
        """Whether the last message is young enough."""
        return bool(self.heard) and now_s - self.heard[-1][0] <= CONFIG.input_device_timeout_s

    def moved_s(self, now_s):
        """For how long the stick has been moved on purpose, after rest, without a silence."""
        began_s, armed, last_s = math.inf, False, -math.inf
        for time_s, travel in self.heard:
            if time_s - last_s > CONFIG.input_device_timeout_s:
                began_s, armed = math.inf, False
            last_s = time_s
            if travel < CONFIG.motion_end:
                began_s, armed = math.inf, True
            elif travel >= CONFIG.motion_start and armed and began_s == math.inf:
                began_s = time_s
        return now_s - began_s

    def rested_s(self, now_s):
        """For how long the stick has been at rest."""
        moved = [time_s for time_s, travel in self.heard if travel >= CONFIG.motion_end]
        return now_s - max(moved, default=-math.inf)


@settings(max_examples=150, deadline=None)
@given(st.lists(pieces, max_size=25))
def test_who_drives(trace):
    """A person only by deliberate motion, and then always; the policy only after rest."""
    arbiter, history = Arbiter(ACTION, CONFIG, MAPPING), History()
    now_s, sequence, last = 10.0, 0, Source.HOLD
    for gap_s, position, repeats in trace:
        for _ in range(repeats):
            now_s, sequence = now_s + gap_s, sequence + 1
            if position is not None:
                history.heard.append((now_s, abs(position)))
                arbiter.on_joy((position,), (0,), sequence, now_s)
            arbiter.on_policy(POLICY, sequence, now_s)
            output = arbiter.step(now_s)
            check(output, last, history, now_s)
            last = output.source


def check(output, last, history, now_s):
    """Check one step against the history of the stick."""
    moved_s, rested_s = history.moved_s(now_s), history.rested_s(now_s)
    if output.source is Source.HOLD:
        assert output.values == (0.0,)
    if output.source is Source.HUMAN:
        assert history.fresh(now_s)
        if last is Source.HUMAN:
            assert rested_s < CONFIG.motion_release_s
        else:
            assert moved_s >= CONFIG.motion_hold_s - EPSILON_S
    if history.fresh(now_s) and moved_s > CONFIG.motion_hold_s + EPSILON_S:
        assert output.source is Source.HUMAN
    if output.source is Source.POLICY and last is not Source.POLICY and history.fresh(now_s):
        assert history.heard[-1][1] < CONFIG.motion_start


numbers = st.floats(-10.0, 10.0)


@given(
    start=numbers,
    targets=st.lists(st.tuples(st.floats(0.0, 0.3), numbers), min_size=1, max_size=20),
    duration_s=st.floats(0.05, 1.0),
)
def test_no_step_of_a_hand_over_is_larger_than_its_bound(start, targets, duration_s):
    """For velocities and positions alike, whatever the target does."""
    handover = Handover((start,), 100.0, duration_s)
    now_s, last, last_target = 100.0, start, targets[0][1]
    for gap_s, target in targets:
        now_s += gap_s
        (value,) = handover.command((target,), now_s)
        bound = abs(target - start) * gap_s / duration_s + abs(target - last_target)
        assert abs(value - last) <= bound + 1e-9
        assert min(start, target) - 1e-9 <= value <= max(start, target) + 1e-9
        last, last_target = value, target
    assert handover.command((last_target,), 101.001) == pytest.approx((last_target,))
