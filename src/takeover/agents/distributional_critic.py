"""Twin critics that learn the distribution of the return, as DSAC-T trains them.

J. Duan et al.: Distributional Soft Actor-Critic with Three Refinements, arXiv 2310.05858, and its
published code DSAC-v2. Each critic holds the return as a normal distribution N(Q, sigma^2). The
refinements, each with a switch for the paper's ablation:

* expected value substitution: the mean learns from the target's mean, not from a sample of it;
* twin value distributions: of two critics, the one with the lower mean makes the target of both;
* variance-based adjustment: the clip of the target's sample and the size of the gradients follow a
  moving average of sigma, so that the scale of the rewards does not matter.

`critic_loss='gaussian'` is the paper's form, whose sigma is right. 'huber_ratio' is the published
code's later form: its sigma comes out at about 1/sqrt(2) of the true one, or less, so it is for
comparing returns with that code and not for using sigma.

Where the published code differs from the paper, this follows the code: omega is the square of the
average of sigma; the sample's noise is cut at 3; the average starts with the first batch.
"""

from collections.abc import Callable
from copy import deepcopy

from takeover.agents.actor_critic import follow
from takeover.agents.learner_config import DistributionalConfig
from takeover.agents.tensor_batch import TensorBatch
from takeover.networks.critic import GaussianCritics
import torch
from torch import nn

EPSILON = 0.1
NOISE_BOUND = 3.0
HUBER_BOUND = 50.0
RATIO_BOUNDS = (0.1, 10.0)

Draw = Callable[[torch.Tensor], tuple[torch.Tensor, torch.Tensor]]


class DistributionalCritic:
    """The critics, their targets, and the moving average of their sigmas."""

    def __init__(
        self,
        config: DistributionalConfig,
        observation_size: int,
        action_size: int,
        generator: torch.Generator,
        layer_norm: bool = False,
        initialisation: str = 'torch',
    ) -> None:
        """Make two critics (one without twin distributions); targets start as copies.

        :param generator: of the weights now and of the samples of targets later.
        """
        self.config, self.generator = config, generator
        members = 2 if config.twin_distributions else 1
        self.online = GaussianCritics(
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
        self.parameters = list(self.online.parameters())
        self._target_parameters = list(self.target.parameters())
        self.average = SigmaAverage(members)

    def loss(
        self, batch: TensorBatch, draw_next: Draw, alpha: torch.Tensor
    ) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """Return the loss of a batch and scalars to log; moves the average of sigma.

        :param draw_next: draws the next action [B, m] and its log pi [B].
        :param alpha: weight of log pi in the target; 0 leaves the entropy out of the return.
        """
        config = self.config
        with torch.no_grad():
            next_action, next_log_prob = draw_next(batch.next_observation)
            mean, std = self.target(batch.next_observation, next_action)
            noise = torch.randn(mean.shape, generator=self.generator)
            target_mean, target_sample = td_targets(
                batch.reward, batch.mask, config.discount, alpha, next_log_prob, mean, std, noise
            )
            if not config.expected_value_substitution:
                target_mean = target_sample
        mean, std = self.online(batch.observation, batch.action)
        average = self.average.update(std.detach(), config.average_rate)
        gradients = critic_gradients(
            mean.detach(), std.detach(), target_mean, target_sample, average[:, None], config
        )
        loss = surrogate_loss(mean, std, *gradients)
        return loss, {'critic_loss': loss.detach(), 'q': mean.detach().mean(), 'sigma': average[0]}

    def pessimistic_mean(self, observation: torch.Tensor, action: torch.Tensor) -> torch.Tensor:
        """Return the lower of the critics' means, [B]: what the actor maximises (equation 22)."""
        mean = self.online.mean(observation, action)
        return torch.minimum(mean[0], mean[-1])

    def follow(self, rate: float) -> None:
        """Move the targets towards the online critics."""
        follow(self._target_parameters, self.parameters, rate)

    def modules(self) -> dict[str, nn.Module]:
        """Return all networks and averages by name."""
        return {
            'critics': self.online,
            'target_critics': self.target,
            'sigma_average': self.average,
        }


class SigmaAverage(nn.Module):
    """Moving averages of the critics' mean sigma, [E] (equation 27)."""

    def __init__(self, members: int) -> None:
        """Start without a value."""
        super().__init__()
        self.register_buffer('value', torch.zeros(members))
        self.register_buffer('started', torch.tensor(False))

    def update(self, std: torch.Tensor, rate: float) -> torch.Tensor:
        """Take in the sigmas [E, B] of a batch; return the averages with it, [E].

        The first batch sets the average; so the clip of the very first loss is already in scale.
        """
        mean = std.mean(dim=1)
        self.value = torch.lerp(self.value, mean, rate) if self.started else mean
        self.started.fill_(True)
        return self.value


def td_targets(
    reward: torch.Tensor,
    mask: torch.Tensor,
    discount: float,
    alpha: torch.Tensor,
    log_prob: torch.Tensor,
    mean: torch.Tensor,
    std: torch.Tensor,
    noise: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the target of the mean and a sample of the target distribution, [B] each.

    Both come from the critic with the lower mean, and both critics learn from the same pair
    (equations 18 to 20); a tie goes to the second.

    :param reward: [B], and so are mask (1 - terminated) and log_prob (of the next action).
    :param mean: [E, B] of the target critics, E of 1 or 2; std and noise likewise.
    """
    sample = mean + std * noise.clamp(-NOISE_BOUND, NOISE_BOUND)
    first = mean[0] < mean[-1]
    lower_mean = torch.where(first, mean[0], mean[-1])
    lower_sample = torch.where(first, sample[0], sample[-1])
    entropy_bonus = alpha * log_prob
    return (
        reward + discount * mask * (lower_mean - entropy_bonus),
        reward + discount * mask * (lower_sample - entropy_bonus),
    )


def critic_gradients(
    mean: torch.Tensor,
    std: torch.Tensor,
    target_mean: torch.Tensor,
    target_sample: torch.Tensor,
    average: torch.Tensor,
    config: DistributionalConfig,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the gradients of the loss by mean and by sigma for each sample, [E, B] each.

    :param mean: [E, B] of the online critics, and so is std; both are detached.
    :param target_mean: [B], see td_targets; target_sample likewise.
    :param average: [E, 1] moving averages of sigma.
    """
    bound = config.bound_sigmas * average if config.variance_based_adjustment else None
    if bound is None:
        bound = torch.full_like(average, config.td_bound)
    error = target_mean - mean
    clipped_error = (target_sample - mean).clamp(-bound, bound)
    if config.critic_loss == 'huber_ratio':
        return huber_ratio_gradients(std, error, clipped_error, average)
    weight = average.square() + EPSILON if config.variance_based_adjustment else 1.0
    return gaussian_gradients(std, error, clipped_error, weight)


def gaussian_gradients(
    std: torch.Tensor,
    error: torch.Tensor,
    clipped_error: torch.Tensor,
    weight: torch.Tensor | float,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the gradients of the scaled negative log-likelihood (equation 26).

    By Q: -(omega + eps) (y_q - Q) / (sigma^2 + eps); by sigma:
    -(omega + eps) ((C(y_z) - Q)^2 - sigma^2) / (sigma^3 + eps); eps = 0.1.

    :param weight: omega + eps, [E, 1].
    """
    variance = std.square()
    by_mean = -weight * error / (variance + EPSILON)
    by_std = -weight * (clipped_error.square() - variance) / (variance * std + EPSILON)
    return by_mean, by_std


def huber_ratio_gradients(
    std: torch.Tensor, error: torch.Tensor, clipped_error: torch.Tensor, average: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the gradients of the later published loss (DSAC-v2 since July 2025).

    ratio = clip(M^2 / (sigma^2 + 0.1), 0.1, 10), h the Huber function with delta = 50. By Q:
    -ratio h'(y_q - Q); by sigma: ratio (sigma^2 - h(C(y_z) - Q)) / (sigma + 0.1).
    """
    variance = std.square()
    ratio = (average.square() / (variance + EPSILON)).clamp(*RATIO_BOUNDS)
    size = clipped_error.abs().clamp(max=HUBER_BOUND)
    huber = size * (clipped_error.abs() - 0.5 * size)
    by_mean = -ratio * error.clamp(-HUBER_BOUND, HUBER_BOUND)
    by_std = ratio * (variance - huber) / (std + EPSILON)
    return by_mean, by_std


def surrogate_loss(
    mean: torch.Tensor, std: torch.Tensor, by_mean: torch.Tensor, by_std: torch.Tensor
) -> torch.Tensor:
    """Return a scalar whose gradients by mean and std are the given ones, averaged over B.

    Summed over the critics; its own value means nothing.
    """
    return (by_mean * mean + by_std * std).mean(dim=1).sum()
