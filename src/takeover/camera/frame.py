"""A frame: what a camera saw, when, and through which lens."""

from dataclasses import dataclass, replace

import numpy as np
from takeover.image_form import crop_box, ImageForm


@dataclass(frozen=True)
class Intrinsics:
    """The lens of a picture of `width` x `height` pixels: pinhole parameters in pixels.

    `distortion` are the coefficients of `distortion_model` ('plumb_bob', 'equidistant', '' for
    none), as sensor_msgs/CameraInfo has them.
    """

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float
    distortion_model: str = ''
    distortion: tuple[float, ...] = ()

    def shaped(self, form: ImageForm, height: int, width: int) -> 'Intrinsics':
        """Return the lens of the picture after `takeover.image.shape_picture`.

        Pixel centres are at whole numbers, as in OpenCV and CameraInfo; so a resize maps u to
        (u + 0.5) * scale - 0.5.
        """
        top, left, bottom, right = crop_box(form, self.height, self.width)
        x, y = width / (right - left), height / (bottom - top)
        return replace(
            self,
            width=width,
            height=height,
            fx=self.fx * x,
            fy=self.fy * y,
            cx=(self.cx - left + 0.5) * x - 0.5,
            cy=(self.cy - top + 0.5) * y - 0.5,
        )


@dataclass(frozen=True, eq=False)
class Frame:
    """One frame of a camera.

    `pixels` uint8 [H, W, 3] or [H, W, 1] in the order `encoding` says (`takeover.image.CHANNELS`);
    `depth` uint16 [H, W] in millimetres, aligned to the colours, 0 where unknown (REP 118), or
    None; `stamp_ns` is the time of capture in nanoseconds of the host's system clock.
    """

    pixels: np.ndarray
    encoding: str
    stamp_ns: int
    intrinsics: Intrinsics | None = None
    depth: np.ndarray | None = None
