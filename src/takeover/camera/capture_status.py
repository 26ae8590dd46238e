"""How the capture of a camera stands, and how often one that is not there is tried."""

from dataclasses import dataclass, field
from enum import Enum

from takeover.camera.frame_check import FrameFault


class CaptureState(Enum):
    """Where the thread is; the value is how people are told."""

    OPENING = 'opening'
    STREAMING = 'streaming'
    LOST = 'lost'
    MISSING = 'missing'
    STOPPED = 'stopped'


@dataclass(frozen=True)
class RetryConfig:
    """How often a camera that is not there is tried."""

    first_pause_s: float = 0.5
    """Seconds before the second attempt; every further pause is twice as long."""
    max_pause_s: float = 10.0
    """Seconds that a pause grows to."""
    attempts_at_start: int = 5
    """Attempts after which a camera that was never there counts as missing; it is still tried."""
    max_silence_s: float = 5.0
    """Seconds without a frame after which a camera that is open is opened anew."""

    def pause_s(self, attempts: int) -> float:
        """Return seconds to wait after so many attempts in a row that failed, 1 or more."""
        return min(self.first_pause_s * 2.0 ** min(attempts - 1, 32), self.max_pause_s)


@dataclass(frozen=True)
class CaptureStatus:
    """How the capture stands at one moment."""

    state: CaptureState
    reason: str
    """Why the camera is not read; '' while it is."""
    fault: FrameFault | None
    """What is wrong with the newest frame, or with there being none."""
    attempts: int
    """Attempts to open it since it was last there."""
    frames: int
    """Frames that were good."""
    dropped: int
    """Good frames that nobody took before a newer one came."""
    reconnects: int
    """How often the camera was there again after it was lost."""
    faults: dict[str, int]
    """Faults by name since the start."""
    rate_hz: float
    """Frames per second over the newest ones, good or not; falls while none comes."""
    newest_stamp_ns: int | None
    """Time of capture of the newest good frame."""
    facts: dict[str, float | int | str] = field(default_factory=dict)
    """What the source alone knows."""
