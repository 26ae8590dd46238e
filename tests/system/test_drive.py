"""`takeover drive` on the whole stack: a verdict, a report, and no process left behind."""

import json
import signal

import pytest
from tests.processes import Command
from tests.stack import wait_until


@pytest.fixture
def drive(tmp_path):
    """Start drives; whatever a test leaves is killed."""
    started = []

    def start(*arguments: str) -> Command:
        options = ('--runs-dir', tmp_path, '--no-camera', *arguments)
        started.append(Command(tmp_path, 'drive', *options))
        return started[-1]

    yield start
    for run in started:
        run.kill()


def test_a_drive_drives_to_the_goal_and_leaves_a_report(drive):
    run = drive('--episodes', '1')
    assert run.process.wait(120.0) == 0, run.text()
    assert '1 of 1 episodes reached the goal' in run.text()
    report = run.folder / 'latest' / 'report.html'
    assert report.stat().st_size > 50_000
    record = json.loads((run.folder / 'latest' / 'run.json').read_text())
    assert record['episodes'][0]['outcome'] == 'goal'
    wait_until(lambda: not run.processes(), 'no process is left')


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_however_a_drive_is_ended_no_process_is_left(drive, number):
    run = drive('--episodes', '3')
    wait_until(lambda: 'autonomous' in run.text(), 'the policy drives')
    run.process.send_signal(number)
    assert run.process.wait(30.0) != 0
    wait_until(lambda: not run.processes(), 'no process is left')


def test_a_drive_that_cannot_start_says_why(drive, tmp_path):
    run = drive('--episodes', '1', '--policy', str(tmp_path / 'nowhere.onnx'))
    assert run.process.wait(60.0) != 0
    assert 'nowhere.onnx' in run.text()
    wait_until(lambda: not run.processes(), 'no process is left')
