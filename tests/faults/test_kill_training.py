"""SIGKILL of a training run at random moments: resumed, it ends as if nothing had happened."""

from pathlib import Path
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest
from takeover.training.checkpoint import checkpoints, newest_checkpoint
from takeover.training.run_folder import read_table, RunFolder
from tests.stack import wait_until
from tests.state_difference import difference

# Enough steps for a kill to meet every part of the loop; checkpoints take a good share of it.
STEPS, INTERVAL, KILLS = 1500, 20, 3
OPTIONS = f"""
    --env Pendulum-v1 --agent dsact --steps {STEPS} --warm-up-steps 100 --normalise-observations
    --evaluation-interval 500 --evaluation-episodes 1 --log-interval 50
    --checkpoint-interval {INTERVAL} --dsact.hidden 16 16 --dsact.batch-size 16
""".split()


def command(*arguments: object) -> list[str]:
    return [sys.executable, '-m', 'takeover.cli.main', 'train', *map(str, arguments)]


def newest_step(folder: RunFolder) -> int:
    found = checkpoints(folder.checkpoints)
    return int(found[-1].name.removeprefix('step_')) if found else 0


@pytest.fixture(scope='module')
def whole(tmp_path_factory) -> RunFolder:
    """Return a run that was left alone."""
    folder = RunFolder(tmp_path_factory.mktemp('whole') / 'run')
    subprocess.run(command(*OPTIONS, '--out', folder.path), check=True, capture_output=True)
    return folder


def killed(arguments: list[str], folder: RunFolder, chance: random.Random, log: Path) -> int:
    """Start a run, kill it a random while after it got on; return its newest checkpoint then."""
    before = newest_step(folder)
    with log.open('a') as output:
        process = subprocess.Popen(arguments, stdout=output, stderr=subprocess.STDOUT)
    try:
        wait_until(
            lambda: newest_step(folder) > before or process.poll() is not None,
            'a checkpoint of the run',
            deadline_s=120.0,
        )
        moment_s = time.monotonic() + chance.uniform(0.0, 0.4)
        wait_until(lambda: time.monotonic() > moment_s, 'a random moment')
        assert process.poll() is None, f'ended before it was killed:\n{log.read_text()}'
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    return newest_step(folder)


def test_a_run_killed_at_random_moments_ends_as_one_left_alone(whole, tmp_path):
    seed = random.SystemRandom().randrange(1 << 30)
    print(f'seed of the random moments: {seed}')
    chance = random.Random(seed)
    folder, log = RunFolder(tmp_path / 'run'), tmp_path / 'train.log'
    steps = [killed(command(*OPTIONS, '--out', folder.path), folder, chance, log)]
    for _ in range(KILLS - 1):
        steps.append(killed(command('--resume', folder.path), folder, chance, log))
    assert steps == sorted(set(steps)) and steps[-1] < STEPS, 'every try got on, none to the end'
    subprocess.run(command('--resume', folder.path), check=True, capture_output=True)

    found, expected = (
        newest_checkpoint(run.checkpoints, pytest.fail)[1] for run in (folder, whole)
    )
    assert found['step'] == STEPS
    assert difference(found, expected) is None
    for table in ('progress_file', 'evaluations_file'):
        rows = [
            [
                {k: v for k, v in row.items() if k not in ('wall_s', 'updates_per_s')}
                for row in read_table(getattr(run, table))
            ]
            for run in (folder, whole)
        ]
        assert str(rows[0]) == str(rows[1])  # as text: NaN differs from itself


def test_a_torn_newest_checkpoint_is_named_and_the_one_before_is_used(whole, tmp_path):
    folder = RunFolder(tmp_path / 'run')
    shutil.copytree(whole.path, folder.path)
    newest = checkpoints(folder.checkpoints)[-1]
    with (newest / 'state.pt').open('r+b') as file:
        file.truncate(1000)
    done = subprocess.run(command('--resume', folder.path), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert f'{newest.name}: torn: state.pt has 1000 bytes' in done.stderr
    found, expected = (
        newest_checkpoint(run.checkpoints, pytest.fail)[1] for run in (folder, whole)
    )
    assert difference(found, expected) is None
