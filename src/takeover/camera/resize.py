"""What of a camera's frames a task sees, and the smaller picture made of them."""

from dataclasses import dataclass

import cv2
import numpy as np
from takeover.camera.frame import Frame, Intrinsics
from takeover.camera.source import CameraError
from takeover.image import shape_picture
from takeover.image_form import ImageForm
from takeover.specs import Contract


@dataclass(frozen=True)
class Resize:
    """Crop and order of colours by `form`, then `height` x `width` pixels."""

    form: ImageForm
    height: int
    width: int

    def picture(self, frame: Frame) -> np.ndarray:
        """Return the picture of a frame, uint8 [height, width, channels].

        :raises ImageError: the frame is of a kind that pictures are not made from.
        """
        return shape_picture(frame.pixels, frame.encoding, self.form, self.height, self.width)

    def lens(self, lens: Intrinsics) -> Intrinsics:
        """Return the lens of the picture, from that of the frame."""
        return lens.shaped(self.form, self.height, self.width)


def resize_for(contract: Contract, topic: str) -> Resize | None:
    """Return what a task wants to be published on `topic`, None if that is no input of it.

    :raises CameraError: two features want different pictures from the same topic.
    """
    wanted = {
        Resize(feature.form.model_copy(update={'stack': 1}), *feature.shape[:2]): feature.name
        for feature in contract.images
        if topic in feature.inputs
    }
    if len(wanted) > 1:
        raise CameraError(
            f'the features {", ".join(wanted.values())} want different pictures from {topic}; '
            'legal: one crop, size and encoding for each topic'
        )
    return next(iter(wanted), None)


def decode(data: bytes) -> np.ndarray | None:
    """Return a JPEG or PNG picture as bgr8 [H, W, 3], or None when it is none."""
    return cv2.imdecode(np.frombuffer(data, dtype=np.uint8), cv2.IMREAD_COLOR)
