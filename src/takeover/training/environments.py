"""Environments stepped together, every episode from a seed of its own.

Since each episode is seeded, its state after k steps follows from the seed and k actions. That is
how a checkpoint holds an environment that offers no way to save it: the actions of the unfinished
episode are kept, and played again on resume.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np
from takeover.training.config import TrainingError
from takeover.training.returns import FIRST_EVALUATION_SEED
import torch


@dataclass(frozen=True)
class EnvironmentStep:
    """What one environment answered: observations float32 [n], reward as the environment has it.

    `episode_return` is the sum of rewards when the episode ended with this step, else None.
    """

    observation: np.ndarray
    next_observation: np.ndarray
    reward: float
    terminated: bool
    truncated: bool
    episode_return: float | None


class Environments:
    """`count` copies of an environment; actions are in [-1, 1], float32 [count, m]."""

    def __init__(self, env_id: str, count: int, seed: int) -> None:
        """Make them and begin the first episode of each.

        :raises TrainingError: an unknown id, or spaces that are not vectors of floats.
        """
        self._episodes = [_Episode(make_environment(env_id), seed, i) for i in range(count)]
        env = self._episodes[0].env
        self.observation_size = env.observation_space.shape[0]
        self.action_low = env.action_space.low.astype(np.float32)
        self.action_high = env.action_space.high.astype(np.float32)
        self.action_size = len(self.action_low)
        for episode in self._episodes:
            episode.begin(0)

    def observations(self) -> np.ndarray:
        """Return what is seen now, float32 [count, n]."""
        return np.stack([episode.observation for episode in self._episodes])

    def step(self, actions: np.ndarray) -> list[EnvironmentStep]:
        """Act in all of them; an episode that ends is followed by the next at once."""
        return [
            episode.step(scale_action(action, self.action_low, self.action_high))
            for episode, action in zip(self._episodes, actions)
        ]

    def close(self) -> None:
        """Free what they hold."""
        for episode in self._episodes:
            episode.env.close()

    def state_dict(self) -> dict[str, Any]:
        """Return episode numbers, the actions of the unfinished ones, and what is seen."""
        return {'episodes': [episode.state_dict() for episode in self._episodes]}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Play the unfinished episodes again.

        :raises TrainingError: another number of environments, or one that does not repeat itself.
        """
        if len(state['episodes']) != len(self._episodes):
            raise TrainingError(
                f'the checkpoint is of {len(state["episodes"])} environments, this run has '
                f'{len(self._episodes)}'
            )
        for episode, saved in zip(self._episodes, state['episodes']):
            episode.load_state_dict(saved)


class _Episode:
    """One environment and where it is in its episode."""

    def __init__(self, env: gymnasium.Env, seed: int, index: int) -> None:
        self.env, self.seed, self.index = env, seed, index

    def begin(self, number: int) -> None:
        self.number = number
        self.actions: list[np.ndarray] = []
        self.total = 0.0
        seed = episode_seed(self.seed, self.index, number)
        self.observation = _as_float32(self.env.reset(seed=seed)[0])

    def step(self, action: np.ndarray) -> EnvironmentStep:
        before = self.observation
        self.actions.append(action)
        observation, reward, terminated, truncated, _ = self.env.step(action)
        self.observation = after = _as_float32(observation)
        self.total += float(reward)
        done = bool(terminated or truncated)
        total = self.total if done else None
        if done:
            self.begin(self.number + 1)
        return EnvironmentStep(
            before, after, float(reward), bool(terminated), bool(truncated), total
        )

    def state_dict(self) -> dict[str, Any]:
        actions = np.array(self.actions, np.float32).reshape(-1, *self.env.action_space.shape)
        return {
            'number': self.number,
            'actions': torch.from_numpy(actions),
            'observation': torch.from_numpy(self.observation.copy()),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.begin(state['number'])
        for action in state['actions'].numpy():
            self.step(action)
        if not np.array_equal(self.observation, state['observation'].numpy()):
            raise TrainingError(
                f'environment {self.index} does not repeat itself: episode {self.number} is '
                f'elsewhere after the same {len(self.actions)} actions, so the run cannot be '
                'continued exactly; environment or its version may have changed'
            )


def make_environment(env_id: str) -> gymnasium.Env:
    """Make one environment.

    :raises TrainingError: an unknown id, or spaces that are not vectors of floats.
    """
    try:
        env = gymnasium.make(env_id)
    except (gymnasium.error.Error, ImportError) as error:
        raise TrainingError(f'environment {env_id!r}: {error}') from None
    for name, space, limits in (
        ('observations', env.observation_space, 'of floats'),
        ('actions', env.action_space, 'of floats within finite bounds'),
    ):
        box = isinstance(space, gymnasium.spaces.Box) and len(space.shape) == 1
        if not box or space.dtype.kind != 'f' or (name == 'actions' and not space.is_bounded()):
            raise TrainingError(
                f'environment {env_id!r}: {name} are {space}; legal: a Box of one axis, {limits}'
            )
    return env


def episode_seed(seed: int, index: int, number: int) -> int:
    """Return the seed of an episode, never one that evaluations use."""
    state = np.random.SeedSequence([seed, index, number]).generate_state(1)
    return int(state[0]) % FIRST_EVALUATION_SEED


def scale_action(action: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return the environment's action, float32 [m], for one in [-1, 1]."""
    scaled = 0.5 * (high + low) + 0.5 * (high - low) * action
    return np.clip(scaled, low, high).astype(np.float32)


def _as_float32(observation: np.ndarray) -> np.ndarray:
    return np.asarray(observation, np.float32)
