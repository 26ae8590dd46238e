"""What is trained for the learning results: experiments, variants, environments and seeds."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from takeover.agents.dsact import DsactConfig
from takeover.agents.rlpd import RlpdConfig
from takeover.agents.sac import SacConfig
from takeover.training.config import config_from_file, TrainConfig
from tests.conftest import REPOSITORY

RESULTS = REPOSITORY / 'benchmarks' / 'results' / 'learning'
# Logs, and the runs that are prior data.
RUNS = REPOSITORY / 'runs' / 'learning'
# Variants that are not ours; see benchmarks.learning.sb3_sac.
PEERS = ('sb3_sac',)

# The networks and rates that Stable-Baselines3's SAC ships with.
SHARED = {
    'hidden': (256, 256),
    'activation': 'relu',
    'critic_learning_rate': 3e-4,
    'actor_learning_rate': 3e-4,
    'initial_log_alpha': 0.0,
}
DSACT = config_from_file(REPOSITORY / 'config' / 'training' / 'dsact_100k.yaml').dsact


@dataclass(frozen=True)
class Experiment:
    """Variants by name, each with its settings for an environment and a seed."""

    description: str
    environments: tuple[str, ...]
    seeds: int
    variants: dict[str, Callable[[str, int], TrainConfig | None]]

    def jobs(self) -> list[tuple[str, str, int]]:
        """Return environment, variant and seed of every run."""
        return [
            (env, variant, seed)
            for seed in range(self.seeds)
            for env in self.environments
            for variant in self.variants
        ]


def result_file(experiment: str, env: str, variant: str, seed: int) -> Path:
    """Return where the evaluations of a run are kept."""
    return RESULTS / experiment / env / variant / f'seed_{seed}.csv'


def _compare(**agent: object) -> Callable[[str, int], TrainConfig]:
    """Return settings in the harness of the comparison: 100 k steps, one update each."""
    return lambda env, seed: TrainConfig(
        env=env,
        seed=seed,
        steps=100_000,
        warm_up_steps=5_000,
        evaluation_interval=5_000,
        evaluation_episodes=5,
        checkpoint_interval=100_000,
        **agent,
    )


def _pendulum(env: str, seed: int) -> TrainConfig:
    """Return DSAC-T as published: an update every 20 steps after 10 000, 10 000 updates."""
    return TrainConfig(
        env=env,
        seed=seed,
        steps=210_000,
        warm_up_steps=10_000,
        updates_per_step=0.05,
        evaluation_interval=10_000,
        evaluation_episodes=10,
        checkpoint_interval=210_000,
        dsact=DsactConfig(entropy_in_action_units=True),
    )


def _reward_scale(scale: float, adjusted: bool) -> Callable[[str, int], TrainConfig]:
    return lambda env, seed: TrainConfig(
        env=env,
        seed=seed,
        steps=15_000,
        warm_up_steps=1_000,
        reward_scale=scale,
        evaluation_interval=1_000,
        evaluation_episodes=10,
        checkpoint_interval=15_000,
        dsact=replace(DSACT, hidden=(128, 128), variance_based_adjustment=adjusted),
    )


def _with_prior(critic: str) -> Callable[[str, int], TrainConfig]:
    """Return RLPD with the replay of a short SAC run as prior data, from the first step on."""
    return lambda env, seed: TrainConfig(
        env=env,
        agent='rlpd',
        seed=seed,
        steps=5_000,
        warm_up_steps=300,
        evaluation_interval=500,
        evaluation_episodes=10,
        checkpoint_interval=5_000,
        prior=RUNS / f'prior-{env}',
        rlpd=RlpdConfig(hidden=(128, 128), utd_ratio=4, critic=critic),
    )


def prior_config(env: str) -> TrainConfig:
    """Return the run whose replay is the prior data of `rlpd`: SAC, stopped half-way."""
    return TrainConfig(
        env=env,
        agent='sac',
        seed=100,
        steps=6_000,
        warm_up_steps=1_000,
        evaluation_interval=2_000,
        checkpoint_interval=6_000,
        sac=SacConfig(hidden=(128, 128)),
    )


EXPERIMENTS = {
    'compare': Experiment(
        "Our DSAC-T, our SAC and Stable-Baselines3's SAC in one harness: 100 k environment steps, "
        '5000 of them random, one update for each later one; 5 deterministic episodes on the same '
        'seeds every 5000 steps. Networks and rates are those Stable-Baselines3 ships with (2x256 '
        'ReLU, Adam 3e-4, temperature from 1), but for two of DSAC-T: its critics learn at 1e-3 '
        'and its actor moves with every update (delay 1); see tuning.',
        ('HalfCheetah-v5', 'Hopper-v5', 'InvertedDoublePendulum-v5'),
        3,
        {
            'dsact': _compare(dsact=DSACT),
            'sb3_sac': lambda env, seed: None,
            'sac': _compare(agent='sac', sac=SacConfig(**SHARED)),
        },
    ),
    'tuning': Experiment(
        'DSAC-T as in compare, but with the critic rate of the others.',
        ('HalfCheetah-v5',),
        1,
        {
            'critic_3e-4': _compare(dsact=replace(DSACT, critic_learning_rate=3e-4)),
        },
    ),
    'pendulum': Experiment(
        'DSAC-T with all its published settings: 3x256 GELU, Adam 1e-4, delay 2, one update every '
        '20 steps after 10 000 steps of the untrained policy, entropy in action units; 10 '
        'episodes every 500 updates.',
        ('Pendulum-v1',),
        5,
        {'dsact_published': _pendulum},
    ),
    'reward_scale': Experiment(
        'Rewards multiplied by 0.1, 1 and 10, with the variance-based adjustment (adjusted) and '
        'with a fixed clip of 10 and no scaling of gradients (fixed); settings as in compare, but '
        '2x128 and 15 k steps; returns are of the unscaled rewards.',
        ('Pendulum-v1',),
        3,
        {
            f'{"adjusted" if adjusted else "fixed"}_{scale:g}': _reward_scale(scale, adjusted)
            for scale in (0.1, 1.0, 10.0)
            for adjusted in (True, False)
        },
    ),
    'rlpd': Experiment(
        "RLPD with plain critics (ensemble: 10 values, minimum of 2) and with DSAC-T's twin "
        'distributions (dsact), half of each batch from the replay of a SAC run of 6000 steps; '
        'UTD 4, 2x128.',
        ('InvertedDoublePendulum-v5',),
        3,
        {'ensemble': _with_prior('ensemble'), 'dsact': _with_prior('dsact')},
    ),
}
