"""The action and the joystick of the shipped rover."""

from pathlib import Path

import pytest
from takeover.action import ActionContract
from takeover.task import load_task

CONFIG = Path(__file__).parents[3] / 'config'


@pytest.fixture
def action():
    """Return the action of the shipped task."""
    return ActionContract(load_task(CONFIG / 'tasks' / 'rover_path.yaml').action)


@pytest.fixture
def joystick_file():
    """Return the path of the shipped mapping."""
    return CONFIG / 'inputs' / 'joystick.yaml'
