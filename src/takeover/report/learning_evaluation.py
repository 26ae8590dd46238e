"""How a policy drives alone before and after it was corrected: outcomes, true paths, courses.

Kept as one JSON file that needs no Python to read. Positions are metres in the picture of
`takeover.report.course_view`, rounded; a path has at most `TRACK_HZ` points a second.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
import json
import math
import os
from pathlib import Path
from typing import Any

import numpy as np
from takeover.agents.evaluation import evaluate, Evaluation
from takeover.errors import TakeoverError
from takeover.outcome import Outcome
from takeover.policy.onnx_policy import OnnxPolicy
from takeover.report.course_view import ArmCourse, course_view, FROM_ABOVE, RoverCourse
from takeover.simulation.task_environment import TaskEnv

FORMAT = 'takeover.evaluations/1'
TRACK_HZ = 10.0


class EvaluationsError(TakeoverError):
    """A file holds no evaluations that this version can read."""


@dataclass(frozen=True)
class DrivenCourse:
    """One course, and how a policy drove it."""

    seed: int
    outcome: str
    """Name of an `Outcome`."""
    duration_s: float
    progress: float
    """Share of the path behind it at the end, 0 to 1."""
    track: list[list[float]]
    """Where the robot really was, in the picture."""
    path: list[list[float]]
    """The path to follow, in the picture."""
    obstacles: list[list[float]]
    """x, y, radius."""

    @property
    def reached(self) -> bool:
        """Whether it ended at the goal."""
        return self.outcome == Outcome.GOAL.name


@dataclass(frozen=True)
class EvaluatedPolicy:
    """One policy on a list of courses, in the order driven."""

    name: str
    """What it is called, as in 'before'."""
    version: str
    corridor_half_width_m: float
    goal_tolerance_m: float
    courses: tuple[DrivenCourse, ...]
    axes: tuple[str, str] = FROM_ABOVE
    """What the axes of the picture are; empty: x and y in the world."""
    margin_m: float = 0.4
    """Room around the path in the picture."""

    @property
    def evaluation(self) -> Evaluation:
        """The outcomes alone."""
        return Evaluation({course.seed: course.outcome for course in self.courses})

    @property
    def episodes(self) -> int:
        """Number of courses."""
        return len(self.courses)

    @property
    def successes(self) -> int:
        """Number of courses driven to the goal."""
        return sum(course.reached for course in self.courses)

    def __str__(self) -> str:
        """Return the line of `Evaluation`."""
        return str(self.evaluation)


def evaluate_policy(
    env: TaskEnv,
    policy: OnnxPolicy,
    name: str,
    courses: Iterable[int],
    on_episode: Callable[[int, str], None] | None = None,
) -> EvaluatedPolicy:
    """Let a policy drive alone on the course of each seed; watch where it goes.

    :param on_episode: told seed and outcome of each course once it was driven.
    """
    view, driven = course_view(env), []
    for seed in courses:
        driven.append(_drive(env, view, policy, seed))
        if on_episode is not None:
            on_episode(seed, driven[-1].outcome)
    return EvaluatedPolicy(
        name,
        policy.version,
        view.half_width_m,
        view.goal_tolerance_m,
        tuple(driven),
        view.axes,
        view.margin_m,
    )


def write_evaluations(path: str | Path, evaluated: Sequence[EvaluatedPolicy]) -> None:
    """Write evaluations as JSON; what was there stays until it is whole.

    :raises OSError: the disk says no.
    """
    path = Path(path)
    unfinished = path.with_name(path.name + '.tmp')
    data = {'format': FORMAT, 'policies': [asdict(policy) for policy in evaluated]}
    unfinished.write_text(json.dumps(data, separators=(',', ':')) + '\n')
    os.replace(unfinished, path)


def read_evaluations(path: str | Path) -> list[EvaluatedPolicy]:
    """Read what `write_evaluations` wrote.

    :raises EvaluationsError: no such file, another format, or damaged.
    """
    try:
        data = json.loads(Path(path).read_text())
        if not isinstance(data, dict) or data.get('format') != FORMAT:
            raise EvaluationsError(f'{path} is not of format {FORMAT}')
        return [_policy_from(item) for item in data['policies']]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EvaluationsError(f'no readable evaluations in {path}: {error}') from error


def _drive(
    env: TaskEnv, view: RoverCourse | ArmCourse, policy: OnnxPolicy, seed: int
) -> DrivenCourse:
    seen: list[tuple[float, float]] = []

    def act(observation: np.ndarray) -> np.ndarray:
        seen.append(view.place())
        return policy.act(observation)

    outcome = evaluate(env, act, [seed]).outcomes[seed]
    every = max(1, math.ceil(env.task.rate_hz / TRACK_HZ))
    return DrivenCourse(
        seed=seed,
        outcome=outcome,
        duration_s=round(env.simulation.time_s, 3),
        progress=round(env.simulation.progress.share, 4),
        track=_rounded([*seen[::every], view.place()], view.digits),
        path=_rounded(view.path(seen), view.digits),
        obstacles=_rounded(view.obstacles(), view.digits),
    )


def _rounded(rows: Iterable[Iterable[float]], digits: int) -> list[list[float]]:
    return [[round(float(value), digits) for value in row] for row in rows]


def _policy_from(item: dict[str, Any]) -> EvaluatedPolicy:
    courses = []
    for each in item['courses']:
        course = DrivenCourse(**each)
        for name, columns in (('track', 2), ('path', 2), ('obstacles', 3)):
            if any(len(row) != columns for row in getattr(course, name)):
                raise ValueError(f'{name} of course {course.seed} needs {columns} columns')
        courses.append(course)
    return EvaluatedPolicy(**{**item, 'courses': tuple(courses), 'axes': tuple(item['axes'])})
