"""learner_node as a process: follows a log that grows, tells and offers what comes of it."""

import os
from pathlib import Path
import signal
import subprocess
import time

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
import pytest
from takeover.data.log_messages import headless_channels
from takeover.data.log_writer import LogWriter
from takeover.policy.onnx_policy import OnnxPolicy
from takeover.policy.store import PolicyStore
from takeover.specs import spec_hash
from takeover.training import compute
from takeover.training.checkpoint import checkpoints, newest_checkpoint
from takeover.training.takeover_learner import TakeoverLearner
from takeover_msgs.msg import LearnerStatus
from takeover_nodes import qos
from tests.nodes.learner import hear_learner, learner, wait_for_status
from tests.stack import DEADLINE_S, new_domain, Observer, wait_until
from tests.state_difference import difference
from tests.takeover_logs import (
    append,
    demonstration,
    episode,
    settings_file,
    TINY,
    write_log,
)


@pytest.fixture
def observer():
    """Return a node of the test in a domain of its own, which hears the learner."""
    domain = new_domain()
    observer = Observer(domain)
    observer.domain = domain
    hear_learner(observer)
    observer.hear(DiagnosticArray, '/diagnostics', qos.DIAGNOSTICS)
    yield observer
    observer.close()


@pytest.fixture
def folder(tmp_path, task) -> Path:
    """Return a folder with demonstrations, and no log yet."""
    write_log(tmp_path / 'demonstrations', task, demonstration())
    return tmp_path


def stop(process, number=signal.SIGINT) -> None:
    process.send_signal(number)
    assert process.wait(DEADLINE_S) == 0


def offered(observer):
    return observer.last('learner/policy')


def diagnosis(observer) -> DiagnosticStatus | None:
    for _, array in reversed(observer.heard['/diagnostics']):
        for one in array.status:
            if one.name == 'learner_node: learning':
                return one
    return None


def test_a_log_that_grows_is_learned_from_and_a_restart_goes_on_where_it_was(
    observer, task, folder
):
    with learner(observer.domain, folder) as process:
        waiting = f'waits for the first steps in {folder / "log"}'
        status = wait_for_status(
            observer, lambda s: s.version and s.message == waiting, 'the clone is offered'
        )
        assert status.state == LearnerStatus.STATE_WAITING
        clone = offered(observer)
        assert clone.reason == 'a clone of the demonstrations'
        assert clone.spec_hash == spec_hash(task) and clone.version == status.version
        assert Path(clone.file).is_absolute()
        assert OnnxPolicy.load(clone.file, task).version == clone.version

        with LogWriter(folder / 'log', headless_channels(), {}) as log:
            append(log, task, episode(1, clone.version))
            status = wait_for_status(observer, lambda s: s.transitions == 30, 'it is read')
            wait_until(lambda: offered(observer).version != clone.version, 'the next is offered')
            append(log, task, episode(2, offered(observer).version))
            status = wait_for_status(observer, lambda s: s.transitions == 60, 'and more')
        assert status.interventions == 10 and status.takeovers == 2
        status = wait_for_status(
            observer, lambda s: s.state == LearnerStatus.STATE_IDLE, 'all is learned'
        )
        assert status.behind == 0 and status.updates == 60 - TINY.critic_from
        assert status.alpha > 0.0 and status.sigma > 0.0 and status.q != 0.0
        wait_until(lambda: diagnosis(observer).level == DiagnosticStatus.OK, 'all is well')
        wait_until(lambda: '50 updates' in offered(observer).reason, 'the newest is offered')
        newest = offered(observer)
        stop(process)
    compute.prepare()
    expected = TakeoverLearner(task, TINY)
    expected.demonstrate(demonstration())
    for step in (*episode(1), *episode(2)):
        expected.take(step)
    state = newest_checkpoint(folder / 'learner' / 'checkpoints', pytest.fail)[1]['learner']
    assert difference(state['learner'], expected.learner.state_dict()) is None
    assert newest.version in {
        p.version for p in PolicyStore(folder / 'learner/policies').policies()
    }
    goes_on_where_it_was(observer, folder, newest)


def goes_on_where_it_was(observer, folder, newest) -> None:
    """Start the learner again: it has nothing to do but to offer its newest policy once more."""
    observer.heard.clear()
    with learner(observer.domain, folder) as process:
        wait_until(lambda: offered(observer), 'it is offered again', 3.0 * DEADLINE_S)
        assert offered(observer).version == newest.version
        assert offered(observer).reason == 'the newest one when the learner began again'
        status = wait_for_status(observer, lambda s: s.updates == 50, 'where it was')
        assert status.transitions == 60
        stop(process)


def test_a_version_that_is_not_corrected_is_left_to_drive(observer, task, folder):
    with learner(observer.domain, folder) as process:
        first = wait_for_status(observer, lambda s: s.version, 'the clone is offered').version
        write_log(folder / 'log', task, episode(1, first, taken_over_at=None))
        held = f'holding {first}: not corrected since it drives'
        wait_for_status(observer, lambda s: held in s.message and s.updates, 'it is held')
        heard = len(observer.heard['learner/status'])
        wait_until(lambda: len(observer.heard['learner/status']) > heard + 3, 'periods pass')
        assert offered(observer).version == first
        write_log(folder / 'log', task, episode(2, first))
        wait_until(lambda: offered(observer).version != first, 'corrected, it is replaced')
        stop(process)


def test_it_answers_and_tells_while_it_clones(observer, folder):
    settings_file(
        folder / 'settings.yaml', learner={'hidden': [8], 'pretraining_steps': 10_000_000}
    )
    with learner(observer.domain, folder) as process:
        wait_for_status(observer, lambda s: 'clones the demonstrations' in s.message, 'it clones')
        began_s = time.monotonic()
        wait_until(lambda: len(observer.since('learner/status', began_s)) >= 4, 'it tells on')
        # Four in a row, told once a second; the bound only tells this from being told at the end.
        assert time.monotonic() - began_s < 15.0
        asked_s = time.monotonic()
        stop(process, signal.SIGTERM)
        assert time.monotonic() - asked_s < 10.0
    assert not checkpoints(folder / 'learner' / 'checkpoints')


@pytest.mark.parametrize(
    ('given', 'sentence'),
    [
        ('demonstrations:=[nowhere]', 'demonstrations: nowhere: is not there; record some first'),
        ("demonstrations:=['']", 'no demonstrations given; record some first'),
        ('learner_dir:=/dev/null/learner', 'cannot be made'),
        ('config_file:=/nowhere.yaml', '/nowhere.yaml: cannot be read'),
    ],
)
def test_what_makes_learning_impossible_is_told_until_it_is_stopped(
    observer, folder, given, sentence
):
    with learner(observer.domain, folder, given) as process:
        status = wait_for_status(
            observer, lambda s: s.state == LearnerStatus.STATE_FAILED, 'it has failed'
        )
        assert sentence in status.message
        wait_until(
            lambda: (one := diagnosis(observer)) and one.level == DiagnosticStatus.ERROR,
            'and says so in /diagnostics',
        )
        assert sentence in diagnosis(observer).message
        stop(process)


def test_a_full_disk_is_told_and_learning_goes_on(observer, task, folder):
    write_log(folder / 'log', task, episode(1))
    (folder / 'learner').mkdir()
    (folder / 'learner' / 'checkpoints').write_text('a file where the folder should be')
    with learner(observer.domain, folder) as process:
        status = wait_for_status(observer, lambda s: s.updates == 20, 'it learns')
        status = wait_for_status(
            observer, lambda s: 'tried again later' in s.message, 'it says so'
        )
        assert 'checkpoint' in status.message and status.state != LearnerStatus.STATE_FAILED
        wait_until(
            lambda: (one := diagnosis(observer)) and one.level == DiagnosticStatus.WARN,
            'and says so in /diagnostics',
        )
        (folder / 'learner' / 'checkpoints').unlink()
        wait_for_status(observer, lambda s: 'tried again' not in s.message, 'it can again')
        stop(process)
    assert checkpoints(folder / 'learner' / 'checkpoints')[-1].name == 'step_000000030'


@pytest.mark.parametrize(
    ('given', 'message'),
    [
        ('niceness:=20', "parameter 'niceness' refused"),
        ('publish_perod_s:=5.0', "did you mean 'publish_period_s'?"),
        ('task_file:=/nowhere.yaml', '/nowhere.yaml: cannot be read'),
    ],
)
def test_parameters_that_are_not_legal_are_refused(observer, folder, given, message):
    with learner(observer.domain, folder, given, stderr=subprocess.PIPE, text=True) as process:
        assert process.wait(3.0 * DEADLINE_S) == 2
        assert message in process.stderr.read()


def test_it_steps_back_for_other_processes(observer, task, folder):
    write_log(folder / 'log', task, [step for n in range(1, 15) for step in episode(n)])
    with learner(observer.domain, folder, 'niceness:=15') as process:
        wait_for_status(observer, lambda s: s.updates > 0, 'it learns')
        assert os.getpriority(os.PRIO_PROCESS, process.pid) == 15
        wait_for_status(observer, lambda s: not s.behind and s.updates > 300, 'all is learned')
        # Those of DDS, which hardly do anything, began before the parameters were known.
        used = {
            int(each.name): sum(
                map(int, (each / 'stat').read_text().rsplit(')')[1].split()[11:13])
            )
            for each in Path(f'/proc/{process.pid}/task').iterdir()
        }
        working = [thread for thread, ticks in used.items() if ticks > 0.05 * sum(used.values())]
        assert {os.getpriority(os.PRIO_PROCESS, thread) for thread in working} == {15}
        stop(process)
