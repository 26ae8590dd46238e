"""The scripted operator of a rover: what it sees coming, and how well it drives.

It takes over when the rover, going on as it moves now, would collide or leave the corridor within
a horizon, and when the rover makes no way: standing still must not be the way to avoid being
corrected.
"""

from collections import deque
import math

import numpy as np
from takeover.episode_spec import PathEpisodeSpec
from takeover.robot import RoverSpec
from takeover.simulation.clumsy_driver import ClumsyDriver
from takeover.simulation.hand import JoystickHand
from takeover.simulation.operator import OperatorConfig, ScriptedOperator
from takeover.simulation.rover_view import RoverView

# Skill against the amount of defects it stands for: interpolated from the share of 60 courses that
# `ClumsyDriver` finished alone (0.15: 85 %, 0.25: 83 %, 0.5: 33 %, 0.6: 12 %). What an operator of
# each skill finishes is measured by benchmarks/rlif/operators.py: see benchmarks/results/rlif.
SKILLS = ((0.1, 0.7), (0.4, 0.47), (0.9, 0.13), (1.0, 0.0))
_ROOM_M = 0.02
_LOOK_S = 0.1


def rover_operator(
    robot: RoverSpec,
    episode: PathEpisodeSpec,
    hand: JoystickHand,
    period_s: float,
    config: OperatorConfig = OperatorConfig(),
    seed: int = 0,
) -> ScriptedOperator:
    """Return a person with the joystick of a rover in hand.

    :param period_s: between two calls of `joy`.
    :param seed: of reactions, habits and noise.
    """
    driver = ClumsyDriver(robot, episode, period_s, defects(config.skill))
    return ScriptedOperator(hand, driver, RoverWatch(robot, episode, config), config, seed)


class RoverWatch:
    """Sees whether the rover is about to fail, from where it really is and how it moves."""

    def __init__(self, robot: RoverSpec, episode: PathEpisodeSpec, config: OperatorConfig) -> None:
        """Prepare to watch."""
        self._config = config
        self._room_m = robot.geometry.radius_m + _ROOM_M
        self._half_width_m = episode.corridor_half_width_m
        self.reset()

    def reset(self) -> None:
        """Forget how far the rover came."""
        self._way: deque[tuple[float, float]] = deque()

    def danger(self, rover: RoverView) -> str | None:
        """Say what is about to go wrong, or None."""
        stalls = self._stalls(rover)
        return self._ahead(rover) or stalls

    def busy(self, rover: RoverView) -> bool:
        """Return False: a rover may be let go of at any time that is safe."""
        return False

    def _ahead(self, rover: RoverView) -> str | None:
        pose, course = rover.true_pose, rover.course
        x, y, yaw = pose.x_m, pose.y_m, pose.yaw_rad
        for _ in range(round(self._config.horizon_s / _LOOK_S)):
            yaw += pose.angular_rad_s * _LOOK_S
            x += pose.linear_m_s * math.cos(yaw) * _LOOK_S
            y += pose.linear_m_s * math.sin(yaw) * _LOOK_S
            for obstacle in course.obstacles:
                room = obstacle.radius_m + self._room_m
                if math.hypot(obstacle.x_m - x, obstacle.y_m - y) < room:
                    return 'collision ahead'
        path = course.tracker()
        path.progress_m = rover.path_progress_m
        path.move_to(x, y)
        if abs(path.cross_track(x, y)) > self._half_width_m:
            return 'about to leave the corridor'
        return None

    def _stalls(self, rover: RoverView) -> str | None:
        now_s, way_m, span_s = rover.time_s, rover.path_progress_m, self._config.stall_s
        self._way.append((now_s, way_m))
        while len(self._way) > 1 and self._way[1][0] <= now_s - span_s:
            self._way.popleft()
        since_s, before_m = self._way[0]
        if now_s - since_s >= span_s and way_m - before_m < self._config.stall_m:
            return 'makes no way'
        return None


def defects(skill: float) -> float:
    """Return the amount of defects (see `ClumsyDriver`) that a skill stands for."""
    skills, amounts = zip(*SKILLS)
    return float(np.interp(skill, skills, amounts))
