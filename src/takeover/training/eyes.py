"""What a learner sees of a task's pictures: through an encoder that learns, or a frozen one."""

from collections.abc import Mapping

import numpy as np
from takeover.agents.visual_rlif import VisionConfig
from takeover.networks.encoder import ObservationEncoder
from takeover.networks.pretrained import FeatureEncoder
from takeover.policy.frozen_encoder import FrozenEncoder
from takeover.policy.frozen_graph import PixelScale
from takeover.policy.vision_weights import EncoderWeights
from takeover.specs import Contract
import torch


class Eyes:
    """The encoder of a task with images, and what it is fed with."""

    def __init__(self, task: Contract, config: VisionConfig) -> None:
        """Load the frozen encoder, if there is one.

        :raises TakeoverError: it cannot be used for the task's pictures; names the file.
        """
        self._task, self._config = task, config
        self.frozen: dict[str, FrozenEncoder] = {}
        """By the name of the image feature; empty when the encoder learns."""
        if config.frozen:
            scale = PixelScale(config.pixel_mean, config.pixel_deviation)
            self.frozen = {
                image.name: FrozenEncoder.load(config.frozen, image.shape, scale)
                for image in task.images
            }

    def network(self, seed: int) -> ObservationEncoder | FeatureEncoder:
        """Return the network that is trained, new; all of it follows from the seed."""
        generator = torch.Generator().manual_seed(seed)
        size = self._task.observation_size
        if self.frozen:
            shapes = {name: each.feature_shape for name, each in self.frozen.items()}
            return FeatureEncoder(size, shapes, self._config.head, generator)
        shapes = {image.name: image.shape for image in self._task.images}
        return ObservationEncoder(size, shapes, self._config.encoder, generator)

    def seen(self, pictures: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return what the network takes of pictures uint8 [N, height, width, channels]."""
        if not self.frozen:
            return dict(pictures)
        return {name: self.frozen[name].features(each) for name, each in pictures.items()}

    def weights(
        self, network: ObservationEncoder | FeatureEncoder, mean: np.ndarray, scale: np.ndarray
    ) -> EncoderWeights:
        """Return a network as arrays, with the frozen one in front of it if there is one.

        :param mean: of the vector's normaliser, and its scale.
        """
        if self.frozen:
            return network.weights(mean, scale, self.frozen)
        return network.weights(mean, scale)
