"""Logs of steps with pictures, for the tests of what shows them; nobody drove them."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
from takeover.data.log_metadata import log_metadata
from takeover.data.log_writer import write_steps
from takeover.data.step import Step
from takeover.specs import spec_hash
from takeover.task import load_task
from tests.conftest import REPOSITORY
from tests.drives import drive

TASK_FILE = REPOSITORY / 'config' / 'tasks' / 'rover_lane.yaml'
TASK = load_task(TASK_FILE)
AGE_NS = 23_000_000
RED, GREEN = (200, 30, 40), (20, 160, 60)


def pictured_steps(episodes: int = 3, length: int = 12) -> list[Step]:
    """Return steps with take-overs; the left half of each picture is red, the right half green."""
    picture = np.empty((64, 64, 3), np.uint8)
    picture[:, :32], picture[:, 32:] = RED, GREEN
    return [
        replace(step, pixels=picture.reshape(-1), image_stamps_ns=(step.stamp_ns - AGE_NS,))
        for step in drive(episodes, length, observation=2)
    ]


def write_pictured_log(folder: Path, steps: Iterable[Step]) -> Path:
    """Write a log that names its task; return its folder."""
    write_steps(folder, steps, spec_hash(TASK), log_metadata(TASK_FILE, 'test', {}))
    return folder
