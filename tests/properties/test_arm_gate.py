"""The safety gate of an arm under any sequence of commands, hand-overs, gaps and measurements."""

import math

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule, RuleBasedStateMachine
import numpy as np
from takeover.safety.acceptance import Rejection
from takeover.safety.gate import GateState
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
    LOW,
    PERIOD_S,
    ROBOT,
    START,
    STEEPEST,
    TOOL_TWIST,
)

TOLERANCE = 1e-9
CONTROLLER_S, TIMEOUT_S = ROBOT.timeouts.controller_s, ROBOT.timeouts.gate_s
GRIPPER = ROBOT.gripper


def beyond(joint, by_rad):
    """Return the joints of the start with one of them beyond its upper limit."""
    joints = START.copy()
    joints[joint] = HIGH[joint] + by_rad
    return joints


STARTS = {
    'middle': START,
    'corner': joints_at(BOX_LOW + (0.12, 0.01, 0.01)),
    'far wall': joints_at((BOX_HIGH[0] - 0.002, 0.1, 0.3)),
    'near a joint limit': beyond(6, -0.005),
    'outside the box': joints_at((0.5, BOX_LOW[1] - 0.02, 0.3)),
    'beyond a joint limit': beyond(4, 0.02),
}
ACTIONS = {'tool': TOOL_TWIST, 'base': BASE_TWIST, 'joints': JOINTS}
gaps = st.one_of(st.just(0.02), st.floats(0.001, 0.04), st.floats(0.001, 0.1), st.floats(0.0, 0.9))
# Of the bounds of each component; often all the way, sometimes farther.
shares = st.lists(
    st.one_of(st.sampled_from([-1.0, 0.0, 1.0]), st.floats(-1.5, 1.5)), min_size=7, max_size=7
)
sources = st.sampled_from([0, 1, None])


def outside(positions):
    """Return how far joints and tool are outside their limits, [2 n + 6], inside: 0."""
    tool = KINEMATICS.tool_position(positions)
    parts = (LOW - positions, positions - HIGH, BOX_LOW - tool, tool - BOX_HIGH)
    return np.maximum(np.concatenate(parts), 0.0)


class ArmGateMachine(RuleBasedStateMachine):
    """Drives a gate and checks every output against the one before."""

    @initialize(
        action=st.sampled_from(sorted(ACTIONS)),
        start=st.sampled_from(sorted(STARTS)),
        lag=st.integers(0, 3),
    )
    def begin(self, action, start, lag):
        """Make a gate and an arm that follows it late."""
        self.rig = ArmRig(ACTIONS[action], STARTS[start], lag=lag)
        self.bounds = np.array([axis.max_velocity for axis in self.rig.gate.limits])
        self.rig.on_stop = self.check
        self.last, self.last_s, self.told_s = None, self.rig.now_s, -math.inf
        self.allowed = outside(STARTS[start])
        self.latched = False
        self.good_s = -math.inf
        self.stop_s = self.rig.gate.stop_bound_s()

    def check(self, output):
        """Check one output against the one before."""
        now_s = self.rig.now_s
        dt_s, silent_s, before = now_s - self.last_s, now_s - self.told_s, self.last
        self.last_s = now_s
        assert (np.abs(output.values) <= self.bounds).all()
        if output.state in (GateState.STANDBY, GateState.STOPPED):
            assert not np.any(output.values)
        if self.latched:
            assert output.state is GateState.ESTOPPED
        if now_s > self.good_s + self.stop_s + TOLERANCE:
            assert not np.any(output.values)
        if output.positions is None:
            assert not np.any(output.values)
            return
        self.last, self.told_s = output, now_s
        assert (np.abs(output.velocities) <= FASTEST).all()
        if output.width_m is not None:
            assert GRIPPER.min_width_m <= output.width_m <= GRIPPER.max_width_m
        if before is None or silent_s >= CONTROLLER_S - TOLERANCE:
            assert np.abs(output.positions - self.rig.seen).max() <= (
                ROBOT.slack_rad + (FASTEST * PERIOD_S).max()
            )
            assert (np.abs(output.velocities) <= STEEPEST * dt_s + TOLERANCE).all()
            self.allowed = np.maximum(self.allowed, outside(self.rig.seen))
            self.check_place(output)
            return
        if output.state is GateState.ESTOPPED:  # what presses gives way, wherever it is
            self.allowed = np.maximum(self.allowed, outside(self.rig.seen))
        self.check_place(output)
        step = np.abs(output.positions - before.positions)
        assert (step <= FASTEST * silent_s + TOLERANCE).all()
        change = np.abs(output.velocities - before.velocities)
        assert (change <= STEEPEST * silent_s + TOLERANCE).all()

    def check_place(self, output):
        """Inside, or no farther out than where the arm began or stood."""
        place = outside(output.positions)
        assert (place <= self.allowed + TOLERANCE).all()
        if not output.velocities.any():
            self.allowed = place

    @rule(gap_s=gaps)
    def tick(self, gap_s):
        """Tick at any distance."""
        self.check(self.rig.tick(gap_s))

    @rule(shares=shares, count=st.integers(1, 25), gap_s=st.sampled_from([0.02, 0.013]))
    def drive(self, shares, count, gap_s):
        """Command and tick for a while as healthy nodes do."""
        for _ in range(count):
            self.command(0.005, shares, None)
            self.tick(gap_s)
            self.tick(gap_s)

    @rule(gap_s=gaps, shares=shares, source=sources)
    def command(self, gap_s, shares, source):
        """Somebody commands, perhaps somebody else than before."""
        self.rig.wait(gap_s).sense()
        output = self.rig.command(self.bounds * shares[: len(self.bounds)], source)
        assert not isinstance(output, Rejection)
        if output.state is GateState.FORWARDING:
            self.good_s = self.rig.now_s
        self.check(output)

    @rule(number=st.sampled_from([math.nan, math.inf]), index=st.integers(0, 3))
    def command_nonsense(self, number, index):
        """It is refused, and changes nothing."""
        values = [0.0] * len(self.bounds)
        values[index] = number
        assert isinstance(self.rig.command(values), Rejection)

    @rule(offset=st.lists(st.floats(-0.06, 0.06), min_size=7, max_size=7))
    def settle_elsewhere(self, offset):
        """The arm is not quite where it is sent."""
        self.rig.offset = np.array(offset)

    @rule(joint=st.integers(0, 6), offset=st.floats(-0.4, 0.4))
    def block(self, joint, offset):
        """One joint is held back."""
        self.rig.offset = np.eye(7)[joint] * offset

    @rule(joints=st.booleans(), wrench=st.booleans())
    def lose(self, joints, wrench):
        """Measurements stop or come back."""
        self.rig.feels_joints, self.rig.feels_wrench = joints, wrench

    @rule(force_n=st.sampled_from([0.0, 39.0, 41.0]))
    def push(self, force_n):
        """Something pushes, perhaps too much."""
        self.rig.force_n = force_n
        if self.rig.feels_wrench and force_n > ROBOT.wrench.max_force_n:
            self.latched = True
            self.rig.wait(0.001).sense()

    @rule()
    def reset(self):
        """Leave the latched stop where that is allowed."""
        self.tick(0.02)
        done, _ = self.rig.gate.reset(self.rig.now_s)
        assert not done or not self.latched or self.rig.force_n <= ROBOT.wrench.max_force_n
        self.latched = self.latched and not done

    @rule()
    def activate(self):
        """Begin anew."""
        self.rig.gate.activate(self.rig.now_s)
        self.last, self.last_s, self.told_s = None, self.rig.now_s, -math.inf


TestArmGate = ArmGateMachine.TestCase
TestArmGate.settings = settings(
    max_examples=25,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
