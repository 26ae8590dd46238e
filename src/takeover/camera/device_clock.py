"""From a device's clock to the host's: offset and drift, learned from when frames arrive.

A frame is stamped by the device's own clock when it is taken and arrives on the host a while
later. Delays are never negative, and now and then a frame meets hardly any: so the device's time
lies on the line under all pairs (device time, arrival - device time), as close below them as the
pairs allow. Among such lines the one with the smallest sum of distances goes through the edge of
the lower convex hull that lies over the mean of the device times (Zhang, Liu and Xia, Clock
synchronization algorithms for network measurements, INFOCOM 2002). What remains unknown is the
smallest delay itself: a stamp is late by that much.

Nothing here reads a clock.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

WINDOW_S = 60.0
"""What is older is forgotten; crystals keep their rate for about so long."""
BUCKET_S = 1.0
"""Of each second the pair with the smallest delay is kept."""
DRIFT_AFTER_S = 10.0
"""Over a shorter time jitter looks like drift, so the drift counts as zero."""
MAX_DRIFT = 500e-6
"""Crystals are good to 100 ppm, and a host's clock is slewed by at most 500 ppm."""
EARLY_S = 0.05
"""A pair so far under the line shows another clock, or that the line was drawn from bad ones."""
LATE_S = 0.5
LATE_BUCKETS = 3
"""Every pair late by half a second, for three buckets: no delay, a clock that was set."""


@dataclass(frozen=True)
class ClockEstimate:
    """What is known of a device's clock."""

    offset_s: float
    """Host's time minus device's time, at the newest pair."""
    drift_ppm: float
    """How much faster than the host's the device's clock runs; 0 until it can be told."""
    residual_s: float
    """How far above the line the pairs kept lie, in the middle: how well they agree on it."""
    restarts: int
    """How often one of the clocks jumped and the estimate began anew."""


class _Pair(NamedTuple):
    """The pair with the smallest delay of its bucket, both from the origin on."""

    bucket: int
    device_s: float
    # Arrival minus device time: the delay, but for what the line is to find out.
    excess_s: float


class DeviceClock:
    """Maps times of one device to the host's clock; memory and time per frame are bounded."""

    def __init__(self):
        """Begin with nothing known: the first stamp is its arrival."""
        self._pairs: deque[_Pair] = deque()
        # Device time and arrival of the first pair, and of the last one with its stamp [ns].
        self._origin: tuple[int, int] | None = None
        self._last: tuple[int, int, int] | None = None
        self._slope = self._height_s = 0.0
        self._late = self._restarts = 0

    @property
    def estimate(self) -> ClockEstimate | None:
        """What is known of the device's clock; None before the first pair."""
        if self._origin is None or self._last is None:
            return None
        device_ns, arrival_ns = self._origin
        line_s = self._line_s((self._last[0] - device_ns) / 1e9)
        return ClockEstimate(
            offset_s=(arrival_ns - device_ns) / 1e9 + line_s,
            drift_ppm=-self._slope * 1e6,
            residual_s=median(pair.excess_s - self._line_s(pair.device_s) for pair in self._pairs),
            restarts=self._restarts,
        )

    def to_host_ns(self, device_ns: int, arrival_ns: int) -> int:
        """Return when the host's clock showed what the device's showed at `device_ns`.

        Never after the arrival, and always after the stamp before as long as the arrivals
        increase; when they do not, the host's clock was set back and the stamps follow it.

        :param device_ns: the frame's time on the device's clock. One that is not later than the
            one before tells of a reset or a wrap-around: the estimate begins anew.
        :param arrival_ns: when the host got the frame, on the host's clock.
        """
        last = self._last
        if last is not None and device_ns <= last[0]:
            self._start_anew()
        if not self._learn(device_ns, arrival_ns):
            self._start_anew()
            self._learn(device_ns, arrival_ns)
        since_ns = device_ns - self._origin[0]
        stamp_ns = self._origin[1] + since_ns + round(self._line_s(since_ns / 1e9) * 1e9)
        if last is not None:
            # A line drawn anew may lie a little lower.
            stamp_ns = max(stamp_ns, last[2] + 1)
        stamp_ns = min(stamp_ns, arrival_ns)
        self._last = (device_ns, arrival_ns, stamp_ns)
        return stamp_ns

    def _learn(self, device_ns: int, arrival_ns: int) -> bool:
        """Take a pair in; False when it shows that one of the clocks jumped."""
        if self._origin is None:
            self._origin = (device_ns, arrival_ns)
        since_ns = device_ns - self._origin[0]
        device_s, excess_s = since_ns / 1e9, (arrival_ns - self._origin[1] - since_ns) / 1e9
        pair = _Pair(int(device_s // BUCKET_S), device_s, excess_s)
        if self._pairs and self._line_s(device_s) - excess_s > EARLY_S:
            return False
        if self._pairs and pair.bucket == self._pairs[-1].bucket:
            self._pairs[-1] = min(self._pairs[-1], pair, key=self._above_s)
        else:
            if self._is_late():
                return False
            self._begin_bucket(pair)
        self._height_s += min(0.0, self._above_s(pair))
        return True

    def _is_late(self) -> bool:
        """Whether, now that a bucket is complete, it and those before it were all too late."""
        late = bool(self._pairs) and self._above_s(self._pairs[-1]) > LATE_S
        self._late = self._late + 1 if late else 0
        return self._late >= LATE_BUCKETS

    def _begin_bucket(self, pair: _Pair) -> None:
        """Forget what is too old and draw the line through complete buckets, under all."""
        self._pairs.append(pair)
        while self._pairs[0].bucket <= pair.bucket - WINDOW_S / BUCKET_S:
            self._pairs.popleft()
        self._slope = lower_slope([(p.device_s, p.excess_s) for p in self._pairs][:-1])
        self._height_s += min(self._above_s(p) for p in self._pairs)

    def _line_s(self, device_s: float) -> float:
        return self._height_s + self._slope * device_s

    def _above_s(self, pair: _Pair) -> float:
        return pair.excess_s - self._line_s(pair.device_s)

    def _start_anew(self) -> None:
        self._pairs.clear()
        self._origin = None
        self._slope = self._height_s = 0.0
        self._late = 0
        self._restarts += 1


def lower_slope(points: Sequence[tuple[float, float]]) -> float:
    """Return the slope of the line close under points (x, y) [s] whose x increase.

    0 while they span less than DRIFT_AFTER_S; never steeper than MAX_DRIFT.
    """
    if not points or points[-1][0] - points[0][0] < DRIFT_AFTER_S:
        return 0.0
    hull: list[tuple[float, float]] = []
    for x, y in points:
        while len(hull) > 1 and (
            (hull[-1][1] - hull[-2][1]) * (x - hull[-2][0])
            >= (y - hull[-2][1]) * (hull[-1][0] - hull[-2][0])
        ):
            hull.pop()
        hull.append((x, y))
    middle = sum(x for x, _ in points) / len(points)
    right = next(i for i in range(1, len(hull)) if hull[i][0] >= middle)
    (left_x, left_y), (right_x, right_y) = hull[right - 1], hull[right]
    return max(-MAX_DRIFT, min(MAX_DRIFT, (right_y - left_y) / (right_x - left_x)))
