"""A person with a device for an arm: six axes, a gripper, and a tool that is turned."""

import numpy as np
import pytest
from takeover.action import ActionContract
from takeover.arm_samples import ToolSample
from takeover.command import Source
from takeover.config_file import ConfigError
from takeover.intervention.arbiter import Arbiter
from takeover.intervention.arbiter_config import ArbiterConfig
from takeover.intervention.command_reader import CommandReader
from takeover.intervention.human_command import Press
from takeover.intervention.joystick import JoystickMapping, load_joystick
from takeover.intervention.spacemouse import load_spacemouse, SpaceMouseMapping
from takeover.intervention.state_machine import Mode
from takeover.specs import TWIST
from takeover.task import load_task

FULL = 0.68
AXES = {name: {'axis': name, 'dead_zone': 0.1} for name in TWIST}
OPEN, CLOSE, ESTOP, SUCCESS, DEADMAN = range(5)
BUTTONS = {
    'open_button': OPEN,
    'close_button': CLOSE,
    'estop_button': ESTOP,
    'success_button': SUCCESS,
}
# Half a turn about x: the tool looks down.
DOWN = np.array([1.0, 0.0, 0.0, 0.0])
POLICY = (0.01, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


@pytest.fixture
def action():
    return ActionContract(load_task('arm_reach').action)


@pytest.fixture
def peg_action():
    return ActionContract(load_task('arm_peg').action)


def tool_sample(stamp_ns=1, rotation=DOWN, frame='panda_link0'):
    return ToolSample(stamp_ns, np.zeros(3), rotation, np.zeros(3), np.zeros(3), frame)


class Person:
    """Steps an arbiter at 20 Hz, with a puck, a policy and a tool state."""

    def __init__(self, action, frame='base', take_over='motion', **mapping):
        fields = {'axes': AXES, 'frame': frame, **BUTTONS, **mapping}
        self.arbiter = Arbiter(
            action,
            ArbiterConfig(take_over=take_over, handover_s=0.0, debounce_s=0.0),
            SpaceMouseMapping.model_validate(fields),
        )
        self.now_s, self.stamp_ns, self.sequence = 10.0, 0, 0
        self.policy = POLICY[: action.size]

    def run(self, steps, axes=(0.0,) * 6, held=(), tool=True, policy=True):
        """Step; `tool` False: no tool state, `policy` False: no policy, only steps."""
        for _ in range(steps):
            self.now_s += 0.05
            self.stamp_ns += 1
            if tool:
                self.arbiter.on_tool(tool_sample(self.stamp_ns), self.now_s)
            self.arbiter.on_twist(axes, self.stamp_ns, self.now_s)
            buttons = [int(index in held) for index in range(5)]
            self.arbiter.on_joy((), buttons, self.stamp_ns, self.now_s)
            self.sequence += 1
            self.arbiter.on_policy(self.policy, self.sequence, self.now_s, drives=policy)
            output = self.arbiter.step(self.now_s)
        return output


def push(**shares):
    """Return the axes of a puck, `x` to `z` and `roll`, `pitch`, `yaw` as shares of the travel."""
    names = ('x', 'y', 'z', 'roll', 'pitch', 'yaw')
    return tuple(FULL * shares.get(name, 0.0) for name in names)


@pytest.fixture
def person(action):
    person = Person(action)
    assert person.run(10).mode is Mode.AUTONOMOUS
    return person


def test_a_push_takes_over_and_rest_gives_back(person):
    output = person.run(4, push(x=1.0))
    assert output.source is Source.HUMAN
    assert output.values == pytest.approx((0.15, 0, 0, 0, 0, 0, 0), abs=1e-12)
    # Within the hysteresis it is still moved, below its end it rests.
    assert person.run(20, push(x=0.25)).source is Source.HUMAN
    assert person.run(8, push(x=0.15)).source is Source.HUMAN
    assert person.run(40, push(x=0.15)).mode is Mode.AUTONOMOUS


def test_up_is_against_z_of_a_tool_that_looks_down(person):
    output = person.run(4, push(z=1.0, yaw=-1.0))
    assert output.values == pytest.approx((0, 0, -0.15, 0, 0, 0.8, 0), abs=1e-12)


@pytest.mark.parametrize('axis', range(6))
def test_each_axis_takes_over_alone_and_only_after_a_while(person, axis):
    axes = tuple(FULL * (index == axis) for index in range(6))
    assert person.run(2, axes).source is Source.POLICY
    assert person.run(1, axes).source is Source.HUMAN


def test_noise_on_all_axes_takes_over_from_nobody(person):
    rng = np.random.default_rng(0)
    # All of it below the threshold: 0.3 of the travel outside the dead zone.
    for _ in range(400):
        axes = FULL * rng.choice([-1.0, 1.0], 6) * rng.uniform(0.2, 0.36, 6)
        assert person.run(1, tuple(axes)).source is Source.POLICY
    assert person.arbiter.takeovers == 0
    assert person.run(4, push(y=0.4)).source is Source.HUMAN


def test_a_knock_takes_over_from_nobody(person):
    for _ in range(20):
        assert person.run(1, push(z=1.0)).source is Source.POLICY
        assert person.run(1, push(z=0.05)).source is Source.POLICY


@pytest.mark.parametrize(
    ('held', 'rate'), [((OPEN,), 0.1), ((CLOSE,), -0.1), ((OPEN, CLOSE), 0.0)]
)
def test_a_button_of_the_gripper_takes_over_and_moves_it_at_its_full_rate(person, held, rate):
    output = person.run(4, held=held)
    assert output.source is Source.HUMAN
    assert output.values == (0.0,) * 6 + (rate,)
    # It can be moved while the tool moves, and letting go of it stops it at once.
    assert person.run(1, push(x=1.0), held).values[-1] == rate
    assert person.run(1, push(x=1.0)).values[-1] == 0.0


def test_without_a_gripper_its_buttons_mean_nothing(peg_action):
    person = Person(peg_action)
    person.run(10)
    assert person.run(10, held=(OPEN,)).source is Source.POLICY
    assert person.run(4, push(z=1.0)).values == pytest.approx((0, 0, -0.06), abs=1e-12)


def test_turns_that_the_action_does_not_have_are_left_out(peg_action):
    person = Person(peg_action)
    person.run(10)
    output = person.run(4, push(x=1.0, roll=1.0, pitch=1.0, yaw=1.0))
    assert output.source is Source.HUMAN
    assert output.values == pytest.approx((0.06, 0, 0), abs=1e-12)


def test_a_button_about_the_episode_is_no_take_over(person):
    assert person.run(1, held=(SUCCESS,)).presses == (Press.SUCCESS,)
    assert person.run(10, held=(SUCCESS,)).source is Source.POLICY


class TestBlind:
    """Without a fresh tool state nobody knows which way the device points."""

    def test_who_drives_is_held_until_it_is_back_and_the_puck_was_released(self, person):
        assert person.run(4, push(x=1.0)).source is Source.HUMAN
        assert person.run(2, push(x=1.0), tool=False).source is Source.HUMAN
        output = person.run(2, push(x=1.0), tool=False)
        assert output.mode is Mode.HOLD and output.values == (0.0,) * 7
        assert 'tool state lost while a person drove' in output.reason
        # Back, but still pushed; then released: the policy goes on, a new push takes over.
        assert person.run(60, push(x=1.0)).mode is Mode.HOLD
        assert person.run(5).mode is Mode.HOLD
        assert person.run(40).mode is Mode.AUTONOMOUS
        assert person.run(4, push(x=1.0)).source is Source.HUMAN

    def test_who_wants_to_drive_stops_the_policy(self, person):
        assert person.run(20, tool=False).source is Source.POLICY
        output = person.run(4, push(x=1.0), tool=False)
        assert output.mode is Mode.HOLD and 'tool state' in output.reason
        assert person.run(60, tool=False).mode is Mode.HOLD
        assert person.arbiter.takeovers == 0
        assert person.run(40).mode is Mode.AUTONOMOUS

    def test_a_new_push_counts_as_soon_as_the_puck_was_released(self, person):
        person.run(4, push(x=1.0))
        person.run(6, push(x=1.0), tool=False)
        assert person.run(1).mode is Mode.HOLD
        assert person.run(4, push(x=1.0)).source is Source.HUMAN

    def test_the_first_tool_state_must_have_come(self, action):
        person = Person(action)
        person.run(10, tool=False)
        output = person.run(4, push(x=1.0), tool=False)
        assert output.mode is Mode.HOLD and output.values == (0.0,) * 7

    def test_the_emergency_stop_works(self, person):
        person.run(4, push(x=1.0))
        person.run(8, push(x=1.0), tool=False)
        output = person.run(1, push(x=1.0), held=(ESTOP,), tool=False)
        assert output.mode is Mode.ESTOPPED and output.estop_requested

    def test_buttons_about_the_episode_work(self, person):
        person.run(8, tool=False)
        assert person.run(1, held=(SUCCESS,), tool=False).presses == (Press.SUCCESS,)

    def test_a_dead_man_is_no_way_around_it(self, action):
        person = Person(action, take_over='deadman', deadman_button=DEADMAN)
        person.run(10)
        assert person.run(3, push(x=1.0), held=(DEADMAN,)).source is Source.HUMAN
        assert person.run(5, push(x=1.0), (DEADMAN,), tool=False).mode is Mode.HOLD
        assert person.run(30, push(x=1.0), (DEADMAN,)).mode is Mode.HOLD

    @pytest.mark.parametrize(
        ('sample', 'age_s', 'words'),
        [
            (tool_sample(rotation=np.ones(4)), 0.0, 'tool state: quaternion has not length 1'),
            (tool_sample(rotation=np.full(4, np.nan)), 0.0, 'tool state: not finite'),
            (tool_sample(frame=''), 0.0, 'tool state names no frame'),
            (tool_sample(), 0.2, 'tool state is stamped more than 0.15 s off'),
        ],
    )
    def test_a_tool_state_that_cannot_be_used_is_none(self, action, sample, age_s, words):
        arbiter = Person(action).arbiter
        assert arbiter.on_tool(sample, 10.0, age_s) == words
        assert arbiter.refused == {words: 1}

    def test_one_whose_stamp_does_not_advance_is_none(self, action):
        arbiter = Person(action).arbiter
        assert arbiter.on_tool(tool_sample(5), 10.0) is None
        assert arbiter.on_tool(tool_sample(5), 10.1) == 'tool state stamp did not advance'

    def test_after_the_clock_was_set_back_it_counts_at_once(self, action):
        arbiter = Person(action).arbiter
        assert arbiter.on_tool(tool_sample(70 * 10**9), 10.0) is None
        assert arbiter.on_tool(tool_sample(10 * 10**9), 10.1) is None

    def test_a_mapping_without_a_frame_does_not_ask(self, action):
        person = Person(action, frame=None)
        person.run(10, tool=False)
        assert person.run(4, push(z=1.0), tool=False).values[2] == pytest.approx(0.15)


def test_a_newer_tool_state_turns_a_command_that_was_heard_before(action):
    arbiter = Person(action).arbiter
    for step in range(6):
        arbiter.on_tool(tool_sample(step), 10.0 + 0.05 * step)
        arbiter.on_joy((), (0,) * 5, step, 10.0 + 0.05 * step)
        arbiter.on_twist(push(z=float(step > 0)), step, 10.0 + 0.05 * step)
    assert arbiter.step(10.25).values[2] == pytest.approx(-0.15)
    upright = tool_sample(10, np.array([0.0, 0.0, 0.0, 1.0]))
    arbiter.on_tool(upright, 10.26)
    assert arbiter.step(10.27).values[2] == pytest.approx(0.15)


def test_without_a_policy_nobody_drives_but_a_person(action):
    person = Person(action)
    output = person.run(30, policy=False)
    assert output.mode is Mode.HOLD and output.reason == 'no policy; a person drives, or nobody'
    assert output.policy_sequence == person.sequence
    assert person.run(4, push(x=1.0), policy=False).source is Source.HUMAN
    assert person.run(60, policy=False).mode is Mode.HOLD
    assert person.run(10).mode is Mode.AUTONOMOUS
    assert person.run(1, policy=False).mode is Mode.HOLD


@pytest.mark.parametrize('task', ['arm_reach', 'arm_peg'])
@pytest.mark.parametrize('file', ['spacemouse_arm', 'spacemouse_arm_two_buttons', 'joystick_arm'])
def test_the_shipped_mappings_move_all_six_axes_of_the_base(task, file):
    action = ActionContract(load_task(task).action)
    load = load_joystick if file.startswith('joystick') else load_spacemouse
    mapping = load(file, action)
    assert mapping.frame == 'base' and set(mapping.axes) == set(TWIST)
    assert None not in (mapping.success_button, mapping.estop_button)
    CommandReader(mapping, action)


@pytest.mark.parametrize(
    ('axis', 'position', 'component', 'sign'),
    [
        (1, 1.0, 'linear.x', 1),
        (0, 1.0, 'linear.y', 1),
        (4, 1.0, 'linear.z', -1),  # up is against z of a tool that looks down
        (3, 1.0, 'angular.z', -1),
        (6, 1.0, 'angular.x', -1),  # to the left: the left side goes down
        (7, 1.0, 'angular.y', -1),  # forward: the nose goes down, about y, which points right
    ],
)
def test_a_gamepad_moves_the_arm_as_its_sticks_point(action, axis, position, component, sign):
    reader = CommandReader(load_joystick('joystick_arm', action), action)
    axes = [position * (index == axis) for index in range(8)]
    values = reader.command(axes, [0] * 8, tool_sample()).values
    moved = dict(zip(action.names, values))
    if component == 'linear.y':
        sign = -1  # y of the tool points to the right
    assert moved.pop(component) * sign > 0.1
    assert list(moved.values()) == pytest.approx([0.0] * 6, abs=1e-12)


@pytest.mark.parametrize(
    ('fields', 'words'),
    [
        ({'open_button': 0}, 'come together'),
        ({'open_button': 1, 'close_button': 1}, 'both 1; they must differ'),
        ({'frame': 'world'}, 'frame'),
        (
            {'open_button': 0, 'close_button': 1, 'axes': {'gripper': {'axis': 'linear.x'}}},
            'gripper has an axis and open_button',
        ),
    ],
)
def test_a_mapping_that_means_nothing_is_refused(fields, words):
    with pytest.raises(ValueError, match=words):
        SpaceMouseMapping.model_validate({'axes': AXES, **fields})


def test_a_component_that_no_twist_has_is_refused(peg_action, tmp_path):
    path = tmp_path / 'puck.yaml'
    path.write_text('frame: base\naxes: {gripper: {axis: linear.x}}\n')
    with pytest.raises(ConfigError, match='axes.gripper.*legal: linear.x, .*, angular.z$'):
        load_spacemouse(path, peg_action)
    path.write_text('axes: {angular.x: {axis: linear.x}}\n')
    with pytest.raises(ConfigError, match='axes.angular.x.*legal: linear.x, .*, linear.z$'):
        load_spacemouse(path, peg_action)


def test_a_frame_needs_a_twist(tmp_path):
    fields = {'name': 'joint', 'unit': 'rad/s', 'low': -1.0, 'high': 1.0}
    action = ActionContract(
        load_task('arm_peg').action.model_validate(
            {'kind': 'joint_velocity', 'frame': None, 'components': (fields,)}
        )
    )
    path = tmp_path / 'stick.yaml'
    path.write_text('frame: base\ndeadman_button: 0\naxes: {joint: {axis: 0}}\n')
    with pytest.raises(ConfigError, match='frame: base is of a twist; .*joint_velocity'):
        load_joystick(path, action)
    path.write_text('deadman_button: 0\naxes: {joint: {axis: 0}}\n')
    assert isinstance(load_joystick(path, action), JoystickMapping)


def test_a_puck_turned_where_nothing_turns_takes_nothing_over(peg_action):
    """The policy must not pay for a motion that there is not."""
    person = Person(peg_action)
    person.run(5)
    turned = (0.0, 0.0, 0.0, FULL, FULL, FULL)
    assert person.run(10, axes=turned).mode is Mode.AUTONOMOUS
    pushed = (0.0, 0.0, FULL, FULL, FULL, FULL)
    assert person.run(10, axes=pushed).mode is Mode.HUMAN
