"""What is run, on which courses it is judged, and where it is kept."""

from collections.abc import Iterable, Mapping
import csv
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.rlif.claims import Goals
from takeover.agents.rlif import RlifConfig
from takeover.training.rlif_run import RlifRunConfig
from takeover.training.takeover_learner import TakeoverConfig
from takeover.training.takeover_settings import config_from_file
from tests.conftest import REPOSITORY

RESULTS = REPOSITORY / 'benchmarks' / 'results' / 'rlif'
# Logs and policies: too large to keep for ever.
RUNS = REPOSITORY / 'runs' / 'rlif_benchmark'
CONFIG = REPOSITORY / 'config'


@dataclass(frozen=True)
class Experiment:
    """Runs that differ in their seeds alone."""

    title: str
    """As people call it."""
    task: Path
    learner: TakeoverConfig
    steps: int
    """Of corrected driving."""
    mark_steps: int
    """A run is judged every so many steps, and at its end."""
    seeds: int
    courses: int
    """Of the evaluation."""
    goals: Goals = Goals()
    longer: int = 4
    """Times the gradient steps of a clone, to see that it has converged."""
    demonstrations: int = 4
    operator_skill: float = 0.4
    """Of who corrects."""

    def config(self, seed: int, steps: int | None = None) -> RlifRunConfig:
        """Return the settings of a run."""
        return RlifRunConfig(
            steps=steps or self.steps,
            demonstrations=self.demonstrations,
            operator_skill=self.operator_skill,
            seed=seed,
            learner=replace(self.learner, seed=seed),
        )

    def marks(self, steps: int) -> list[int]:
        """Return after how many steps a run of so many is judged."""
        return [*range(self.mark_steps, steps, self.mark_steps), steps]


def _path(title: str, critic: str) -> Experiment:
    learner = TakeoverConfig(learner=RlifConfig(critic=critic))
    task = CONFIG / 'tasks' / 'rover_path.yaml'
    return Experiment(title, task, learner, 20_000, 4000, seeds=5, courses=150)


EXPERIMENTS = {
    'dsact': _path('DSAC-T critics', 'dsact'),
    'ensemble': _path('RLPD critics', 'ensemble'),
    'lane': Experiment(
        'From pictures: rover_lane',
        CONFIG / 'tasks' / 'rover_lane.yaml',
        config_from_file(CONFIG / 'training' / 'rlif_rover_lane.yaml'),
        12_000,
        6000,
        seeds=3,
        courses=40,
        longer=2,
        goals=Goals(deployed=80.0, above_start=25.0),
    ),
    'reach': Experiment(
        'An arm: arm_reach',
        CONFIG / 'tasks' / 'arm_reach.yaml',
        config_from_file(CONFIG / 'training' / 'rlif_arm_reach.yaml'),
        10_000,
        2500,
        seeds=3,
        courses=100,
        demonstrations=20,
        goals=Goals(deployed=95.0),
    ),
    'peg': Experiment(
        'An arm that sees: arm_peg',
        CONFIG / 'tasks' / 'arm_peg.yaml',
        config_from_file(CONFIG / 'training' / 'rlif_arm_peg.yaml'),
        16_000,
        4000,
        seeds=3,
        courses=50,
        longer=2,
        demonstrations=20,
        operator_skill=0.9,
        goals=Goals(deployed=80.0),
    ),
}
# What is shown side by side: experiments on one task.
FIGURES = {
    'rover_path': ('dsact', 'ensemble'),
    'rover_lane': ('lane',),
    'arm_reach': ('reach',),
    'arm_peg': ('peg',),
}
# Nobody learns here, and nothing is chosen by what happens here; apart from every course of
# `takeover.training.rlif_run`, of `takeover rlif`, and from the operators' below.
EVALUATION_COURSES = range(7_000_000, 7_000_150)
# Where scripted operators drive alone, to see how skilled they are.
OPERATOR_COURSES = range(8_000_000, 8_000_150)


def result_folder(name: str, seed: int) -> Path:
    """Return where the tables of a run are kept."""
    return RESULTS / name / f'seed_{seed}'


def run_folder(name: str, seed: int) -> Path:
    """Return where logs and policies of a run are."""
    return RUNS / name / f'seed_{seed}'


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
