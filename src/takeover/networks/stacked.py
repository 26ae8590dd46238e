"""Several networks of one shape evaluated as one batched product.

Ten critics one after another are ten times the overhead of one; stacked, with weights
[E, in, out], they are one `baddbmm`. Member e computes the same as a plain network with its
weights would.
"""

from collections.abc import Sequence

import torch
from torch import nn

ACTIVATIONS = {
    'gelu': nn.functional.gelu,
    'relu': nn.functional.relu,
    'tanh': torch.tanh,
}
LAYER_NORM_EPSILON = 1e-6


class StackedLinear(nn.Module):
    """E linear layers side by side: [E, B, in] to [E, B, out]."""

    def __init__(
        self,
        members: int,
        inputs: int,
        outputs: int,
        generator: torch.Generator,
        initialisation: str = 'torch',
    ) -> None:
        """Draw the weights, each member's on its own.

        :param initialisation: 'torch': uniform within 1/sqrt(inputs) for weight and bias, as
            torch.nn.Linear has it; 'xavier': Glorot uniform weight and zero bias, as RLPD has it.
        """
        super().__init__()
        self.weight = nn.Parameter(torch.empty(members, inputs, outputs))
        self.bias = nn.Parameter(torch.zeros(members, 1, outputs))
        with torch.no_grad():
            if initialisation == 'xavier':
                bound = (6.0 / (inputs + outputs)) ** 0.5
            else:
                bound = inputs**-0.5
                self.bias.uniform_(-bound, bound, generator=generator)
            self.weight.uniform_(-bound, bound, generator=generator)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Return values @ weight + bias of every member."""
        return torch.baddbmm(self.bias, values, self.weight)


class StackedLayerNorm(nn.Module):
    """Layer normalisation over the last axis with a scale and an offset of each member's own."""

    def __init__(self, members: int, size: int) -> None:
        """Start as plain normalisation: scale 1, offset 0."""
        super().__init__()
        self.size = size
        self.weight = nn.Parameter(torch.ones(members, 1, size))
        self.bias = nn.Parameter(torch.zeros(members, 1, size))

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Return the normalised values, [E, B, size]."""
        normalised = nn.functional.layer_norm(values, (self.size,), eps=LAYER_NORM_EPSILON)
        return torch.addcmul(self.bias, normalised, self.weight)


class StackedMlp(nn.Module):
    """E multilayer perceptrons: linear, (layer norm,) activation, ..., linear."""

    def __init__(
        self,
        members: int,
        sizes: Sequence[int],
        activation: str,
        generator: torch.Generator,
        layer_norm: bool = False,
        initialisation: str = 'torch',
    ) -> None:
        """Build layers from sizes[0] inputs to sizes[-1] outputs.

        :param activation: a name in ACTIVATIONS, after every layer but the last.
        :param layer_norm: normalise before each activation (RLPD section 4.2).
        """
        super().__init__()
        self.members = members
        self.activation = ACTIVATIONS[activation]
        self.layers = nn.ModuleList(
            StackedLinear(members, before, after, generator, initialisation)
            for before, after in zip(sizes, sizes[1:])
        )
        self.norms = nn.ModuleList(
            StackedLayerNorm(members, size) for size in (sizes[1:-1] if layer_norm else ())
        )

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Return [E, B, outputs] for inputs [B, inputs] that all members share."""
        values = values.expand(self.members, *values.shape)
        for index, layer in enumerate(self.layers):
            values = layer(values)
            if index < len(self.layers) - 1:
                if self.norms:
                    values = self.norms[index](values)
                values = self.activation(values)
        return values
