"""SIGKILL of the recorder at random moments: no acknowledged step is lost, none is there twice.

It records a task with images, which has all that one without has, and the pictures.
TAKEOVER_RECORDER_KILLS sets how often it is killed; 100 take about ten minutes.
"""

import os
from pathlib import Path
import random
import signal
import time

from takeover.data.log_follower import LogFollower
from takeover.data.log_messages import Step
from takeover.data.log_reader import log_files, LogReader
from takeover.task import load_task
from tests.nodes.fake_drive import FakeDrive
from tests.nodes.recorder import hear_state, logged_steps, start_recorder
from tests.stack import new_domain, Observer
from tests.vision_policies import LANE_FILE

KILLS = int(os.environ.get('TAKEOVER_RECORDER_KILLS', '3'))
RATE_HZ = 40.0
# The longest a recorder lives once it has something on the disk.
MOST_LIFE_S = 2.0


def acknowledged(observer: Observer) -> int:
    """Return the newest step that a recorder has said to be on the disk; 0 before the first."""
    return max((state.last_sequence for _, state in observer.heard['recorder/state']), default=0)


def one_life(drive: FakeDrive, observer: Observer, start, chance: random.Random) -> None:
    """Start a recorder, drive until it has acknowledged a step and a while on, and kill it."""
    before = acknowledged(observer)
    process = start()
    try:
        drive.drive(lambda: acknowledged(observer) > before, RATE_HZ)
        end_s = time.monotonic() + chance.uniform(0.0, MOST_LIFE_S)
        drive.drive(lambda: time.monotonic() > end_s, RATE_HZ)
        assert process.poll() is None, 'it ended before it was killed'
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def compared(drive: FakeDrive, observer: Observer, folder: Path) -> tuple[set[int], list[int]]:
    """Return the acknowledged ends of the log, and all sequences in it."""
    ends = {state.last_sequence for _, state in observer.heard['recorder/state']} - {0}
    return ends & set(drive.said), [step.sequence for step in logged_steps(folder)]


def test_a_recorder_killed_at_random_moments_loses_and_doubles_nothing(tmp_path):
    seed = random.SystemRandom().randrange(1 << 30)
    print(f'seed of the random moments: {seed}')
    chance = random.Random(seed)
    domain = new_domain()
    observer = Observer(domain)
    try:
        hear_state(observer)
        drive = FakeDrive(observer, load_task(LANE_FILE))
        follower, followed = LogFollower(tmp_path), []
        counts = []
        for _ in range(KILLS):
            one_life(
                drive,
                observer,
                lambda: start_recorder(domain, tmp_path, task_file=LANE_FILE),
                chance,
            )
            followed += [event for event in follower.poll() if isinstance(event, Step)]
            counts.append(observer.last('recorder/state').steps)
        ends, found = compared(drive, observer, tmp_path)
    finally:
        observer.close()

    files = log_files([tmp_path])
    assert len(files) == KILLS
    assert found == sorted(set(found)), 'no step is there twice'
    assert ends and ends <= set(found), 'every step that was acknowledged is there'
    # What a recorder acknowledged as a number is there as a number, file by file.
    for file, count in zip(files, counts):
        in_file = [event for event in LogReader(file).events() if isinstance(event, Step)]
        assert len(in_file) >= count > 0
        assert [step.sequence for step in in_file] == [
            step.sequence for step in in_file if step.sequence in drive.said
        ]
    # Who follows the log from one kill to the next learns from each step once.
    assert [step.sequence for step in followed if step.episode] == found
    for step in logged_steps(tmp_path):
        said = drive.said[step.sequence]
        assert step.reward == said.reward.reward
        assert step.pixels.tobytes() == bytes(said.pictures.images[0].data)
    print(f'{KILLS} kills, {len(found)} of {len(drive.said)} steps in {len(files)} files')


def test_a_recorder_that_comes_back_is_heard_while_the_drive_goes_on(task, tmp_path):
    domain = new_domain()
    observer = Observer(domain)
    try:
        hear_state(observer)
        drive = FakeDrive(observer, task)
        one_life(drive, observer, lambda: start_recorder(domain, tmp_path), random.Random(0))
        process = start_recorder(domain, tmp_path)
        before = acknowledged(observer)
        drive.drive(lambda: acknowledged(observer) > before, RATE_HZ)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30.0) == 0
    finally:
        observer.close()
    old, new = log_files([tmp_path])
    reader = LogReader(new)
    steps = [event.sequence for event in reader.events() if isinstance(event, Step)]
    assert reader.finished
    assert steps and min(steps) > max(
        event.sequence for event in LogReader(old).events() if isinstance(event, Step)
    )
