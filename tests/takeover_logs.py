"""Logs of driving that nobody drove, for tests of who learns from logs: quick, and the same again.

`TINY` learns from them in no time; `settings_file` writes it for those who read a file.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from takeover.agents.rlif import RlifConfig
from takeover.command import Source
from takeover.data.log_messages import headless_channels, UndoEpisode
from takeover.data.log_writer import LogWriter
from takeover.data.step import Step
from takeover.specs import spec_hash, TaskSpec
from takeover.training.replay_config import ReplayConfig
from takeover.training.takeover_learner import TakeoverConfig
import yaml

TINY = TakeoverConfig(
    critic_from=10,
    actor_from=20,
    learner=RlifConfig(hidden=(8,), batch_size=8, pretraining_steps=20),
    replay=ReplayConfig(capacity=20_000, safe_s=0.2, own_from=5),
)
PERIOD_NS = 50_000_000


def settings_file(path: Path, **changes: object) -> Path:
    """Write the settings of `TINY`, and changes to those at the top, as a file."""
    values = {
        'critic_from': TINY.critic_from,
        'actor_from': TINY.actor_from,
        'learner': {'hidden': [8], 'batch_size': 8, 'pretraining_steps': 20},
        'replay': {'capacity': 20_000, 'safe_s': 0.2, 'own_from': 5},
    }
    path.write_text(yaml.safe_dump(values | changes))
    return path


def episode(
    number: int,
    version: str = 'a' * 12,
    length: int = 30,
    taken_over_at: int | None = 7,
    human: int = 5,
    outcome: int = 1,
    first: int | None = None,
) -> list[Step]:
    """Return an episode of the policy; after step `taken_over_at` a person drives for a while.

    :param first: sequence of its first step; default: far from those of other numbers.
    """
    rng = np.random.default_rng(number)
    first = 1000 * number if first is None else first
    steps = []
    for index in range(length):
        since = 0 if taken_over_at is None else index - taken_over_at
        last = index == length - 1
        steps.append(
            Step(
                sequence=first + index,
                stamp_ns=PERIOD_NS * (first + index),
                episode=number,
                source=Source.HUMAN if 0 < since <= human else Source.POLICY,
                observation=rng.uniform(-0.9, 0.9, 48).astype(np.float32),
                policy_action=np.array([0.3, 0.1]),
                commanded=rng.uniform([0.0, -1.5], [0.6, 1.5]),
                executed=np.zeros(2),
                reward=-1.0 if index == taken_over_at else 0.0,
                onset=index == taken_over_at,
                terminated=last,
                outcome=outcome if last else 0,
                policy_version=version,
            )
        )
    return steps


def demonstration(number: int = 1) -> list[Step]:
    """Return an episode that a person drove."""
    return episode(number, length=40, taken_over_at=-1, human=100)


def undo(steps: list[Step]) -> UndoEpisode:
    """Return that a person took these steps back."""
    return UndoEpisode(
        steps[-1].stamp_ns + 1, steps[0].episode, steps[0].sequence, steps[-1].sequence
    )


def write_log(folder: Path, task: TaskSpec, events: Iterable[Step | UndoEpisode]) -> Path:
    """Write one finished log; return its folder."""
    with LogWriter(folder, headless_channels(), {}) as log:
        append(log, task, events)
    return folder


def append(log: LogWriter, task: TaskSpec, events: Iterable[Step | UndoEpisode]) -> None:
    """Give events to a log that stays open."""
    for event in events:
        if isinstance(event, Step):
            log.write_step(event, spec_hash(task))
        else:
            log.write_event(event)
