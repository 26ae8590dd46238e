"""The hand of a simulated person with a SpaceMouse, on the shipped mappings and tasks."""

import numpy as np
import pytest
from takeover.action import ActionContract
from takeover.arm_samples import ToolSample
from takeover.intervention.command_reader import CommandReader
from takeover.intervention.motion_frame import MotionFrameError
from takeover.intervention.spacemouse import load_spacemouse, SpaceMouseMapping
from takeover.simulation.hand import SpaceMouseHand
from takeover.task import load_task

# The hand of the arm looks down, turned a little.
DOWN = np.array([0.98, 0.1, 0.05, 0.02]) / np.linalg.norm([0.98, 0.1, 0.05, 0.02])


@pytest.fixture(params=['arm_reach', 'arm_peg'])
def action(request):
    return ActionContract(load_task(request.param).action)


def tool(rotation):
    return ToolSample(1, np.zeros(3), rotation, np.zeros(3), np.zeros(3), 'panda_link0')


@pytest.mark.parametrize('file', ['spacemouse_arm', 'spacemouse_arm_two_buttons'])
def test_it_is_the_inverse_of_the_shipped_mapping(action, file):
    mapping = load_spacemouse(file, action)
    hand, reader = SpaceMouseHand(mapping, action), CommandReader(mapping, action)
    rng = np.random.default_rng(0)
    for _ in range(50):
        wanted = 0.5 * rng.uniform(action.low, action.high)
        if 'gripper' in action.names:
            wanted[-1] = 0.1 * rng.integers(-1, 2) if mapping.open_button is not None else 0.0
        axes, buttons = hand.message(wanted, DOWN)
        command = reader.command(axes, buttons, tool(DOWN))
        assert command.values == pytest.approx(wanted, abs=1e-6)
        assert command.deadman == (mapping.deadman_button is not None)
        assert not command.estop and not command.pressed


def test_hands_off_is_neutral(action):
    mapping = load_spacemouse('spacemouse_arm', action)
    axes, buttons = SpaceMouseHand(mapping, action).message(None)
    assert len(axes) == 6 and len(buttons) == mapping.count
    assert CommandReader(mapping, action).command(axes, buttons, tool(DOWN)).neutral


def test_more_than_full_travel_is_full_travel(action):
    mapping = load_spacemouse('spacemouse_arm', action)
    hand, reader = SpaceMouseHand(mapping, action), CommandReader(mapping, action)
    wanted = np.zeros(action.size)
    wanted[2] = 10.0
    upright = np.array([0.0, 0.0, 0.0, 1.0])
    axes, buttons = hand.message(wanted, upright)
    assert axes == [0.0, 0.0, pytest.approx(mapping.full_scale), 0.0, 0.0, 0.0]
    command = reader.command(axes, buttons, tool(upright))
    assert command.values[2] == pytest.approx(action.high[2])


def test_it_needs_the_rotation_of_the_tool_where_the_frames_differ():
    action = ActionContract(load_task('arm_reach').action)
    hand = SpaceMouseHand(load_spacemouse('spacemouse_arm', action), action)
    with pytest.raises(MotionFrameError, match='panda_hand_tcp.*frame: base.*rotation'):
        hand.message([0.0] * 7)
    axes = {'linear.x': {'axis': 'linear.x'}}
    for frame in ('tool', None):
        mapping = SpaceMouseMapping.model_validate({'frame': frame, 'axes': axes})
        assert SpaceMouseHand(mapping, action).message([0.15] + [0.0] * 6)[0][0] > 0.0


@pytest.mark.parametrize(
    ('rate', 'pressed'), [(0.1, [1, 0]), (0.06, [1, 0]), (0.04, [0, 0]), (-0.06, [0, 1])]
)
def test_buttons_of_the_gripper_are_pressed_for_more_than_half_its_rate(rate, pressed):
    action = ActionContract(load_task('arm_reach').action)
    mapping = SpaceMouseMapping.model_validate(
        {'axes': {'linear.x': {'axis': 'linear.x'}}, 'open_button': 0, 'close_button': 1}
    )
    assert SpaceMouseHand(mapping, action).message([0.0] * 6 + [rate])[1] == pressed


def test_a_gripper_may_have_an_axis():
    action = ActionContract(load_task('arm_reach').action)
    mapping = SpaceMouseMapping.model_validate(
        {'frame': 'base', 'axes': {'gripper': {'axis': 'angular.z', 'dead_zone': 0.0}}}
    )
    hand, reader = SpaceMouseHand(mapping, action), CommandReader(mapping, action)
    message = hand.message([0.0] * 6 + [0.03], DOWN)
    assert reader.command(*message, tool(DOWN)).values[-1] == pytest.approx(0.03, abs=1e-6)
