"""Stable-Baselines3's SAC as it ships, evaluated like our own learners: one run, one CSV.

Changed from its defaults: the first 5000 steps are random, as in our runs; one thread, fp32
products and memory as `takeover.training.compute` sets them, which changes the time alone.

    python -m benchmarks.learning.sb3_sac --env Hopper-v5 --seed 0 --steps 100000 --out run.csv
"""

import argparse
import csv
from pathlib import Path
import time

import gymnasium
import numpy as np
from stable_baselines3 import SAC
from stable_baselines3.common.callbacks import BaseCallback
from takeover.training import compute
from takeover.training.returns import episode_returns, evaluation_seeds
from takeover.training.run_folder import EVALUATION_COLUMNS
import torch


class Evaluate(BaseCallback):
    """Evaluate every `interval` steps and write a row."""

    def __init__(self, env: str, interval: int, episodes: int, out: Path) -> None:
        """Write to `out` from the first evaluation on."""
        super().__init__()
        self.env, self.interval, self.episodes = gymnasium.make(env), interval, episodes
        self.file = out.open('w', newline='')
        self.writer = csv.writer(self.file, lineterminator='\n')
        self.writer.writerow(EVALUATION_COLUMNS)
        self.begin_s = time.monotonic()

    def _on_step(self) -> bool:
        if self.num_timesteps % self.interval == 0:
            returns = episode_returns(self.env, self.act, evaluation_seeds(self.episodes))
            wall_s = time.monotonic() - self.begin_s
            row = (self.num_timesteps, returns.mean(), returns.std(), self.episodes, wall_s)
            self.writer.writerow([row[0], *(f'{value:.6g}' for value in row[1:])])
            self.file.flush()
        return True

    def act(self, observation: np.ndarray) -> np.ndarray:
        """Return the deterministic action, without the checks of `predict`."""
        with torch.inference_mode():
            inputs = torch.from_numpy(observation.astype(np.float32))[None]
            action = self.model.policy.actor(inputs, deterministic=True).numpy()[0]
        return self.model.policy.unscale_action(action)


def train(env: str, seed: int, steps: int, interval: int, episodes: int, out: Path) -> None:
    """Train for `steps` environment steps and write the evaluations to `out`."""
    compute.prepare()
    out.parent.mkdir(parents=True, exist_ok=True)
    unfinished = out.with_suffix('.unfinished')
    model = SAC('MlpPolicy', env, learning_starts=5000, seed=seed, device='cpu')
    model.learn(steps, callback=Evaluate(env, interval, episodes, unfinished))
    unfinished.rename(out)


def main() -> None:
    """Parse the arguments and train."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--env', default='HalfCheetah-v5', help='Gymnasium id')
    parser.add_argument('--seed', type=int, default=0, help='of network, noise, environment')
    parser.add_argument('--steps', type=int, default=100_000, help='environment steps')
    parser.add_argument('--interval', type=int, default=5000, help='steps between evaluations')
    parser.add_argument('--episodes', type=int, default=5, help='episodes of each evaluation')
    parser.add_argument('--out', type=Path, required=True, help='CSV to write')
    train(**vars(parser.parse_args()))


if __name__ == '__main__':
    main()
