"""The form in which a policy sees the pictures of a camera: part of the task's contract.

Numbers only, without the library that handles pictures: whoever moves the robot imports this.
"""

from typing import Literal

import numpy as np
from pydantic import Field, model_validator
from takeover.config_file import StrictModel

CHANNELS = {'rgb8': 3, 'bgr8': 3, 'mono8': 1}
"""Colour orders, as ROS names them (sensor_msgs/image_encodings.hpp), and their channels."""
MAX_STACK = 8
NO_PIXELS = np.zeros(0, np.uint8)
"""The pictures of a task without images."""


class ImageForm(StrictModel):
    """What of a picture a policy sees, and how; the size is that of the feature."""

    crop: tuple[float, float, float, float] = Field(
        default=(0.0, 0.0, 1.0, 1.0),
        description='top, left, bottom, right of what is kept, as shares of height and width',
    )
    encoding: Literal['rgb8', 'bgr8', 'mono8'] = Field(
        default='rgb8', description='order of the colours'
    )
    stack: int = Field(
        default=1,
        ge=1,
        le=MAX_STACK,
        description='pictures of so many steps in a row, the oldest first',
    )

    @property
    def channels(self) -> int:
        """Channels of the pixels: those of the encoding for each picture of the stack."""
        return CHANNELS[self.encoding] * self.stack

    @model_validator(mode='after')
    def _keeps_something(self) -> 'ImageForm':
        top, left, bottom, right = self.crop
        if not (0.0 <= top < bottom <= 1.0 and 0.0 <= left < right <= 1.0):
            raise ValueError(
                f'crop {list(self.crop)} must be [top, left, bottom, right] with 0 <= top < '
                'bottom <= 1 and 0 <= left < right <= 1'
            )
        return self


def crop_box(form: ImageForm, height: int, width: int) -> tuple[int, int, int, int]:
    """Return top, left, bottom and right of the crop in whole pixels of a picture; never empty."""
    top, left, bottom, right = form.crop
    rows = round(top * height), round(bottom * height)
    columns = round(left * width), round(right * width)
    rows = min(rows[0], height - 1), max(rows[1], min(rows[0], height - 1) + 1)
    columns = min(columns[0], width - 1), max(columns[1], min(columns[0], width - 1) + 1)
    return rows[0], columns[0], rows[1], columns[1]
