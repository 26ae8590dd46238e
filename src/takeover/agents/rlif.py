"""Learning from take-overs: the recipe of RLPD, held near what is known to be good.

J. Luo et al.: RLIF, arXiv 2311.12996, on the learner of `takeover.agents.rlpd`. Labels are rare (a
few dozen in an hour), so nearly everywhere all actions look alike to the critics, and an actor
that follows them alone leaves the data within a thousand steps. What keeps it there:

* it starts as a clone of the demonstrations, trained until it no longer improves;
* its loss has a cloning term, in the manner of TD3+BC (S. Fujimoto, S. Gu, arXiv 2106.06860), on
  demonstrations and on what else the caller knows to be good;
* its temperature is small: an entropy bonus larger than the gaps between values destroys it;
* it follows the critics only once they have seen some labels: the caller lets it rest;
* what drives is a moving average of the actor.
"""

from copy import deepcopy
from dataclasses import dataclass
import math
from typing import Literal

import numpy as np
from takeover.agents.actor_critic import follow, step
from takeover.agents.rlpd import RlpdConfig, RlpdLearner
from takeover.agents.tensor_batch import Observations, TensorBatch
from takeover.networks.actor import TanhNormalActor
import torch
from torch import autograd, nn

_PRETRAINING_BATCH = 256


@dataclass(frozen=True)
class RlifConfig(RlpdConfig):
    """RLIF on a robot; the defaults are those measured on the rover."""

    critic: Literal['ensemble', 'dsact'] = 'dsact'
    """DSAC-T's twin distributions (its fields are used only then), or an ensemble of values."""
    members: int = 2
    """Critics in the ensemble."""
    hidden: tuple[int, ...] = (128, 128)
    """Width of each hidden layer of actor and critics."""
    batch_size: int = 128
    """Transitions in each gradient step."""
    discount: float = 0.97
    """Gamma: what a reward one step later is worth."""
    utd_ratio: int = 2
    """Critic steps for each actor step; one update takes this many batches."""
    entropy_backup: bool = False
    """Count the entropy of the next action in the target."""
    initial_log_alpha: float = math.log(0.01)
    """Logarithm of the temperature at the start."""
    target_entropy: float | None = -2.0
    """What the temperature steers the entropy of the actions to; None: minus half their number."""
    reward_scale: float = 10.0
    """Labels are learned multiplied by this, and values are divided by it before the actor sees
    them: so the gaps between actions stand out from the critics' noise."""
    cloning_weight: float = 0.1
    """Of the squared distance to cloned actions, against values in units of one label."""
    initial_std: float = 0.15
    """Standard deviation of the actor (before the tanh) at the start."""
    average_rate: float = 0.002
    """How far the averaged actor moves towards the trained one in each actor step."""
    pretraining_steps: int = 5000
    """Steps of cloning before the first label."""
    pretraining_learning_rate: float = 1e-3
    """Of Adam at their start; it falls along a half cosine to zero."""

    def __post_init__(self) -> None:
        """Refuse what cannot be trained with."""
        super().__post_init__()
        for name in ('reward_scale', 'initial_std', 'pretraining_learning_rate'):
            if not 0.0 < getattr(self, name) < math.inf:
                self._refuse(name, 'positive')
        if not 0.0 <= self.cloning_weight < math.inf:
            self._refuse('cloning_weight', '0 or more')
        if not 0.0 < self.average_rate <= 1.0:
            self._refuse('average_rate', 'above 0, at most 1')
        if self.pretraining_steps < 1:
            self._refuse('pretraining_steps', '1 or more')


@dataclass(frozen=True, eq=False)
class CloningBatch:
    """What to do where: observations [B, n] or with images, and actions [B, m] in [-1, 1]."""

    observation: Observations
    action: torch.Tensor


class RlifLearner(RlpdLearner):
    """The RLPD update with a cloning term and an averaged actor."""

    config: RlifConfig

    def __init__(
        self, config: RlifConfig, observation_size: int, action_size: int, seed: int
    ) -> None:
        """Make all networks; the actor has its initial deviation everywhere."""
        super().__init__(config, observation_size, action_size, seed)
        last = self.actor.layers[-1]
        with torch.no_grad():
            last.weight[action_size:] = 0.0
            last.bias[action_size:] = math.log(config.initial_std)
        self.averaged = deepcopy(self.actor).requires_grad_(False)
        self._averaged_parameters = list(self.averaged.parameters())

    def pretrain(self, observations: np.ndarray, actions: np.ndarray) -> float:
        """Clone demonstrations and return the last loss; the average becomes the clone.

        :param observations: float32 [N, n], as the actor sees them.
        :param actions: float32 [N, m] in [-1, 1].
        """
        config, parameters = self.config, self._actor_parameters
        inputs, targets = torch.from_numpy(observations), torch.from_numpy(actions)
        optimiser = torch.optim.Adam(parameters, lr=config.pretraining_learning_rate, fused=True)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, config.pretraining_steps)
        for _ in range(config.pretraining_steps):
            rows = torch.randint(len(inputs), (_PRETRAINING_BATCH,), generator=self.generator)
            loss = cloning_loss(self.actor, inputs[rows], targets[rows])
            step(optimiser, parameters, autograd.grad(loss, parameters))
            schedule.step()
        self.averaged.load_state_dict(self.actor.state_dict())
        return float(loss.detach())

    def learn(self, batch: TensorBatch, cloning: CloningBatch | None = None) -> dict[str, float]:
        """Learn from `utd_ratio` batches in turn: critics from each, the actor from the last.

        :param cloning: None: the actor rests, only the critics learn.
        :raises DivergedError: names the quantity and the update.
        """
        part, numbers = self.update_critics(batch)
        if cloning is not None:
            distance = cloning_loss(self.actor, self.latent(cloning.observation), cloning.action)
            numbers |= self.check(cloning_loss=distance.detach())
            numbers |= self.update_actor(part, self.config.cloning_weight * distance)
            follow(self._averaged_parameters, self._actor_parameters, self.config.average_rate)
        self.updates += 1
        return numbers

    def latent(self, observation: Observations) -> torch.Tensor:
        """Return what the actor sees of observations, [B, k]: of vectors themselves."""
        return observation

    def answer(self, observation: Observations) -> torch.Tensor:
        """Return the actions of the policy to drive with, [B, m] in [-1, 1]."""
        return torch.tanh(self.averaged(observation)[0])

    def objective(self, observation: torch.Tensor, action: torch.Tensor) -> torch.Tensor:
        """Return what the actor maximises, [B], in units of one label."""
        return super().objective(observation, action) / self.config.reward_scale

    def modules(self) -> dict[str, nn.Module]:
        """Return all networks by name."""
        return super().modules() | {'averaged_actor': self.averaged}


def cloning_loss(
    actor: TanhNormalActor, observation: torch.Tensor, action: torch.Tensor
) -> torch.Tensor:
    """Return the squared distance of the actor's mean action, summed over components.

    :param observation: [B, n], and action [B, m] in [-1, 1].
    """
    mean, _ = actor(observation)
    return (torch.tanh(mean) - action).square().sum(dim=1).mean()
