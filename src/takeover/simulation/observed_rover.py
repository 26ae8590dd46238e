"""The rover as somebody sees it who is told of it: true pose, odometry, path and obstacles.

The four come apart from each other, so at the start of an episode some are still of the course
before. A path begins a course: poses from before it, by their stamps, are not of this course.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass

import numpy as np
from takeover.path_tracking import PathTracker
from takeover.samples import OdometrySample, PathSample
from takeover.simulation.rover_view import TruePose

# What is older is not seen: as long as the arbiter waits for a device.
SIGHT_S = 0.3


@dataclass(frozen=True)
class ObservedObstacle:
    """An upright cylinder in the world frame."""

    x_m: float
    y_m: float
    radius_m: float


@dataclass(frozen=True, eq=False)
class ObservedCourse:
    """A path, `points` float64 [N, 2] in metres, and the obstacles."""

    points: np.ndarray
    obstacles: tuple[ObservedObstacle, ...]

    def tracker(self) -> PathTracker:
        """Return a new tracker at the start of the path."""
        return PathTracker(self.points)


class ObservedRover:
    """A `RoverView` made of what was told last; it is one once `look` finds nothing missing."""

    def __init__(self) -> None:
        """Know nothing."""
        self.time_s = 0.0
        self.course: ObservedCourse | None = None
        self.true_pose: TruePose | None = None
        self.path_stamp_ns: int | None = None
        """Names the course: each path begins one."""
        self._points: np.ndarray | None = None
        self._obstacles: tuple[ObservedObstacle, ...] | None = None
        self._path: PathTracker | None = None
        self._believed: OdometrySample | None = None
        self._heard_s: dict[str, float] = {}

    @property
    def path_progress_m(self) -> float:
        """True distance along the path, followed from one true pose to the next."""
        return self._path.progress_m

    def odometry(self) -> OdometrySample:
        """Return where the rover believes it is."""
        return self._believed

    def hear_path(self, path: PathSample) -> str | None:
        """Begin a course; return why the path cannot be used, or None."""
        if (fault := path.fault()) is not None:
            return f'path {fault}'
        self._points, self.path_stamp_ns = path.points, path.stamp_ns
        self._path = PathTracker(path.points)
        self.true_pose = self._believed = None
        self._heard_s.clear()
        self._set_course()
        return None

    def hear_obstacles(self, obstacles: Sequence[ObservedObstacle]) -> str | None:
        """Take what stands on the course; return why that cannot be used, or None."""
        if not np.isfinite([astuple(obstacle) for obstacle in obstacles]).all():
            return 'obstacles not finite'
        self._obstacles = tuple(obstacles)
        self._set_course()
        return None

    def hear_true_pose(self, pose: OdometrySample, now_s: float) -> str | None:
        """Take where the rover really is; return why that cannot be used, or None.

        :param now_s: the time of its arrival.
        """
        if (fault := pose.fault()) is not None:
            return f'true pose {fault}'
        if self._of_this_course(pose):
            self._heard_s['true pose'] = now_s
            self._path.move_to(pose.x_m, pose.y_m)
            self.true_pose = TruePose(
                pose.x_m, pose.y_m, pose.yaw_rad, pose.linear_m_s, pose.angular_rad_s
            )
        return None

    def hear_odometry(self, believed: OdometrySample, now_s: float) -> str | None:
        """Take where it believes it is; return why that cannot be used, or None.

        :param now_s: the time of its arrival.
        """
        if (fault := believed.fault()) is not None:
            return f'odometry {fault}'
        if self._of_this_course(believed):
            self._heard_s['odometry'] = now_s
            self._believed = believed
        return None

    def look(self, now_s: float) -> str | None:
        """Let it be `now_s`; return why the rover cannot be seen, or None.

        Odometry counts, too: who drives follows the path where odometry puts it.
        """
        self.time_s = now_s
        if self.course is None:
            return 'path' if self._path is None else 'obstacles'
        for what in ('true pose', 'odometry'):
            if what not in self._heard_s:
                return what
            age_s = now_s - self._heard_s[what]
            if age_s > SIGHT_S:
                return f'{what} for {age_s:.2f} s'
        return None

    def _of_this_course(self, sample: OdometrySample) -> bool:
        return self.path_stamp_ns is not None and sample.stamp_ns > self.path_stamp_ns

    def _set_course(self) -> None:
        if self._points is not None and self._obstacles is not None:
            self.course = ObservedCourse(self._points, self._obstacles)
