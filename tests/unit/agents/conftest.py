"""The shipped task and robot, read once."""

from pathlib import Path

import pytest
from takeover.task import load_task_and_robot

TASK_FILE = Path(__file__).parents[3] / 'config' / 'tasks' / 'rover_path.yaml'


@pytest.fixture(scope='session')
def task_and_robot():
    return load_task_and_robot(TASK_FILE)


@pytest.fixture(scope='session')
def task(task_and_robot):
    return task_and_robot[0]


@pytest.fixture(scope='session')
def robot(task_and_robot):
    return task_and_robot[1]
