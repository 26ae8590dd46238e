"""Learning from take-overs with eyes: RLIF on the latent of an encoder.

The encoder learns from the loss of the critics, as in DrQ (I. Kostrikov, D. Yarats, R. Fergus,
arXiv 2004.13649) and RLPD (arXiv 2302.02948, appendix): what the actor wants of it would make it
forget what is of no use at the moment. Before there are critics it learns from cloning; where it
must see exactly, it goes on learning from that, too: labels are rare, and the few demonstrations
do not show enough.

Three copies: the one that learns, for critics and actor now; one that follows it as the target
critics follow theirs, for what comes next; and an average that moves with that of the actor, which
drives. While the actor rests, so does the encoder: the actor would not know it again.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
import math
from typing import Any, Protocol

import numpy as np
from takeover.agents.actor_critic import adam, follow, step
from takeover.agents.learner_config import LearnerError
from takeover.agents.rlif import cloning_loss, CloningBatch, RlifConfig, RlifLearner
from takeover.agents.tensor_batch import Seen, TensorBatch
from takeover.networks.encoder import EncoderConfig
from takeover.networks.pretrained import FeatureEncoderConfig
from takeover.policy.vision_weights import EncoderWeights
import torch
from torch import autograd, nn

_PRETRAINING_BATCH = 128


class Encoder(Protocol):
    """A network from vectors and images to a latent: see takeover.networks."""

    size: int

    def __call__(self, vector: torch.Tensor, images: dict[str, torch.Tensor]) -> torch.Tensor:
        """Return the latent, [B, size]."""

    def weights(self, mean: np.ndarray, scale: np.ndarray) -> EncoderWeights:
        """Return the encoder as arrays."""


@dataclass(frozen=True)
class VisionConfig:
    """How pictures become part of what actor and critics see; only for tasks with images."""

    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    """The network that is trained, unless there is a frozen one."""
    frozen: str = ''
    """File of a pretrained encoder (.onnx or .safetensors) that stays as it is; empty: none."""
    pixel_mean: tuple[float, ...] = (0.0,)
    """What the frozen encoder was trained to have subtracted from pixels of 0 to 1: one number, or
    one for each channel."""
    pixel_deviation: tuple[float, ...] = (1.0,)
    """What it was trained to have them divided by after that."""
    head: FeatureEncoderConfig = field(default_factory=FeatureEncoderConfig)
    """The small network that is trained behind the frozen one."""
    learning_rate: float = 1e-4
    """Of Adam for the encoder while the critics train it."""
    cloning_learning_rate: float = 0.0
    """Of Adam for the encoder while what is cloned trains it, beside the critics; 0: it does
    not."""

    def __post_init__(self) -> None:
        """Refuse what cannot be trained with."""
        for name in ('learning_rate', 'cloning_learning_rate'):
            if not 0.0 <= getattr(self, name) < math.inf:
                raise LearnerError(f'{name} is {getattr(self, name)}; legal: 0 or more')


class VisualRlifLearner(RlifLearner):
    """The update of RLIF with an encoder before actor and critics."""

    def __init__(
        self,
        config: RlifConfig,
        encoder: nn.Module,
        action_size: int,
        seed: int,
        vision: VisionConfig = VisionConfig(),
    ) -> None:
        """Make all networks; the encoder's copies start like it.

        :param encoder: an `Encoder`.
        """
        super().__init__(config, encoder.size, action_size, seed)
        self.encoder = encoder
        self.target_encoder, self.averaged_encoder = (
            deepcopy(encoder).requires_grad_(False) for _ in range(2)
        )
        self._encoder_parameters = list(encoder.parameters())
        self.encoder_optimiser = adam(self._encoder_parameters, vision.learning_rate)
        self._clones = vision.cloning_learning_rate > 0.0
        self.cloning_optimiser = adam(self._encoder_parameters, vision.cloning_learning_rate)
        self._resting = False

    def pretrain(self, draw: Callable[[int], CloningBatch]) -> float:
        """Clone demonstrations and return the last loss; the averages become the clone.

        :param draw: gives so many rows of what was demonstrated.
        """
        config = self.config
        parameters = [*self._actor_parameters, *self._encoder_parameters]
        optimiser = torch.optim.Adam(parameters, lr=config.pretraining_learning_rate, fused=True)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, config.pretraining_steps)
        for _ in range(config.pretraining_steps):
            batch = draw(_PRETRAINING_BATCH)
            seen = self.encoder(batch.observation.vector, batch.observation.images)
            loss = cloning_loss(self.actor, seen, batch.action)
            step(optimiser, parameters, autograd.grad(loss, parameters, allow_unused=True))
            schedule.step()
        self.averaged.load_state_dict(self.actor.state_dict())
        for copy in (self.target_encoder, self.averaged_encoder):
            copy.load_state_dict(self.encoder.state_dict())
        return float(loss.detach())

    def learn(self, batch: TensorBatch, cloning: CloningBatch | None = None) -> dict[str, float]:
        """Learn as without images; see `RlifLearner.learn`."""
        self._resting = cloning is None
        numbers = super().learn(batch, cloning)
        if not self._resting:
            if self._clones:
                self._see_what_is_cloned(cloning)
            self._follow(self.averaged_encoder, self.config.average_rate)
        return numbers

    def perceived(self, batch: TensorBatch) -> TensorBatch:
        """Return transitions as the critics see them: the latent now, and the slow one after."""
        with torch.set_grad_enabled(not self._resting):
            seen = self.encoder(batch.observation.vector, batch.observation.images)
        after = batch.next_observation
        with torch.no_grad():
            return batch.seen_as(seen, self.target_encoder(after.vector, after.images))

    def update_critic(self, batch: TensorBatch, entropy_backup: bool = True) -> dict[str, float]:
        """Do one step of the critics, and of the encoder if it does not rest."""
        alpha = self.alpha if entropy_backup else torch.zeros(())
        loss, quantities = self.critic.loss(
            batch, lambda observation: self.sample(self.actor, observation), alpha
        )
        critics, encoder = self.critic.parameters, self._encoder_parameters
        trained = critics if self._resting else [*critics, *encoder]
        gradients = autograd.grad(loss, trained)
        numbers = self.check(**quantities)
        step(self.critic_optimiser, critics, gradients[: len(critics)])
        if not self._resting:
            step(self.encoder_optimiser, encoder, gradients[len(critics) :])
        self.critic.follow(self.config.target_rate)
        self._follow(self.target_encoder, self.config.target_rate)
        return numbers

    def latent(self, observation: Seen) -> torch.Tensor:
        """Return what the actor sees, [B, k]; no gradient of the actor reaches the encoder."""
        with torch.no_grad():
            return self.encoder(observation.vector, observation.images)

    def answer(self, observation: Seen) -> torch.Tensor:
        """Return the actions of the policy to drive with, [B, m] in [-1, 1]."""
        return super().answer(self.averaged_encoder(observation.vector, observation.images))

    def modules(self) -> dict[str, nn.Module]:
        """Return all networks by name."""
        return super().modules() | {
            'encoder': self.encoder,
            'target_encoder': self.target_encoder,
            'averaged_encoder': self.averaged_encoder,
        }

    def optimisers(self) -> dict[str, Any]:
        """Return all optimisers by name."""
        return super().optimisers() | {
            'encoder': self.encoder_optimiser,
            'cloning': self.cloning_optimiser,
        }

    def _see_what_is_cloned(self, cloning: CloningBatch) -> None:
        """Do one step of the encoder towards what the actor needs to clone."""
        seen = self.encoder(cloning.observation.vector, cloning.observation.images)
        loss = cloning_loss(self.actor, seen, cloning.action)
        gradients = autograd.grad(loss, self._encoder_parameters)
        step(self.cloning_optimiser, self._encoder_parameters, gradients)

    def _follow(self, copy: nn.Module, rate: float) -> None:
        follow(list(copy.parameters()), self._encoder_parameters, rate)
