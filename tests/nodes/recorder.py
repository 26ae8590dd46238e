"""The real recorder_node as a process of its own, and what it says."""

from pathlib import Path
import subprocess

from takeover.data.log_messages import Step
from takeover.data.log_reader import log_files, read_log
from takeover_msgs.msg import RecorderState
from takeover_nodes import qos
from tests.nodes.node_process import killed_at_the_end, start_node
from tests.stack import Observer, REPOSITORY, wait_until

TASK = REPOSITORY / 'config/tasks/rover_path.yaml'


def start_recorder(
    domain: int, folder: Path, *given: str, task_file: Path = TASK, **options
) -> subprocess.Popen:
    """Start a recorder that writes to `folder`; `given` are parameters as name:=value."""
    given = (f'task_file:={task_file}', f'log_dir:={folder}', *given)
    return start_node('takeover_nodes', 'recorder_node', domain, given, **options)


def recorder(domain: int, folder: Path, *given: str, **options):
    """Run a recorder; kill it at the end if it still runs."""
    return killed_at_the_end(start_recorder(domain, folder, *given, **options))


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
