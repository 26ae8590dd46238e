"""SAC: soft actor-critic with two critics and a learned temperature, the baseline.

T. Haarnoja et al.: Soft Actor-Critic Algorithms and Applications, arXiv 1812.05905. One update is
a critic step, then an actor step against the new critics, then the temperature, then the targets.
"""

from dataclasses import dataclass

from takeover.agents.actor_critic import (
    actor_loss,
    ActorCritic,
    adam,
    alpha_gradient,
    step,
)
from takeover.agents.distributional_critic import DistributionalCritic
from takeover.agents.ensemble_critic import EnsembleCritic
from takeover.agents.learner_config import ActorCriticConfig
from takeover.agents.tensor_batch import TensorBatch
import torch
from torch import autograd


@dataclass(frozen=True)
class SacConfig(ActorCriticConfig):
    """SAC; the defaults are those in common use."""

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


class SequentialActorCritic(ActorCritic):
    """Critics first, then the actor against the new critics: the order of SAC and of RLPD."""

    critic: EnsembleCritic | DistributionalCritic

    def attach(self, critic: EnsembleCritic | DistributionalCritic) -> None:
        """Take the critics this learner trains."""
        self.critic = critic
        self.critic_optimiser = adam(critic.parameters, self.config.critic_learning_rate)
        self._actor_parameters = list(self.actor.parameters())

    def update_critic(self, batch: TensorBatch, entropy_backup: bool = True) -> dict[str, float]:
        """Do one step of the critics and let their targets follow."""
        alpha = self.alpha if entropy_backup else torch.zeros(())
        loss, quantities = self.critic.loss(
            batch, lambda observation: self.sample(self.actor, observation), alpha
        )
        gradients = autograd.grad(loss, self.critic.parameters)
        numbers = self.check(**quantities)
        step(self.critic_optimiser, self.critic.parameters, gradients)
        self.critic.follow(self.config.target_rate)
        return numbers

    def update_actor(
        self, batch: TensorBatch, penalty: torch.Tensor | None = None
    ) -> dict[str, float]:
        """Do one step of the actor and one of the temperature.

        :param penalty: what the actor's loss has besides, a scalar that depends on the actor.
        """
        action, log_prob = self.sample(self.actor, batch.observation)
        loss = actor_loss(self.alpha, log_prob, self.objective(batch.observation, action))
        if penalty is not None:
            loss = loss + penalty
        gradients = autograd.grad(loss, self._actor_parameters)
        numbers = self.check(
            alpha=self.alpha, actor_loss=loss.detach(), entropy=-log_prob.detach().mean()
        )
        step(self.actor_optimiser, self._actor_parameters, gradients)
        step(self.alpha_optimiser, [self.log_alpha], [self.temperature_gradient(log_prob)])
        return numbers

    def objective(self, observation: torch.Tensor, action: torch.Tensor) -> torch.Tensor:
        """Return what the actor maximises, [B]."""
        return self.critic.pessimistic_mean(observation, action)

    def temperature_gradient(self, log_prob: torch.Tensor) -> torch.Tensor:
        """Return the gradient of the temperature's loss by log_alpha, a scalar."""
        return alpha_gradient(log_prob, self.target_entropy)

    def modules(self) -> dict:
        """Return all networks by name."""
        return super().modules() | self.critic.modules()

    def optimisers(self) -> dict:
        """Return all optimisers by name."""
        return super().optimisers() | {'critic': self.critic_optimiser}


class SacLearner(SequentialActorCritic):
    """The SAC update."""

    config: SacConfig

    def __init__(
        self, config: SacConfig, observation_size: int, action_size: int, seed: int
    ) -> None:
        """Make all networks; targets start as copies."""
        super().__init__(config, observation_size, action_size, seed)
        self.attach(EnsembleCritic(config, observation_size, action_size, self.generator))

    def update(self, batch: TensorBatch) -> dict[str, float]:
        """Learn from one batch."""
        numbers = self.update_critic(batch) | self.update_actor(batch)
        self.updates += 1
        return numbers
