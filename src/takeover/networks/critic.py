"""Critics: what an action in a state is worth, as a number or as a distribution.

All critics of a learner are one module (`takeover.networks.stacked`), member first: [E, B].
"""

from collections.abc import Sequence

from takeover.networks.stacked import StackedMlp
import torch
from torch import nn


class ValueCritics(nn.Module):
    """E critics that estimate the expected return."""

    outputs = 1

    def __init__(
        self,
        members: int,
        observation_size: int,
        action_size: int,
        hidden: Sequence[int],
        activation: str,
        generator: torch.Generator,
        layer_norm: bool = False,
        initialisation: str = 'torch',
    ) -> None:
        """Build E independent critics of one shape; see StackedMlp."""
        super().__init__()
        sizes = (observation_size + action_size, *hidden, self.outputs)
        self.mlp = StackedMlp(members, sizes, activation, generator, layer_norm, initialisation)

    def forward(self, observation: torch.Tensor, action: torch.Tensor) -> torch.Tensor:
        """Return the values [E, B] of actions [B, m] in observations [B, n]."""
        return self.mlp(torch.cat((observation, action), dim=1)).squeeze(2)


class GaussianCritics(ValueCritics):
    """E critics that estimate the distribution of the return, a normal one.

    Two outputs: the mean as it is, and the standard deviation through softplus, without a floor
    (DSAC-v2 `networks/mlp.py`).
    """

    outputs = 2

    def forward(
        self, observation: torch.Tensor, action: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return means and standard deviations, [E, B] each."""
        heads = self.mlp(torch.cat((observation, action), dim=1))
        return heads[..., 0], nn.functional.softplus(heads[..., 1])

    def mean(self, observation: torch.Tensor, action: torch.Tensor) -> torch.Tensor:
        """Return the means alone, [E, B]."""
        return self.mlp(torch.cat((observation, action), dim=1))[..., 0]
