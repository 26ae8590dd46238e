"""How good a policy is in an environment: undiscounted returns of whole episodes, no noise.

The same seeds give the same episodes whoever is judged, so that learners can be compared.
"""

from collections.abc import Callable, Iterable

import gymnasium
import numpy as np

# Far from the seeds that training draws, see takeover.training.environments.
FIRST_EVALUATION_SEED = 2_000_000_000


def evaluation_seeds(episodes: int) -> range:
    """Return the seeds of the first `episodes` evaluation episodes."""
    return range(FIRST_EVALUATION_SEED, FIRST_EVALUATION_SEED + episodes)


def episode_returns(
    env: gymnasium.Env, act: Callable[[np.ndarray], np.ndarray], seeds: Iterable[int]
) -> np.ndarray:
    """Return the sum of rewards of one episode per seed, float64 [episodes].

    :param act: from one observation to one action, both as the environment's spaces have them.
    """
    returns = []
    for seed in seeds:
        observation, _ = env.reset(seed=seed)
        total, done = 0.0, False
        while not done:
            observation, reward, terminated, truncated, _ = env.step(act(observation))
            total += float(reward)
            done = terminated or truncated
        returns.append(total)
    return np.array(returns)
