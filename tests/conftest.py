"""Fixtures every kind of test may use; the running stack is in `tests/stack.py`."""

from pathlib import Path

import pytest
from takeover.task import load_task_and_robot

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope='session')
def repository() -> Path:
    """Return the root of the repository."""
    return REPOSITORY


@pytest.fixture(scope='session')
def task_and_robot(repository):
    """Read the shipped task and robot once."""
    return load_task_and_robot(repository / 'config' / 'tasks' / 'rover_path.yaml')


@pytest.fixture(scope='session')
def task(task_and_robot):
    """Return the shipped task."""
    return task_and_robot[0]


@pytest.fixture(scope='session')
def robot(task_and_robot):
    """Return the shipped robot."""
    return task_and_robot[1]
