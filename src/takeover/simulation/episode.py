"""How an episode ends and how well it went, judged from the truth.

Terminated (goal, collision, off the path) and truncated (time limit) are kept apart: after a
termination there is no future to count on, after a truncation there would have been one.
"""

from dataclasses import dataclass
import math

from takeover.episode_spec import PathEpisodeSpec
from takeover.outcome import Outcome
from takeover.simulation.course import Course


@dataclass(frozen=True)
class Progress:
    """Numbers of an episode so far, from the truth."""

    elapsed_s: float
    share: float
    """Of the way to the goal line, 0 to 1."""
    distance_m: float
    """Driven, along the rover's own track."""
    mean_speed_m_s: float
    mean_cross_track_m: float
    """Mean absolute distance from the path."""


class EpisodeMonitor:
    """Follows one episode; the first outcome stays."""

    def __init__(self, course: Course, spec: PathEpisodeSpec) -> None:
        self._spec = spec
        self._goal_s_m = course.goal_s_m
        self.tracker = course.tracker()
        self.outcome = Outcome.RUNNING
        self.cross_track_m = 0.0
        self._position = course.start[:2]
        self._elapsed_s = self._distance_m = self._cross_track_sum_m = 0.0
        self._observations = 0

    def observe(self, time_s: float, x_m: float, y_m: float, collided: bool) -> Outcome:
        """Take the true position at a later time.

        :param collided: whether the rover touches an obstacle.
        """
        self.tracker.move_to(x_m, y_m)
        self.cross_track_m = self.tracker.cross_track(x_m, y_m)
        self._distance_m += math.dist((x_m, y_m), self._position)
        self._position = (x_m, y_m)
        self._cross_track_sum_m += abs(self.cross_track_m)
        self._observations += 1
        self._elapsed_s = time_s
        if self.outcome is Outcome.RUNNING:
            self.outcome = self._judge(time_s, collided)
        return self.outcome

    @property
    def progress(self) -> Progress:
        """Numbers so far; they go on after an outcome for as long as the episode is observed."""
        share = min(max(self.tracker.progress_m / self._goal_s_m, 0.0), 1.0)
        return Progress(
            self._elapsed_s,
            share,
            self._distance_m,
            self._distance_m / self._elapsed_s if self._elapsed_s else 0.0,
            self._cross_track_sum_m / self._observations if self._observations else 0.0,
        )

    def _judge(self, time_s: float, collided: bool) -> Outcome:
        if collided:
            return Outcome.COLLISION
        if abs(self.cross_track_m) > self._spec.corridor_half_width_m:
            return Outcome.OFF_PATH
        if self.tracker.progress_m >= self._goal_s_m:
            return Outcome.GOAL
        if time_s >= self._spec.time_limit_s:
            return Outcome.TIME_LIMIT
        return Outcome.RUNNING
