"""Transitions as tensors: what an update learns from."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from takeover.data.transition import TransitionBatch, VECTOR
import torch


@dataclass(frozen=True, eq=False)
class Seen:
    """Observations with images as tensors: `vector` [B, n], `images` [B, ...] by name."""

    vector: torch.Tensor
    images: dict[str, torch.Tensor]

    def __getitem__(self, part: slice) -> 'Seen':
        """Return some of the observations."""
        return Seen(self.vector[part], {name: each[part] for name, each in self.images.items()})

    def __len__(self) -> int:
        """Return the number of observations."""
        return len(self.vector)


Observations: TypeAlias = torch.Tensor | Seen


def observations_of(arrays: Mapping[str, np.ndarray]) -> Observations:
    """Take over arrays by name without a copy: a vector alone, or a vector and images."""
    tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
    vector = tensors.pop(VECTOR)
    return Seen(vector, tensors) if tensors else vector


@dataclass(frozen=True, eq=False)
class TensorBatch:
    """Transitions as tensors: actions [B, m], reward and mask [B].

    Observations are vectors [B, n], or vectors and images.
    """

    observation: Observations
    action: torch.Tensor
    reward: torch.Tensor
    mask: torch.Tensor
    next_observation: Observations

    @classmethod
    def of(cls, batch: TransitionBatch) -> 'TensorBatch':
        """Take over the arrays of a batch without a copy."""
        return cls(
            observations_of(batch.observation),
            *map(torch.from_numpy, (batch.action, batch.reward, batch.mask)),
            observations_of(batch.next_observation),
        )

    def seen_as(self, observation: torch.Tensor, next_observation: torch.Tensor) -> 'TensorBatch':
        """Return the same transitions with other observations, [B, k]."""
        return replace(self, observation=observation, next_observation=next_observation)

    def detached(self) -> 'TensorBatch':
        """Return the same transitions, whose observations [B, k] no gradient goes through."""
        return self.seen_as(self.observation.detach(), self.next_observation)

    def rows(self, part: slice) -> 'TensorBatch':
        """Return some of the transitions."""
        return TensorBatch(*(value[part] for value in vars(self).values()))

    def __len__(self) -> int:
        """Return the number of transitions."""
        return len(self.reward)
