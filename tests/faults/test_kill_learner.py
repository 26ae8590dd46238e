"""SIGKILL of a learner at random moments: it goes on, and ends as if nothing had happened.

TAKEOVER_LEARNER_KILLS sets how often `takeover learn` is killed.
"""

import os
from pathlib import Path
import random
import signal
import subprocess
import sys
import time

import pytest
from takeover.data.log_messages import headless_channels
from takeover.data.log_writer import LogWriter
from takeover.policy.store import PolicyStore
from takeover.training.checkpoint import checkpoints, newest_checkpoint
from takeover.training.run_folder import read_table
from tests.nodes.learner import hear_learner, start_learner, TASK, wait_for_status
from tests.stack import new_domain, Observer, wait_until
from tests.state_difference import difference
from tests.takeover_logs import (
    append,
    demonstration,
    episode,
    settings_file,
    undo,
    write_log,
)

KILLS = int(os.environ.get('TAKEOVER_LEARNER_KILLS', '3'))
# Enough steps for all lives: each is over when it has come through half of its share.
EPISODES_OF_A_LIFE = 8
SHARE = 30 * EPISODES_OF_A_LIFE
CHECKPOINT_S = 0.02
# The longest a learner lives on once it has got on.
MOST_LIFE_S = 0.3
DEADLINE_S = 120.0


def events(lives: int) -> list:
    """Return what was driven: one episode in ten is taken back."""
    found = []
    for number in range(1, EPISODES_OF_A_LIFE * lives + 1):
        steps = episode(number, 'ab'[number % 2] * 12, outcome=1 + (number % 3 == 0))
        found += [*steps, undo(steps)] if number % 10 == 0 else steps
    return found


@pytest.fixture
def place(tmp_path, task) -> Path:
    """Return a folder with demonstrations and settings that make each update cost something."""
    write_log(tmp_path / 'demonstrations', task, demonstration())
    settings_file(
        tmp_path / 'settings.yaml', learner={'hidden': [16, 16], 'pretraining_steps': 200}
    )
    return tmp_path


def command(place: Path, out: str) -> list[str]:
    """Return the command that learns in a folder of `place`."""
    words = f'learn log --demonstrations demonstrations --out {out} --config settings.yaml'
    return [
        *(sys.executable, '-m', 'takeover.cli.main', *words.split()),
        *('--task', str(TASK), '--checkpoint-s', str(CHECKPOINT_S)),
    ]


def newest_events(folder: Path) -> int:
    """Return how many events the newest checkpoint has seen; -1 before the first."""
    found = checkpoints(folder / 'checkpoints')
    return int(found[-1].name.removeprefix('step_')) if found else -1


def end_state(folder: Path) -> dict:
    return newest_checkpoint(folder / 'checkpoints', pytest.fail)[1]


def progress(folder: Path) -> str:
    """Return the table without what the clock says; as text, since NaN differs from itself."""
    timed = ('wall_s', 'updates_per_s')
    rows = read_table(folder / 'progress.csv')
    return str([{k: v for k, v in row.items() if k not in timed} for row in rows])


def one_life(place: Path, chance: random.Random) -> int:
    """Start a learner, kill it a random while after it has got on; return its checkpoint."""
    folder, log = place / 'killed', place / 'learn.log'
    before = newest_events(folder)
    with log.open('a') as output:
        said = log.stat().st_size
        process = subprocess.Popen(
            command(place, 'killed'), cwd=place, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        # Also while it clones or reads what it learned from before.
        if chance.random() < 0.8:
            wait_until(
                lambda: newest_events(folder) > before or process.poll() is not None,
                'a checkpoint of the learner',
                DEADLINE_S,
            )
        else:
            wait_until(lambda: log.stat().st_size > said, 'the learner has begun', DEADLINE_S)
        moment_s = time.monotonic() + chance.uniform(0.0, MOST_LIFE_S)
        wait_until(
            lambda: time.monotonic() > moment_s or newest_events(folder) > before + SHARE // 2,
            'a random moment',
        )
        assert process.poll() is None, log.read_text()
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    return newest_events(folder)


def test_learning_killed_at_random_moments_ends_as_one_left_alone(place, task):
    seed = random.SystemRandom().randrange(1 << 30)
    print(f'seed of the random moments: {seed}')
    chance = random.Random(seed)
    driven = events(KILLS)
    write_log(place / 'log', task, driven)
    subprocess.run(command(place, 'whole'), cwd=place, check=True, capture_output=True)
    reached = [one_life(place, chance) for _ in range(KILLS)]
    assert reached == sorted(reached) and reached[-1] < len(driven), 'none came to the end'
    done = subprocess.run(command(place, 'killed'), cwd=place, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr

    found, expected = end_state(place / 'killed'), end_state(place / 'whole')
    assert found['learner']['events'] == len(driven)
    assert difference(found, expected) is None
    assert progress(place / 'killed') == progress(place / 'whole')
    newest = PolicyStore(place / 'killed' / 'policies').policies()[-1]
    updates = found['learner']['learner']['updates']
    assert newest.bundle().provenance['updates'] == updates
    print(f'{KILLS} kills at {reached} of {len(driven)} events, {updates} updates')


def test_a_learner_node_that_is_killed_goes_on_with_a_log_that_grows(place, task):
    driven = events(2)
    half = len(driven) // 2
    domain = new_domain()
    observer = Observer(domain)
    process = None
    try:
        hear_learner(observer)
        with LogWriter(place / 'log', headless_channels(), {}) as log:
            process = start_learner(domain, place)
            wait_for_status(observer, lambda s: s.version, 'it has cloned')
            append(log, task, driven[:half])
            wait_until(lambda: newest_events(place / 'learner') > 0, 'a checkpoint', DEADLINE_S)
            process.kill()
            process.wait()
            killed_s = time.monotonic()
            append(log, task, driven[half:])
            process = start_learner(domain, place)
            wait_for_status(
                observer,
                lambda s: not s.behind and len(observer.since('learner/status', killed_s)) > 1,
                'it is there again',
            )
            wait_until(
                lambda: newest_events(place / 'learner') == len(driven), 'the end', DEADLINE_S
            )
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE_S) == 0
    finally:
        if process is not None:
            process.kill()
            process.wait()
        observer.close()
    subprocess.run(command(place, 'whole'), cwd=place, check=True, capture_output=True)
    assert difference(end_state(place / 'learner'), end_state(place / 'whole')) is None
