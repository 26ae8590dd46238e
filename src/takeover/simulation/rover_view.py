"""What a person who watches the rover sees of it, whoever knows it: a simulation, or messages."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from takeover.path_tracking import PathTracker
from takeover.samples import OdometrySample


@dataclass(frozen=True)
class TruePose:
    """Where the rover really is; world frame, velocity of base_link. For evaluation only."""

    x_m: float
    y_m: float
    yaw_rad: float
    linear_m_s: float
    angular_rad_s: float


class ObstacleView(Protocol):
    """An upright cylinder in the world frame."""

    @property
    def x_m(self) -> float:
        """Where its centre is."""

    @property
    def y_m(self) -> float:
        """Where its centre is."""

    @property
    def radius_m(self) -> float:
        """How wide it is; obstacles of a course are told apart by it."""


class CourseView(Protocol):
    """A path and what stands on it; the same object for as long as neither changes."""

    @property
    def obstacles(self) -> Sequence[ObstacleView]:
        """Everything the rover could collide with."""

    def tracker(self) -> PathTracker:
        """Return a new tracker at the start of the path."""


class RoverView(Protocol):
    """A rover on a course, now; `RoverSimulation` and `ObservedRover` are such views."""

    @property
    def time_s(self) -> float:
        """Seconds by the clock of whoever watches; they never go back within an episode."""

    @property
    def true_pose(self) -> TruePose:
        """Where the rover really is, and how it moves."""

    @property
    def course(self) -> CourseView:
        """The path to follow and the obstacles."""

    @property
    def path_progress_m(self) -> float:
        """True distance along the path."""

    def odometry(self) -> OdometrySample:
        """Return where the rover believes it is."""
