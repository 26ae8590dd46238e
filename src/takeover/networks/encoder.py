"""What a policy and its critics see of an observation with images: one latent vector.

A small convolutional network for each camera and a layer for the vector, each ending in layer
normalisation and tanh, side by side: [vector | first camera | second camera ...]. The bounded
latent is DrQ's (arXiv 2004.13649, appendix B); the convolutions are those of the Nature DQN, made
smaller until a batch of 128 pictures of 64 x 64 takes 6 ms forwards and backwards on one core.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import get_args, Literal

import numpy as np
from takeover.errors import TakeoverError
from takeover.networks.stacked import LAYER_NORM_EPSILON
from takeover.policy.cnn_export import Convolution
from takeover.policy.vision_weights import (
    CameraWeights,
    EncoderWeights,
    keypoint_grid,
    KEYPOINT_SHARPNESS,
    LatentWeights,
)
import torch
from torch import nn

Pooling = Literal['flat', 'keypoints']


class EncoderError(TakeoverError):
    """An encoder cannot be built like this, or was given other images than it was built for."""


@dataclass(frozen=True)
class EncoderConfig:
    """The shape of an encoder: one convolution for each entry of the first three fields."""

    channels: tuple[int, ...] = (16, 32, 32)
    """Maps that each convolution gives."""
    kernels: tuple[int, ...] = (8, 3, 3)
    """Height and width in pixels that each convolution looks at."""
    strides: tuple[int, ...] = (4, 2, 1)
    """Pixels from one place of each convolution to the next, in both directions."""
    pooling: Pooling = 'flat'
    """What is kept of the last maps. flat: everything. keypoints: where each is strongest (spatial
    softmax, C. Finn et al., arXiv 1509.06113), for tasks about where something is: from 200
    pictures of a hole it knows its place twice to three times as exactly."""
    image_latent: int = 64
    """Numbers that remain of the pictures of one camera."""
    vector_latent: int = 32
    """Numbers that the vector becomes."""

    def __post_init__(self) -> None:
        """Refuse what is no network."""
        for name in ('channels', 'kernels', 'strides'):
            values = getattr(self, name)
            if not values or min(values) < 1 or len(values) != len(self.channels):
                raise EncoderError(
                    f'{name} is {values!r}; legal: one number of 1 or more for each convolution, '
                    'as many in channels, kernels and strides, at least one'
                )
        if self.pooling not in get_args(Pooling):
            raise EncoderError(
                f'pooling is {self.pooling!r}; legal: {", ".join(get_args(Pooling))}'
            )
        for name in ('image_latent', 'vector_latent'):
            # Layer normalisation makes a single number 0, whatever it was.
            if getattr(self, name) < 2:
                raise EncoderError(f'{name} is {getattr(self, name)!r}; legal: 2 or more')


class LatentLayer(nn.Module):
    """Linear, layer normalisation, tanh: [B, inputs] to [B, outputs] within -1 and 1."""

    def __init__(self, inputs: int, outputs: int, generator: torch.Generator) -> None:
        """Draw weight and bias uniformly within 1/sqrt(inputs)."""
        super().__init__()
        self.linear = nn.utils.skip_init(nn.Linear, inputs, outputs)
        self.norm = nn.LayerNorm(outputs, eps=LAYER_NORM_EPSILON)
        with torch.no_grad():
            for parameter in (self.linear.weight, self.linear.bias):
                parameter.uniform_(-(inputs**-0.5), inputs**-0.5, generator=generator)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Return the latent, [B, outputs]."""
        return torch.tanh(self.norm(self.linear(values)))

    def weights(self) -> LatentWeights:
        """Return the layer as arrays of its own."""
        return LatentWeights(
            _array(self.linear.weight),
            _array(self.linear.bias),
            _array(self.norm.weight),
            _array(self.norm.bias),
            self.norm.eps,
        )


class CameraEncoder(nn.Module):
    """Pictures of one camera, uint8 [B, height, width, channels], to a latent."""

    def __init__(
        self, shape: tuple[int, int, int], config: EncoderConfig, generator: torch.Generator
    ) -> None:
        """Draw the convolutions as He et al. 2015 do for ReLU, uniformly, with zero bias.

        :raises EncoderError: a kernel is larger than what it slides over.
        """
        super().__init__()
        self.shape = tuple(shape)
        height, width, channels = self.shape
        self.convolutions = nn.ModuleList()
        for outputs, kernel, stride in zip(config.channels, config.kernels, config.strides):
            if min(height, width) < kernel:
                raise EncoderError(
                    f'convolution {len(self.convolutions)}: its kernel of {kernel} is larger than '
                    f'the {height} x {width} that it slides over, of pictures '
                    f'{list(self.shape)}; legal: smaller kernels or strides, or larger pictures'
                )
            layer = nn.utils.skip_init(nn.Conv2d, channels, outputs, kernel, stride)
            bound = (6.0 / (channels * kernel * kernel)) ** 0.5
            with torch.no_grad():
                layer.weight.uniform_(-bound, bound, generator=generator)
                layer.bias.zero_()
            self.convolutions.append(layer)
            height, width = (height - kernel) // stride + 1, (width - kernel) // stride + 1
            channels = outputs
        self.keypoints = config.pooling == 'keypoints'
        features = 2 * channels if self.keypoints else channels * height * width
        self.latent = LatentLayer(features, config.image_latent, generator)
        grid = torch.from_numpy(keypoint_grid(height, width))
        self.register_buffer('_grid', grid, persistent=False)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return the latent, [B, image_latent]."""
        # Channels stay last in memory, as cameras give them: a fifth faster than moving them.
        values = pictures.float().div_(255.0).sub_(0.5).permute(0, 3, 1, 2)
        for layer in self.convolutions[:-1]:
            values = nn.functional.relu(layer(values))
        values = self.convolutions[-1](values)
        if self.keypoints:
            weights = torch.softmax(KEYPOINT_SHARPNESS * values.flatten(2), dim=2)
            return self.latent((weights @ self._grid).flatten(1))
        return self.latent(nn.functional.relu(values).flatten(1))

    def weights(self, name: str) -> CameraWeights:
        """Return the network as arrays of its own; `name` is that of its input."""
        return CameraWeights(
            name,
            self.shape,
            tuple(
                Convolution(_array(layer.weight), _array(layer.bias), layer.stride[0])
                for layer in self.convolutions
            ),
            self.latent.weights(),
            self.keypoints,
        )


class SideBySideEncoder(nn.Module):
    """A network for the vector and one for each camera, whose latents stand side by side."""

    def __init__(self, names: Iterable[str], vector: LatentLayer, cameras: nn.ModuleList) -> None:
        """Take the networks; those of the cameras in the order of their names."""
        super().__init__()
        # A list, for a camera may be called `forward`, which no part of a module may.
        self.names = tuple(names)
        self.vector, self.cameras = vector, cameras

    def forward(self, vector: torch.Tensor, seen: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Return the latent of B observations, [B, size], within -1 and 1.

        :param vector: float32 [B, n], already normalised.
        :param seen: what the network of each camera takes, [B, ...], by name.
        """
        latents = [self.vector(vector)]
        latents += [camera(seen[name]) for name, camera in zip(self.names, self.cameras)]
        return torch.cat(latents, dim=1)


class ObservationEncoder(SideBySideEncoder):
    """A vector and the pictures of one or more cameras to a latent [B, size]."""

    def __init__(
        self,
        vector_size: int,
        images: Mapping[str, tuple[int, int, int]],
        config: EncoderConfig,
        generator: torch.Generator,
    ) -> None:
        """Build one network for each camera, with weights that `generator` alone decides.

        :param vector_size: numbers in the vector, 1 or more.
        :param images: height, width, channels of each camera's picture, by the feature's name.
        :raises EncoderError: nothing to see, or pictures too small for the convolutions.
        """
        if vector_size < 1 or not images:
            raise EncoderError(
                f'a vector of {vector_size} numbers and {len(images)} images; legal: at least one '
                'of each'
            )
        super().__init__(
            images,
            LatentLayer(vector_size, config.vector_latent, generator),
            nn.ModuleList(CameraEncoder(shape, config, generator) for shape in images.values()),
        )
        self.size = config.vector_latent + len(images) * config.image_latent

    def weights(self, mean: np.ndarray, scale: np.ndarray) -> EncoderWeights:
        """Return the encoder as arrays of its own.

        :param mean: what was subtracted from vectors before they came here, [n] SI.
        :param scale: what they were divided by after that.
        """
        cameras = tuple(camera.weights(name) for name, camera in zip(self.names, self.cameras))
        return EncoderWeights(mean, scale, self.vector.weights(), cameras)


def _array(parameter: torch.Tensor) -> np.ndarray:
    return parameter.detach().numpy().copy()
