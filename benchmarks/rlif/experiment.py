"""What is run, on which courses it is judged, and where it is kept."""

from collections.abc import Iterable, Mapping
import csv
from pathlib import Path
from typing import Any

from takeover.agents.rlif import RlifConfig
from takeover.training.rlif_run import RlifRunConfig
from takeover.training.takeover_learner import TakeoverConfig
from tests.conftest import REPOSITORY

RESULTS = REPOSITORY / 'benchmarks' / 'results' / 'rlif'
# Logs and policies: too large to keep for ever.
RUNS = REPOSITORY / 'runs' / 'rlif_benchmark'
TASK = REPOSITORY / 'config' / 'tasks' / 'rover_path.yaml'
JOYSTICK = REPOSITORY / 'config' / 'inputs' / 'joystick.yaml'

# The critics by their setting, and as people call them.
CRITICS = {'dsact': 'DSAC-T critics', 'ensemble': 'RLPD critics'}
SEEDS = 5
STEPS = 20_000
MARK_STEPS = 4000
# Nobody learns here, and nothing is chosen by what happens here; apart from every course of
# `takeover.training.rlif_run`, of `takeover rlif`, and from the operators' below.
EVALUATION_COURSES = range(7_000_000, 7_000_150)
# Where scripted operators drive alone, to see how skilled they are.
OPERATOR_COURSES = range(8_000_000, 8_000_150)


def config(critic: str, seed: int, steps: int = STEPS) -> RlifRunConfig:
    """Return the settings of a run: the defaults, but for critic and seed."""
    learner = TakeoverConfig(seed=seed, learner=RlifConfig(critic=critic))
    return RlifRunConfig(steps=steps, seed=seed, learner=learner)


def marks(steps: int) -> list[int]:
    """Return after how many steps a run of so many is judged: every MARK_STEPS, and at its end."""
    return [*range(MARK_STEPS, steps, MARK_STEPS), steps]


def result_folder(critic: str, seed: int) -> Path:
    """Return where the tables of a run are kept."""
    return RESULTS / critic / f'seed_{seed}'


def run_folder(critic: str, seed: int) -> Path:
    """Return where logs and policies of a run are."""
    return RUNS / critic / f'seed_{seed}'


def write_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write a table, at least one row; a reader never sees half of it."""
    rows = list(rows)
    unfinished = path.with_name(f'{path.name}.unfinished')
    with unfinished.open('w', newline='') as file:
        table = csv.DictWriter(file, rows[0], lineterminator='\n')
        table.writeheader()
        table.writerows(rows)
    unfinished.replace(path)


def read_rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of a table; none where there is none yet."""
    if not path.exists():
        return []
    with path.open(newline='') as file:
        return list(csv.DictReader(file))
