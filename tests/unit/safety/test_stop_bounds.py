"""The ladder of time-outs as bounds."""

from pathlib import Path

import pytest
from takeover.safety.limits import limits_for_action
from takeover.safety.stop_bounds import stop_bounds_s
from takeover.task import load_task_and_robot

TASK = Path(__file__).parents[3] / 'config' / 'tasks' / 'rover_path.yaml'


def test_bounds_are_the_sums_of_what_has_to_be_waited_for():
    """Each cause by hand, for the shipped rover."""
    task, robot = load_task_and_robot(TASK)
    limits = limits_for_action(task.action, robot)
    times = robot.timeouts
    bounds = stop_bounds_s(times, limits, 0.02, 0.1, 0.4)
    stop_s = 0.6 / 2.0 + 2.0 / 20.0 + 1.0 / 20.0 + 0.02
    assert bounds['arbiter'] == pytest.approx(times.gate_s + stop_s)
    assert bounds['policy'] == pytest.approx(times.policy_s + 0.1 + stop_s)
    assert bounds['input device'] == pytest.approx(times.input_device_s + 0.1 + stop_s)
    assert bounds['sensor'] == pytest.approx(times.observation_s + bounds['policy'])
    assert bounds['gate'] == pytest.approx(times.controller_s + 0.4)
