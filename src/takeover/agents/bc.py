"""Behaviour cloning: a small network that does what was demonstrated, by regression.

The network is action = middle + half_range * tanh(mlp(normalise(observation))); the loss is the
squared error in units of half the action's range, so that a metre per second and a radian per
second count alike. The normaliser is made from the data and becomes part of the policy.

The same data, configuration and torch build give the same weights bit for bit: one thread, one
generator for initial weights and for the order of the batches.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from takeover.action import ActionContract
from takeover.errors import TakeoverError
from takeover.policy.onnx_export import MlpWeights
import torch
from torch import nn

_ACTIVATIONS = {'relu': nn.ReLU, 'gelu': nn.GELU, 'tanh': nn.Tanh}
# Of the inputs: a component that hardly varies in the data must not be blown up by the normaliser.
SMALLEST_SCALE = 0.05


class BcError(TakeoverError):
    """The data or the configuration cannot be trained on."""


@dataclass(frozen=True)
class BcConfig:
    """How to train; every number that shapes the result."""

    hidden: tuple[int, ...] = (128, 128, 128)
    """Width of each hidden layer."""
    activation: str = 'relu'
    """After every hidden layer: relu, gelu or tanh."""
    steps: int = 30_000
    """Gradient steps."""
    batch_size: int = 512
    """Transitions in each step, drawn with replacement."""
    learning_rate: float = 1e-3
    """Of Adam at the start; it falls along a half cosine to zero."""
    weight_decay: float = 1e-5
    """Decoupled (AdamW); keeps unused directions small."""
    input_noise: float = 0.0
    """Standard deviation of noise on the normalised inputs while training."""
    seed: int = 0
    """Of the initial weights and of the batches."""

    def __post_init__(self) -> None:
        """Refuse what cannot be trained."""
        if self.activation not in _ACTIVATIONS:
            raise BcError(f'activation is {self.activation!r}; legal: {", ".join(_ACTIVATIONS)}')
        for name in ('steps', 'batch_size', 'learning_rate'):
            if not getattr(self, name) > 0:
                raise BcError(f'{name} must be positive, is {getattr(self, name)}')
        if not self.hidden or min(self.hidden) < 1:
            raise BcError(f'hidden must hold at least one positive width, is {self.hidden}')


@dataclass(frozen=True, eq=False)
class Demonstrations:
    """What was seen, float32 [N, n], and what to do there, float32 [N, m]; SI."""

    observations: np.ndarray
    actions: np.ndarray

    def __post_init__(self) -> None:
        """Refuse pairs that do not match."""
        if not self.observations.ndim == self.actions.ndim == 2:
            raise BcError(
                'observations and actions must be [N, n] and [N, m], are '
                f'{list(self.observations.shape)} and {list(self.actions.shape)}'
            )
        if len(self.observations) != len(self.actions) or not len(self.actions):
            raise BcError(
                f'{len(self.observations)} observations and {len(self.actions)} '
                'actions; as many of each are needed, at least one'
            )
        if not (np.isfinite(self.observations).all() and np.isfinite(self.actions).all()):
            raise BcError('observations and actions must be finite')

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.actions)


def concatenate(parts: Sequence[Demonstrations]) -> Demonstrations:
    """Return all pairs of several sets, in order."""
    return Demonstrations(
        np.concatenate([part.observations for part in parts]),
        np.concatenate([part.actions for part in parts]),
    )


@dataclass(eq=False)
class ClonedPolicy:
    """A network in training or trained, with its normaliser and the action's bounds."""

    network: nn.Sequential
    mean: torch.Tensor
    scale: torch.Tensor
    action: ActionContract
    activation: str
    losses: list[float] = field(default_factory=list)

    def act(self, observations: np.ndarray) -> np.ndarray:
        """Return the actions, float32 [..., m] in SI."""
        with torch.inference_mode():
            inputs = torch.from_numpy(np.asarray(observations, np.float32)) - self.mean
            squashed = torch.tanh(self.network(inputs / self.scale)).numpy()
        return self.action.to_si(squashed)

    def weights(self) -> MlpWeights:
        """Return the numbers the exported policy consists of."""
        layers = [layer for layer in self.network if isinstance(layer, nn.Linear)]
        return MlpWeights(
            weights=tuple(layer.weight.detach().numpy().copy() for layer in layers),
            biases=tuple(layer.bias.detach().numpy().copy() for layer in layers),
            observation_mean=self.mean.numpy(),
            observation_scale=self.scale.numpy(),
            action_low=self.action.low,
            action_high=self.action.high,
            activation=self.activation,
        )


def cloning_loss(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the mean squared error of tanh(outputs) against targets in [-1, 1]."""
    return nn.functional.mse_loss(torch.tanh(outputs), targets)


def train(
    config: BcConfig,
    data: Demonstrations,
    action: ActionContract,
    on_step: Callable[[int, float], None] | None = None,
) -> ClonedPolicy:
    """Clone the demonstrations.

    :param action: bounds of the action; targets beyond them are brought back to them.
    :param on_step: called now and then with the steps done and the loss.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return _train(config, data, action, on_step)
    finally:
        torch.set_num_threads(threads)


def _train(
    config: BcConfig,
    data: Demonstrations,
    action: ActionContract,
    on_step: Callable[[int, float], None] | None,
) -> ClonedPolicy:
    generator = torch.Generator().manual_seed(config.seed)
    observations = torch.from_numpy(np.asarray(data.observations, np.float32))
    mean = observations.mean(dim=0)
    scale = observations.std(dim=0, correction=0).clamp(min=SMALLEST_SCALE)
    inputs = (observations - mean) / scale
    targets = torch.from_numpy(action.normalised(data.actions))
    network = _network(config, inputs.shape[1], targets.shape[1], generator)
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, config.steps)
    policy = ClonedPolicy(network, mean, scale, action, config.activation)
    for step in range(1, config.steps + 1):
        rows = torch.randint(len(inputs), (config.batch_size,), generator=generator)
        batch = inputs[rows]
        if config.input_noise:
            batch = batch + config.input_noise * torch.randn(batch.shape, generator=generator)
        loss = cloning_loss(network(batch), targets[rows])
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        schedule.step()
        if step % 100 == 0 or step == config.steps:
            policy.losses.append(float(loss.detach()))
            if on_step is not None:
                on_step(step, policy.losses[-1])
    return policy


def _network(
    config: BcConfig, inputs: int, outputs: int, generator: torch.Generator
) -> nn.Sequential:
    """Return a fresh network; its weights are drawn from `generator` alone."""
    layers: list[nn.Module] = []
    sizes = (inputs, *config.hidden)
    for before, after in zip(sizes, sizes[1:]):
        layers += [nn.Linear(before, after), _ACTIVATIONS[config.activation]()]
    layers.append(nn.Linear(sizes[-1], outputs))
    for layer in layers:
        if isinstance(layer, nn.Linear):
            # Keeps the size of the signal from layer to layer; the last one starts near zero.
            gain = 0.1 if layer is layers[-1] else 1.4
            nn.init.normal_(layer.weight, 0.0, gain / layer.in_features**0.5, generator=generator)
            nn.init.zeros_(layer.bias)
    return nn.Sequential(*layers)
