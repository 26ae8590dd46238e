"""Honest frames: a frame that something is wrong with is named and never given on.

A policy that is fed the picture of a second ago drives into what it does not see. So every frame
is looked at before anybody gets it, and so is the clock while none comes. A sensor has noise: two
frames of a real camera are never the same to the last bit, and one that is has been sent twice.

Pure: time is given from outside, in seconds of a steady clock. The caller keeps threads apart.
"""

from dataclasses import dataclass
import zlib

import numpy as np
from pydantic import Field
from takeover.camera.frame import Frame
from takeover.config_file import StrictModel
from takeover.spec_types import Fraction

SILENT_PERIODS = 3
# So many identical frames in a row are a camera that stands still, not one frame sent twice.
FROZEN_FRAMES = 3
# After so many frames in a row that advance on a clock set back, that clock is the camera's.
NEW_CLOCK_FRAMES = 3
# Brightness is judged on every so many rows and columns.
_SAMPLE = 4

SILENT, REPEATED, FROZEN = 'silent', 'repeated', 'frozen'
STAMP_BACKWARDS, STAMP_STILL = 'stamp_backwards', 'stamp_still'
WRONG_SIZE, BLACK, SATURATED = 'wrong_size', 'black', 'saturated'


@dataclass(frozen=True)
class FrameFault:
    """What is wrong with a frame, or with there being none: a name to count by, and a sentence."""

    name: str
    text: str


class FrameCheckConfig(StrictModel):
    """What counts as a frame nobody should act on."""

    may_repeat: bool = Field(
        default=False,
        description='identical pictures with new stamps are legal: a simulated world that stands',
    )
    black_level: int = Field(
        default=8, ge=0, le=255, description='a value up to this is black, of 255'
    )
    black_share: Fraction = Field(
        default=0.995, description='black values from which a picture is black; 1.0: all of them'
    )
    saturated_level: int = Field(
        default=250, ge=0, le=255, description='a value from this on is saturated, of 255'
    )
    saturated_share: Fraction = Field(
        default=0.98, description='saturated values from which a picture is; 1.0: all of them'
    )


class FrameCheck:
    """Judges the frames of one camera in the order in which they come."""

    def __init__(
        self,
        width: int,
        height: int,
        period_s: float,
        config: FrameCheckConfig = FrameCheckConfig(),
        now_s: float = 0.0,
    ) -> None:
        """Expect frames of `width` x `height` every `period_s` from `now_s` on."""
        self._size = (height, width)
        self._silent_s = SILENT_PERIODS * period_s
        self._config = config
        self._digest: int | None = None
        self._repeats = 0
        self._newest_ns: int | None = None
        self._other_clock: list[int] = []
        self.restart(now_s)

    def restart(self, now_s: float) -> None:
        """Wait anew for the first frame: the camera was opened again.

        What the last frames were is kept; a camera that is back with an old frame is found out.
        """
        self._arrived_s = now_s

    def look(self, now_s: float) -> FrameFault | None:
        """Return the fault of there being no frame for too long, or None."""
        waited_s = now_s - self._arrived_s
        if waited_s <= self._silent_s:
            return None
        return FrameFault(
            SILENT,
            f'no frame for {waited_s:.2f} s, one is expected every '
            f'{self._silent_s / SILENT_PERIODS:.3f} s',
        )

    def check(self, frame: Frame, now_s: float) -> FrameFault | None:
        """Return what is wrong with a frame that arrived at `now_s`, or None: give it on."""
        self._arrived_s = now_s
        # Each check remembers something, so none is left out because another one failed.
        faults = (
            self._stamp_fault(frame.stamp_ns),
            self._size_fault(frame.pixels),
            self._repeat_fault(frame.pixels),
            self._brightness_fault(frame.pixels),
        )
        return next((fault for fault in faults if fault is not None), None)

    def _stamp_fault(self, stamp_ns: int) -> FrameFault | None:
        """Let stamps given on only rise, until a clock set back has shown that it goes on."""
        newest_ns = self._newest_ns
        if newest_ns is None or stamp_ns > newest_ns:
            self._newest_ns = stamp_ns
            self._other_clock.clear()
            return None
        if stamp_ns == newest_ns:
            return FrameFault(STAMP_STILL, f'stamp {_seconds(stamp_ns)} is that of a frame before')
        if self._other_clock and stamp_ns <= self._other_clock[-1]:
            self._other_clock.clear()
        self._other_clock.append(stamp_ns)
        if len(self._other_clock) >= NEW_CLOCK_FRAMES:
            self._newest_ns = stamp_ns
            self._other_clock.clear()
        behind_s = 1e-9 * (newest_ns - stamp_ns)
        return FrameFault(
            STAMP_BACKWARDS,
            f'stamp {_seconds(stamp_ns)} is {behind_s:.3f} s before that of a frame before',
        )

    def _size_fault(self, pixels: np.ndarray) -> FrameFault | None:
        if pixels.shape[:2] == self._size:
            return None
        height, width = pixels.shape[:2]
        return FrameFault(
            WRONG_SIZE, f'is {width}x{height}, must be {self._size[1]}x{self._size[0]}'
        )

    def _repeat_fault(self, pixels: np.ndarray) -> FrameFault | None:
        if self._config.may_repeat:
            return None
        digest = zlib.crc32(np.ascontiguousarray(pixels))
        self._repeats = self._repeats + 1 if digest == self._digest else 0
        self._digest = digest
        if not self._repeats:
            return None
        same = f'{self._repeats + 1} frames in a row are the same to the last bit'
        return FrameFault(FROZEN if self._repeats + 1 >= FROZEN_FRAMES else REPEATED, same)

    def _brightness_fault(self, pixels: np.ndarray) -> FrameFault | None:
        sample, config = pixels[::_SAMPLE, ::_SAMPLE], self._config
        black = np.count_nonzero(sample <= config.black_level) / sample.size
        if black >= config.black_share:
            return FrameFault(BLACK, f'{100 * black:.1f} % of the picture is black')
        bright = np.count_nonzero(sample >= config.saturated_level) / sample.size
        if bright >= config.saturated_share:
            return FrameFault(SATURATED, f'{100 * bright:.1f} % of the picture is saturated')
        return None


def _seconds(stamp_ns: int) -> str:
    return f'{stamp_ns // 1_000_000_000}.{stamp_ns % 1_000_000_000:09d}'
