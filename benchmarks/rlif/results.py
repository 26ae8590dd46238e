"""Reads the tables that finished and evaluated runs have left."""

from dataclasses import dataclass
import json
from typing import Any

from benchmarks.rlif.claims import SeedResult
from benchmarks.rlif.experiment import read_rows, result_folder, RESULTS


@dataclass(frozen=True)
class FinishedRun:
    """One run: what is said of it, its success, and its episodes."""

    about: dict[str, Any]
    result: SeedResult
    episodes: list[dict[str, str]]
    versions: dict[str, dict[str, str]]

    def takeovers(self, first: int, last: int) -> int:
        """Return the take-overs of the episodes that ended after more than first steps up to last.

        The last episode may end a little later than the run; it counts.
        """
        end = self.about['config']['steps']
        return sum(
            int(row['takeovers'])
            for row in self.episodes
            if first < min(int(row['steps']), end) <= last
        )

    @property
    def human_share(self) -> float:
        """Share of all steps that the operator drove."""
        return self.about['operator_steps'] / self.about['steps']

    @property
    def evidence(self) -> str:
        """How the deployed policy did when it drove in the run."""
        found = self.versions[self.about['deployed']]
        wrong = int(found['takeovers']) + int(found['failures'])
        return f'{found["goals"]} goals, {wrong} wrong'


def finished_runs(name: str) -> list[FinishedRun]:
    """Return the runs of an experiment that were evaluated, by seed."""
    folders = (RESULTS / name).glob('seed_*')
    seeds = sorted(int(folder.name.removeprefix('seed_')) for folder in folders)
    runs = [_read(name, seed) for seed in seeds]
    return [run for run in runs if run is not None]


def _read(name: str, seed: int) -> FinishedRun | None:
    folder = result_folder(name, seed)
    rows = read_rows(folder / 'curve.csv')
    if not rows:
        return None
    policies: dict[str, float] = {}
    curves: dict[str, dict[int, float]] = {'newest': {}, 'trusted': {}}
    for row in rows:
        success = 100.0 * int(row['goals']) / int(row['courses'])
        if row['policy'] in curves:
            curves[row['policy']][int(row['steps'])] = success
        else:
            policies[row['policy']] = success
    return FinishedRun(
        about=json.loads((folder / 'run.json').read_text()),
        result=SeedResult(seed, policies, **curves),
        episodes=read_rows(folder / 'episodes.csv'),
        versions={row['version']: row for row in read_rows(folder / 'versions.csv')},
    )
