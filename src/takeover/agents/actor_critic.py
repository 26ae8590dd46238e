"""What SAC, DSAC-T and RLPD share: an actor, a temperature, optimisers, noise, checkpoints.

A learner is fed batches of transitions and turns each into one update; it knows neither the
environment nor the replay. Observations are vectors, normalised or not as the caller likes;
actions are in [-1, 1]. Masks are 1 - terminated: a truncated episode is bootstrapped through.

Everything random comes from one generator per learner, so that `state_dict` holds all that
changes what comes next: two learners with the same state and the same batches stay equal bit for
bit on one CPU.
"""

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
import math
from typing import Any

import numpy as np
from takeover.agents.learner_config import ActorCriticConfig, LearnerError
from takeover.agents.tensor_batch import TensorBatch
from takeover.errors import TakeoverError
from takeover.networks.actor import squash, TanhNormalActor
import torch
from torch import nn


class DivergedError(TakeoverError):
    """A quantity of an update is not finite or beyond all measure.

    The step it would have led to was not taken. What came before it in the same update was: the
    learner's state is to be thrown away for that of the last checkpoint.
    """


class ActorCritic:
    """Base of the learners: subclasses add critics and the order of the steps of an update."""

    initialisation = 'torch'
    entropy_per_action = 1.0
    uniform_warm_up = True

    def __init__(
        self, config: ActorCriticConfig, observation_size: int, action_size: int, seed: int
    ) -> None:
        """Make actor and temperature; everything random follows from `seed`."""
        self.config = config
        self.observation_size, self.action_size = observation_size, action_size
        self.updates = 0
        self.generator = torch.Generator().manual_seed(seed)
        self.actor = TanhNormalActor(
            observation_size,
            action_size,
            config.hidden,
            config.activation,
            self.generator,
            (config.min_log_std, config.max_log_std),
            self.initialisation,
        )
        self.log_alpha = nn.Parameter(torch.tensor(float(config.initial_log_alpha)))
        self.target_entropy = config.target_entropy
        if self.target_entropy is None:
            self.target_entropy = -self.entropy_per_action * action_size
        self.log_half_range = 0.0
        self.actor_optimiser = adam(self.actor.parameters(), config.actor_learning_rate)
        self.alpha_optimiser = adam([self.log_alpha], config.alpha_learning_rate)

    @property
    def batch_rows(self) -> int:
        """How many transitions one call of `update` takes."""
        return self.config.batch_size

    @property
    def alpha(self) -> torch.Tensor:
        """The temperature, detached."""
        return self.log_alpha.detach().exp()

    def act(self, observations: np.ndarray, deterministic: bool = False) -> np.ndarray:
        """Return actions in [-1, 1], float32 [N, m], for observations float32 [N, n]."""
        with torch.inference_mode():
            mean, log_std = self.actor(torch.from_numpy(observations))
            if deterministic:
                return torch.tanh(mean).numpy()
            return squash(mean, log_std, self.noise(mean.shape))[0].numpy()

    def update(self, batch: TensorBatch) -> dict[str, float]:
        """Learn from `batch_rows` transitions; return named numbers to log.

        :raises DivergedError: names the quantity and the update.
        """
        raise NotImplementedError

    def noise(self, shape: Sequence[int]) -> torch.Tensor:
        """Draw standard normal numbers."""
        return torch.randn(shape, generator=self.generator)

    def sample(
        self, actor: TanhNormalActor, observation: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Draw an action [B, m] of `actor` for each observation; return it and log pi [B]."""
        mean, log_std = actor(observation)
        return squash(mean, log_std, self.noise(mean.shape), self.log_half_range)

    def modules(self) -> dict[str, nn.Module]:
        """Return all networks by name."""
        return {'actor': self.actor}

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """Return all optimisers by name."""
        return {'actor': self.actor_optimiser, 'alpha': self.alpha_optimiser}

    def state_dict(self) -> dict[str, Any]:
        """Return all that changes what comes next, as tensors, numbers and containers of them.

        They are copies: what the learner does afterwards leaves the state alone.
        """
        modules = {name: module.state_dict() for name, module in self.modules().items()}
        optimisers = {name: opt.state_dict() for name, opt in self.optimisers().items()}
        return {
            'learner': type(self).__name__,
            'updates': self.updates,
            'log_alpha': self.log_alpha.detach().clone(),
            'generator': self.generator.get_state(),
            'modules': deepcopy(modules),
            'optimisers': deepcopy(optimisers),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a state that `state_dict` returned.

        :raises LearnerError: it is of another kind of learner or of other networks.
        """
        if state.get('learner') != type(self).__name__:
            raise LearnerError(
                f'the state is of {state.get("learner")!r}, this learner is {type(self).__name__}'
            )
        try:
            for name, module in self.modules().items():
                module.load_state_dict(state['modules'][name])
            for name, optimiser in self.optimisers().items():
                # Torch would share the moments with the state, and with who else loads it.
                optimiser.load_state_dict(deepcopy(state['optimisers'][name]))
        except (KeyError, RuntimeError, ValueError) as error:
            raise LearnerError(f'the state is of other networks: {name}: {error}') from None
        with torch.no_grad():
            self.log_alpha.copy_(state['log_alpha'])
        self.generator.set_state(state['generator'])
        self.updates = state['updates']

    def check(self, **quantities: torch.Tensor) -> dict[str, float]:
        """Return scalars as floats.

        :raises DivergedError: one is not finite, or `q` is beyond `largest_value`.
        """
        values = torch.stack(list(quantities.values())).tolist()
        numbers = dict(zip(quantities, values))
        for name, number in numbers.items():
            if not math.isfinite(number):
                raise DivergedError(f'update {self.updates + 1}: {name} is {number}')
        if abs(numbers.get('q', 0.0)) > self.config.largest_value:
            raise DivergedError(
                f'update {self.updates + 1}: q is {numbers["q"]:.4g}, beyond largest_value '
                f'{self.config.largest_value:g}'
            )
        return numbers


def adam(parameters: Iterable[nn.Parameter], learning_rate: float) -> torch.optim.Adam:
    """Return Adam in one fused kernel."""
    return torch.optim.Adam(parameters, lr=learning_rate, fused=True)


def step(
    optimiser: torch.optim.Optimizer,
    parameters: Sequence[nn.Parameter],
    gradients: Sequence[torch.Tensor],
) -> None:
    """Apply gradients that were computed earlier.

    The fused kernel walks through memory as it is: the gradient of a convolution of pictures with
    channels last lies otherwise than its weights, and would go to the wrong ones.
    """
    for parameter, gradient in zip(parameters, gradients):
        parameter.grad = None if gradient is None else gradient.contiguous()
    optimiser.step()


def follow(targets: Sequence[torch.Tensor], sources: Sequence[torch.Tensor], rate: float) -> None:
    """Move target weights towards the online ones: target += rate * (source - target)."""
    with torch.no_grad():
        torch._foreach_lerp_(list(targets), list(sources), rate)


def actor_loss(
    alpha: torch.Tensor, log_prob: torch.Tensor, objective: torch.Tensor
) -> torch.Tensor:
    """Return mean(alpha log pi - Q): soft policy improvement (arXiv 1812.05905, equation 7).

    :param log_prob: [B] of the actions just drawn; :param objective: [B], what they are worth.
    """
    return (alpha * log_prob - objective).mean()


def alpha_gradient(log_prob: torch.Tensor, target_entropy: float) -> torch.Tensor:
    """Return d/d log_alpha of -log_alpha * mean(log pi + target entropy), a scalar.

    Positive when the policy is more random than wanted, so that descent lowers the temperature
    (DSAC-v2 `dsac_v2.py`; arXiv 1812.05905, equation 18, for log alpha instead of alpha).
    """
    return -(log_prob.detach().mean() + target_entropy)
