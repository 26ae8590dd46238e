"""The folder of a small learning session that nobody drove, for tests of its report.

Two episodes of 30 steps each: the first is taken over from after 8 steps, a person drives 4 of
the rest, and it ends in a collision; the second reaches the goal without a correction.
"""

import json
from pathlib import Path

from takeover.policy.store import PolicyStore
from takeover.report.learning_evaluation import (
    DrivenCourse,
    EvaluatedPolicy,
    write_evaluations,
)
from takeover.specs import TaskSpec
from tests.takeover_logs import demonstration, episode, write_log

FIRST = 'a' * 12
SEEDS = (900_000, 900_001, 900_002)
PROGRESS = """step,updates,wall_s,q,sigma,alpha
200,10,1,-0.5,0.25,
400,150,2,-0.25,0.125,0.01
"""


def evaluated(name: str, version: str, outcomes: tuple[str, ...]) -> EvaluatedPolicy:
    """Return an evaluation with these outcomes, on courses that go straight on."""
    path = [[0.5 * i, 0.0] for i in range(21)]
    courses = tuple(
        DrivenCourse(seed, outcome, 12.5, 0.5, path[:10], path, [[5.0, 0.3, 0.2]])
        for seed, outcome in zip(SEEDS, outcomes)
    )
    return EvaluatedPolicy(name, version, 1.2, 1.5, courses)


def session_folder(folder: Path, task: TaskSpec, policy_file: Path) -> Path:
    """Make the folder of a live session; return it."""
    store = PolicyStore(folder / 'learner' / 'policies')
    version = store.add(policy_file).version
    store.pin(version)
    steps = episode(1, FIRST, human=4, outcome=2) + episode(2, version, taken_over_at=None)
    write_log(folder / 'log', task, steps)
    write_log(folder / 'demonstrations', task, demonstration())
    (folder / 'learner' / 'progress.csv').write_text(PROGRESS)
    before = evaluated('before', FIRST, ('COLLISION', 'GOAL', 'OFF_PATH'))
    after = evaluated('after', version, ('GOAL', 'GOAL', 'TIME_LIMIT'))
    write_evaluations(folder / 'evaluations.json', [before, after])
    about = {
        'command': 'takeover demo --minutes 1',
        'task': 'rover_path',
        'skill': 0.4,
        'start': FIRST,
        'deployed': version,
        'machine': {'operating system': 'Test OS 1'},
        'ended_because': 'one minute was over',
    }
    (folder / 'session.json').write_text(json.dumps(about))
    return folder
