"""The settings of a training run: one dataclass, a sentence for each field.

They come from the command line and are kept in the run's folder as config.json, from where
`takeover train --resume` reads them again. A file may also give the defaults of the command line.
An unknown key is refused.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
import math
from pathlib import Path
from typing import Any, Literal

from pydantic import RootModel
from takeover.agents.actor_critic import ActorCritic
from takeover.agents.dsact import DsactConfig, DsactLearner
from takeover.agents.learner_config import ActorCriticConfig
from takeover.agents.rlpd import RlpdConfig, RlpdLearner
from takeover.agents.sac import SacConfig, SacLearner
from takeover.config_file import load_config
from takeover.errors import TakeoverError
from takeover.training.settings import settings_from, STRICT

LEARNERS: dict[str, type[ActorCritic]] = {
    'dsact': DsactLearner,
    'rlpd': RlpdLearner,
    'sac': SacLearner,
}
# What of the settings may differ between a run and its continuation.
MAY_CHANGE = ('steps', 'checkpoint_interval', 'keep_checkpoints', 'log_interval')


class TrainingError(TakeoverError):
    """A run cannot be started or continued as asked."""


@dataclass(frozen=True)
class TrainConfig:
    """A training run; every number that shapes its result."""

    env: str = 'HalfCheetah-v5'
    """Gymnasium id of the environment; observations and actions must be vectors of floats."""
    agent: Literal['dsact', 'rlpd', 'sac'] = 'dsact'
    """Which learner; its own settings are below, under its name."""
    steps: int = 100_000
    """Environment steps of the whole run."""
    seed: int = 0
    """Of weights, noise, batches and episodes."""
    environments: int = 1
    """Environments that are stepped together; each step of all counts this many steps."""
    warm_up_steps: int = 5_000
    """Steps before the first update, in which actions are random."""
    updates_per_step: float = 1.0
    """Updates for each environment step after the warm-up (RLPD multiplies this by its UTD
    ratio)."""
    replay_capacity: int = 1_000_000
    """Observations the replay holds before it forgets the oldest."""
    prior: Path | None = None
    """Folder of an earlier run: half of every batch is drawn from what it had in its replay."""
    reward_scale: float = 1.0
    """What rewards are multiplied by before they are learned from."""
    normalise_observations: bool = False
    """Subtract the mean seen so far and divide by the deviation; becomes part of the policy."""
    evaluation_interval: int = 5_000
    """Steps between two evaluations of the deterministic policy; each writes a policy bundle."""
    evaluation_episodes: int = 5
    """Episodes of an evaluation, always on the same seeds."""
    checkpoint_interval: int = 10_000
    """Steps between two checkpoints."""
    keep_checkpoints: int = 3
    """Checkpoints kept, the newest ones."""
    log_interval: int = 1_000
    """Steps between two rows of progress.csv."""
    threads: int = 1
    """Threads of torch; more than one collapses when other work runs on the machine."""
    allow_reduced_precision: bool = False
    """Take the faster matrix products even where they are less exact than 1e-5."""
    dsact: DsactConfig = field(default_factory=DsactConfig)
    """Settings of the agent dsact."""
    rlpd: RlpdConfig = field(default_factory=RlpdConfig)
    """Settings of the agent rlpd."""
    sac: SacConfig = field(default_factory=SacConfig)
    """Settings of the agent sac."""

    def __post_init__(self) -> None:
        """Refuse what cannot be run."""
        if self.agent not in LEARNERS:
            raise TrainingError(f'agent is {self.agent!r}; legal: {", ".join(LEARNERS)}')
        least = {
            'steps': 1,
            'seed': 0,
            'environments': 1,
            'warm_up_steps': 1,
            'replay_capacity': 2,
            'evaluation_interval': 1,
            'evaluation_episodes': 1,
            'checkpoint_interval': 1,
            'keep_checkpoints': 1,
            'log_interval': 1,
            'threads': 1,
        }
        for name, smallest in least.items():
            if getattr(self, name) < smallest:
                raise TrainingError(f'{name} is {getattr(self, name)}; legal: {smallest} or more')
        for name in ('updates_per_step', 'reward_scale'):
            if not 0.0 < getattr(self, name) < math.inf:
                raise TrainingError(f'{name} is {getattr(self, name)}; legal: positive')

    @property
    def agent_config(self) -> ActorCriticConfig:
        """The settings of the chosen learner."""
        return getattr(self, self.agent)


# Pydantic reads the strictness of each dataclass from this attribute.
for _config in (TrainConfig, DsactConfig, RlpdConfig, SacConfig):
    _config.__pydantic_config__ = STRICT


def config_values(config: TrainConfig) -> dict[str, Any]:
    """Return the settings as JSON values, without those of other agents."""
    values = asdict(config)
    for name in LEARNERS:
        if name != config.agent:
            del values[name]
    return values | {'prior': None if config.prior is None else str(config.prior)}


def config_from_values(values: Mapping[str, Any], where: str) -> TrainConfig:
    """Return the settings that `config_values` gave.

    :param where: the file they come from, for messages.
    :raises TrainingError: an unknown key or a value of the wrong type, named.
    """
    return settings_from(TrainConfig, values, where, TrainingError)


def config_from_file(path: Path) -> TrainConfig:
    """Return the settings in a YAML or JSON file; what it does not name has its default.

    :raises TakeoverError: no such file, not one mapping, or as for `config_from_values`.
    """
    return config_from_values(load_config(path, RootModel[dict[str, Any]]).root, str(path))
