"""The scripted expert: pure pursuit of the path, bent around obstacles.

It knows the obstacles exactly, and has no memory: what it does is a function of where the rover
is, so that it can label any state a learner gets into. It asks for nothing a learner cannot see:
the path is followed where odometry puts it, as the policy sees it, unless it is marked on the
floor; obstacles are passed where they are.

Two rules. Offset: each obstacle near the path bends it to one side, the side that costs least
detour from the path and from where the rover already is and heads, which keeps a choice once it
shows.
Tangent: whoever heads into an obstacle all the same is turned to the tangent of its safety circle,
on that side, and slowed down.

Pure pursuit: R. C. Coulter, Implementation of the Pure Pursuit Path Tracking Algorithm,
CMU-RI-TR-92-01. Units: metres, radians, seconds; the path frame (s, d) is that of `course`.
"""

from dataclasses import dataclass
import math

from takeover.episode_spec import PathEpisodeSpec
from takeover.path_tracking import PathTracker
from takeover.robot import RoverSpec
from takeover.samples import OdometrySample
from takeover.simulation.rover_view import CourseView, RoverView, TruePose


@dataclass(frozen=True)
class ExpertConfig:
    """How the expert drives."""

    lookahead_m: float = 0.65
    """Distance along the path of the point it steers to; shorter follows more sharply."""
    margin_m: float = 0.17
    """Room the bent path leaves between the rover's circle and an obstacle."""
    tangent_margin_m: float = 0.12
    """Radius of the safety circle beyond touching; less than `margin_m`."""
    hold_m: float = 0.25
    """The full offset is kept this far before and behind an obstacle, along the path."""
    ramp_m: float = 0.9
    """Over this length the offset comes and goes."""
    edge_m: float = 0.2
    """It plans no nearer to the edge of the corridor than this."""
    view_m: float = 2.0
    """Obstacles farther away do not count."""
    momentum_m: float = 0.5
    """It chooses sides as if it had already gone this far ahead the way it points."""
    max_turn_rad_s: float = 1.2
    """It turns no faster than this."""
    full_speed_rad: float = 0.6
    """Up to this bearing of the aim it drives at the target speed."""
    min_speed_share: float = 0.2
    """Of the target speed, when the aim is to the side or behind."""


@dataclass(frozen=True)
class _Seen:
    """An obstacle: in the path frame, and as distance and bearing from the rover."""

    s_m: float
    d_m: float
    radius_m: float
    distance_m: float
    bearing_rad: float


class PathExpert:
    """Drives a rover; `act` gives the twist for the state it is in."""

    def __init__(
        self, robot: RoverSpec, episode: PathEpisodeSpec, config: ExpertConfig = ExpertConfig()
    ) -> None:
        self.config = config
        self._speed_m_s = episode.target_speed_m_s
        self._by_sight = episode.lane_half_width_m is not None
        self._radius_m = robot.geometry.radius_m
        self._course: CourseView | None = None
        self._max_offset_m = episode.corridor_half_width_m - config.edge_m

    def act(self, rover: RoverView) -> tuple[float, float]:
        """Return linear (m/s) and angular (rad/s) velocity for the state now."""
        believed = rover.true_pose if self._by_sight else rover.odometry()
        path = self._path_of(rover.course)
        path.progress_m = rover.path_progress_m
        path.move_to(believed.x_m, believed.y_m)
        seen = self._look(rover, believed, path)
        error = believed.yaw_rad - path.heading(path.progress_m)
        tendency = self.config.momentum_m * math.sin(error)
        d = path.cross_track(believed.x_m, believed.y_m) + tendency
        sides = [self._side(obstacle, d) for obstacle in seen]
        bearing = self._aim(believed, path, seen, sides)
        for obstacle, side in zip(seen, sides):
            bearing = self._clear(bearing, obstacle, side)
        return self._steer(bearing)

    def _path_of(self, course: CourseView) -> PathTracker:
        """Return a tracker of the course; its position is set before every use."""
        if course is not self._course:
            self._course, self._path = course, course.tracker()
        return self._path

    def _look(
        self, rover: RoverView, believed: OdometrySample | TruePose, path: PathTracker
    ) -> list[_Seen]:
        """Return the obstacles within view, where they are relative to the rover."""
        pose, seen = rover.true_pose, []
        for obstacle in rover.course.obstacles:
            dx, dy = obstacle.x_m - pose.x_m, obstacle.y_m - pose.y_m
            distance = math.hypot(dx, dy)
            if distance > self.config.view_m:
                continue
            bearing = math.remainder(math.atan2(dy, dx) - pose.yaw_rad, 2.0 * math.pi)
            x = believed.x_m + distance * math.cos(believed.yaw_rad + bearing)
            y = believed.y_m + distance * math.sin(believed.yaw_rad + bearing)
            here = path.progress_m
            path.move_to(x, y)
            seen.append(
                _Seen(
                    path.progress_m, path.cross_track(x, y), obstacle.radius_m, distance, bearing
                )
            )
            path.progress_m = here
        return seen

    def _side(self, obstacle: _Seen, d_m: float) -> float:
        """Return the offset at which to pass an obstacle when the rover tends to `d_m`."""
        room = obstacle.radius_m + self._radius_m + self.config.margin_m
        left, right = obstacle.d_m + room, obstacle.d_m - room
        cost_left, cost_right = (
            abs(offset) + abs(offset - d_m) + (math.inf if abs(offset) > self._max_offset_m else 0)
            for offset in (left, right)
        )
        return left if cost_left < cost_right else right

    def _aim(
        self,
        believed: OdometrySample | TruePose,
        path: PathTracker,
        seen: list[_Seen],
        sides: list[float],
    ) -> float:
        """Return the bearing of the pursuit point on the bent path."""
        s, offset = path.progress_m + self.config.lookahead_m, 0.0
        for obstacle, side in zip(seen, sides):
            beyond = max(abs(s - obstacle.s_m) - self.config.hold_m, 0.0) / self.config.ramp_m
            if beyond < 1.0 and side * (side - obstacle.d_m) > 0.0:
                pull = (0.5 + 0.5 * math.cos(math.pi * beyond)) * side
                offset = pull if abs(pull) > abs(offset) else offset
        (x, y), heading = path.point(s), path.heading(s)
        dx = x - offset * math.sin(heading) - believed.x_m
        dy = y + offset * math.cos(heading) - believed.y_m
        return math.remainder(math.atan2(dy, dx) - believed.yaw_rad, 2.0 * math.pi)

    def _clear(self, bearing: float, obstacle: _Seen, side: float) -> float:
        """Return the bearing, turned to the tangent of the safety circle if it meets that."""
        room = obstacle.radius_m + self._radius_m + self.config.tangent_margin_m
        if abs(obstacle.bearing_rad) > 0.5 * math.pi or obstacle.distance_m > 2.0 * room + 0.4:
            return bearing
        half = math.asin(min(room / obstacle.distance_m, 1.0))
        if side > obstacle.d_m:
            return max(bearing, obstacle.bearing_rad + half)
        return min(bearing, obstacle.bearing_rad - half)

    def _steer(self, bearing: float) -> tuple[float, float]:
        """Turn towards a bearing; go slower the farther it is off."""
        config = self.config
        share = math.cos(bearing) / math.cos(config.full_speed_rad)
        gain = 2.0 * self._speed_m_s / config.lookahead_m
        aim = bearing if abs(bearing) > 0.5 * math.pi else math.sin(bearing)
        turn = min(max(gain * aim, -config.max_turn_rad_s), config.max_turn_rad_s)
        return self._speed_m_s * min(max(share, config.min_speed_share), 1.0), turn
