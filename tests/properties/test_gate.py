"""The safety gate under any sequence of commands, stamps, gaps, ticks, e-stops and resets."""

import math

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule, RuleBasedStateMachine
from takeover.safety.acceptance import Rejection
from takeover.safety.estop import EstopConfig
from takeover.safety.gate import GateState, SafetyGate
from takeover.safety.limiter import worst_stopping_time_s
from takeover.safety.limits import AxisLimits

NAMES = ('linear.x', 'angular.z')
LIMITS = (AxisLimits(0.0, 0.6, 1.0, 2.0, 20.0), AxisLimits(-1.5, 1.5, 6.0, 4.0, 80.0))
TIMEOUT_S, PERIOD_S, CONTROLLER_S, HEARTBEAT_S = 0.35, 0.02, 0.5, 0.3
STOP_S = max(worst_stopping_time_s(axis) for axis in LIMITS)
TOLERANCE = 1e-6

gaps = st.one_of(st.just(0.02), st.floats(0.001, 0.04), st.floats(0.001, 0.1), st.floats(0.0, 2.0))
finite = st.tuples(st.floats(-2.0, 2.0), st.floats(-4.0, 4.0))
zero = st.just((0.0, 0.0))
broken = st.one_of(
    st.lists(st.floats(-1.0, 1.0), max_size=4).filter(lambda values: len(values) != 2),
    st.tuples(st.sampled_from([math.nan, math.inf, -math.inf]), st.floats(-1.0, 1.0)),
    st.tuples(st.floats(-1.0, 1.0), st.sampled_from([math.nan, math.inf, -math.inf])),
)


class GateMachine(RuleBasedStateMachine):
    """Drives a gate and checks every output against what was sent and when."""

    @initialize(required=st.booleans(), hard=st.booleans())
    def start(self, required, hard):
        """Make a gate; half of them need a heartbeat, half of them stop harder on an e-stop."""
        estop = EstopConfig(
            required=required,
            timeout_s=HEARTBEAT_S,
            deceleration=(4.0, 8.0) if hard else None,
            jerk=(40.0, math.inf) if hard else None,
        )
        self.gate = SafetyGate(NAMES, LIMITS, TIMEOUT_S, PERIOD_S, estop, CONTROLLER_S)
        self.required, self.stop_limits = required, estop.stop_limits(LIMITS)
        self.now_s, self.ros_ns, self.sequence = 100.0, 10**18, 1000
        self.gate.activate(self.now_s)
        self.last_good_s = -math.inf  # when the followed command stops being young
        self.target = None  # what may be followed
        self.latched = self.pressed = self.closed = self.needs_zero = False
        self.heard_s = self.now_s
        self.outputs = [(self.now_s, (0.0, 0.0))]
        self.pace = []  # (mean acceleration of each axis, dt) without a break

    def wait(self, gap_s):
        """Let time pass on both clocks."""
        self.now_s += gap_s
        self.ros_ns += round(gap_s * 1e9)

    def notice(self):
        """Follow what the gate must find out by itself at any call."""
        if self.required and self.now_s - self.heard_s > HEARTBEAT_S + 1e-9:
            self.latched = True
        if self.now_s - self.outputs[-1][0] >= CONTROLLER_S + 1e-9:
            self.last_good_s = -math.inf

    def check(self, output):
        """Check one output against the last one and against what may be followed."""
        assert all(math.isfinite(value) for value in output.values)
        before_s, before = self.outputs[-1]
        dt_s = self.now_s - before_s
        if dt_s >= CONTROLLER_S + 1e-9:
            assert output.values == (0.0, 0.0)
            self.pace = []
        elif dt_s < CONTROLLER_S - 1e-9:
            self.check_limits(before, output.values, dt_s, output.state)
        else:
            self.pace = []
        for value, axis in zip(output.values, LIMITS):
            assert axis.min_velocity <= value <= axis.max_velocity
        if self.now_s > self.last_good_s + TIMEOUT_S + STOP_S + 1e-9:
            assert output.values == (0.0, 0.0)
        if self.latched:
            assert output.state is GateState.ESTOPPED
        if output.state is GateState.FORWARDING:
            assert not self.latched and not self.closed and not self.needs_zero
            assert self.now_s <= self.last_good_s + TIMEOUT_S + 1e-9
            assert output.requested == self.target
        else:
            assert output.requested == (0.0, 0.0)
        if output.state in (GateState.STANDBY, GateState.STOPPED):
            assert output.values == (0.0, 0.0)
        self.outputs.append((self.now_s, output.values))

    def check_limits(self, before, after, dt_s, state):
        """Between two outputs: acceleration and deceleration, and jerk where none was clamped."""
        emergency = state is GateState.ESTOPPED
        means = []
        for a, b, axis in zip(before, after, self.stop_limits if emergency else LIMITS):
            slowing = abs(a) if a * b < 0.0 else max(abs(a) - abs(b), 0.0)
            speeding = abs(b) if a * b < 0.0 else max(abs(b) - abs(a), 0.0)
            needed_s = slowing / axis.max_deceleration + speeding / axis.max_acceleration
            assert needed_s <= dt_s * (1.0 + TOLERANCE) + 1e-9
            means.append((b - a) / dt_s if dt_s > 0.0 else None)
        if dt_s == 0.0:
            return
        if dt_s > 2.0 * PERIOD_S or emergency:
            self.pace = []
            return
        if self.pace and dt_s >= 1e-4:
            for a, b, axis in zip(self.pace[-1][0], means, LIMITS):
                distance_s = 0.5 * (self.pace[-1][1] + dt_s)
                assert abs(b - a) <= axis.max_jerk * distance_s * (1.0 + TOLERANCE) + TOLERANCE
        self.pace = [(means, dt_s)] if dt_s >= 1e-4 else []

    @rule(gap_s=gaps)
    def tick(self, gap_s):
        """Tick at any distance."""
        self.wait(gap_s)
        self.notice()
        self.check(self.gate.tick(self.now_s))

    @rule(count=st.integers(2, 40), gap_s=st.sampled_from([0.02, 0.01]))
    def tick_regularly(self, count, gap_s):
        """Tick as a healthy node does."""
        for _ in range(count):
            self.tick(gap_s)

    @rule(count=st.integers(2, 12), values=finite)
    def drive(self, count, values):
        """Command and tick as healthy nodes do."""
        for _ in range(count):
            self.good_command(0.005, values, 0.001)
            for _ in range(2):
                self.tick(0.02)

    @rule(gap_s=gaps, values=st.one_of(finite, zero), age_s=st.floats(-0.3, 0.3))
    def good_command(self, gap_s, values, age_s):
        """A command that may be followed."""
        self.wait(gap_s)
        self.notice()
        self.sequence += 1
        output = self.gate.command(
            values, self.sequence, self.ros_ns - round(age_s * 1e9), self.ros_ns, self.now_s
        )
        assert not isinstance(output, Rejection)
        if not self.latched and not self.closed and not (self.needs_zero and any(values)):
            self.needs_zero = False
            self.last_good_s, self.target = self.now_s - max(age_s, 0.0), values
        self.check(output)

    def refused(self, values, sequence, stamp_ns, kind):
        """Check that a command is refused, counted and not followed."""
        self.notice()
        before = dict(self.gate.rejected)
        output = self.gate.command(values, sequence, stamp_ns, self.ros_ns, self.now_s)
        assert isinstance(output, Rejection)
        assert output.kind in kind
        assert self.gate.rejected[output.kind] == before.get(output.kind, 0) + 1

    @rule(gap_s=gaps, values=broken)
    def broken_command(self, gap_s, values):
        """Wrong length or not finite."""
        self.wait(gap_s)
        self.refused(values, self.sequence + 1, self.ros_ns, ('wrong length', 'not finite'))

    @rule(gap_s=gaps, values=finite, age_s=st.one_of(st.floats(0.36, 1e6), st.floats(-1e6, -0.36)))
    def stale_command(self, gap_s, values, age_s):
        """Stamp too old or too far in the future."""
        self.wait(gap_s)
        self.refused(
            values,
            self.sequence + 1,
            self.ros_ns - round(age_s * 1e9),
            ('stale stamp', 'stamp in the future'),
        )

    @precondition(lambda self: self.sequence > 1000)
    @rule(gap_s=gaps, values=finite, behind=st.integers(0, 5))
    def old_command(self, gap_s, values, behind):
        """Sequence repeated or gone back."""
        self.wait(gap_s)
        self.refused(values, self.sequence - behind, self.ros_ns, ('duplicate', 'out of order'))

    @precondition(lambda self: self.sequence > 1000)
    @rule(values=finite, back_s=st.floats(3.0, 1e6))
    def clock_jump(self, values, back_s):
        """The stamps' clock goes back: not followed, and what was followed is dropped."""
        self.ros_ns -= round(back_s * 1e9)
        self.refused(values, self.sequence + 1, self.ros_ns, ('clock went backwards',))
        self.last_good_s, self.sequence = min(self.last_good_s, self.now_s - TIMEOUT_S), 1000

    @rule()
    def estop(self):
        """Latched by a call."""
        self.latched = True
        self.check(self.gate.estop('test', self.now_s))

    @rule(gap_s=st.floats(0.0, 0.25), locked=st.sampled_from([False, False, False, True]))
    def heartbeat(self, gap_s, locked):
        """The e-stop is heard."""
        self.wait(gap_s)
        self.notice()
        was_latched = self.gate.state is GateState.ESTOPPED
        output = self.gate.estop_heartbeat(locked, self.now_s)
        self.heard_s = self.now_s
        self.pressed, self.latched = locked, self.latched or locked
        if locked:
            assert was_latched or output is not None
        if output is not None:
            self.check(output)
        else:
            self.check(self.gate.tick(self.now_s))

    @rule(gap_s=gaps)
    def reset(self, gap_s):
        """Only at rest and released; it moves nothing."""
        self.wait(gap_s)
        self.notice()
        self.check(self.gate.tick(self.now_s))
        done, sentence = self.gate.reset(self.now_s)
        assert sentence
        if self.latched and done:
            assert not self.pressed and self.outputs[-1][1] == (0.0, 0.0)
            assert self.gate.state is GateState.STOPPED
            self.latched, self.needs_zero, self.last_good_s = False, True, -math.inf
        self.check(self.gate.tick(self.now_s))

    @rule()
    def close_and_open(self):
        """Stop by its own will, come to rest, start again."""
        self.closed = True
        self.check(self.gate.begin_stop('test', self.now_s))
        self.good_command(0.01, (0.5, 0.5), 0.0)
        for _ in range(30):
            self.tick(0.04)
        self.gate.activate(self.now_s)
        self.heard_s, self.closed, self.last_good_s = self.now_s, False, -math.inf
        self.sequence = 1000  # no command seen: any sequence and any time are new

    @invariant()
    def stays_latched(self):
        """Nothing but a reset leaves ESTOPPED."""
        if hasattr(self, 'gate') and self.latched and len(self.outputs) > 1:
            self.check(self.gate.tick(self.now_s))


TestGate = GateMachine.TestCase
TestGate.settings = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
