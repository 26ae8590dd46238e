"""Which device and which mapping a robot is driven by where nobody says so."""

import pytest
from takeover.action import ActionContract
from takeover.config_file import ConfigError
from takeover.intervention.device_choice import load_mapping
from takeover.intervention.joystick import JoystickMapping
from takeover.intervention.spacemouse import SpaceMouseMapping
from takeover.task import load_task_and_robot

ROTATIONS = {'angular.x', 'angular.y', 'angular.z'}


@pytest.mark.parametrize(
    ('task', 'kind', 'expected', 'axes'),
    [
        ('rover_path', '', JoystickMapping, 2),
        ('rover_path', 'spacemouse', SpaceMouseMapping, 2),
        ('arm_peg', '', SpaceMouseMapping, 6),
        ('arm_reach', 'joystick', JoystickMapping, 6),
    ],
)
def test_the_usual_device_of_a_robot_has_a_mapping_of_its_own(task, kind, expected, axes):
    task, robot = load_task_and_robot(task)
    mapping = load_mapping(ActionContract(task.action), robot, kind)
    assert isinstance(mapping, expected)
    assert len(mapping.axes) == axes


def test_a_mapping_that_is_named_is_taken_and_must_be_of_the_device():
    task, robot = load_task_and_robot('arm_peg')
    action = ActionContract(task.action)
    mapping = load_mapping(action, robot, path='spacemouse_arm_two_buttons')
    assert mapping.deadman_button is None
    with pytest.raises(ConfigError, match='axis'):
        load_mapping(action, robot, path='joystick_arm')
