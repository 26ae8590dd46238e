"""The course of one episode: a smooth path, round obstacles beside and on it, a start pose.

Frames: metres in the world frame; the path starts at the origin heading along +x. `s` is the
distance along the path, `d` the signed distance from it, positive to the left (REP 103).

The same seed and spec give the same course on every machine: random numbers come from PCG64,
results are rounded to a micrometre so that the last bit of a sine cannot differ.

Passable by construction: between any obstacle and the edge of the corridor, on the side away from
which it lies, a robot of `MAX_ROBOT_RADIUS_M` has `MIN_GAP_M` to spare, and neighbouring obstacles
are far enough apart to change sides between them. A spec that cannot keep this is refused.
"""

from dataclasses import dataclass
import math

import numpy as np
from takeover.episode_spec import PathEpisodeSpec
from takeover.errors import TakeoverError
from takeover.path_tracking import PathTracker
from takeover.simulation.lane_look import look_of

POINT_SPACING_M = 0.05
MAX_ROBOT_RADIUS_M = 0.25
MIN_GAP_M = 0.2  # of free play for the robot's centre beside an obstacle
MIN_SPACING_M = 1.5  # along the path, between the centres of neighbouring obstacles
CLEAR_START_M = 1.5  # no obstacle nearer to the start, along the path
CLEAR_GOAL_M = 0.6  # no obstacle nearer to the goal line, along the path
MAX_HEADING_RAD = 1.2  # under a right angle: the path never comes back on itself
WAVELENGTHS_M = (5.0, 11.0)
WAVES = 2
START_OFFSET_M = 0.1
START_HEADING_RAD = 0.2
_MICRO = 6


class CourseError(TakeoverError):
    """The episode spec asks for a course that cannot be built."""


@dataclass(frozen=True)
class Obstacle:
    """An upright cylinder: its centre in the world frame, and relative to the path."""

    x_m: float
    y_m: float
    radius_m: float
    s_m: float
    d_m: float


class Course:
    """One course: `points` float64 [N, 2], `obstacles`, and `start` (x, y, yaw).

    :raises CourseError: when the spec leaves no room for the robot or for the obstacles.
    """

    def __init__(self, seed: int, spec: PathEpisodeSpec) -> None:
        _check_room(spec)
        rng = np.random.Generator(np.random.PCG64(seed))
        self.seed = seed
        self.length_m = spec.path_length_m
        self.goal_s_m = spec.path_length_m - spec.goal_tolerance_m
        self.half_width_m = spec.corridor_half_width_m
        self.look = None if spec.lane_half_width_m is None else look_of(seed)
        """Of a lane; a path is always drawn in the same way."""
        self.lines_m = spec.lane_half_width_m or spec.corridor_half_width_m
        """The lines beside the path are this far from it."""
        self.points = _smooth_path(rng, spec)
        self._path = PathTracker(self.points)
        self.obstacles = self._place_obstacles(rng, spec)
        self.start = (
            0.0,
            round(START_OFFSET_M * _uniform(rng, -1.0, 1.0), _MICRO),
            round(START_HEADING_RAD * _uniform(rng, -1.0, 1.0), _MICRO),
        )

    def tracker(self) -> PathTracker:
        """Return a new tracker at the start of the path."""
        return PathTracker(self.points)

    def pose(self, s_m: float, d_m: float = 0.0) -> tuple[float, float, float]:
        """Return x, y and the path's heading at a distance along and beside the path."""
        s_m = min(max(s_m, 0.0), self._path.length_m)
        (x, y), heading = self._path.point(s_m), self._path.heading(s_m)
        return x - d_m * math.sin(heading), y + d_m * math.cos(heading), heading

    def _place_obstacles(
        self, rng: np.random.Generator, spec: PathEpisodeSpec
    ) -> tuple[Obstacle, ...]:
        """Spread the obstacles over the course, each at a random place of its own stretch."""
        if not spec.obstacle_count:
            return ()
        first, last = CLEAR_START_M, self.goal_s_m - CLEAR_GOAL_M
        free = last - first - MIN_SPACING_M * (spec.obstacle_count - 1)
        shares = sorted(_uniform(rng, 0.0, free) for _ in range(spec.obstacle_count))
        obstacles = []
        for i, share in enumerate(shares):
            radius = _uniform(rng, *spec.obstacle_radius_m)
            side = 1.0 if rng.integers(2) else -1.0
            s, d = first + i * MIN_SPACING_M + share, side * _uniform(rng, *spec.obstacle_offset_m)
            x, y, _ = self.pose(s, d)
            obstacles.append(Obstacle(*(round(value, _MICRO) for value in (x, y, radius, s, d))))
        return tuple(obstacles)


def _smooth_path(rng: np.random.Generator, spec: PathEpisodeSpec) -> np.ndarray:
    """Integrate a heading made of a few sines; its slope stays within the spec's curvature."""
    wavelengths = [_uniform(rng, *WAVELENGTHS_M) for _ in range(WAVES)]
    phases = [_uniform(rng, 0.0, 2.0 * math.pi) for _ in range(WAVES)]
    weights = [_uniform(rng, 0.3, 1.0) for _ in range(WAVES)]
    strength = _uniform(rng, 0.6, 1.0) * spec.path_max_curvature_1_m / sum(weights)
    count = max(2, round(spec.path_length_m / POINT_SPACING_M) + 1)
    spacing = spec.path_length_m / (count - 1)

    def heading(s_m: float) -> float:
        # Each wave adds at most its weight's share of the curvature bound.
        return sum(
            strength
            * weight
            * length
            / (2.0 * math.pi)
            * (math.sin(2.0 * math.pi * s_m / length + phase) - math.sin(phase))
            for length, phase, weight in zip(wavelengths, phases, weights)
        )

    headings = [heading(i * spacing) for i in range(count)]
    scale = min(1.0, MAX_HEADING_RAD / max(abs(value) for value in headings))
    headings = [scale * value for value in headings]
    points = [(0.0, 0.0)]
    for before, after in zip(headings, headings[1:]):
        middle = 0.5 * (before + after)
        points.append(
            (
                points[-1][0] + spacing * math.cos(middle),
                points[-1][1] + spacing * math.sin(middle),
            )
        )
    return np.round(np.array(points), _MICRO)


def _uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return low + (high - low) * float(rng.random())


def _check_room(spec: PathEpisodeSpec) -> None:
    """Refuse a spec for which the promises of this module cannot hold."""
    half_width, (_, radius), (_, offset) = (
        spec.corridor_half_width_m,
        spec.obstacle_radius_m,
        spec.obstacle_offset_m,
    )
    if spec.path_max_curvature_1_m * half_width >= 1.0:
        raise CourseError(
            f'path_max_curvature_1_m {spec.path_max_curvature_1_m} folds a corridor '
            f'of half-width {half_width} m; it must be under {1.0 / half_width:.2f}'
        )
    gap = half_width - radius - MAX_ROBOT_RADIUS_M
    if spec.obstacle_count and gap < MIN_GAP_M:
        raise CourseError(
            f'obstacle_radius_m up to {radius} leaves {gap:.2f} m beside an '
            f'obstacle in a corridor of half-width {half_width} m; at least '
            f'{MIN_GAP_M} m is needed'
        )
    if spec.obstacle_count and offset > half_width:
        raise CourseError(
            f'obstacle_offset_m up to {offset} puts an obstacle outside the '
            f'corridor; it must be at most {half_width}'
        )
    needed = CLEAR_START_M + CLEAR_GOAL_M + MIN_SPACING_M * max(spec.obstacle_count - 1, 0)
    length = spec.path_length_m - spec.goal_tolerance_m
    if length < needed:
        raise CourseError(
            f'path_length_m less goal_tolerance_m is {length:.2f} m; '
            f'{spec.obstacle_count} obstacles need at least {needed:.2f} m'
        )
