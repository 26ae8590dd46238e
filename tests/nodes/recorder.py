"""The real recorder_node as a process of its own, and what it says."""

import contextlib
from pathlib import Path
import subprocess

from takeover.data.log_messages import Step
from takeover.data.log_reader import log_files, read_log
from takeover.workspace import node_environment, package_prefix
from takeover_msgs.msg import RecorderState
from takeover_nodes import qos
from tests.stack import DEADLINE_S, Observer, REPOSITORY, wait_until

TASK = REPOSITORY / 'config/tasks/rover_path.yaml'


def start_recorder(domain: int, folder: Path, *given: str, **options) -> subprocess.Popen:
    """Start a recorder that writes to `folder`; `given` are parameters as name:=value."""
    env = node_environment() | {
        'ROS_DOMAIN_ID': str(domain),
        'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST',
    }
    program = package_prefix('takeover_nodes', env) / 'lib/takeover_nodes/recorder_node'
    given = (f'task_file:={TASK}', f'log_dir:={folder}', *given)
    words = [word for item in given for word in ('-p', item)]
    return subprocess.Popen([program, '--ros-args', *words], env=env, **options)


@contextlib.contextmanager
def recorder(domain: int, folder: Path, *given: str, **options):
    """Run a recorder; kill it at the end if it still runs."""
    process = start_recorder(domain, folder, *given, **options)
    try:
        yield process
    finally:
        process.kill()
        process.wait(DEADLINE_S)


def hear_state(observer: Observer) -> None:
    """Keep what recorders tell."""
    observer.hear(RecorderState, 'recorder/state', qos.LATCHED)


def wait_until_acknowledged(observer: Observer, sequence: int) -> RecorderState:
    """Return the state in which a step is on the disk."""

    def acknowledged() -> bool:
        state = observer.last('recorder/state')
        return state is not None and state.last_sequence >= sequence

    wait_until(acknowledged, f'step {sequence} is on the disk')
    return observer.last('recorder/state')


def logged_steps(folder: Path) -> list[Step]:
    """Return the steps of episodes in all files of a folder; what is there twice, twice."""
    steps = (event for event in read_log(log_files([folder])) if isinstance(event, Step))
    return [step for step in steps if step.episode]
