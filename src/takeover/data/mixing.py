"""Half of every batch from before, half from now: symmetric sampling.

Of RLPD (Ball et al. 2023, "Efficient Online Reinforcement Learning with Offline Data",
arXiv 2302.02948, section 4.1): each batch is half prior data (demonstrations, earlier runs) and
half what the learner has done itself, whatever the sizes of the two.
"""

from typing import Protocol

import numpy as np
from takeover.data.transition import ReplayError, TransitionBatch


class TransitionSource(Protocol):
    """Anything batches can be drawn from, as `ReplayBuffer` and `SymmetricReplay`."""

    def __len__(self) -> int:
        """Return the number of transitions that can be sampled."""

    def sample(self, batch_size: int, rng: np.random.Generator) -> TransitionBatch:
        """Draw transitions; raise `ReplayError` when there are none."""


class SymmetricReplay:
    """Prior and online transitions as one source, sampled half and half."""

    def __init__(self, prior: TransitionSource, online: TransitionSource):
        """Sample from both; neither is copied, so both may grow."""
        self.prior = prior
        self.online = online

    def __len__(self) -> int:
        """Return the number of transitions that can be sampled; 0 until both have some."""
        if not (len(self.prior) and len(self.online)):
            return 0
        return len(self.prior) + len(self.online)

    def sample(self, batch_size: int, rng: np.random.Generator) -> TransitionBatch:
        """Draw a batch as `symmetric_batch` does."""
        return symmetric_batch(self.prior, self.online, batch_size, rng)


def symmetric_batch(
    prior: TransitionSource, online: TransitionSource, batch_size: int, rng: np.random.Generator
) -> TransitionBatch:
    """Draw a batch whose even rows are prior and whose odd rows are online.

    Interleaved, every slice of even length is again half and half: a batch may be cut up for
    several gradient steps.

    :raises ReplayError: when the size is odd, a source is empty or the two are of different form.
    """
    if batch_size < 2 or batch_size % 2:
        raise ReplayError(f'batch_size must be even and at least 2, is {batch_size}')
    for name, source in (('prior', prior), ('online', online)):
        if not len(source):
            raise ReplayError(f'the {name} replay is still empty; both need a transition')
    even = prior.sample(batch_size // 2, rng)
    odd = online.sample(batch_size // 2, rng)
    return TransitionBatch(
        observation=_interleaved_arrays('observation', even.observation, odd.observation),
        action=_interleaved('action', even.action, odd.action),
        reward=_interleaved('reward', even.reward, odd.reward),
        mask=_interleaved('mask', even.mask, odd.mask),
        next_observation=_interleaved_arrays(
            'next_observation', even.next_observation, odd.next_observation
        ),
    )


def _interleaved_arrays(
    name: str, even: dict[str, np.ndarray], odd: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    if even.keys() != odd.keys():
        raise ReplayError(
            f'{name} must have the same arrays in both replays, '
            f'has {sorted(even)} in prior and {sorted(odd)} in online'
        )
    return {key: _interleaved(f'{name} {key!r}', even[key], odd[key]) for key in even}


def _interleaved(name: str, even: np.ndarray, odd: np.ndarray) -> np.ndarray:
    if even.shape != odd.shape or even.dtype != odd.dtype:
        raise ReplayError(
            f'{name} must have the same form in both replays, is {even.dtype} '
            f'{list(even.shape[1:])} in prior and {odd.dtype} {list(odd.shape[1:])} in online'
        )
    mixed = np.empty((2 * len(even), *even.shape[1:]), even.dtype)
    mixed[0::2] = even
    mixed[1::2] = odd
    return mixed
