"""One training run of our own learners with the settings of the comparison: one CSV.

Networks and rates are those Stable-Baselines3's SAC ships with (2x256 ReLU, Adam 3e-4, temperature
from 1), and so is the harness: 5000 random steps, one update for each step, the same evaluation
episodes. What is an algorithm's own stays: DSAC-T's distributional twins, its target policy, its
delay of 2; RLPD's normalisation.

    python -m benchmarks.learning.ours --agent dsact --env Hopper-v5 --seed 0 --out run.csv
"""

import argparse
from pathlib import Path
import shutil
import tempfile

from takeover.agents.dsact import DsactConfig
from takeover.agents.rlpd import RlpdConfig
from takeover.agents.sac import SacConfig
from takeover.training import compute
from takeover.training.config import config_values, TrainConfig
from takeover.training.run_folder import RunFolder
from takeover.training.trainer import Trainer

SHARED = {
    'hidden': (256, 256),
    'activation': 'relu',
    'critic_learning_rate': 3e-4,
    'actor_learning_rate': 3e-4,
    'initial_log_alpha': 0.0,
}
RLPD = {'utd_ratio': 1, 'members': 10}
AGENTS = {
    'dsact': {'agent': 'dsact', 'dsact': DsactConfig(**SHARED, warm_up_actions='uniform')},
    'sac': {'agent': 'sac', 'sac': SacConfig(**SHARED)},
    'rlpd': {'agent': 'rlpd', 'rlpd': RlpdConfig(**SHARED, **RLPD)},
    'rlpd_dsact': {'agent': 'rlpd', 'rlpd': RlpdConfig(**SHARED, **RLPD, critic='dsact')},
}


def run(config: TrainConfig, out: Path) -> None:
    """Train and keep the table of evaluations; the rest of the run is thrown away."""
    compute.prepare()
    with tempfile.TemporaryDirectory() as path:
        folder = RunFolder(path)
        folder.create(config_values(config))
        Trainer(config, folder).run()
        out.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(folder.evaluations_file, out)


def main() -> None:
    """Parse the arguments and train."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--agent', choices=AGENTS, default='dsact', help='which learner')
    parser.add_argument('--env', default='HalfCheetah-v5', help='Gymnasium id')
    parser.add_argument('--seed', type=int, default=0, help='of everything random')
    parser.add_argument('--steps', type=int, default=100_000, help='environment steps')
    parser.add_argument('--prior', type=Path, help='folder of a run whose replay is prior data')
    parser.add_argument('--out', type=Path, required=True, help='CSV to write')
    given = parser.parse_args()
    config = TrainConfig(
        env=given.env,
        steps=given.steps,
        seed=given.seed,
        prior=given.prior,
        warm_up_steps=5_000,
        evaluation_interval=5_000,
        evaluation_episodes=5,
        checkpoint_interval=given.steps,
        **AGENTS[given.agent],
    )
    run(config, given.out)


if __name__ == '__main__':
    main()
