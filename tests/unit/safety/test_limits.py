"""Limits of an axis."""

import math
from pathlib import Path

import pytest
from takeover.safety.limits import AxisLimits, limits_for_action, LimitsError
from takeover.task import load_task_and_robot

GOOD = {
    'min_velocity': -1.0,
    'max_velocity': 2.0,
    'max_acceleration': 1.0,
    'max_deceleration': 2.0,
    'max_jerk': 10.0,
}
TASK = Path(__file__).parents[3] / 'config' / 'tasks' / 'rover_path.yaml'


def test_only_jerk_may_be_infinite():
    """And is, when it is not given."""
    assert AxisLimits(**{**GOOD, 'max_jerk': math.inf}).max_jerk == math.inf
    assert AxisLimits(-1.0, 1.0, 1.0, 1.0).max_jerk == math.inf


@pytest.mark.parametrize(
    ('name', 'value'),
    [
        ('min_velocity', 0.1),
        ('max_velocity', -0.1),
        ('max_acceleration', 0.0),
        ('max_deceleration', -1.0),
        ('max_jerk', 0.0),
        ('min_velocity', -math.inf),
        ('max_velocity', math.inf),
        ('max_acceleration', math.inf),
        ('max_deceleration', math.nan),
        ('max_jerk', math.nan),
        ('max_velocity', None),
        ('max_velocity', '1'),
        ('max_jerk', True),
    ],
)
def test_an_impossible_limit_is_refused_by_name(name, value):
    """The message begins with the field and shows the value."""
    with pytest.raises(LimitsError, match=f'^{name} must be'):
        AxisLimits(**{**GOOD, name: value})


def test_limits_of_an_action_are_the_tighter_of_task_and_robot():
    """In the order of the action."""
    task, robot = load_task_and_robot(TASK)
    narrow = task.action.components[0].model_copy(update={'high': 0.25})
    action = task.action.model_copy(update={'components': (task.action.components[1], narrow)})
    angular, linear = limits_for_action(action, robot)
    assert linear.max_velocity == 0.25
    assert linear.min_velocity == robot.limits['linear.x'].min_velocity
    assert angular.max_jerk == robot.limits['angular.z'].max_jerk


def test_an_axis_without_limits_is_refused_by_name():
    """A component the robot file does not know."""
    task, robot = load_task_and_robot(TASK)
    strange = task.action.components[0].model_copy(update={'name': 'linear.y'})
    action = task.action.model_copy(update={'components': (strange,)})
    with pytest.raises(LimitsError, match=r'limits\.linear\.y is missing.*rover.*linear\.x'):
        limits_for_action(action, robot)
