"""Frames as sensor_msgs and back: pixels, depth and lens, never another stamp."""

import array

import numpy as np
from sensor_msgs.msg import CameraInfo, Image
from takeover.camera.frame import Intrinsics
from takeover.camera.source import CameraError
from takeover.image_form import CHANNELS
from takeover.samples import ImageSample
from takeover_nodes.conversions import ns_to_stamp, stamp_to_ns

# Depth in millimetres, 0 where unknown (REP 118).
DEPTH_ENCODING = '16UC1'


def image_message(pixels: np.ndarray, encoding: str, stamp_ns: int, frame_id: str) -> Image:
    """Return an Image of pixels [height, width] or [height, width, channels]."""
    height, width = pixels.shape[:2]
    # array.array is the one type rclpy takes without converting byte by byte.
    data = array.array('B')
    data.frombytes(np.ascontiguousarray(pixels).view(np.uint8))
    message = Image(
        height=height, width=width, encoding=encoding, step=len(data) // height, is_bigendian=0
    )
    message.header.stamp = ns_to_stamp(stamp_ns)
    message.header.frame_id = frame_id
    message.data = data
    return message


def info_message(
    lens: Intrinsics | None, width: int, height: int, stamp_ns: int, frame_id: str
) -> CameraInfo:
    """Return the CameraInfo of a picture; without a lens its K is 0: uncalibrated.

    K and P are those of the picture itself, also of one that was cropped and resized: so its
    region of interest is all of it, which CameraInfo writes as zeros.
    """
    message = CameraInfo(height=height, width=width)
    message.header.stamp = ns_to_stamp(stamp_ns)
    message.header.frame_id = frame_id
    if lens is not None:
        message.distortion_model = lens.distortion_model
        message.d = [float(value) for value in lens.distortion]
        message.k = [lens.fx, 0.0, lens.cx, 0.0, lens.fy, lens.cy, 0.0, 0.0, 1.0]
        message.r = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
        message.p = [lens.fx, 0.0, lens.cx, 0.0, 0.0, lens.fy, lens.cy, 0.0, 0.0, 0.0, 1.0, 0.0]
    return message


def image_pixels(message: Image) -> np.ndarray:
    """Return the pixels of an Image, uint8 [height, width, channels], without copying them.

    :raises CameraError: an encoding that is none of `takeover.image_form.CHANNELS`, or fewer
        bytes than the size needs.
    """
    if message.encoding not in CHANNELS:
        raise CameraError(f'encoding is {message.encoding!r}; legal: {", ".join(CHANNELS)}')
    channels = CHANNELS[message.encoding]
    row = message.width * channels
    if message.step < row or len(message.data) < message.step * message.height:
        raise CameraError(
            f'{len(message.data)} bytes in rows of {message.step} are no {message.width}x'
            f'{message.height} {message.encoding}'
        )
    data = np.frombuffer(message.data, dtype=np.uint8, count=message.step * message.height)
    rows = data.reshape(message.height, message.step)[:, :row]
    return rows.reshape(message.height, message.width, channels)


def image_sample(message: Image) -> ImageSample:
    """Return an Image as it is; one that is no picture gets a sample whose `fault` says so."""
    try:
        pixels = image_pixels(message)
    except CameraError:
        pixels = np.frombuffer(message.data, dtype=np.uint8)
    stamp_ns = stamp_to_ns(message.header.stamp)
    return ImageSample(stamp_ns, pixels, message.encoding, message.header.frame_id)


def info_lens(message: CameraInfo) -> Intrinsics | None:
    """Return the lens of a CameraInfo, None when it is uncalibrated."""
    if not message.k[0] > 0.0:
        return None
    return Intrinsics(
        message.width,
        message.height,
        *(float(message.k[i]) for i in (0, 4, 2, 5)),
        distortion_model=message.distortion_model,
        distortion=tuple(message.d),
    )
