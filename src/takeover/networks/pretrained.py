"""What is trained behind a frozen encoder of pictures: small heads that the critics teach.

As HIL-SERL has it (arXiv 2410.21845; the embedding is SERL's, arXiv 2401.16013): a map of features
keeps its places until learned weights sum over them, so that the policy knows where something is,
and nothing of the large encoder is trained on a few minutes of driving. Their dropout is left out:
it would draw from torch's own numbers.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from takeover.networks.encoder import EncoderError, LatentLayer, SideBySideEncoder
from takeover.policy.frozen_encoder import FrozenEncoder
from takeover.policy.vision_weights import EncoderWeights, FrozenCameraWeights
import torch
from torch import nn


@dataclass(frozen=True)
class FeatureEncoderConfig:
    """The sizes of the heads behind frozen encoders."""

    spatial_features: int = 8
    """Learned sums over the places of each map of features."""
    image_latent: int = 64
    """Numbers that remain of the features of one camera."""
    vector_latent: int = 32
    """Numbers that the vector becomes."""

    def __post_init__(self) -> None:
        """Refuse what is no network."""
        for name, least in (('spatial_features', 1), ('image_latent', 2), ('vector_latent', 2)):
            if getattr(self, name) < least:
                raise EncoderError(f'{name} is {getattr(self, name)!r}; legal: {least} or more')


class SpatialEmbedding(nn.Module):
    """k weighted sums over the places of each of c maps: [B, c, h, w] to [B, c * k]."""

    def __init__(self, shape: tuple[int, int, int], count: int, generator: torch.Generator):
        """Draw the weights [c, k, h, w] so that a sum is about as large as one place."""
        super().__init__()
        channels, height, width = shape
        bound = (3.0 / (height * width)) ** 0.5
        self.weight = nn.Parameter(torch.empty(channels, count, height, width))
        with torch.no_grad():
            self.weight.uniform_(-bound, bound, generator=generator)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return the sums, those of one map beside each other."""
        # One matrix product for each map: [c, B, h * w] @ [c, h * w, k].
        maps = features.flatten(2).transpose(0, 1)
        sums = torch.bmm(maps, self.weight.flatten(2).transpose(1, 2))
        return sums.transpose(0, 1).flatten(1)


class FeatureHead(nn.Module):
    """The features of one camera, a map [B, c, h, w] or a vector [B, d], to a latent."""

    def __init__(
        self, shape: tuple[int, ...], config: FeatureEncoderConfig, generator: torch.Generator
    ) -> None:
        """Build an embedding where there are places to sum over, and the latent layer.

        :raises EncoderError: the shape is neither that of a map nor that of a vector.
        """
        super().__init__()
        if len(shape) not in (1, 3) or min(shape) < 1:
            raise EncoderError(f'features are {list(shape)}; legal: [c, h, w] or [d]')
        self.embedding = None
        size = shape[0]
        if len(shape) == 3:
            self.embedding = SpatialEmbedding(shape, config.spatial_features, generator)
            size *= config.spatial_features
        self.latent = LatentLayer(size, config.image_latent, generator)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return the latent, [B, image_latent]."""
        return self.latent(features if self.embedding is None else self.embedding(features))

    def weights(self, name: str, frozen: FrozenEncoder) -> FrozenCameraWeights:
        """Return the head as arrays of its own, with the encoder that goes before it."""
        kernel = None
        if self.embedding is not None:
            kernel = self.embedding.weight.detach().numpy().copy()
        latent = self.latent.weights()
        return FrozenCameraWeights(name, frozen.model, frozen.feature_shape, kernel, latent)


class FeatureEncoder(SideBySideEncoder):
    """A vector and the frozen features of one or more cameras to a latent [B, size].

    It stands where an ObservationEncoder stands: the same `size`, `names` and `forward`.
    """

    def __init__(
        self,
        vector_size: int,
        features: Mapping[str, tuple[int, ...]],
        config: FeatureEncoderConfig,
        generator: torch.Generator,
    ) -> None:
        """Build one head for each camera, with weights that `generator` alone decides.

        :param vector_size: numbers in the vector, 1 or more.
        :param features: `FrozenEncoder.feature_shape` of each camera, by the name of its feature.
        :raises EncoderError: nothing to see, or features of another form.
        """
        if vector_size < 1 or not features:
            raise EncoderError(
                f'a vector of {vector_size} numbers and {len(features)} cameras; legal: at least '
                'one of each'
            )
        super().__init__(
            features,
            LatentLayer(vector_size, config.vector_latent, generator),
            nn.ModuleList(FeatureHead(shape, config, generator) for shape in features.values()),
        )
        self.size = config.vector_latent + len(features) * config.image_latent

    def weights(
        self, mean: np.ndarray, scale: np.ndarray, frozen: Mapping[str, FrozenEncoder]
    ) -> EncoderWeights:
        """Return the encoder as arrays of its own, with the frozen encoders before it.

        :param mean: what was subtracted from vectors before they came here, [n] SI.
        :param scale: what they were divided by after that.
        :param frozen: of each camera, by name: those whose features came here.
        """
        cameras = tuple(
            head.weights(name, frozen[name]) for name, head in zip(self.names, self.cameras)
        )
        return EncoderWeights(mean, scale, self.vector.weights(), cameras)
