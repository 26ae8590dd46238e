"""A pretrained encoder of pictures that nothing trains: the features it gives are always the same.

So a frame's features can be computed once, when it is stored, and learned from many times. The
very same model is put into the policy's file. `takeover.policy.frozen_graph` says which files are
legal.
"""

from collections.abc import Sequence
import hashlib
from pathlib import Path

import numpy as np
import onnx
from takeover.policy.bundle import MAX_FILE_BYTES
from takeover.policy.errors import BundleError
from takeover.policy.frozen_graph import (
    FrozenEncoderError,
    PixelScale,
    read_onnx,
    read_safetensors,
)
from takeover.policy.onnx_policy import start_session
from takeover.policy.vision_export import FROZEN_INPUT, FROZEN_OUTPUT

# What is trained behind it, and the recorded pictures, must fit into a policy's file too.
MAX_ENCODER_BYTES = MAX_FILE_BYTES - (8 << 20)
_READERS = {'.onnx': read_onnx, '.safetensors': read_safetensors}
_UNSCALED = PixelScale()


class FrozenEncoder:
    """One pretrained encoder for pictures of one shape, on the calling thread."""

    def __init__(self, model: onnx.ModelProto, shape: Sequence[int], path: str) -> None:
        """Start a session and find out what features look like; see `load`.

        :param model: `image` uint8 [batch, height, width, channels] to `features`.
        :raises FrozenEncoderError: the model does not run, or gives anything but features.
        """
        if model.ByteSize() > MAX_ENCODER_BYTES:
            raise FrozenEncoderError(
                f'{path}: has {model.ByteSize() / (1 << 20):.1f} MiB; legal: at most '
                f'{MAX_ENCODER_BYTES >> 20}, so that a policy with it can be a file'
            )
        self.path = path
        self.image_shape = tuple(shape)
        try:
            self._session = start_session(model.SerializeToString(), path)
        except BundleError as error:
            raise FrozenEncoderError(str(error)) from None
        self.feature_shape = self._measured_shape()
        self.model = onnx.ModelProto()
        self.model.CopyFrom(model)
        dims = self.model.graph.output[0].type.tensor_type.shape.dim
        dims.add().dim_param = 'batch'
        for size in self.feature_shape:
            dims.add().dim_value = size
        data = self.model.SerializeToString(deterministic=True)
        self.digest = hashlib.sha256(data).hexdigest()[:16]

    @classmethod
    def load(
        cls, path: str | Path, shape: Sequence[int], scale: PixelScale = _UNSCALED
    ) -> 'FrozenEncoder':
        """Load an `.onnx` or `.safetensors` file.

        :param shape: height, width, channels of the pictures; the encoder must take these.
        :param scale: how pixels become what the encoder was trained with.
        :raises FrozenEncoderError: naming the file, what is wrong, and the legal form.
        """
        path = Path(path)
        reader = _READERS.get(path.suffix)
        if reader is None:
            raise FrozenEncoderError(
                f'{path}: is of no known kind; legal: a name that ends in {", ".join(_READERS)}'
            )
        return cls(reader(path, shape, scale), shape, str(path))

    def features(self, images: np.ndarray) -> np.ndarray:
        """Return the features of N pictures, float32 [N, *feature_shape].

        :param images: uint8 [N, height, width, channels].
        :raises FrozenEncoderError: another type or shape.
        """
        if images.dtype != np.uint8 or images.shape[1:] != self.image_shape:
            raise FrozenEncoderError(
                f'{self.path}: images are {images.dtype} {list(images.shape)}; legal: uint8 [N, '
                f'{", ".join(map(str, self.image_shape))}]'
            )
        return self._run(images) if len(images) else np.empty((0, *self.feature_shape), np.float32)

    def _measured_shape(self) -> tuple[int, ...]:
        """Return the shape of one picture's features, after two pictures and after one."""
        pictures = np.zeros((2, *self.image_shape), np.uint8)
        pictures[1] = 255
        found = self._run(pictures)
        shape = found.shape[1:]
        good = found.dtype == np.float32 and len(found) == 2 and len(shape) in (1, 3)
        if not good or 0 in shape or self._run(pictures[:1]).shape != (1, *shape):
            raise FrozenEncoderError(
                f'{self.path}: two pictures become {found.dtype} {list(found.shape)}; legal: '
                'float32, a map [2, c, h, w] or a vector [2, d]'
            )
        if not np.isfinite(found).all():
            raise FrozenEncoderError(
                f'{self.path}: features of a black or a white picture are not finite'
            )
        return shape

    def _run(self, images: np.ndarray) -> np.ndarray:
        try:
            feed = {FROZEN_INPUT: np.ascontiguousarray(images)}
            (found,) = self._session.run([FROZEN_OUTPUT], feed)
        except Exception as error:  # noqa: BLE001 ONNX Runtime raises many classes without a common base
            raise FrozenEncoderError(
                f'{self.path}: cannot run on pictures {list(images.shape)}: {error}'
            ) from None
        return found
