"""
The scripted expert: pure pursuit of the path, bent around obstacles, from the true state.

It has no memory: what it does is a function of where the rover is, so that it can label any state a
learner gets into, and so that a learner that sees the same place finds one answer. Each obstacle
near the path asks for a lateral offset on one side of it; the side is the one that costs least
detour from the path and from where the rover already is, which keeps a choice once it shows.

Pure pursuit: R. C. Coulter, Implementation of the Pure Pursuit Path Tracking Algorithm,
CMU-RI-TR-92-01. Units: metres, radians, seconds; the path frame (s, d) is that of `course`.
"""

from dataclasses import dataclass
import math

from takeover.robot import RobotSpec
from takeover.simulation.course import Obstacle
from takeover.simulation.rover import RoverSimulation
from takeover.specs import EpisodeSpec


@dataclass(frozen=True)
class ExpertConfig:
    """How the expert drives."""

    lookahead_m: float = 0.55
    """Distance along the path of the point it steers to; shorter follows more sharply."""
    margin_m: float = 0.17
    """Room it leaves between the rover's circle and an obstacle."""
    hold_m: float = 0.25
    """The full offset is kept this far before and behind an obstacle, along the path."""
    ramp_m: float = 1.0
    """Over this length the offset comes and goes."""
    edge_m: float = 0.2
    """It plans no nearer to the edge of the corridor than this."""
    max_turn_rad_s: float = 1.2
    """Speed is lowered where the turn would need more than this."""
    min_speed_share: float = 0.2
    """Of the target speed, in the sharpest turn."""


class PathExpert:
    """Drives the rover of a simulation; `act` gives the twist for the state it is in."""

    def __init__(self, robot: RobotSpec, episode: EpisodeSpec,
                 config: ExpertConfig = ExpertConfig()) -> None:
        self.config = config
        self._speed_m_s = episode.target_speed_m_s
        self._clearance_m = robot.geometry.radius_m + config.margin_m
        self._max_offset_m = episode.corridor_half_width_m - config.edge_m

    def act(self, simulation: RoverSimulation) -> tuple[float, float]:
        """Return linear (m/s) and angular (rad/s) velocity for the state now."""
        config, pose, course = self.config, simulation.true_pose, simulation.course
        s = simulation.path_progress_m + config.lookahead_m
        offset = self.offset(s, simulation.cross_track_m, course.obstacles)
        x, y, _ = course.pose(s, offset)
        dx, dy = x - pose.x_m, y - pose.y_m
        bearing = math.remainder(math.atan2(dy, dx) - pose.yaw_rad, 2.0 * math.pi)
        if abs(bearing) > 0.5 * math.pi:
            curvature = math.copysign(math.inf, bearing)
        else:
            curvature = 2.0 * math.sin(bearing) / max(math.hypot(dx, dy), 0.5 * config.lookahead_m)
        speed = self._speed_m_s * min(1.0, max(
            config.min_speed_share,
            config.max_turn_rad_s / max(abs(curvature) * self._speed_m_s, 1e-9)))
        turn = speed * curvature
        return speed, min(max(turn, -config.max_turn_rad_s), config.max_turn_rad_s)

    def offset(self, s_m: float, d_m: float, obstacles: tuple[Obstacle, ...]) -> float:
        """
        Return where to be beside the path at a distance along it.

        :param d_m: where the rover is beside the path now; decides between two free sides.
        """
        wanted = 0.0
        for obstacle in obstacles:
            beyond = abs(s_m - obstacle.s_m) - self.config.hold_m
            if beyond >= self.config.ramp_m:
                continue
            share = 0.5 + 0.5 * math.cos(math.pi * max(beyond, 0.0) / self.config.ramp_m)
            pull = share * self._side(obstacle, d_m)
            if abs(pull) > abs(wanted):
                wanted = pull
        return wanted

    def _side(self, obstacle: Obstacle, d_m: float) -> float:
        """Return the offset at which to pass an obstacle; 0 when the path itself is free."""
        room = obstacle.radius_m + self._clearance_m
        if abs(obstacle.d_m) >= room:
            return 0.0
        left, right = obstacle.d_m + room, obstacle.d_m - room
        cost_left, cost_right = (
            abs(target) + abs(target - d_m) + (math.inf if abs(target) > self._max_offset_m else 0)
            for target in (left, right))
        return left if cost_left < cost_right else right
