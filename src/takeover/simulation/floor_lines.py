"""The lines on the floor of a course: the path, the edges beside it and the goal line.

They are paint: whoever draws the course draws them, the physics knows nothing of them.
"""

from dataclasses import dataclass
import math

import numpy as np
from takeover.simulation.course import Course

_PATH_RGBA = np.array([0.98, 0.85, 0.20, 1.0], dtype=np.float32)
_EDGE_RGBA = np.array([0.92, 0.93, 0.95, 1.0], dtype=np.float32)
_GOAL_RGBA = np.array([0.15, 0.65, 0.30, 1.0], dtype=np.float32)


@dataclass(frozen=True, eq=False)
class Strip:
    """A flat box on the floor, as mjv_initGeom takes it: metres, world frame."""

    half_size: np.ndarray
    position: np.ndarray
    rotation: np.ndarray
    """A matrix of nine, row by row; a turn about the z axis."""
    rgba: np.ndarray

    @property
    def yaw_rad(self) -> float:
        """The direction of its long side."""
        return math.atan2(self.rotation[3], self.rotation[0])


def strips(course: Course) -> list[Strip]:
    """Lay the path, the lines beside it and, as the last one, the goal line on the floor."""
    found, look = [], course.look
    length = course.tracker().length_m
    middle, edge = (0.05, _PATH_RGBA), (0.03, _EDGE_RGBA)
    if look is not None:
        middle = look.middle_width_m, _opaque(look.middle_rgb)
        edge = look.edge_width_m, _opaque(look.edge_rgb)
    for stripe, (offset, step, (width, rgba)) in enumerate(
        ((0.0, 0.25, middle), (course.lines_m, 0.5, edge), (-course.lines_m, 0.5, edge))
    ):
        count = max(1, round(length / step))
        corners = [course.pose(length * i / count, offset)[:2] for i in range(count + 1)]
        found += [
            _strip(a, b, width, rgba)
            for piece, (a, b) in enumerate(zip(corners, corners[1:]))
            if look is None or not look.is_worn(stripe, piece)
        ]
    left, right = (course.pose(course.goal_s_m, side * course.lines_m)[:2] for side in (1.0, -1.0))
    return found + [_strip(left, right, 0.12, _GOAL_RGBA, height=0.004)]


def _strip(
    start: tuple[float, float],
    end: tuple[float, float],
    width: float,
    rgba: np.ndarray,
    height: float = 0.003,
) -> Strip:
    (x0, y0), (x1, y1) = start, end
    length, angle = math.hypot(x1 - x0, y1 - y0), math.atan2(y1 - y0, x1 - x0)
    cos, sin = math.cos(angle), math.sin(angle)
    return Strip(
        np.array([0.5 * length + 0.3 * width, 0.5 * width, 0.001]),
        np.array([0.5 * (x0 + x1), 0.5 * (y0 + y1), height]),
        np.array([cos, -sin, 0.0, sin, cos, 0.0, 0.0, 0.0, 1.0]),
        rgba,
    )


def _opaque(rgb: np.ndarray) -> np.ndarray:
    return np.append(rgb, 1.0).astype(np.float32)
