"""Who drives, one test for each rule; the properties are in tests/properties/test_arbiter.py."""

import math

import pytest
from takeover.command import Source
from takeover.intervention.arbiter import Arbiter
from takeover.intervention.arbiter_config import ArbiterConfig, ArbiterError
from takeover.intervention.human_command import Press
from takeover.intervention.joystick import load_joystick
from takeover.intervention.state_machine import Mode

PERIOD_S = 0.05


class Rig:
    """An arbiter, its clock, a policy and a person.

    Without blending and debouncing, unless a test is about them.
    """

    def __init__(self, action, joystick_file, **config):
        config = {'handover_s': 0.0, 'debounce_s': 0.0} | config
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

    def joy(self, stick=(0.0, 0.0), deadman=False, estop=False, also=()):
        """One message of the joystick; `also`: indices of further buttons."""
        self.stamp_ns += 1
        axes = [0.0, stick[0], 0.0, stick[1], 0.0, 0.0]
        buttons = [0, int(estop), 0, 0, int(deadman), 0, 0]
        for index in also:
            buttons[index] = 1
        return self.arbiter.on_joy(axes, buttons, self.stamp_ns, self.now_s)

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
        {'handover_s': math.inf},
        {'debounce_s': -0.1},
        {'take_over': 'grab'},
        {'motion_start': 0.05},
        {'motion_end': 0.0},
    ],
)
def test_an_impossible_configuration_is_refused_by_name(config):
    """Name and value."""
    with pytest.raises(
        ArbiterError, match=f'{next(iter(config))} .*{next(iter(config.values()))}'
    ):
        ArbiterConfig(**config)


def test_a_take_over_is_blended_in(action, joystick_file):
    """From the policy's last command to the person's, in HANDOVER, as the person's steps."""
    rig = Rig(action, joystick_file, handover_s=0.2)
    rig.run(0.5, stick=(0.0, 0.0))
    rig.log.clear()
    rig.run(0.25, stick=(1.0, -1.0), deadman=True)
    assert [output.source for output in rig.log] == [Source.HUMAN] * 5
    assert [output.mode for output in rig.log] == [Mode.HANDOVER] * 4 + [Mode.HUMAN]
    shares = [0.0, 0.25, 0.5, 0.75, 1.0]
    for output, share in zip(rig.log, shares, strict=True):
        assert output.values == pytest.approx((0.4 + share * 0.2, 0.1 - share * 1.6))
    assert rig.arbiter.takeovers == 1


def test_the_policy_is_blended_in_from_the_hold(action, joystick_file):
    """As the policy's steps; a loss in between is a zero at once."""
    rig = Rig(action, joystick_file, handover_s=0.2)
    rig.run(0.15)
    assert rig.log[-1].mode is Mode.HANDOVER and rig.log[-1].source is Source.POLICY
    assert rig.run(0.1).values == pytest.approx((0.2, 0.05))
    output = rig.run(0.3, policy=None)
    assert output.mode is Mode.HOLD and output.values == (0.0, 0.0)


def test_a_person_takes_over_while_the_policy_is_blended_in(action, joystick_file):
    """From what was sent, not from what the policy wanted."""
    rig = Rig(action, joystick_file, handover_s=0.2)
    rig.run(0.15, stick=(0.0, 0.0))
    assert rig.run(0.1, stick=(0.0, 0.0)).values == pytest.approx((0.2, 0.05))
    output = rig.run(0.05, stick=(0.0, 1.0), deadman=True)
    assert output.source is Source.HUMAN and output.values == pytest.approx((0.2, 0.05))
    assert rig.run(0.2, stick=(0.0, 1.0), deadman=True).values == (0.0, 1.5)


def test_a_release_in_the_middle_of_a_hand_over_is_an_explicit_zero(action, joystick_file):
    """Never blended."""
    rig = Rig(action, joystick_file, handover_s=0.2)
    rig.run(0.5, stick=(0.0, 0.0))
    rig.run(0.1, stick=(1.0, 0.0), deadman=True)
    output = rig.run(0.05, stick=(1.0, 0.0))
    assert output.mode is Mode.HOLD and output.values == (0.0, 0.0)


def test_a_press_shorter_than_the_debounce_is_no_take_over(action, joystick_file):
    """The policy drives on."""
    rig = Rig(action, joystick_file, debounce_s=0.05)
    rig.run(0.5, stick=(0.0, 0.0))
    rig.joy((1.0, 0.0), deadman=True)
    rig.now_s += 0.03
    rig.joy((1.0, 0.0))
    rig.run(0.3, stick=(0.0, 0.0))
    assert {output.mode for output in rig.log[3:]} == {Mode.AUTONOMOUS}
    assert rig.arbiter.takeovers == 0


def test_a_press_counts_once_it_has_lasted_without_a_further_message(action, joystick_file):
    """One that comes only on a change is enough."""
    rig = Rig(action, joystick_file, debounce_s=0.05)
    rig.run(0.5, stick=(0.0, 0.0))
    rig.joy((1.0, 0.0), deadman=True)
    assert rig.step().mode is Mode.AUTONOMOUS
    assert rig.run(0.05).mode is Mode.HUMAN


def test_a_bounce_of_the_release_is_a_zero_and_the_same_take_over(action, joystick_file):
    """The release acts at once; the press after it needs no debouncing and counts no second
    time.
    """
    rig = Rig(action, joystick_file, debounce_s=0.05)
    rig.run(0.5, stick=(0.0, 0.0))
    rig.run(0.2, stick=(1.0, 0.0), deadman=True)
    rig.joy((1.0, 0.0))
    assert rig.step().values == (0.0, 0.0)
    rig.now_s += 0.03
    rig.joy((1.0, 0.0), deadman=True)
    assert rig.step().mode is Mode.HUMAN and rig.arbiter.takeovers == 1


def test_a_double_press_is_two_take_overs(action, joystick_file):
    """A press after the debounce time is a new one: it must last, and it is counted."""
    rig = Rig(action, joystick_file, debounce_s=0.05)
    rig.run(0.5, stick=(0.0, 0.0))
    rig.run(0.2, stick=(1.0, 0.0), deadman=True)
    rig.run(0.1, stick=(1.0, 0.0))
    assert rig.run(0.05, stick=(1.0, 0.0), deadman=True).mode is Mode.HOLD
    assert rig.run(0.05, stick=(1.0, 0.0), deadman=True).mode is Mode.HUMAN
    assert rig.arbiter.takeovers == 2


def test_the_policy_never_drives_between_the_two_presses_of_a_bounce(action, joystick_file):
    """Even without a delay before it resumes."""
    rig = Rig(action, joystick_file, debounce_s=0.2, resume_delay_s=0.0)
    rig.run(0.5, stick=(0.0, 0.0))
    rig.run(0.4, stick=(1.0, 0.0), deadman=True)
    assert rig.run(0.15, stick=(0.0, 0.0)).mode is Mode.HOLD
    assert rig.run(0.05, stick=(1.0, 0.0), deadman=True).mode is Mode.HUMAN
    assert rig.arbiter.takeovers == 1


@pytest.fixture
def mover(action, joystick_file):
    """Return a rig in which a person takes over by moving a stick, the policy driving."""
    rig = Rig(action, joystick_file, take_over='motion', resume_delay_s=0.0)
    rig.run(0.5, stick=(0.0, 0.0))
    return rig


def test_deliberate_motion_takes_over_and_rest_gives_back(mover):
    """With hysteresis: between the thresholds it goes on."""
    assert mover.run(0.05, stick=(0.9, 0.0)).mode is Mode.AUTONOMOUS
    output = mover.run(0.1, stick=(0.9, 0.0))
    assert output.mode is Mode.HUMAN and output.reason == 'stick held'
    assert mover.run(3.0, stick=(0.2, 0.0)).mode is Mode.HUMAN
    output = mover.run(0.45, stick=(0.0, 0.0))
    assert output.mode is Mode.HUMAN and output.values == (0.0, 0.0)
    assert mover.run(0.05, stick=(0.0, 0.0)).mode is not Mode.HUMAN
    assert mover.run(0.05, stick=(0.0, 0.0)).mode is Mode.AUTONOMOUS
    assert mover.arbiter.takeovers == 1


def test_a_knock_and_a_lean_are_no_take_over(mover):
    """Too short, or below the start."""
    for _ in range(5):
        mover.run(0.05, stick=(0.9, 0.0))
        mover.run(0.05, stick=(0.0, 0.0))
    assert mover.run(1.0, stick=(0.25, -0.25)).mode is Mode.AUTONOMOUS
    assert mover.run(1.0, stick=(0.0, 0.0), deadman=True).mode is Mode.AUTONOMOUS
    assert mover.arbiter.takeovers == 0


def test_a_stick_pulled_back_is_motion_too(mover):
    """Where the robot does not reverse it means zero, and it is meant."""
    output = mover.run(0.2, stick=(-1.0, 0.0))
    assert output.mode is Mode.HUMAN and output.values == (0.0, 0.0)


def test_a_silent_device_while_a_person_drives_by_motion_is_a_hold(mover):
    """Until it is back and at rest: silence is no rest."""
    mover.run(0.2, stick=(0.9, 0.0))
    assert mover.run(2.0).mode is Mode.HOLD
    output = mover.run(1.0, stick=(0.9, 0.0))
    assert output.mode is Mode.HOLD and 'stick released' in output.reason
    assert mover.run(1.0, stick=(0.2, 0.0)).mode is Mode.HOLD
    assert mover.run(0.15, stick=(0.0, 0.0)).mode is Mode.AUTONOMOUS


def test_a_stick_held_since_the_start_does_not_count(action, joystick_file):
    """As a dead-man does not."""
    rig = Rig(action, joystick_file, take_over='motion')
    output = rig.run(1.0, stick=(1.0, 0.0))
    assert output.mode is Mode.HOLD and 'release it' in output.reason


def test_with_both_either_takes_over_and_the_dead_man_ends_it(action, joystick_file):
    """Whoever lets go of the dead-man wants a stop, whatever the stick says."""
    rig = Rig(action, joystick_file, take_over='both')
    rig.run(0.5, stick=(0.0, 0.0))
    assert rig.run(0.2, stick=(0.9, 0.0)).mode is Mode.HUMAN
    assert rig.run(0.5, stick=(0.9, 0.0), deadman=True).mode is Mode.HUMAN
    output = rig.run(0.05, stick=(0.9, 0.0))
    assert output.mode is Mode.HOLD and output.values == (0.0, 0.0)
    assert rig.run(3.0, stick=(0.9, 0.0)).mode is Mode.HOLD
    rig.run(0.05, stick=(0.0, 0.0))
    assert rig.run(0.05, stick=(0.0, 0.0), deadman=True).mode is Mode.HUMAN
    assert rig.arbiter.takeovers == 2


def test_the_buttons_about_the_episode_are_told_once_for_each_press(rig):
    """In the order of the presses; whoever drives."""
    rig.run(0.2, stick=(0.0, 0.0))
    rig.joy(also=[0])
    rig.joy()
    rig.joy(also=[3, 2])
    assert rig.step().presses == (Press.SUCCESS, Press.FAILURE, Press.UNDO)
    assert rig.run(0.3, stick=(0.0, 0.0), also=[3, 2]).presses == ()
    rig.joy()
    rig.joy(also=[6])
    assert rig.step().presses == (Press.ABORT,)


def test_a_button_held_while_the_device_comes_back_is_no_press(rig):
    """At the start and after a silence."""
    assert rig.run(0.2, stick=(0.0, 0.0), also=[0]).presses == ()
    rig.joy()
    rig.run(0.5)
    rig.run(0.2, stick=(0.0, 0.0), also=[0])
    assert not any(output.presses for output in rig.log)


def test_what_held_the_robot_before_an_estop_must_be_released_after_it(action, joystick_file):
    """A stick that goes on within the time of its release is no take-over."""
    rig = Rig(action, joystick_file, take_over='motion', resume_delay_s=0.0)
    rig.run(0.5, stick=(0.0, 0.0))
    rig.run(0.3, stick=(0.9, 0.0))
    rig.arbiter.on_estop(True, rig.now_s)
    rig.run(0.05, stick=(0.0, 0.0))
    rig.arbiter.on_estop(False, rig.now_s)
    assert rig.run(0.1, stick=(0.0, 0.0)).mode is Mode.AUTONOMOUS
    assert rig.run(0.2, stick=(0.9, 0.0)).mode is Mode.HUMAN


def test_a_press_during_an_estop_does_not_go_on_after_it(action, joystick_file):
    """The next one is a take-over of its own: it must last, and it is counted."""
    rig = Rig(action, joystick_file, debounce_s=0.05)
    rig.run(0.5, stick=(0.0, 0.0))
    rig.arbiter.on_estop(True, rig.now_s)
    rig.run(0.05, stick=(0.0, 0.0))
    rig.run(0.2, stick=(0.0, 0.0), deadman=True)
    rig.arbiter.on_estop(False, rig.now_s)
    rig.joy()
    rig.now_s += 0.01
    rig.joy((1.0, 0.0), deadman=True)
    assert rig.step().mode is Mode.HOLD
    assert rig.run(0.05, stick=(1.0, 0.0), deadman=True).mode is Mode.HUMAN
    assert rig.arbiter.takeovers == 1
