"""The real learner_node as a process of its own, and what it says."""

from pathlib import Path
import subprocess

from takeover_msgs.msg import LearnerStatus, PolicyCandidate
from takeover_nodes import qos
from tests.nodes.node_process import killed_at_the_end, start_node
from tests.stack import DEADLINE_S, Observer, REPOSITORY, wait_until
from tests.takeover_logs import settings_file

TASK = REPOSITORY / 'config/tasks/rover_path.yaml'


def start_learner(domain: int, folder: Path, *given: str, **options) -> subprocess.Popen:
    """Start a learner of the log in `folder`/log; `given` are parameters as name:=value.

    The settings are the tiny ones, unless `folder` has others in settings.yaml.
    """
    settings = folder / 'settings.yaml'
    if not settings.exists():
        settings_file(settings)
    defaults = (
        f'task_file:={TASK}',
        f'log_dir:={folder / "log"}',
        f'learner_dir:={folder / "learner"}',
        f'demonstrations:=[{folder / "demonstrations"}]',
        f'config_file:={settings}',
        'publish_period_s:=1.0',
        'checkpoint_period_s:=1.0',
        # On a loaded machine one that steps back would hardly run at all.
        'niceness:=0',
    )
    given = (*defaults, *given)
    return start_node('takeover_learning', 'learner_node', domain, given, **options)


def learner(domain: int, folder: Path, *given: str, **options):
    """Run a learner; kill it at the end if it still runs."""
    return killed_at_the_end(start_learner(domain, folder, *given, **options))


def hear_learner(observer: Observer) -> None:
    """Keep what learners tell and offer."""
    observer.hear(LearnerStatus, 'learner/status', qos.LATCHED)
    observer.hear(PolicyCandidate, 'learner/policy', qos.LATCHED)


def wait_for_status(observer: Observer, condition, what: str) -> LearnerStatus:
    """Return the first status that fulfils a condition."""

    def found() -> bool:
        status = observer.last('learner/status')
        return status is not None and condition(status)

    # Torch takes long to import on a loaded machine.
    wait_until(found, what, 3.0 * DEADLINE_S)
    return observer.last('learner/status')
