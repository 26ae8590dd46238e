"""RLPD: an actor-critic that learns from prior and online data, many updates for each step.

P. Ball et al.: Efficient Online Reinforcement Learning with Offline Data, arXiv 2302.02948, and
the published code ikostrikov/rlpd. What makes it work: batches of which half are prior data
(`takeover.data.mixing`, rows interleaved, so that every slice is half and half), layer norm in the
critics, which keeps them from inventing values for actions never seen, a large ensemble with the
minimum over a random pair, and `utd_ratio` critic steps for each actor step.

`critic='dsact'` drives DSAC-T's twin distributional critics, with layer norm, by the same recipe.
"""

from dataclasses import dataclass
from typing import Literal

from takeover.agents.distributional_critic import DistributionalCritic
from takeover.agents.ensemble_critic import EnsembleCritic
from takeover.agents.learner_config import DistributionalConfig
from takeover.agents.sac import SequentialActorCritic
from takeover.agents.tensor_batch import TensorBatch
import torch


@dataclass(frozen=True)
class RlpdConfig(DistributionalConfig):
    """RLPD; the defaults are those of the published locomotion configuration."""

    critic: Literal['ensemble', 'dsact'] = 'ensemble'
    """An ensemble of values, or DSAC-T's twin distributions (its fields are used only then)."""
    members: int = 10
    """Critics in the ensemble."""
    subset: int = 2
    """Members whose minimum makes a target, drawn anew for every critic step."""
    layer_norm: bool = True
    """Normalise each hidden layer of the critics before its activation."""
    utd_ratio: int = 20
    """Critic steps for each actor step; one update takes this many batches."""
    entropy_backup: bool = True
    """Count the entropy of the next action in the target; RLIF and sparse rewards: off."""
    hidden: tuple[int, ...] = (256, 256)
    """Width of each hidden layer of actor and critics."""
    activation: str = 'relu'
    """After every hidden layer: gelu, relu or tanh."""
    critic_learning_rate: float = 3e-4
    """Of Adam for the critics."""
    actor_learning_rate: float = 3e-4
    """Of Adam for the actor."""
    initial_log_alpha: float = 0.0
    """Logarithm of the temperature at the start."""
    max_log_std: float = 2.0
    """Upper bound of the logarithm of the actor's standard deviation."""

    def __post_init__(self) -> None:
        """Refuse what cannot be trained with."""
        super().__post_init__()
        if self.critic not in ('ensemble', 'dsact'):
            self._refuse('critic', 'ensemble, dsact')
        if self.members < 1:
            self._refuse('members', '1 or more')
        if not 1 <= self.subset <= self.members:
            self._refuse('subset', f'1 to members ({self.members})')
        if self.utd_ratio < 1:
            self._refuse('utd_ratio', '1 or more')


class RlpdLearner(SequentialActorCritic):
    """The RLPD update."""

    config: RlpdConfig
    initialisation = 'xavier'
    entropy_per_action = 0.5

    def __init__(
        self, config: RlpdConfig, observation_size: int, action_size: int, seed: int
    ) -> None:
        """Make all networks; targets start as copies."""
        super().__init__(config, observation_size, action_size, seed)
        sizes = (observation_size, action_size)
        style = {'layer_norm': config.layer_norm, 'initialisation': self.initialisation}
        if config.critic == 'dsact':
            critic = DistributionalCritic(config, *sizes, self.generator, **style)
        else:
            critic = EnsembleCritic(
                config, *sizes, self.generator, config.members, config.subset, **style
            )
        self.attach(critic)

    @property
    def batch_rows(self) -> int:
        """How many transitions one call of `update` takes."""
        return self.config.batch_size * self.config.utd_ratio

    def objective(self, observation: torch.Tensor, action: torch.Tensor) -> torch.Tensor:
        """Return what the actor maximises, [B]: the mean of the ensemble, the lower of twins."""
        if self.config.critic == 'dsact':
            return self.critic.pessimistic_mean(observation, action)
        return self.critic.mean(observation, action)

    def temperature_gradient(self, log_prob: torch.Tensor) -> torch.Tensor:
        """Return the gradient of alpha * (entropy - target entropy) by log_alpha, a scalar."""
        return self.alpha * super().temperature_gradient(log_prob)

    def update(self, batch: TensorBatch) -> dict[str, float]:
        """Learn from `utd_ratio` batches in turn: critics from each, the actor from the last."""
        part, numbers = self.update_critics(batch)
        numbers |= self.update_actor(part)
        self.updates += 1
        return numbers

    def update_critics(self, batch: TensorBatch) -> tuple[TensorBatch, dict[str, float]]:
        """Let the critics learn from each batch in turn; return the last one for the actor."""
        size = self.config.batch_size
        for start in range(0, len(batch), size):
            part = self.perceived(batch.rows(slice(start, start + size)))
            numbers = self.update_critic(part, self.config.entropy_backup)
        return part.detached(), numbers

    def perceived(self, batch: TensorBatch) -> TensorBatch:
        """Return transitions as the critics see them: vectors as they are."""
        return batch
