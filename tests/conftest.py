"""Fixtures every kind of test may use; the running stack is in `tests/stack.py`."""

import os
from pathlib import Path
import sys

import pytest
from takeover.task import load_task_and_robot

REPOSITORY = Path(__file__).resolve().parents[1]
# Tests that start nodes mostly wait. They run one after the other, beside all the others.
WITH_NODES = ('nodes', 'system', 'faults')
# Tests start hundreds of Python processes: without compiled modules on the disk each of them
# would compile all that it imports, which takes seconds where it is torch.
os.environ.pop('PYTHONDONTWRITEBYTECODE', None)
sys.dont_write_bytecode = False


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Say which tests run beside each other with `pytest -n 2`.

    Those with nodes are one group, so that none has to share the machine with another one's
    nodes; of the others each file is one, so that its fixtures are made once.
    """
    from xdist.scheduler import LoadScopeScheduling

    class NodesBesideTheRest(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.split('::')[0]
            return 'nodes' if file.split('/')[1] in WITH_NODES else file

    return NodesBesideTheRest(config, log)


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
