"""The settings that learners share: a sentence for each field; what is not legal is refused."""

from dataclasses import dataclass
import math
from typing import Literal

from takeover.errors import TakeoverError
from takeover.networks.stacked import ACTIVATIONS


class LearnerError(TakeoverError):
    """The configuration cannot be trained with, or a state is of another learner."""


@dataclass(frozen=True)
class ActorCriticConfig:
    """What every learner needs; the defaults are DSAC-T's."""

    hidden: tuple[int, ...] = (256, 256, 256)
    """Width of each hidden layer of actor and critics."""
    activation: Literal['gelu', 'relu', 'tanh'] = 'gelu'
    """After every hidden layer."""
    batch_size: int = 256
    """Transitions in each gradient step."""
    discount: float = 0.99
    """Gamma: what a reward one step later is worth."""
    critic_learning_rate: float = 1e-4
    """Of Adam for the critics."""
    actor_learning_rate: float = 1e-4
    """Of Adam for the actor."""
    alpha_learning_rate: float = 3e-4
    """Of Adam for the logarithm of the temperature."""
    target_rate: float = 0.005
    """Tau: how far the target networks move towards the online ones at a time."""
    initial_log_alpha: float = 1.0
    """Logarithm of the temperature at the start."""
    target_entropy: float | None = None
    """What the temperature steers the entropy of the actions to; None: minus their number (RLPD:
    minus half of it)."""
    min_log_std: float = -20.0
    """Lower bound of the logarithm of the actor's standard deviation."""
    max_log_std: float = 0.5
    """Upper bound of it."""
    largest_value: float = 1e7
    """Training stops when the mean estimated return is beyond this: it diverges."""

    def __post_init__(self) -> None:
        """Refuse what cannot be trained with."""
        if self.activation not in ACTIVATIONS:
            self._refuse('activation', f'one of {", ".join(ACTIVATIONS)}')
        if not self.hidden or min(self.hidden) < 1:
            self._refuse('hidden', 'at least one width of 1 or more')
        for name in ('critic_learning_rate', 'actor_learning_rate', 'largest_value'):
            if not 0.0 < getattr(self, name) < math.inf:
                self._refuse(name, 'positive')
        if not 0.0 <= self.alpha_learning_rate < math.inf:
            self._refuse('alpha_learning_rate', '0 (a fixed temperature) or positive')
        if self.batch_size < 1:
            self._refuse('batch_size', '1 or more')
        if not 0.0 <= self.discount <= 1.0:
            self._refuse('discount', 'from 0 to 1')
        if not 0.0 < self.target_rate <= 1.0:
            self._refuse('target_rate', 'above 0, at most 1')
        if not self.min_log_std < self.max_log_std:
            self._refuse('min_log_std', f'less than max_log_std ({self.max_log_std})')

    def _refuse(self, name: str, legal: str) -> None:
        raise LearnerError(f'{name} is {getattr(self, name)!r}; legal: {legal}')


@dataclass(frozen=True)
class DistributionalConfig(ActorCriticConfig):
    """What critics that hold a distribution add."""

    critic_loss: Literal['gaussian', 'huber_ratio'] = 'gaussian'
    """The paper's form, or that of the published code since July 2025."""
    expected_value_substitution: bool = True
    """Refinement 1; off: the mean learns from the same sample as the deviation."""
    twin_distributions: bool = True
    """Refinement 2; off: one critic."""
    variance_based_adjustment: bool = True
    """Refinement 3; off: the clip is `td_bound` and gradients are not scaled, as in DSAC v1."""
    bound_sigmas: float = 3.0
    """Xi: the clip of the target's sample, in moving averages of sigma."""
    average_rate: float = 0.005
    """Tau_b: how fast the moving average of sigma follows."""
    td_bound: float = 10.0
    """The clip of the target's sample without variance-based adjustment."""

    def __post_init__(self) -> None:
        """Refuse what cannot be trained with."""
        super().__post_init__()
        if self.critic_loss not in ('gaussian', 'huber_ratio'):
            self._refuse('critic_loss', 'gaussian, huber_ratio')
        if self.critic_loss == 'huber_ratio' and not self.variance_based_adjustment:
            self._refuse('critic_loss', 'gaussian when variance_based_adjustment is off')
        if not self.bound_sigmas > 1.0:
            self._refuse('bound_sigmas', 'above 1; at 1 or below, sigma shrinks to 0')
        if not 0.0 < self.average_rate <= 1.0:
            self._refuse('average_rate', 'above 0, at most 1')
        if not self.td_bound > 0.0:
            self._refuse('td_bound', 'positive')
