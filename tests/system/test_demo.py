"""`takeover demo` on the whole stack: the loop is closed, everything is kept, nothing is left."""

import json
import signal

import pytest
from takeover.data.log_reader import read_steps
from takeover.policy.store import PolicyStore
from takeover_msgs.msg import InterventionState, LearnerStatus, RecorderState
from takeover_nodes import qos
from tests.processes import Command
from tests.stack import Observer, wait_until
from tests.system.test_sim_launch import readme_rows, WITH_IMAGES

# Short, and so bad a start that the person must take over at once.
SHORT = ('--minutes', '0.4', '--demonstrations', '1', '--episodes', '2')
DEADLINE_S = 180.0


@pytest.fixture
def demo(tmp_path):
    """Start demos; whatever a test leaves is killed."""
    started = []

    def start(*arguments: str) -> Command:
        started.append(Command(tmp_path, 'demo', '--runs-dir', tmp_path, *arguments))
        return started[-1]

    yield start
    for run in started:
        run.kill()


def test_a_demo_corrects_learns_and_reports(demo, repository):
    run = demo(*SHORT)
    observer = Observer(run.domain)
    try:
        observer.hear(InterventionState, 'intervention/state', qos.LATCHED)
        observer.hear(RecorderState, 'recorder/state', qos.LATCHED)
        observer.hear(LearnerStatus, 'learner/status', qos.LATCHED)
        wait_until(lambda: taken_over(observer), 'a take-over', DEADLINE_S)
        wait_until(lambda: learned(observer) > 0, 'transitions that were learned from', DEADLINE_S)
        there = dict(observer.node.get_topic_names_and_types())
        for topic, kind, *_ in readme_rows(repository, 'Topics'):
            if topic.startswith(WITH_IMAGES):
                continue
            package, message = kind.split('/')
            name = '/' + topic.strip('`').lstrip('/')
            assert there.get(name) == [f'{package}/msg/{message}'], name
        code = run.process.wait(DEADLINE_S)
    finally:
        observer.close()
    # A clone of one demonstration has not learned to drive in half a minute.
    assert code == 1, run.text()
    folder = run.folder / 'latest'
    session = json.loads((folder / 'session.json').read_text())
    assert {session['start'], session['deployed']} <= versions(folder)
    assert session['ended_because'] == '0.4 minutes were over'
    policies = json.loads((folder / 'evaluations.json').read_text())['policies']
    assert [policy['name'] for policy in policies] == ['start', 'deployed']
    assert [len(policy['courses']) for policy in policies] == [2, 2]
    steps = list(read_steps([folder / 'log']))
    assert any(step.reward == -1.0 and step.onset for step in steps)
    assert (folder / 'report.html').stat().st_size > 50_000
    assert 'watch it drive: takeover drive --policy' in run.text()
    wait_until(lambda: not run.processes(), 'no process is left')


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGKILL])
def test_however_a_demo_is_ended_no_process_is_left_and_the_log_is_there(demo, number):
    run = demo(*SHORT, '--minutes', '5')
    wait_until(lambda: 'log recording' in run.text(), 'the log grows', DEADLINE_S)
    run.process.send_signal(number)
    assert run.process.wait(60.0) == (128 + number if number == signal.SIGINT else -number)
    wait_until(lambda: not run.processes(), 'no process is left')
    folder = run.folder / 'latest'
    assert list(read_steps([folder / 'log']))
    assert (folder / 'report.html').is_file() == (number == signal.SIGINT)


def taken_over(observer: Observer) -> int:
    """Return how often the person has taken over."""
    state = observer.last('intervention/state')
    return state.takeovers if state else 0


def learned(observer: Observer) -> int:
    """Return how many transitions the learner has taken."""
    status = observer.last('learner/status')
    return status.transitions if status else 0


def versions(folder) -> set[str]:
    """Return the versions in the learner's store."""
    return {policy.version for policy in PolicyStore(folder / 'learner' / 'policies').policies()}
