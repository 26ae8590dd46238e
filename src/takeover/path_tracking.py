"""Where the robot is along a path: progress, cross-track error, heading, curvature ahead.

The search is local: it looks a little back and a little ahead of the last position, so a path
that crosses itself is followed in order. It looks everywhere only when the robot is far from all
that is near. The state is one number, a function of the path and of the poses asked for since it
came; there is no clock in it, so an offline replay gives the same bytes.

Arithmetic that may differ between processors (vectorised sin, hypot, dot) is avoided.
"""

from bisect import bisect_right
import math

import numpy as np

SEARCH_BACK_M = 0.5
SEARCH_AHEAD_M = 2.0
SEARCH_EVERYWHERE_BEYOND_M = 1.5
# Curvature is the change of heading over twice this length: longer than the spacing of the points
# of any usual planner, shorter than the turning circle of the robot.
CURVATURE_HALF_SPAN_M = 0.15


class PathTracker:
    """Follows poses along one path of N points."""

    def __init__(self, points: np.ndarray):
        """Prepare a path.

        :param points: float64 [N, 2] metres, finite, at least two of them different.
        """
        moved = np.ones(len(points), dtype=bool)
        moved[1:] = (points[1:] != points[:-1]).any(axis=1)
        points = np.asarray(points[moved], dtype=np.float64)
        delta = points[1:] - points[:-1]
        length = np.sqrt(delta[:, 0] * delta[:, 0] + delta[:, 1] * delta[:, 1])
        self._start, self._delta, self._length = points[:-1], delta, length
        self._arc = [0.0]
        for step in length.tolist():
            self._arc.append(self._arc[-1] + step)
        self._points = points.tolist()
        self._headings = _unwrapped_headings(delta)
        self._middles = [(a + b) / 2.0 for a, b in zip(self._arc, self._arc[1:])]
        self.length_m = self._arc[-1]
        self.progress_m = 0.0

    def move_to(self, x_m: float, y_m: float) -> None:
        """Advance `progress_m` to the point of the path that belongs to this position."""
        arc, distance = self._nearest(
            x_m, y_m, self.progress_m - SEARCH_BACK_M, self.progress_m + SEARCH_AHEAD_M
        )
        if distance > SEARCH_EVERYWHERE_BEYOND_M:
            arc, _ = self._nearest(x_m, y_m, 0.0, self.length_m)
        self.progress_m = arc

    def point(self, arc_m: float) -> tuple[float, float]:
        """Return the point at an arc length; beyond the ends: the first or last point."""
        index = self._segment(arc_m)
        share = (arc_m - self._arc[index]) / (self._arc[index + 1] - self._arc[index])
        share = min(max(share, 0.0), 1.0)
        (x0, y0), (x1, y1) = self._points[index], self._points[index + 1]
        return x0 + share * (x1 - x0), y0 + share * (y1 - y0)

    def heading(self, arc_m: float) -> float:
        """Return the direction of the path in radians, continuous along the path (not wrapped)."""
        middles, headings = self._middles, self._headings
        if arc_m <= middles[0]:
            return headings[0]
        if arc_m >= middles[-1]:
            return headings[-1]
        index = bisect_right(middles, arc_m) - 1
        share = (arc_m - middles[index]) / (middles[index + 1] - middles[index])
        return headings[index] + share * (headings[index + 1] - headings[index])

    def curvature(self, arc_m: float) -> float:
        """Return the curvature in 1/m, positive to the left; 0 beyond the end."""
        if arc_m >= self.length_m:
            return 0.0
        low = max(arc_m - CURVATURE_HALF_SPAN_M, 0.0)
        high = min(arc_m + CURVATURE_HALF_SPAN_M, self.length_m)
        return (self.heading(high) - self.heading(low)) / (high - low)

    def cross_track(self, x_m: float, y_m: float) -> float:
        """Return the distance to the path at `progress_m`, positive left of it."""
        x0, y0 = self.point(self.progress_m)
        heading = self.heading(self.progress_m)
        return math.cos(heading) * (y_m - y0) - math.sin(heading) * (x_m - x0)

    def _segment(self, arc_m: float) -> int:
        return min(max(bisect_right(self._arc, arc_m) - 1, 0), len(self._length) - 1)

    def _nearest(self, x_m: float, y_m: float, low_m: float, high_m: float) -> tuple[float, float]:
        """Return arc length and distance of the nearest point between two arc lengths."""
        first, last = self._segment(low_m), self._segment(high_m) + 1
        length = self._length[first:last]
        dx, dy = self._delta[first:last, 0], self._delta[first:last, 1]
        px, py = x_m - self._start[first:last, 0], y_m - self._start[first:last, 1]
        share = np.minimum(np.maximum((px * dx + py * dy) / (length * length), 0.0), 1.0)
        ex, ey = px - share * dx, py - share * dy
        squared = ex * ex + ey * ey
        best = int(np.argmin(squared))
        return (
            self._arc[first + best] + float(share[best]) * float(length[best]),
            math.sqrt(float(squared[best])),
        )


def _unwrapped_headings(delta: np.ndarray) -> list[float]:
    """Return the direction of each segment, continuous from one to the next."""
    headings: list[float] = []
    for dx, dy in delta.tolist():
        heading = math.atan2(dy, dx)
        if headings:
            turn = math.remainder(heading - headings[-1], 2.0 * math.pi)
            heading = headings[-1] + turn
        headings.append(heading)
    return headings
