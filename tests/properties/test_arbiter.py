"""The arbiter under any sequence of policy commands, joystick messages, silences and e-stops."""

import math

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule, RuleBasedStateMachine
from takeover.action import ActionContract
from takeover.command import Source
from takeover.intervention.arbiter import Arbiter
from takeover.intervention.arbiter_config import ArbiterConfig
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


SOURCES = {
    Mode.HOLD: (Source.HOLD,),
    Mode.ESTOPPED: (Source.HOLD,),
    Mode.AUTONOMOUS: (Source.POLICY,),
    Mode.HUMAN: (Source.HUMAN,),
    Mode.HANDOVER: (Source.POLICY, Source.HUMAN),
}


class ArbiterMachine(RuleBasedStateMachine):
    """Steps an arbiter and checks who drives against what was heard and when."""

    @initialize(
        required=st.booleans(),
        handover_s=st.sampled_from([0.0, 0.2]),
        debounce_s=st.sampled_from([0.0, 0.05]),
    )
    def start(self, required, handover_s, debounce_s):
        """Make an arbiter."""
        self.config = ArbiterConfig(
            POLICY_S,
            DEVICE_S,
            RESUME_S,
            HEALTHY,
            required,
            handover_s=handover_s,
            debounce_s=debounce_s,
        )
        self.arbiter = Arbiter(ACTION, self.config, MAPPING)
        self.now_s, self.stamp_ns, self.sequence = 50.0, 10**18, 10**6
        self.policy_s, self.policy_values, self.row = -math.inf, None, 0
        self.person = None
        self.joy_s, self.deadman, self.neutral = -math.inf, False, True
        self.released_before = False  # so that a press counts
        self.pressed_s = math.inf  # when one that counts began, while it lasts
        self.released_s = -math.inf
        self.latched = False
        self.last = None  # output, its time and what its driver asked for
        self.start_values = (0.0, 0.0)  # of the hand-over under way
        self.takeovers = 0
        self.step()

    def pass_time(self, gap_s):
        """Let time pass, and with it what was fresh."""
        self.now_s += gap_s

    def device_fresh(self):
        """Whether the device has been heard in time."""
        return self.now_s - self.joy_s <= DEVICE_S + EPSILON_S

    def held_s(self):
        """For how long a press that counts has lasted."""
        return self.now_s - self.pressed_s

    def step(self):
        """Check one step."""
        output = self.arbiter.step(self.now_s)
        assert output.reason and output.reason == self.arbiter.reason
        assert len(output.values) == 2 and all(map(math.isfinite, output.values))
        assert output.source in SOURCES[output.mode]
        if output.source is Source.HOLD:
            assert output.values == (0.0, 0.0)
        if output.source is Source.HUMAN:
            self.check_person(output)
        if output.source is Source.POLICY:
            self.check_policy(output)
        if self.latched:
            assert output.mode is Mode.ESTOPPED
        if self.held_s() >= self.config.debounce_s + 2e-6 and self.device_fresh():
            assert output.source is Source.HUMAN or output.mode is Mode.ESTOPPED
        self.check_edge(output)
        return output

    def check_person(self, output):
        """A person drives: dead-man held long enough, or again at once after a bounce."""
        assert self.device_fresh() and self.deadman
        bounced = self.pressed_s - self.released_s < self.config.debounce_s
        assert bounced or self.held_s() >= self.config.debounce_s - 2e-6
        for value, low, high in zip(output.values, ACTION.low, ACTION.high):
            assert low <= value <= high

    def check_policy(self, output):
        """The policy drives: heard in time, a while after the release, and watched if need be."""
        assert self.now_s - self.policy_s <= POLICY_S + EPSILON_S
        assert self.now_s - self.released_s >= RESUME_S - EPSILON_S
        assert self.device_fresh() or not self.config.require_input_device
        if output.mode is Mode.AUTONOMOUS:
            assert output.values == self.policy_values

    def check_edge(self, output):
        """No jump beyond the bound of a hand-over, and each onset is one take-over."""
        target = self.policy_values if output.source is Source.POLICY else self.person
        if self.last is not None and output.source is not Source.HOLD:
            last, last_s, last_target = self.last
            if last.source is not output.source or output.mode is Mode.HANDOVER is not last.mode:
                self.start_values, last_target = last.values, target
            blending = Mode.HANDOVER in (last.mode, output.mode) or last.source != output.source
            if blending and self.config.handover_s:
                share = (self.now_s - last_s) / self.config.handover_s
                for new, old, end, old_end, begin in zip(
                    output.values, last.values, target, last_target, self.start_values
                ):
                    assert abs(new - old) <= abs(end - begin) * share + abs(end - old_end) + 1e-9
            if last.source is Source.POLICY and output.source is Source.HUMAN:
                assert self.arbiter.takeovers == self.takeovers + 1
        if self.last is not None and self.last[0].mode is Mode.ESTOPPED is not output.mode:
            assert not self.latched
            assert self.joy_s == -math.inf or (self.device_fresh() and self.neutral)
        assert self.arbiter.takeovers - self.takeovers in (0, 1)
        self.takeovers = self.arbiter.takeovers
        self.last = (output, self.now_s, target)

    @rule(gap_s=gaps)
    def timer(self, gap_s):
        """The fallback timer."""
        self.pass_time(gap_s)
        self.step()

    @rule(gap_s=gaps, values=good_values, age_s=st.sampled_from([0.0, 0.0, 0.01, 0.15]))
    def policy(self, gap_s, values, age_s):
        """A good policy command."""
        self.pass_time(gap_s)
        before = self.arbiter.driver
        self.sequence += 1
        self.row = self.row + 1 if self.now_s - self.policy_s <= POLICY_S else 1
        assert self.arbiter.on_policy(values, self.sequence, self.now_s, age_s) is None
        self.policy_s, self.policy_values = self.now_s - age_s, values
        output = self.step()
        if output.source is Source.POLICY and before is not Source.POLICY:
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
            self.released_before, self.pressed_s = False, math.inf
        self.stamp_ns += 1 + round(gap_s * 1e9)
        before = self.arbiter.driver
        self.arbiter.on_joy(*joy(linear, angular, deadman, estop), self.stamp_ns, self.now_s)
        self.joy_s, self.deadman = self.now_s, deadman
        self.neutral = not (deadman or estop or abs(linear) > 0.05 or abs(angular) > 0.05)
        self.person = (
            MAPPING.axes['linear.x'].to_si(linear, 0.0, 0.6),
            MAPPING.axes['angular.z'].to_si(angular, -1.5, 1.5),
        )
        if deadman and self.released_before:
            self.pressed_s = self.now_s
        if not deadman:
            if before is Source.HUMAN and not estop:
                self.released_s = self.now_s
            self.pressed_s = math.inf
        self.released_before = not deadman
        if self.arbiter.mode is Mode.ESTOPPED or estop:
            self.released_before, self.pressed_s = not deadman and self.released_before, math.inf
        output = self.step()
        if estop:
            assert output.mode is Mode.ESTOPPED and output.estop_requested
        if not deadman and before is Source.HUMAN and not estop:
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
        self.joystick(0.06, 1.0, 0.0, True, False)
        if self.arbiter.driver is not Source.HUMAN:
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
        self.joystick(0.06, 1.0, 0.0, True, False)
        self.joystick(0.01, 0.0, 0.0, False, False)
        self.policy_in_a_row(count, (0.3, 0.1))

    @rule(gap_s=gaps, latched=st.booleans())
    def gate(self, gap_s, latched):
        """The safety gate tells its latch."""
        self.pass_time(gap_s)
        self.latched = latched
        if latched and self.arbiter.mode is not Mode.ESTOPPED:
            self.pressed_s, self.released_before = math.inf, False
        self.arbiter.on_estop(latched, self.now_s)
        self.step()


TestArbiter = ArbiterMachine.TestCase
TestArbiter.settings = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
