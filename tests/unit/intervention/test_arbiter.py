"""Who drives, one test for each rule; the properties are in tests/properties/test_arbiter.py."""

import math

import pytest
from takeover.command import Source
from takeover.intervention.arbiter import Arbiter, ArbiterConfig
from takeover.intervention.joystick import load_joystick
from takeover.intervention.state_machine import Mode

PERIOD_S = 0.05


class Rig:
    """An arbiter, its clock, a policy and a person."""

    def __init__(self, action, joystick_file, **config):
        self.arbiter = Arbiter(
            action, ArbiterConfig(**config), load_joystick(joystick_file, action)
        )
        self.now_s, self.stamp_ns, self.sequence = 10.0, 0, 0
        self.log = []

    def run(self, duration_s, policy=(0.4, 0.1), stick=None, **buttons):
        """Step at 20 Hz; `policy` None is silent, `stick` None is a silent joystick."""
        for _ in range(round(duration_s / PERIOD_S)):
            self.now_s += PERIOD_S
            if stick is not None:
                self.joy(stick, **buttons)
            if policy is not None:
                self.sequence += 1
                self.arbiter.on_policy(policy, self.sequence, self.now_s)
            self.log.append(self.step())
        return self.log[-1]

    def joy(self, stick=(0.0, 0.0), deadman=False, estop=False):
        """One message of the joystick."""
        self.stamp_ns += 1
        axes = [0.0, stick[0], 0.0, stick[1], 0.0, 0.0]
        return self.arbiter.on_joy(
            axes, [0, int(estop), 0, 0, int(deadman)], self.stamp_ns, self.now_s
        )

    def step(self):
        """One step now."""
        return self.arbiter.step(self.now_s)


@pytest.fixture
def rig(action, joystick_file):
    """Return a rig with the shipped mapping."""
    return Rig(action, joystick_file)


def test_it_starts_holding(rig):
    """With an explicit zero and a reason."""
    output = rig.step()
    assert output.mode is Mode.HOLD and output.source is Source.HOLD
    assert output.values == (0.0, 0.0) and output.reason == 'no policy command yet'


def test_three_good_commands_in_a_row_start_the_policy(rig):
    """Without any joystick, when none is required."""
    rig.run(0.15)
    assert [output.mode for output in rig.log] == [Mode.HOLD, Mode.HOLD, Mode.AUTONOMOUS]
    assert rig.log[-1].values == (0.4, 0.1) and rig.log[-1].source is Source.POLICY
    assert rig.log[-1].policy_sequence == 3


def test_a_silent_policy_is_a_hold_until_three_good_commands(rig):
    """Repeated up to the time-out, then zero."""
    rig.run(0.5)
    assert rig.run(0.15, policy=None).mode is Mode.AUTONOMOUS
    output = rig.run(0.1, policy=None)
    assert output.mode is Mode.HOLD and output.reason == 'no policy command for 0.2 s'
    assert output.values == (0.0, 0.0)
    assert rig.run(0.1).mode is Mode.HOLD
    assert rig.run(0.05).mode is Mode.AUTONOMOUS


@pytest.mark.parametrize(
    ('values', 'step', 'age_s', 'words'),
    [
        ((0.1,), 1, 0.0, 'does not have 2 values'),
        ((math.nan, 0.0), 1, 0.0, 'not finite'),
        ((0.1, 0.1), 0, 0.0, 'sequence'),
        ((0.1, 0.1), -1, 0.0, 'sequence'),
        ((0.1, 0.1), 1, 0.25, 'stamped'),
        ((0.1, 0.1), 1, -0.25, 'stamped'),
    ],
)
def test_a_bad_policy_command_is_refused_and_breaks_the_row(rig, values, step, age_s, words):
    """And counted."""
    rig.run(0.1)
    refusal = rig.arbiter.on_policy(values, rig.sequence + step, rig.now_s, age_s)
    assert words in refusal and rig.arbiter.refused == {refusal: 1}
    rig.sequence += 1
    assert rig.run(0.1).mode is Mode.HOLD
    assert rig.run(0.05).mode is Mode.AUTONOMOUS


def test_the_dead_man_takes_over_at_once_and_release_is_an_explicit_zero(rig):
    """From the policy to the person to nobody."""
    rig.run(0.5, stick=(0.0, 0.0))
    rig.joy((1.0, -1.0), deadman=True)
    output = rig.step()
    assert output.mode is Mode.HUMAN and output.source is Source.HUMAN
    assert output.values == (0.6, -1.5) and output.reason == 'dead-man held'
    rig.joy((1.0, -1.0))
    output = rig.step()
    assert output.mode is Mode.HOLD and output.values == (0.0, 0.0)
    assert rig.arbiter.takeovers == 1


def test_the_policy_resumes_after_the_delay(rig):
    """However healthy it is."""
    rig.run(0.5, stick=(0.0, 0.0))
    rig.run(0.5, stick=(0.5, 0.0), deadman=True)
    assert rig.run(1.0, stick=(0.0, 0.0)).mode is Mode.HOLD
    assert rig.run(0.1, stick=(0.0, 0.0)).mode is Mode.AUTONOMOUS


def test_a_person_can_drive_with_the_policy_dead(rig):
    """And a tap is a take-over too."""
    rig.run(0.1, policy=None, stick=(0.0, 0.0))
    assert rig.run(0.5, policy=None, stick=(0.5, 0.0), deadman=True).mode is Mode.HUMAN
    rig.run(0.5, policy=None, stick=(0.0, 0.0))
    rig.joy(deadman=True)
    rig.joy()
    assert rig.arbiter.takeovers == 2 and rig.step().mode is Mode.HOLD


def test_a_dead_man_held_since_the_start_does_not_count(rig):
    """It gives nobody control until it has been seen released."""
    output = rig.run(1.0, stick=(1.0, 0.0), deadman=True)
    assert output.mode is Mode.HOLD and 'release it' in output.reason
    rig.run(0.05, stick=(0.0, 0.0))
    assert rig.run(0.05, stick=(1.0, 0.0), deadman=True).mode is Mode.HUMAN


def test_a_silent_joystick_while_a_person_drives_is_a_hold_and_stays_one(rig):
    """Not back to the policy, and not back to the person when it returns with the button held."""
    rig.run(0.5, stick=(0.0, 0.0))
    rig.run(0.5, stick=(1.0, 0.0), deadman=True)
    assert rig.run(0.25).mode is Mode.HUMAN
    output = rig.run(0.1)
    assert output.mode is Mode.HOLD and output.values == (0.0, 0.0)
    assert 'joystick lost' in output.reason
    assert rig.run(5.0).mode is Mode.HOLD
    assert rig.run(1.0, stick=(1.0, 0.0), deadman=True).mode is Mode.HOLD
    assert rig.run(0.05, stick=(0.0, 0.0)).mode is Mode.HOLD
    assert rig.run(0.05, stick=(1.0, 0.0), deadman=True).mode is Mode.HUMAN


def test_a_repeated_stamp_is_silence(rig):
    """A driver that repeats its last message for ever does not drive the robot off a kerb."""
    rig.run(0.1, stick=(0.0, 0.0))
    rig.run(0.1, stick=(1.0, 0.0), deadman=True)
    for _ in range(7):
        rig.stamp_ns -= 1
        rig.run(0.05, stick=(1.0, 0.0), deadman=True)
    assert rig.log[-1].mode is Mode.HOLD
    assert rig.arbiter.refused == {'joystick stamp did not advance': 7}


def test_a_clock_that_goes_back_does_not_silence_the_joystick_for_ever(rig):
    """One message is lost, the next ones count."""
    rig.stamp_ns = 10**18
    rig.run(0.1, stick=(0.0, 0.0))
    rig.stamp_ns = 0
    assert rig.joy((1.0, 0.0), deadman=True)
    assert rig.joy((1.0, 0.0)) is None
    rig.joy((1.0, 0.0), deadman=True)
    assert rig.step().mode is Mode.HUMAN


def test_an_unusable_joystick_message_is_silence(rig):
    """Short arrays and NaN."""
    rig.run(0.1, stick=(0.0, 0.0))
    rig.run(0.1, stick=(1.0, 0.0), deadman=True)
    for _ in range(7):
        rig.run(0.05, stick=(math.nan, 0.0), deadman=True)
    assert rig.log[-1].mode is Mode.HOLD
    assert rig.arbiter.refused == {'joystick axis is not finite': 7}


def test_losing_the_joystick_does_not_stop_the_policy_unless_one_is_required(
    action, joystick_file
):
    """With `require_input_device`, no autonomy while nobody could take over."""
    free = Rig(action, joystick_file)
    free.run(0.5, stick=(0.0, 0.0))
    assert free.run(2.0).mode is Mode.AUTONOMOUS
    watched = Rig(action, joystick_file, require_input_device=True)
    output = watched.run(1.0)
    assert output.mode is Mode.HOLD and output.reason == 'no joystick message yet'
    assert watched.run(0.05, stick=(0.0, 0.0)).mode is Mode.AUTONOMOUS
    assert watched.run(0.25).mode is Mode.AUTONOMOUS
    assert watched.run(0.1).reason == 'no joystick message for 0.3 s'
    assert watched.run(0.05, stick=(0.0, 0.0)).mode is Mode.AUTONOMOUS


def test_an_estop_of_the_gate_holds_until_it_is_reset_and_the_input_neutral(rig):
    """Then the policy needs its delay."""
    rig.run(0.5, stick=(0.0, 0.0))
    rig.arbiter.on_estop(True, rig.now_s)
    output = rig.run(1.0, stick=(0.0, 0.0))
    assert output.mode is Mode.ESTOPPED and output.values == (0.0, 0.0)
    rig.run(0.05, stick=(1.0, 0.0), deadman=True)
    rig.arbiter.on_estop(False, rig.now_s)
    output = rig.run(0.1, stick=(1.0, 0.0), deadman=True)
    assert output.mode is Mode.ESTOPPED and 'release' in output.reason
    assert rig.run(0.1).mode is Mode.ESTOPPED
    assert 'no joystick message' in rig.run(0.5).reason
    assert rig.run(1.0, stick=(0.0, 0.0)).mode is Mode.HOLD
    assert rig.run(0.1, stick=(0.0, 0.0)).mode is Mode.AUTONOMOUS


def test_without_a_joystick_the_reset_of_the_gate_is_enough(rig):
    """There is no input that could be other than neutral."""
    rig.run(0.5)
    rig.arbiter.on_estop(True, rig.now_s)
    assert rig.run(0.5).mode is Mode.ESTOPPED
    rig.arbiter.on_estop(False, rig.now_s)
    assert rig.step().mode is Mode.HOLD


def test_the_estop_button_holds_and_asks_until_the_gate_confirms(rig):
    """The arbiter does not wait for the gate, and does not go on without it."""
    rig.run(0.5, stick=(0.0, 0.0))
    rig.joy(estop=True)
    output = rig.step()
    assert output.mode is Mode.ESTOPPED and output.estop_requested
    output = rig.run(1.0, stick=(0.0, 0.0))
    assert output.mode is Mode.ESTOPPED and output.estop_requested
    assert 'has not confirmed' in output.reason
    rig.arbiter.on_estop(True, rig.now_s)
    assert not rig.step().estop_requested
    rig.arbiter.on_estop(False, rig.now_s)
    assert rig.step().mode is Mode.HOLD


@pytest.mark.parametrize(
    'config',
    [
        {'policy_timeout_s': 0.0},
        {'input_device_timeout_s': math.nan},
        {'resume_delay_s': -1.0},
        {'healthy_commands': 0},
    ],
)
def test_an_impossible_configuration_is_refused_by_name(config):
    """Name and value."""
    with pytest.raises(ValueError, match=f'^{next(iter(config))} must be'):
        ArbiterConfig(**config)
