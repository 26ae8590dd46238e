"""The safety gate of an arm, one test for each rule; properties: tests/properties."""

from dataclasses import replace
import math

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest
from takeover.arm.pose import quaternion_of_rpy
from takeover.arm_samples import WrenchSample
from takeover.safety.acceptance import Rejection
from takeover.safety.gate import GateState, WAITING
from takeover.safety.limits import LimitsError
from takeover.specs import ActionSpec
from tests.arm_rig import (
    ArmRig,
    BASE_TWIST,
    BOX_HIGH,
    BOX_LOW,
    FASTEST,
    HIGH,
    JOINTS,
    joints_at,
    KINEMATICS,
    PERIOD_S,
    ROBOT,
    START,
    STEEPEST,
    TOOL_TWIST,
)

FORWARD = (0.0, 0.0, 0.1, 0.0, 0.0, 0.0, 0.0)  # out of the hand
SLOWLY = (0.02, -0.01, 0.03, 0.0, 0.05, 0.0, 0.0)
SLACK = ROBOT.slack_rad
FAST_IN_TOOL = np.array([0.05, -0.08, 0.06, 0.3, -0.2, 0.4, -0.05])


def moved(rig, values, duration_s=0.5):
    """Return by how much the tool's position changed in the base frame."""
    before = rig.tool()
    rig.drive(values, duration_s)
    return rig.tool() - before


def test_a_twist_in_the_tool_frame_is_executed_as_asked():
    """At speed, to a share of a thousandth, gripper and all."""
    output = ArmRig().drive(FAST_IN_TOOL, 0.6)[-1]
    assert output.state is GateState.FORWARDING
    assert output.values == pytest.approx(FAST_IN_TOOL, abs=2e-3)
    assert output.requested == pytest.approx(FAST_IN_TOOL)


def test_the_tool_goes_along_its_own_axes():
    """Out of a hand that points down is down."""
    change = moved(ArmRig(), FORWARD)
    assert change[2] < -0.03 and abs(change[0]) < 1e-3 and abs(change[1]) < 1e-3


@pytest.mark.parametrize('axis', [0, 1, 2])
def test_a_twist_in_the_base_frame_goes_along_the_axes_of_the_base(axis):
    """With a hand that is turned about all its axes, and the executed action says the same."""
    turned = quaternion_of_rpy(np.array([math.pi - 0.2, 0.15, 0.7]))
    rig = ArmRig(BASE_TWIST, joints_at((0.5, 0.05, 0.3), turned))
    values = np.zeros(4)
    values[axis] = 0.1
    change = moved(rig, values)
    assert change[axis] > 0.03 and np.abs(np.delete(change, axis)).max() < 1e-3
    assert rig.drive(values, 0.1)[-1].values == pytest.approx(values, abs=2e-3)


def test_a_turn_in_the_base_frame_is_about_the_axis_of_the_base():
    """About z it is anticlockwise seen from above, and the position stays."""
    rig = ArmRig(BASE_TWIST)
    before = KINEMATICS.tool_matrix(rig.sent[-1])
    change = moved(rig, (0.0, 0.0, 0.0, 0.5))
    turn = KINEMATICS.tool_matrix(rig.sent[-1]) @ before.T
    assert math.atan2(turn[1, 0], turn[0, 0]) > 0.15
    assert turn[2, 2] == pytest.approx(1.0, abs=1e-4) and np.abs(change).max() < 1e-3


def test_joint_velocities_move_joints():
    """The second kind of action; the others stand."""
    rig = ArmRig(JOINTS)
    output = rig.drive((0.3, 0.0, 0.0, 0.0, -0.5, 0.0, 0.0))[-1]
    assert output.values == pytest.approx((0.3, 0.0, 0.0, 0.0, -0.5, 0.0, 0.0), abs=1e-6)
    change = output.positions - START
    assert change[0] > 0.1 and change[4] < -0.15 and (np.delete(change, [0, 4]) == 0.0).all()


def test_components_in_any_order_mean_what_their_names_say():
    """Names decide where a value belongs."""
    action = ActionSpec(
        kind='twist', frame=ROBOT.tool_frame, components=TOOL_TWIST.components[::-1]
    )
    output = ArmRig(action).drive(FAST_IN_TOOL[::-1], 0.6)[-1]
    assert output.values == pytest.approx(FAST_IN_TOOL[::-1], abs=2e-3)


def test_what_the_robot_has_no_limits_for_is_refused():
    """By name, when the gate is made."""
    joints = [{'name': 'elbow', 'unit': 'rad/s', 'low': -1.0, 'high': 1.0}]
    with pytest.raises(LimitsError, match='elbow is missing'):
        ArmRig(ActionSpec(kind='joint_velocity', frame=None, components=tuple(joints)))


def test_nothing_moves_before_joints_were_measured():
    """No positions are sent, and the reason has a name; then it moves."""
    rig = ArmRig()
    rig.gate.activate(rig.now_s)
    rig.feels_joints = False
    output = rig.drive(FORWARD, 0.2)[-1]
    assert output.positions is None and output.velocities is None and output.width_m is None
    assert output.values == rig.zero and output.state is GateState.STANDBY
    assert output.reason == 'no joint state yet'
    rig.feels_joints = True
    assert rig.drive(FORWARD, 0.2)[-1].state is GateState.FORWARDING


def test_old_joints_stop_the_arm():
    """As old as an observation may be; fresh ones let it go on."""
    rig = ArmRig()
    rig.drive(FORWARD)
    rig.feels_joints = False
    outputs = rig.drive(FORWARD, 1.0)
    assert outputs[5].state is GateState.FORWARDING
    assert outputs[-1].state is GateState.STOPPED and outputs[-1].values == rig.zero
    assert outputs[-1].reason == 'no joint state for 0.15 s'
    told = [output.positions for output in outputs if output.positions is not None]
    assert told[-1] == pytest.approx(told[-2], abs=1e-4)  # not to where it once was
    assert outputs[-1].positions is None, 'somebody else may have the arm'
    rig.feels_joints = True
    assert rig.drive(FORWARD, 0.2)[-1].state is GateState.FORWARDING


@pytest.mark.parametrize(
    ('change', 'reason'),
    [
        ({'positions': np.full(9, math.nan)}, 'not finite'),
        ({'names': ('a', 'b')}, 'needs a position and a velocity for each name'),
    ],
)
def test_a_bad_sample_of_joints_is_not_used(change, reason):
    """It does not count as heard."""
    rig = ArmRig()
    rig.wait(0.02)
    assert (
        rig.gate.on_joints(replace(rig.sample(), **change), rig.now_ns, rig.now_s)
        == f'joint state: {reason}'
    )


def test_samples_without_a_joint_or_of_the_past_are_not_used():
    """A sender that repeats itself is as silent as one that says nothing."""
    rig = ArmRig()
    sample = rig.sample()
    assert 'not newer' in rig.gate.on_joints(sample, rig.now_ns, rig.now_s)
    rig.wait(0.02)
    others = replace(rig.sample(), names=tuple('x' + name[1:] for name in sample.names))
    assert (
        rig.gate.on_joints(others, rig.now_ns, rig.now_s) == 'joint state: panda_joint1 is missing'
    )
    old, early = (replace(rig.sample(), stamp_ns=rig.now_ns + ns) for ns in (-160e6, 160e6))
    said = 'joint state: stamped 0.160 s {}, at most 0.15 s; do both clocks agree?'
    assert rig.gate.on_joints(old, rig.now_ns, rig.now_s) == said.format('ago')
    assert rig.gate.on_joints(early, rig.now_ns, rig.now_s) == said.format('in the future')
    rig.now_ns = 5
    restarted = rig.sample()
    assert rig.gate.on_joints(restarted, rig.now_ns, rig.now_s) is None


def test_a_command_that_is_not_finite_is_refused():
    """As by every gate."""
    rig = ArmRig()
    rejection = rig.command((math.nan,) * 7)
    assert isinstance(rejection, Rejection) and rig.gate.rejected == {'not finite': 1}
    assert (rig.tick().positions == START).all()


def test_towards_a_wall_motion_becomes_slower_and_ends():
    """The speed falls with the distance; along the wall it does not."""
    rig = ArmRig(BASE_TWIST, joints_at((0.60, 0.0, 0.3)))
    speeds = {}
    for output in rig.drive((0.15, 0.05, 0.0, 0.0), 3.0):
        distance_m = BOX_HIGH[0] - KINEMATICS.tool_position(output.positions)[0]
        speeds[round(distance_m, 2)] = output.values
    assert speeds[0.08][0] == pytest.approx(0.15, abs=2e-3)
    assert speeds[0.03][0] == pytest.approx(0.15 * 0.028 / 0.05, rel=0.2)
    assert speeds[0.03][1] == pytest.approx(0.05, abs=2e-3)
    assert 0.0 < distance_m < 0.006 and abs(output.values[0]) < 0.01
    assert 'tool/workspace' in output.limited_by and 'joints/stop' not in output.limited_by
    assert rig.drive((-0.1, 0.0, 0.0, 0.0), 0.5)[-1].values[0] == pytest.approx(-0.1, abs=2e-3)


def test_joint_velocities_respect_the_walls_as_well():
    """The base joint swings the tool to the left wall."""
    rig = ArmRig(JOINTS, joints_at((0.5, 0.2, 0.3)))
    output = rig.drive((0.8, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0), 3.0)[-1]
    left_m = BOX_HIGH[1] - KINEMATICS.tool_position(output.positions)[1]
    assert 0.0 < left_m < 0.01 and 'tool/workspace' in output.limited_by


def test_a_joint_ends_before_its_limit():
    """And can go back."""
    rig = ArmRig(JOINTS)
    output = rig.drive((0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0), 4.0)[-1]
    assert 0.0 < HIGH[6] - output.positions[6] < 0.01
    assert 'joints/position' in output.limited_by
    assert rig.drive((0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -1.0), 0.5)[-1].values[6] == -1.0


@pytest.mark.parametrize('outside_m', [0.002, 0.05])
def test_an_arm_that_starts_outside_the_box_comes_back_only(outside_m):
    """Outwards nothing moves, inwards it moves at once, and then it is inside for good."""
    rig = ArmRig(BASE_TWIST, joints_at((0.5, BOX_LOW[1] - outside_m, 0.3)))
    start = rig.tool()[1]
    rig.drive((0.0, -0.1, 0.0, 0.0), 0.6)
    assert rig.tool()[1] >= start - 1e-9
    rig.drive((0.0, 0.1, 0.0, 0.0), 1.2)
    assert rig.tool()[1] > BOX_LOW[1] + 0.01
    rig.drive((0.0, -0.1, 0.0, 0.0), 3.0)
    assert rig.tool()[1] >= BOX_LOW[1]


def test_a_joint_that_starts_beyond_its_limit_comes_back_only():
    """The same rule for joints."""
    start = START.copy()
    start[6] = HIGH[6] + 0.03
    rig = ArmRig(JOINTS, start)
    turn = np.eye(7)[6]
    assert rig.drive(turn, 0.4)[-1].positions[6] == start[6]
    assert rig.drive(-turn, 0.4)[-1].positions[6] < HIGH[6] - 0.1


def test_a_wrench_above_its_limit_latches_a_protective_stop():
    """With the numbers; left by a reset once the wrench is small, and by a zero command."""
    rig = ArmRig()
    rig.drive(FORWARD)
    first = rig.wrench(force_n=55.0)
    assert first.state is GateState.ESTOPPED
    assert first.reason == 'e-stop: wrench: force is 55.0 N, at most 40 N'
    assert rig.wrench(force_n=60.0) is None
    rig.force_n = 55.0
    output = rig.coast(1.0)[-1]
    assert output.values == rig.zero
    assert rig.gate.reset(rig.now_s) == (False, 'not reset: force is 55.0 N, at most 40 N')
    rig.force_n = 0.0
    rig.tick()
    assert rig.gate.reset(rig.now_s)[0]
    assert rig.drive(FORWARD, 0.2)[-1].values == rig.zero
    rig.drive(rig.zero, 0.1)
    assert rig.drive(FORWARD, 0.3)[-1].values[2] > 0.05


def test_a_torque_above_its_limit_latches_too():
    """It is named as such."""
    output = ArmRig().wrench(torque_n_m=-9.0)
    assert output.reason == 'e-stop: wrench: torque is 9.0 N m, at most 8 N m'


def test_a_silent_wrench_stops_but_does_not_latch():
    """An arm without a wrench in its file needs none."""
    rig = ArmRig()
    rig.drive(FORWARD)
    rig.feels_wrench = False
    output = rig.drive(FORWARD, 1.0)[-1]
    assert output.state is GateState.STOPPED and output.reason == 'no wrench for 0.2 s'
    rig.feels_wrench = True
    assert rig.drive(FORWARD, 0.2)[-1].state is GateState.FORWARDING
    without = ArmRig(robot=ROBOT.model_copy(update={'wrench': None}))
    without.feels_wrench = False
    assert without.drive(FORWARD, 0.5)[-1].state is GateState.FORWARDING
    assert without.wrench(force_n=1000.0) is None


@pytest.mark.parametrize(
    ('change', 'said'),
    [
        ({'stamp_ns': -(10**9)}, 'stamped 1.000 s ago, at most 0.2 s; do both clocks agree?'),
        ({'force_n': np.array([math.nan, 0.0, 0.0])}, 'not finite'),
        ({'stamp_ns': -(10**7)}, 'stamped'),
    ],
)
def test_a_wrench_that_cannot_be_used_is_silence_and_says_why(change, said):
    """Old, no number, or repeated until it is old."""
    rig = ArmRig()
    rig.feels_wrench = False
    sample = WrenchSample(rig.now_ns - 10**7, np.zeros(3), np.zeros(3))
    rig.gate.on_wrench(sample, rig.now_ns, rig.now_s)
    if 'stamp_ns' in change:
        change = {'stamp_ns': rig.now_ns + change['stamp_ns']}
    for _ in range(15):
        rig.wait(PERIOD_S)
        rig.gate.on_wrench(replace(sample, **change), rig.now_ns, rig.now_s)
        output = rig.drive(FORWARD, 2 * PERIOD_S)[-1]
    assert output.state is not GateState.FORWARDING
    assert output.reason.startswith('no wrench for 0.2 s that can be used: ' + said.split('.')[0])


def test_an_infinite_wrench_is_too_much_even_between_good_ones():
    rig = ArmRig()
    rig.drive(FORWARD, 0.1)
    endless = WrenchSample(rig.now_ns, np.array([math.inf, 0.0, 0.0]), np.zeros(3))
    first = rig.gate.on_wrench(endless, rig.now_ns, rig.now_s)
    assert first.state is GateState.ESTOPPED
    rig.coast(0.5)
    assert rig.gate.state is GateState.ESTOPPED


@pytest.mark.parametrize('place', [(0.5, 0.0, 0.3), BOX_LOW + (0.2, 0.2, -0.01)])
def test_a_protective_stop_gives_way_wholly_inside_the_box_and_outside(place):
    """The command comes to where the arm is; else it would press on, and no reset would be."""
    arm = joints_at(place)
    rig = ArmRig(lag=0, start=joints_at(np.maximum(place, BOX_LOW + 0.01)))
    rig.drive(rig.zero, 0.3)
    rig.sent, rig.follow = [arm], lambda output: output
    assert rig.wrench(force_n=55.0).state is GateState.ESTOPPED
    assert rig.coast(4.0)[-1].positions == pytest.approx(arm, abs=1e-4)


def test_a_latched_stop_needs_a_wrench_that_is_felt():
    """What is not known to be small is not small."""
    rig = ArmRig()
    rig.wrench(force_n=55.0)
    rig.coast(0.5)
    rig.feels_wrench = False
    rig.coast(0.5)
    assert rig.gate.reset(rig.now_s) == (False, 'not reset: no wrench for 0.2 s')


def test_hold_is_the_measured_position():
    """At rest the command comes to the arm up to the slack, slowly; no action is executed."""
    rig = ArmRig()
    rig.offset = np.array([0.04, -0.05, 0.0, 0.005, 0.0, 0.0, 0.06])
    rig.drive(FORWARD)
    outputs = rig.coast(0.5)
    arm = rig.measured
    rig.lag, rig.offset, rig.sent = 0, rig.offset * 0.0, [arm]
    rig.follow = lambda output: output  # the arm stands
    outputs += rig.coast(1.5)
    assert outputs[-1].state is GateState.STOPPED and outputs[-1].velocities.max() == 0.0
    away = arm - outputs[-1].positions
    assert away == pytest.approx([SLACK, -SLACK, 0.0, 0.005, 0.0, 0.0, SLACK], abs=1e-4)
    standing = [output for output in outputs if output.state is GateState.STOPPED]
    assert all(output.values == rig.zero for output in standing)
    assert max(np.abs(output.velocities).max() for output in standing) > 0.01


def test_hold_does_not_follow_an_arm_that_sags():
    """Once: an arm that always hangs a little below its command must not creep down."""
    rig = ArmRig()
    rig.offset = np.full(7, 0.04)
    rig.coast(2.0)
    first = rig.sent[-1]
    assert (first - START > 0.005).all() and (first - START < 0.051).all()  # began, and held
    rig.coast(3.0)
    assert (rig.sent[-1] == first).all()


@settings(max_examples=20, deadline=None)
@given(
    sag=st.lists(st.floats(-0.5 * SLACK, 0.5 * SLACK), min_size=7, max_size=7),
    lag=st.integers(0, 3),
    rests=st.lists(st.sampled_from([0.1, 0.6]), min_size=2, max_size=8),
)
def test_take_overs_neither_lower_an_arm_nor_set_it_back(sag, lag, rests):
    """However often it changes hands, at rest or moving, its weight and lag within the slack."""
    still, changing = (ArmRig(lag=lag) for _ in range(2))
    for rig in (still, changing):
        rig.offset = np.array(sag)
        rig.drive(rig.zero, 0.4, source=0)
        for index, rest_s in enumerate(rests):
            source = index % 2 if rig is changing else 0
            rig.drive(SLOWLY, 0.2, source=source)
            rig.drive(rig.zero, rest_s, source=source)
    assert changing.sent[-1] == pytest.approx(still.sent[-1], abs=1e-6)


def test_each_hand_over_brings_the_command_to_the_arm():
    """While moving, without a jump, when the source changes and only then."""
    rig = ArmRig(lag=0)
    rig.drive(rig.zero, 0.4, source=0)
    rig.offset = np.full(7, 0.05)
    kept = rig.drive(rig.zero, 0.4, source=0)[-1]
    assert kept.positions == pytest.approx(START, abs=1e-9)
    outputs = rig.drive(rig.zero, 0.8, source=1)
    change = np.diff([output.positions for output in outputs], axis=0)
    assert (np.abs(change) <= FASTEST * PERIOD_S).all()
    assert outputs[-1].positions == pytest.approx(START + 0.05 - SLACK, abs=2e-3)
    assert all(output.values == rig.zero for output in outputs)


def test_an_arm_that_does_not_follow_is_stopped():
    """It is named, the command comes to it, and after a zero commands are followed again."""
    rig = ArmRig(lag=0)
    rig.drive(rig.zero, 0.3)
    rig.offset = np.array([0.0, 0.21, 0.0, 0.0, 0.0, 0.0, 0.0])
    output = rig.drive(FORWARD, 0.2)[-1]
    assert output.reason == 'panda_joint2 is 0.210 rad from its command, at most 0.2 rad'
    assert output.state is GateState.STOPPED and output.values == rig.zero
    arm = rig.measured
    rig.sent, rig.offset, rig.follow = [arm], arm * 0.0, lambda output: output
    told = [output.positions is not None for output in rig.coast(1.0)]
    assert told.index(True) * PERIOD_S > 0.2, 'its own controller stops first'
    assert (rig.coast(0.1)[-1].positions == arm).all()
    waiting = rig.drive(FORWARD, 0.2)[-1]
    assert (waiting.state, waiting.reason) == (GateState.STOPPED, WAITING)
    rig.command(rig.zero)
    assert rig.drive(FORWARD, 0.2)[-1].state is GateState.FORWARDING


def test_an_arm_that_comes_back_elsewhere_is_not_sent_back():
    """Its controller was started anew, or somebody moved it; nobody drives at first."""
    rig = ArmRig(lag=0)
    rig.drive(FORWARD, 0.4)
    rig.feels_joints = False
    rig.drive(rig.zero, 0.8)
    elsewhere = joints_at((0.55, 0.1, 0.35))
    rig.sent, rig.feels_joints = [elsewhere], True
    outputs = rig.drive(rig.zero, 1.0)
    assert all(
        (output.positions == elsewhere).all() for output in outputs if output.positions is not None
    )
    assert outputs[-1].state is GateState.FORWARDING
    assert rig.drive(FORWARD, 0.4)[-1].values[2] > 0.05


def test_an_arm_that_others_move_is_sent_nothing_and_then_begins_where_it_is():
    """Slowly, by hand, while zeros are commanded: farther than the tolerance from its command."""
    rig, position, begun = ArmRig(lag=0), START, 0
    rig.drive(rig.zero, 0.4)
    told_s, rig.follow = rig.now_s, lambda output: output
    for _ in range(50):
        position = position + 0.01 * np.eye(7)[0]
        rig.sent = [position]
        for output in rig.drive(rig.zero, PERIOD_S):
            if output.positions is not None:
                away = np.abs(output.positions - position).max()
                assert away <= ROBOT.tracking_tolerance_rad + 0.01
                if away == 0.0:
                    begun += 1
                    assert rig.now_s - told_s >= ROBOT.timeouts.controller_s - 1e-9
                told_s = rig.now_s
    assert begun == 1


def test_who_pushes_against_something_does_not_push_again_by_himself():
    rig = ArmRig(lag=0)
    stuck = ArmRig(lag=0).measured
    rig.follow = lambda output: output  # the arm stands, whatever it is sent
    rig.sent = [stuck]
    states = [output.state for output in rig.drive(FORWARD, 8.0)]
    stops = sum(a is GateState.FORWARDING is not b for a, b in zip(states, states[1:]))
    assert stops == 1 and states[-1] is GateState.STOPPED


def test_an_arm_that_others_have_moved_has_pushed_against_nothing():
    rig = ArmRig(lag=0)
    rig.offset = np.array([0.0, 0.21, 0.0, 0.0, 0.0, 0.0, 0.0])
    assert rig.drive(FORWARD, 0.2)[-1].state is GateState.STOPPED
    rig.offset *= 0.0
    rig.gate.begin_anew(rig.now_s)
    assert rig.drive(FORWARD, 0.2)[-1].state is GateState.FORWARDING


def test_after_a_long_silence_the_command_begins_where_the_arm_is():
    """It was moved meanwhile; the first positions are the measured ones."""
    rig = ArmRig()
    rig.drive(FORWARD)
    rig.wait(2.0)
    elsewhere = joints_at((0.55, 0.1, 0.35))
    rig.sent = [elsewhere] * 3
    output = rig.gate.tick(rig.now_s)
    assert output.positions is None and output.values == rig.zero
    rig.sense()
    assert (rig.gate.tick(rig.now_s).positions == elsewhere).all()
    assert np.abs(rig.drive(FORWARD, 0.3)[-1].positions - elsewhere).max() < 0.1


def test_a_stop_of_the_arm_keeps_to_the_bound_and_to_the_direction():
    """From full speed: the joints come to rest together."""
    rig = ArmRig()
    values = np.array([0.15, 0.15, 0.0, 0.0, 0.0, 0.0, 0.0])
    rig.drive(values, 0.6)
    stopped = [
        output
        for output in rig.coast(rig.gate.stop_bound_s() + 0.1)
        if output.state is not GateState.FORWARDING
    ]
    for output in stopped:
        assert output.values[0] == pytest.approx(output.values[1], abs=8e-3)
    assert stopped[-1].state is GateState.STOPPED and stopped[-1].values == rig.zero


def test_velocity_and_acceleration_of_joints_are_bounded_when_everything_is_fast():
    """Commands beyond all bounds, back and forth."""
    rig = ArmRig(JOINTS)
    outputs = [rig.tick()]
    for sign in (1.0, -1.0, 1.0):
        outputs += rig.drive(sign * np.array([9.0, -9.0, 9.0, 9.0, 9.0, -9.0, 9.0]), 0.3)
    velocities = np.array([output.velocities for output in outputs if output is not None])
    assert (np.abs(velocities) <= FASTEST).all()
    assert (np.abs(np.diff(velocities, axis=0)) <= STEEPEST * PERIOD_S + 1e-9).all()
    assert np.abs(velocities).max() > 0.5


def test_the_gripper_opens_and_closes_within_its_travel():
    """Fast in the middle, slow at the ends."""
    rig = ArmRig()
    close = np.array([0.0] * 6 + [-0.1])
    outputs = rig.drive(close, 1.5, source=0)
    widths = np.array([output.width_m for output in outputs])
    assert min(output.values[6] for output in outputs) == pytest.approx(-0.1, abs=1e-3)
    assert (np.diff(widths) <= 0.0).all() and 0.0 <= widths[-1] < 1e-3
    deceleration = ROBOT.limits['gripper'].max_deceleration
    assert np.abs(np.diff([output.values[6] for output in outputs])).max() <= (
        deceleration * PERIOD_S + 1e-9
    )
    outputs = rig.drive(-close, 2.0, source=1)
    assert outputs[-1].width_m == pytest.approx(0.08, abs=1e-3)
    assert max(output.width_m for output in outputs) <= 0.08


def test_the_gripper_presses_no_harder_than_its_squeeze_and_keeps_its_grip():
    """However long it is told to close; also when the arm is handed over."""
    rig = ArmRig()
    rig.object_m = 0.04
    close = (0.0,) * 6 + (-0.1,)
    widths = [output.width_m for output in rig.drive(close, 3.0, source=0)]
    squeeze_m = ROBOT.gripper.squeeze_m
    assert 0.0395 - squeeze_m < min(widths) == widths[-1] < 0.0405 - squeeze_m
    assert rig.drive(rig.zero, 1.0, source=1)[-1].width_m == widths[-1]


def test_without_a_gripper_in_the_action_it_is_left_alone():
    """No width is sent."""
    assert ArmRig(BASE_TWIST).drive((0.05, 0.0, 0.0, 0.0), 0.1)[-1].width_m is None


def test_the_tool_is_that_of_the_newest_joints():
    """Stamped like them."""
    rig = ArmRig()
    rig.wait(0.02).sense()
    tool = rig.gate.tool()
    assert tool.stamp_ns == rig.now_ns and tool.frame_id == ROBOT.base_frame
    assert tool.position == pytest.approx([0.45, 0.0, 0.30], abs=2e-4)


def test_an_arm_that_others_have_moved_begins_anew_where_it_is():
    """Even when it is near the command; the gripper as well."""
    rig = ArmRig(lag=0)
    rig.drive(FORWARD)
    rig.gate.begin_anew(rig.now_s)
    assert rig.gate.tick(rig.now_s).positions is None
    elsewhere = START + 0.01
    rig.sent, rig.width_m = [elsewhere], 0.02
    output = rig.tick()
    assert (output.positions == elsewhere).all() and output.width_m == pytest.approx(0.02)
    assert output.state is GateState.STANDBY
