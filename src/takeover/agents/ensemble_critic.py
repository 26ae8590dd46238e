"""An ensemble of critics that learn the expected return, as SAC (2 critics) and RLPD (10) use it.

The target takes the minimum over a few members drawn anew for every update, so that many critics
may learn without making the target ever more pessimistic (P. Ball et al.: Efficient Online
Reinforcement Learning with Offline Data, arXiv 2302.02948; X. Chen et al., arXiv 2101.05982).
"""

from copy import deepcopy

from takeover.agents.actor_critic import follow
from takeover.agents.distributional_critic import Draw
from takeover.agents.learner_config import ActorCriticConfig
from takeover.agents.tensor_batch import TensorBatch
from takeover.networks.critic import ValueCritics
import torch
from torch import nn


class EnsembleCritic:
    """The critics and their targets."""

    def __init__(
        self,
        config: ActorCriticConfig,
        observation_size: int,
        action_size: int,
        generator: torch.Generator,
        members: int = 2,
        subset: int = 2,
        layer_norm: bool = False,
        initialisation: str = 'torch',
    ) -> None:
        """Make `members` critics; targets start as copies.

        :param subset: how many of them make the target of one update.
        :param generator: of the weights now and of the subsets later.
        """
        self.config, self.generator = config, generator
        self.members, self.subset = members, subset
        self.online = ValueCritics(
            members,
            observation_size,
            action_size,
            config.hidden,
            config.activation,
            generator,
            layer_norm,
            initialisation,
        )
        self.target = deepcopy(self.online).requires_grad_(False)
        # As many target networks as a target takes: only their values are computed.
        self._chosen = deepcopy(self.target)
        self._chosen.mlp.members = subset
        for weight in self._chosen.parameters():
            weight.data = weight.data[:subset].clone()
        self.parameters = list(self.online.parameters())
        self._target_parameters = list(self.target.parameters())

    def loss(
        self, batch: TensorBatch, draw_next: Draw, alpha: torch.Tensor
    ) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """Return the loss of a batch and scalars to log.

        :param draw_next: draws the next action [B, m] and its log pi [B].
        :param alpha: weight of log pi in the target; 0: no entropy backup.
        """
        with torch.no_grad():
            next_action, next_log_prob = draw_next(batch.next_observation)
            values = self.target_values(batch.next_observation, next_action)
            target = td_target(
                batch.reward, batch.mask, self.config.discount, alpha, next_log_prob, values
            )
        values = self.online(batch.observation, batch.action)
        loss = critic_loss(values, target)
        return loss, {'critic_loss': loss.detach(), 'q': values.detach().mean()}

    def draw_subset(self) -> torch.Tensor:
        """Return the indices of the members that make the next target, without repetition."""
        return torch.randperm(self.members, generator=self.generator)[: self.subset]

    def target_values(self, observation: torch.Tensor, action: torch.Tensor) -> torch.Tensor:
        """Return the values of a fresh subset of the target critics, [subset, B]."""
        if self.subset == self.members:
            return self.target(observation, action)
        members = self.draw_subset()
        for chosen, target in zip(self._chosen.parameters(), self._target_parameters):
            torch.index_select(target, 0, members, out=chosen.data)
        return self._chosen(observation, action)

    def mean(self, observation: torch.Tensor, action: torch.Tensor) -> torch.Tensor:
        """Return the mean over all critics, [B]: what RLPD's actor maximises."""
        return self.online(observation, action).mean(dim=0)

    def pessimistic_mean(self, observation: torch.Tensor, action: torch.Tensor) -> torch.Tensor:
        """Return the minimum over all critics, [B]: what SAC's actor maximises."""
        return self.online(observation, action).amin(dim=0)

    def follow(self, rate: float) -> None:
        """Move the targets towards the online critics."""
        follow(self._target_parameters, self.parameters, rate)

    def modules(self) -> dict[str, nn.Module]:
        """Return all networks by name."""
        return {'critics': self.online, 'target_critics': self.target}


def td_target(
    reward: torch.Tensor,
    mask: torch.Tensor,
    discount: float,
    alpha: torch.Tensor,
    log_prob: torch.Tensor,
    values: torch.Tensor,
) -> torch.Tensor:
    """Return r + gamma mask (min_i Q_i - alpha log pi), [B] (arXiv 1812.05905, equations 2, 3).

    :param reward: [B], and so are mask (1 - terminated) and log_prob (of the next action).
    :param values: [k, B] of the target critics that count.
    """
    return reward + discount * mask * (values.amin(dim=0) - alpha * log_prob)


def critic_loss(values: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return the squared error of the values [E, B], averaged over B and summed over E.

    The sum makes the gradient of each member that of a critic on its own.
    """
    return (values - target).square().mean(dim=1).sum()
