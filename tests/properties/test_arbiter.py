"""The arbiter under any sequence of policy commands, joystick messages, silences and e-stops."""

import math

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule, RuleBasedStateMachine
from takeover.action import ActionContract
from takeover.command import Source
from takeover.intervention.arbiter import Arbiter, ArbiterConfig
from takeover.intervention.joystick import JoystickMapping
from takeover.intervention.state_machine import Mode
from takeover.specs import ActionSpec

ACTION = ActionContract(
    ActionSpec.model_validate(
        {
            'kind': 'twist',
            'frame': 'base_link',
            'components': (
                {'name': 'linear.x', 'unit': 'm/s', 'low': 0.0, 'high': 0.6},
                {'name': 'angular.z', 'unit': 'rad/s', 'low': -1.5, 'high': 1.5},
            ),
        }
    )
)
MAPPING = JoystickMapping.model_validate(
    {
        'deadman_button': 4,
        'estop_button': 1,
        'axes': {'linear.x': {'axis': 1}, 'angular.z': {'axis': 3, 'expo': 0.4}},
    }
)
POLICY_S, DEVICE_S, RESUME_S, HEALTHY = 0.20, 0.30, 0.5, 3
EPSILON_S = 1e-9

gaps = st.one_of(st.just(0.05), st.floats(0.0, 0.1), st.floats(0.0, 0.6))
sticks = st.one_of(st.just(0.0), st.floats(-1.5, 1.5))
good_values = st.tuples(st.floats(0.0, 0.6), st.floats(-1.5, 1.5))
not_numbers = st.sampled_from([math.nan, math.inf, -math.inf])


def joy(linear=0.0, angular=0.0, deadman=False, estop=False):
    """Return axes and buttons."""
    return [0.0, linear, 0.0, angular], [0, int(estop), 0, 0, int(deadman)]


class ArbiterMachine(RuleBasedStateMachine):
    """Steps an arbiter and checks who drives against what was heard and when."""

    @initialize(required=st.booleans())
    def start(self, required):
        """Make an arbiter."""
        self.config = ArbiterConfig(POLICY_S, DEVICE_S, RESUME_S, HEALTHY, required)
        self.arbiter = Arbiter(ACTION, self.config, MAPPING)
        self.now_s, self.stamp_ns, self.sequence = 50.0, 10**18, 10**6
        self.policy_s, self.policy_values, self.row = -math.inf, None, 0
        self.joy_s, self.deadman, self.estop = -math.inf, False, False
        self.released_before = False  # so that a press counts
        self.human_asked = False  # pressed after released, and held since
        self.released_s = -math.inf
        self.latched = False
        self.step()

    def pass_time(self, gap_s):
        """Let time pass, and with it what was fresh."""
        self.now_s += gap_s

    def device_fresh(self):
        """Whether the device has been heard in time."""
        return self.now_s - self.joy_s <= DEVICE_S + EPSILON_S

    def step(self):
        """Check one step."""
        output = self.arbiter.step(self.now_s)
        assert output.reason and output.reason == self.arbiter.reason
        assert len(output.values) == 2 and all(map(math.isfinite, output.values))
        assert output.source is {Mode.AUTONOMOUS: Source.POLICY, Mode.HUMAN: Source.HUMAN}.get(
            output.mode, Source.HOLD
        )
        if output.source is Source.HOLD:
            assert output.values == (0.0, 0.0)
        if output.mode is Mode.HUMAN:
            assert self.device_fresh() and self.deadman and self.human_asked
            for value, low, high in zip(output.values, ACTION.low, ACTION.high):
                assert low <= value <= high
        if output.mode is Mode.AUTONOMOUS:
            assert self.now_s - self.policy_s <= POLICY_S + EPSILON_S
            assert output.values == self.policy_values
            assert self.now_s - self.released_s >= RESUME_S - EPSILON_S
            assert self.device_fresh() or not self.config.require_input_device
        if self.latched:
            assert output.mode is Mode.ESTOPPED
        if self.human_asked and self.device_fresh() and not self.latched:
            assert output.mode in (Mode.HUMAN, Mode.ESTOPPED)
        return output

    @rule(gap_s=gaps)
    def timer(self, gap_s):
        """The fallback timer."""
        self.pass_time(gap_s)
        self.step()

    @rule(gap_s=gaps, values=good_values, age_s=st.sampled_from([0.0, 0.0, 0.01, 0.15]))
    def policy(self, gap_s, values, age_s):
        """A good policy command."""
        self.pass_time(gap_s)
        before = self.arbiter.mode
        self.sequence += 1
        self.row = self.row + 1 if self.now_s - self.policy_s <= POLICY_S else 1
        assert self.arbiter.on_policy(values, self.sequence, self.now_s, age_s) is None
        self.policy_s, self.policy_values = self.now_s - age_s, values
        output = self.step()
        if output.mode is Mode.AUTONOMOUS and before is not Mode.AUTONOMOUS:
            assert self.row >= HEALTHY

    @rule(count=st.integers(3, 20), values=good_values)
    def policy_in_a_row(self, count, values):
        """A healthy policy."""
        for _ in range(count):
            self.policy(0.05, values, 0.0)

    @rule(
        gap_s=gaps,
        values=st.one_of(
            st.tuples(not_numbers, st.just(0.0)),
            st.tuples(st.just(0.1), not_numbers),
            st.just(()),
            st.just((0.1, 0.1, 0.1)),
        ),
    )
    def bad_policy(self, gap_s, values):
        """Wrong length or not finite."""
        self.pass_time(gap_s)
        assert self.arbiter.on_policy(values, self.sequence + 1, self.now_s)
        self.row = 0
        self.step()

    @rule(gap_s=gaps, behind=st.integers(0, 3), age_s=st.sampled_from([0.0, 0.5, -0.5, math.nan]))
    def old_policy(self, gap_s, behind, age_s):
        """Repeated, gone back or stale."""
        self.pass_time(gap_s)
        if self.policy_values is None and age_s == 0.0:
            return
        sequence = self.sequence - behind if age_s == 0.0 else self.sequence + 1
        assert self.arbiter.on_policy((0.3, 0.3), sequence, self.now_s, age_s)
        self.row = 0
        self.step()

    @rule(
        gap_s=gaps,
        linear=sticks,
        angular=sticks,
        deadman=st.booleans(),
        estop=st.sampled_from([False] * 9 + [True]),
    )
    def joystick(self, gap_s, linear, angular, deadman, estop):
        """A usable message."""
        self.pass_time(gap_s)
        if not self.device_fresh():
            self.released_before = self.human_asked = False
        self.stamp_ns += 1 + round(gap_s * 1e9)
        before = self.arbiter.mode
        self.arbiter.on_joy(*joy(linear, angular, deadman, estop), self.stamp_ns, self.now_s)
        self.joy_s, self.deadman, self.estop = self.now_s, deadman, estop
        if deadman and self.released_before and not self.latched and before is not Mode.ESTOPPED:
            self.human_asked = True
        if not deadman or estop:
            if self.human_asked and before is Mode.HUMAN and not estop:
                self.released_s = self.now_s
            self.human_asked = False
        self.released_before = not deadman
        output = self.step()
        if estop:
            assert output.mode is Mode.ESTOPPED and output.estop_requested
        if not deadman and before is Mode.HUMAN and not estop:
            assert output.mode is Mode.HOLD and output.values == (0.0, 0.0)

    @rule(count=st.integers(1, 10), linear=sticks, deadman=st.booleans())
    def joystick_in_a_row(self, count, linear, deadman):
        """A healthy device."""
        for _ in range(count):
            self.joystick(0.05, linear, 0.0, deadman, False)

    @rule(
        gap_s=gaps,
        kind=st.sampled_from(['frozen', 'short axes', 'short buttons', 'nan']),
        deadman=st.booleans(),
    )
    def unusable_joystick(self, gap_s, kind, deadman):
        """A message that counts as silence."""
        self.pass_time(gap_s)
        axes, buttons = joy(math.nan if kind == 'nan' else 1.0, 0.0, deadman)
        stamp_ns = self.stamp_ns + (0 if kind == 'frozen' else 10**7)
        if kind == 'frozen' and self.joy_s == -math.inf:
            return
        axes = axes[:2] if kind == 'short axes' else axes
        buttons = buttons[:4] if kind == 'short buttons' else buttons
        assert self.arbiter.on_joy(axes, buttons, stamp_ns, self.now_s)
        self.step()

    @rule()
    def device_lost_while_driving(self):
        """Silence while HUMAN is a hold, and stays one until the dead-man is seen released."""
        self.joystick(0.01, 0.0, 0.0, False, False)
        self.joystick(0.01, 1.0, 0.0, True, False)
        if self.arbiter.mode is not Mode.HUMAN:
            return
        for _ in range(20):
            self.policy(0.05, (0.3, 0.1), 0.0)
        assert self.arbiter.mode is Mode.HOLD
        for _ in range(20):
            self.joystick(0.02, 1.0, 0.0, True, False)
            self.policy(0.02, (0.3, 0.1), 0.0)
            assert self.arbiter.mode is Mode.HOLD

    @rule(count=st.integers(1, 15))
    def take_over_and_release(self, count):
        """Whatever came before, a release is a hold for a while, however healthy the policy."""
        self.joystick(0.01, 0.0, 0.0, False, False)
        self.joystick(0.01, 1.0, 0.0, True, False)
        self.joystick(0.01, 0.0, 0.0, False, False)
        self.policy_in_a_row(count, (0.3, 0.1))

    @rule(gap_s=gaps, latched=st.booleans())
    def gate(self, gap_s, latched):
        """The safety gate tells its latch."""
        self.pass_time(gap_s)
        self.latched = latched
        if latched:
            self.human_asked = False
        self.arbiter.on_estop(latched, self.now_s)
        self.step()


TestArbiter = ArbiterMachine.TestCase
TestArbiter.settings = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
