"""The actor: a normal distribution squashed by tanh, over actions in [-1, 1].

u = mean + std * noise, action = tanh(u), log pi = sum_j [log N(u_j) - log(1 + 1e-6 - tanh^2 u_j)]
(Haarnoja et al. 2018, arXiv 1812.05905, appendix C; the 1e-6 as in DSAC-v2 `utils/`). Counted in
units in which the action reaches from -h to h, the density is smaller by the factor h.
"""

from collections.abc import Sequence
import math

import numpy as np
from takeover.networks.stacked import ACTIVATIONS
from takeover.policy.onnx_export import MlpWeights
import torch
from torch import nn

_TANH_SLACK = 1e-6
_HALF_LOG_TWO_PI = 0.5 * math.log(2.0 * math.pi)


class TanhNormalActor(nn.Module):
    """An MLP from observations [B, n] to the mean and the log standard deviation [B, m] of u."""

    def __init__(
        self,
        observation_size: int,
        action_size: int,
        hidden: Sequence[int],
        activation: str,
        generator: torch.Generator,
        log_std: tuple[float, float] = (-20.0, 0.5),
        initialisation: str = 'torch',
    ) -> None:
        """Draw the weights as `StackedLinear` does.

        :param log_std: the log standard deviation is clamped to this range.
        """
        super().__init__()
        self.log_std = log_std
        self.activation = activation
        self._activate = ACTIVATIONS[activation]
        sizes = (observation_size, *hidden, 2 * action_size)
        self.layers = nn.ModuleList(
            nn.utils.skip_init(nn.Linear, before, after) for before, after in zip(sizes, sizes[1:])
        )
        with torch.no_grad():
            for layer in self.layers:
                bound = layer.in_features**-0.5
                if initialisation == 'xavier':
                    bound = (6.0 / (layer.in_features + layer.out_features)) ** 0.5
                    layer.bias.zero_()
                else:
                    layer.bias.uniform_(-bound, bound, generator=generator)
                layer.weight.uniform_(-bound, bound, generator=generator)

    def forward(self, observation: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return mean and log standard deviation, [B, m] each."""
        values = observation
        for layer in self.layers[:-1]:
            values = self._activate(layer(values))
        mean, log_std = self.layers[-1](values).chunk(2, dim=1)
        return mean, log_std.clamp(*self.log_std)

    def weights(
        self,
        observation_mean: np.ndarray,
        observation_scale: np.ndarray,
        action_low: np.ndarray,
        action_high: np.ndarray,
    ) -> MlpWeights:
        """Return the deterministic policy: the tanh of the mean, scaled to the action's bounds.

        :param observation_mean: what was subtracted from observations before they came here.
        :param observation_scale: what they were divided by after that.
        """
        arrays = [
            (layer.weight.detach().numpy().copy(), layer.bias.detach().numpy().copy())
            for layer in self.layers
        ]
        size = len(action_low)
        arrays[-1] = (arrays[-1][0][:size], arrays[-1][1][:size])
        weights, biases = zip(*arrays)
        return MlpWeights(
            weights,
            biases,
            observation_mean,
            observation_scale,
            action_low,
            action_high,
            self.activation,
        )


def squash(
    mean: torch.Tensor, log_std: torch.Tensor, noise: torch.Tensor, log_half_range: float = 0.0
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the action in [-1, 1] that standard normal `noise` draws, and its log density.

    :param mean: [B, m], and so are log_std and noise.
    :param log_half_range: sum over components of log h, for a density in units in which the
        action reaches from -h to h; 0 counts in normalised units.
    :returns: action [B, m], log pi [B].
    """
    action = torch.tanh(mean + log_std.exp() * noise)
    normal = -0.5 * noise.square() - log_std - _HALF_LOG_TWO_PI
    jacobian = torch.log(1.0 + _TANH_SLACK - action.square())
    return action, (normal - jacobian).sum(dim=1) - log_half_range
