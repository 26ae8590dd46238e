"""DSAC-T: distributional soft actor-critic with three refinements.

J. Duan et al., arXiv 2310.05858, and the published code DSAC-v2. What makes it distributional, the
three refinements and their losses are in `takeover.agents.distributional_critic`. Here is the
order of an update: critics every time; actor, temperature and the targets of all three networks in
every second one; all gradients before the first step. The next action comes from a target policy.
"""

from dataclasses import dataclass
from typing import Literal

from takeover.agents.actor_critic import (
    actor_loss,
    ActorCritic,
    adam,
    alpha_gradient,
    follow,
    step,
)
from takeover.agents.distributional_critic import DistributionalCritic
from takeover.agents.learner_config import DistributionalConfig
from takeover.agents.tensor_batch import TensorBatch
from takeover.networks.actor import TanhNormalActor
from torch import autograd


@dataclass(frozen=True)
class DsactConfig(DistributionalConfig):
    """DSAC-T; the defaults are those of the published MuJoCo script."""

    delay: int = 2
    """Actor, temperature and targets move in every `delay`-th update."""
    warm_up_actions: Literal['policy', 'uniform'] = 'policy'
    """What acts before training starts: the untrained policy, as published, or uniform noise."""
    entropy_in_action_units: bool = False
    """Count the entropy in the environment's action units, as published, not in [-1, 1]."""

    def __post_init__(self) -> None:
        """Refuse what cannot be trained with."""
        super().__post_init__()
        if self.delay < 1:
            self._refuse('delay', '1 or more')
        if self.warm_up_actions not in ('policy', 'uniform'):
            self._refuse('warm_up_actions', 'policy, uniform')


class DsactLearner(ActorCritic):
    """The DSAC-T update: critics every time, the rest every `delay`-th time."""

    config: DsactConfig

    def __init__(
        self, config: DsactConfig, observation_size: int, action_size: int, seed: int
    ) -> None:
        """Make all networks; targets start as copies."""
        super().__init__(config, observation_size, action_size, seed)
        self.uniform_warm_up = config.warm_up_actions == 'uniform'
        self.target_actor = TanhNormalActor(
            observation_size,
            action_size,
            config.hidden,
            config.activation,
            self.generator,
            (config.min_log_std, config.max_log_std),
        )
        self.target_actor.load_state_dict(self.actor.state_dict())
        self.target_actor.requires_grad_(False)
        self.critic = DistributionalCritic(config, observation_size, action_size, self.generator)
        self.critic_optimiser = adam(self.critic.parameters, config.critic_learning_rate)
        self._actor_parameters = list(self.actor.parameters())
        self._target_actor_parameters = list(self.target_actor.parameters())

    def update(self, batch: TensorBatch) -> dict[str, float]:
        """Learn from one batch; all gradients are taken before the first step (`dsac_v2.py`)."""
        critic_loss, quantities = self.critic.loss(
            batch, lambda observation: self.sample(self.target_actor, observation), self.alpha
        )
        critic_gradients = autograd.grad(critic_loss, self.critic.parameters)
        delayed = (self.updates + 1) % self.config.delay == 0
        if delayed:
            action, log_prob = self.sample(self.actor, batch.observation)
            loss = actor_loss(
                self.alpha, log_prob, self.critic.pessimistic_mean(batch.observation, action)
            )
            actor_gradients = autograd.grad(loss, self._actor_parameters)
            quantities |= {'actor_loss': loss.detach(), 'entropy': -log_prob.detach().mean()}
        numbers = self.check(alpha=self.alpha, **quantities)
        self.updates += 1
        step(self.critic_optimiser, self.critic.parameters, critic_gradients)
        if delayed:
            step(self.actor_optimiser, self._actor_parameters, actor_gradients)
            gradient = alpha_gradient(log_prob, self.target_entropy)
            step(self.alpha_optimiser, [self.log_alpha], [gradient])
            self.critic.follow(self.config.target_rate)
            follow(self._target_actor_parameters, self._actor_parameters, self.config.target_rate)
        return numbers

    def modules(self) -> dict:
        """Return all networks by name."""
        return super().modules() | {'target_actor': self.target_actor} | self.critic.modules()

    def optimisers(self) -> dict:
        """Return all optimisers by name."""
        return super().optimisers() | {'critic': self.critic_optimiser}
