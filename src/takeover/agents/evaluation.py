"""How often a policy reaches the goal alone, on courses it has not seen, and how sure that is."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from takeover.outcome import Outcome
from takeover.probability import wilson_interval
from takeover.simulation.task_environment import TaskEnv


@dataclass(frozen=True)
class Evaluation:
    """Outcome of each course seed, in the order driven."""

    outcomes: dict[int, str]

    @property
    def episodes(self) -> int:
        """Number of episodes."""
        return len(self.outcomes)

    @property
    def successes(self) -> int:
        """Number of episodes that reached the goal."""
        return sum(outcome == Outcome.GOAL.name for outcome in self.outcomes.values())

    def __str__(self) -> str:
        """Return one line: successes, interval, and the other outcomes with their seeds."""
        low, high = wilson_interval(self.successes, self.episodes)
        line = (
            f'{self.successes} of {self.episodes} reached the goal '
            f'(95 % interval {100.0 * low:.0f} to {100.0 * high:.0f} %)'
        )
        counts = Counter(self.outcomes.values())
        del counts[Outcome.GOAL.name]
        for name, count in counts.most_common():
            seeds = [str(seed) for seed, outcome in self.outcomes.items() if outcome == name]
            line += f'; {count} {name.lower()} (seeds {", ".join(seeds)})'
        return line


def evaluate(
    env: TaskEnv,
    act: Callable[[np.ndarray], np.ndarray],
    seeds: Iterable[int],
    on_episode: Callable[[int, str], None] | None = None,
) -> Evaluation:
    """Let `act` drive alone on the course of each seed.

    :param act: from an observation as the contract packs it to an action, SI.
    """
    outcomes: dict[int, str] = {}
    for seed in seeds:
        outcomes[seed] = _play(env, act, seed)
        if on_episode is not None:
            on_episode(seed, outcomes[seed])
    return Evaluation(outcomes)


def _play(env: TaskEnv, act: Callable[[np.ndarray], np.ndarray], seed: int) -> str:
    _, info = env.reset(seed=seed)
    done = False
    while not done:
        _, _, terminated, truncated, info = env.step(act(env.observation.packed))
        done = terminated or truncated
    return info['outcome']
