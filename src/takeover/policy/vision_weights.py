"""What a trained policy that sees a vector and pictures consists of, as plain arrays.

action = head([latent of the vector | latent of the first camera | second camera ...]). A camera
has convolutions of its own, or a frozen model that somebody else trained and a small head behind.
"""

from dataclasses import dataclass
import math

import numpy as np
import onnx
from takeover.policy.cnn_export import Convolution, map_shape
from takeover.policy.onnx_export import ExportError, MlpWeights
from takeover.specs import VECTOR_FIELD

ACTION = 'action'
# Before the softmax over the places of a map; larger is nearer to the one strongest place.
KEYPOINT_SHARPNESS = 10.0


@dataclass(frozen=True, eq=False)
class LatentWeights:
    """tanh(layer_norm(weight @ x + bias)): `weight` [out, in], the other arrays [out].

    `epsilon` is what the normalisation adds to the variance.
    """

    weight: np.ndarray
    bias: np.ndarray
    norm_scale: np.ndarray
    norm_offset: np.ndarray
    epsilon: float

    def __post_init__(self) -> None:
        """Check that the arrays fit together and that all numbers are usable."""
        arrays = (self.weight, self.bias, self.norm_scale, self.norm_offset)
        shapes = [list(array.shape) for array in arrays]
        if self.weight.ndim != 2 or any(shape != shapes[0][:1] for shape in shapes[1:]):
            raise ExportError(
                f'latent layer: weight, bias, norm_scale and norm_offset are {shapes}, need '
                '[out, in] and three of [out]'
            )
        if not all(np.isfinite(array).all() for array in arrays) or not self.epsilon > 0.0:
            raise ExportError('latent layer: arrays must be finite, epsilon positive')


@dataclass(frozen=True, eq=False)
class CameraWeights:
    """A trained network: latent(flatten(relu(conv(... relu(conv(picture / 255 - 0.5)))))).

    `name` is that of the image feature and the input, `shape` height, width and channels. With
    `keypoints` the last maps have no relu and are not flattened: the latent is of where each is
    strongest, x and y by `keypoint_grid`, weighted by the softmax of its places.
    """

    name: str
    shape: tuple[int, int, int]
    convolutions: tuple[Convolution, ...]
    latent: LatentWeights
    keypoints: bool = False

    def __post_init__(self) -> None:
        """Check that the layers fit together."""
        shape = map_shape(self.shape, self.convolutions)
        _check_latent(self.name, (shape[0], 2) if self.keypoints else shape, self.latent)


@dataclass(frozen=True, eq=False)
class FrozenCameraWeights:
    """A frozen model and what was trained behind it: latent(embedding of the features).

    `frozen` takes `image` uint8 [batch, height, width, channels] and gives `features` float32
    [batch, *feature_shape]: [c, h, w] with an `embedding` [c, k, h, w], k weighted sums over the
    places of each map, or [d] without one.
    """

    name: str
    frozen: onnx.ModelProto
    feature_shape: tuple[int, ...]
    embedding: np.ndarray | None
    latent: LatentWeights

    def __post_init__(self) -> None:
        """Check that the layers fit together and that all numbers are usable."""
        shape, kernel = self.feature_shape, self.embedding
        if kernel is not None:
            if kernel.ndim != 4 or (kernel.shape[0], *kernel.shape[2:]) != shape:
                raise ExportError(
                    f'{self.name}: the embedding is {list(kernel.shape)}, needs [c, k, h, w] for '
                    f'features {list(shape)}'
                )
            if not np.isfinite(kernel).all():
                raise ExportError(f'{self.name}: the embedding must be finite')
            shape = kernel.shape[:2]
        _check_latent(self.name, shape, self.latent)


@dataclass(frozen=True, eq=False)
class EncoderWeights:
    """[latent of the normalised vector | latent of the first camera | second ...], side by side.

    The vector is normalised as (observation - mean) / scale, [n] SI each.
    """

    mean: np.ndarray
    scale: np.ndarray
    vector: LatentWeights
    cameras: tuple[CameraWeights | FrozenCameraWeights, ...]

    def __post_init__(self) -> None:
        """Check the normaliser, and that no two inputs have one name."""
        size = self.vector.weight.shape[1]
        if not len(self.mean) == len(self.scale) == size:
            raise ExportError(
                f'{len(self.mean)} means and {len(self.scale)} scales for a vector of {size}'
            )
        if not (np.isfinite(self.mean).all() and np.isfinite(self.scale).all()):
            raise ExportError('mean and scale must be finite')
        if not np.all(self.scale > 0.0):
            raise ExportError('scale must be positive everywhere')
        names = [VECTOR_FIELD, ACTION, *(camera.name for camera in self.cameras)]
        for name in names[2:]:
            if names.count(name) > 1 or '/' in name or not name:
                raise ExportError(
                    f'camera {name!r}: legal: a name of its own, without a slash, other than '
                    f'{VECTOR_FIELD} and {ACTION}'
                )

    @property
    def size(self) -> int:
        """Length of the latent."""
        return sum(len(layer.bias) for layer in (self.vector, *(c.latent for c in self.cameras)))


@dataclass(frozen=True, eq=False)
class VisionWeights:
    """A trained policy: action = head(encoder(vector, pictures)).

    The normaliser of the head is that of the latent: mean 0 and scale 1.
    """

    encoder: EncoderWeights
    head: MlpWeights

    def __post_init__(self) -> None:
        """Check that the two parts fit together."""
        if self.encoder.size != len(self.head.observation_mean):
            raise ExportError(
                f'the encoder gives {self.encoder.size} numbers, the head takes '
                f'{len(self.head.observation_mean)}'
            )


def keypoint_grid(height: int, width: int) -> np.ndarray:
    """Return x and y of each place of a map, float32 [height * width, 2], from -1 to 1."""
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing='ij')
    return np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float32)


def _check_latent(name: str, shape: tuple[int, ...], latent: LatentWeights) -> None:
    size, needed = math.prod(shape), latent.weight.shape[1]
    if size != needed:
        raise ExportError(
            f'{name}: {" x ".join(map(str, shape))} = {size} features, its latent layer takes '
            f'{needed}'
        )
