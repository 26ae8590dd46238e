"""A log that is copied again and again while it grows is followed as the log itself."""

import os

import numpy as np
from takeover.data.log_follower import LogFollower
from takeover.data.step import Step
from tests.takeover_logs import episode, write_log


def sequences(events):
    return [event.sequence for event in events if isinstance(event, Step)]


def test_a_copy_that_is_replaced_by_a_longer_one_is_followed_without_loss(tmp_path, task):
    steps = [*episode(1), *episode(2)]
    (log,) = write_log(tmp_path / 'robot', task, steps).iterdir()
    data, copies = log.read_bytes(), tmp_path / 'copies'
    copies.mkdir()
    follower, found = LogFollower(copies), []
    for size in np.linspace(len(data) // 20, len(data), 20).astype(int):
        # As rsync does: under another name, then in place of the old copy.
        (copies / '.new').write_bytes(data[:size])
        os.replace(copies / '.new', copies / log.name)
        found += sequences(follower.poll())
    assert found == [step.sequence for step in steps]
