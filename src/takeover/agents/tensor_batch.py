"""Transitions as tensors: what an update learns from."""

from dataclasses import dataclass

from takeover.data.transition import TransitionBatch, VECTOR
import torch


@dataclass(frozen=True, eq=False)
class TensorBatch:
    """Transitions as tensors: observations [B, n], actions [B, m], reward and mask [B]."""

    observation: torch.Tensor
    action: torch.Tensor
    reward: torch.Tensor
    mask: torch.Tensor
    next_observation: torch.Tensor

    @classmethod
    def of(cls, batch: TransitionBatch) -> 'TensorBatch':
        """Take over the arrays of a batch whose observation is one vector, without a copy."""
        return cls(
            *map(
                torch.from_numpy,
                (
                    batch.observation[VECTOR],
                    batch.action,
                    batch.reward,
                    batch.mask,
                    batch.next_observation[VECTOR],
                ),
            )
        )

    def rows(self, part: slice) -> 'TensorBatch':
        """Return some of the transitions."""
        return TensorBatch(*(value[part] for value in vars(self).values()))

    def __len__(self) -> int:
        """Return the number of transitions."""
        return len(self.reward)
