"""Writes frames as an MP4 that browsers play: H.264, 4:2:0; whole under its name, or not there."""

from collections.abc import Iterable
from fractions import Fraction
import os
from pathlib import Path

import av
import numpy as np
from takeover.errors import TakeoverError

CODEC = 'libx264'
# Of libx264: quick, and pixels of enlarged pictures keep their edges.
OPTIONS = {'preset': 'veryfast', 'crf': '18'}
# The index in front, so that a browser begins before it has everything.
CONTAINER_OPTIONS = {'movflags': '+faststart'}
MAX_DENOMINATOR = 1001
# What the numbers mean (ITU-T H.273), so that no player has to guess: RGB of screens, and the
# matrix and range with which FFmpeg makes 4:2:0 of it.
BT_601, LIMITED, BT_709, SRGB = 6, 1, 1, 13
SUFFIX = '.mp4'


class VideoError(TakeoverError):
    """The video cannot be written."""


def write_video(
    path: str | Path, size: tuple[int, int], rate_hz: float, frames: Iterable[np.ndarray]
) -> int:
    """Write frames, RGB uint8 [h, w, 3]; return how many.

    Whatever ends it early leaves what was at `path` before.

    :param size: width and height of the frames, even numbers.
    :param rate_hz: frames per second.
    :raises VideoError: the file cannot be written.
    """
    path = Path(path)
    unfinished = path.with_name(f'{path.name}.unfinished')
    try:
        count = _encode(unfinished, size, rate_hz, frames)
        os.replace(unfinished, path)
    except (OSError, av.FFmpegError) as error:
        raise VideoError(f'{path}: cannot be written: {error.strerror or error}') from None
    except av.codec.codec.UnknownCodecError:
        raise VideoError(f'{path}: this build of PyAV has no encoder {CODEC}') from None
    finally:
        unfinished.unlink(missing_ok=True)
    return count


def _encode(
    path: Path, size: tuple[int, int], rate_hz: float, frames: Iterable[np.ndarray]
) -> int:
    count, rate = 0, Fraction(rate_hz).limit_denominator(MAX_DENOMINATOR)
    with av.open(str(path), 'w', format='mp4', container_options=CONTAINER_OPTIONS) as container:
        stream = container.add_stream(CODEC, rate=rate, options=OPTIONS)
        stream.width, stream.height = size
        stream.pix_fmt = 'yuv420p'
        context = stream.codec_context
        context.colorspace, context.color_range = BT_601, LIMITED
        context.color_primaries, context.color_trc = BT_709, SRGB
        for pixels in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format='rgb24')))
            count += 1
        container.mux(stream.encode(None))
    return count
