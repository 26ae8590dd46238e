"""`takeover demo` on the whole stack: a verdict, a report, and no process left behind."""

import json
import os
from pathlib import Path
import signal
import subprocess
import sys
import uuid

import pytest
from takeover.workspace import node_environment
from tests.stack import new_domain, wait_until

MARK = 'TAKEOVER_TEST_RUN'


class Demo:
    """One run of the demo whose processes can be told from all others."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.mark = uuid.uuid4().hex
        self.folder = folder
        env = node_environment() | {MARK: self.mark, 'ROS_DOMAIN_ID': str(new_domain())}
        with (folder / 'demo.log').open('wb') as output:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    '-m',
                    'takeover.cli.main',
                    'demo',
                    '--runs-dir',
                    folder,
                    '--no-camera',
                    *arguments,
                ],
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def text(self) -> str:
        """Return what the demo printed so far."""
        return (self.folder / 'demo.log').read_text(errors='replace')

    def processes(self) -> list[str]:
        """Return the command lines of all processes of this run that are alive."""
        alive = []
        for entry in Path('/proc').iterdir():
            if not entry.name.isdigit():
                continue
            try:
                environ = (entry / 'environ').read_bytes().split(b'\0')
                if f'{MARK}={self.mark}'.encode() in environ:
                    alive.append((entry / 'cmdline').read_text().replace('\0', ' '))
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue
        return alive


@pytest.fixture
def demo(tmp_path):
    """Start demos; whatever a test leaves is killed."""
    started = []

    def start(*arguments: str) -> Demo:
        started.append(Demo(tmp_path, *arguments))
        return started[-1]

    yield start
    for run in started:
        if run.process.poll() is None:
            os.killpg(run.process.pid, signal.SIGKILL)
            run.process.wait()


def test_a_demo_drives_to_the_goal_and_leaves_a_report(demo):
    run = demo('--episodes', '1')
    assert run.process.wait(120.0) == 0, run.text()
    assert '1 of 1 episodes reached the goal' in run.text()
    report = run.folder / 'latest' / 'report.html'
    assert report.stat().st_size > 50_000
    record = json.loads((run.folder / 'latest' / 'run.json').read_text())
    assert record['episodes'][0]['outcome'] == 'goal'
    wait_until(lambda: not run.processes(), 'no process is left')


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_however_a_demo_is_ended_no_process_is_left(demo, number):
    run = demo('--episodes', '3')
    wait_until(lambda: 'autonomous' in run.text(), 'the policy drives')
    run.process.send_signal(number)
    assert run.process.wait(30.0) != 0
    wait_until(lambda: not run.processes(), 'no process is left')


def test_a_demo_that_cannot_start_says_why(demo, tmp_path):
    run = demo('--episodes', '1', '--policy', str(tmp_path / 'nowhere.onnx'))
    assert run.process.wait(60.0) != 0
    assert 'nowhere.onnx' in run.text()
    wait_until(lambda: not run.processes(), 'no process is left')
