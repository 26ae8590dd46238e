"""Where a robot is in the picture of its course: a rover from above, an arm's tool from the side.

All in metres. A rover's picture is the world's x and y. A tool's is how far it is beside its goal,
and how far above it.
"""

from collections.abc import Iterable
import math

import numpy as np
from takeover.simulation.arm.environment import ArmEnv
from takeover.simulation.environment import RoverPathEnv
from takeover.simulation.task_environment import TaskEnv

PATH_SPACING_M = 0.15
FROM_ABOVE = ('', '')
FROM_THE_SIDE = ('beside the goal, m', 'above it, m')
_MARGIN_M = 0.4


class RoverCourse:
    """The course of a rover; its corridor and what stands in it."""

    axes, margin_m, digits = FROM_ABOVE, _MARGIN_M, 2

    def __init__(self, env: RoverPathEnv) -> None:
        """Look at the environment of a rover."""
        self._env = env
        self.half_width_m = env.task.episode.corridor_half_width_m
        self.goal_tolerance_m = env.task.episode.goal_tolerance_m

    def place(self) -> tuple[float, float]:
        """Return where the robot is now."""
        pose = self._env.simulation.true_pose
        return pose.x_m, pose.y_m

    def path(self, track: list[tuple[float, float]]) -> np.ndarray:
        """Return the path to follow, [N, 2].

        :param track: where the robot was.
        """
        course = self._env.simulation.course
        spacing_m = course.length_m / max(1, len(course.points) - 1)
        every = max(1, round(PATH_SPACING_M / spacing_m))
        kept = [*range(0, len(course.points) - 1, every), len(course.points) - 1]
        return course.points[kept]

    def obstacles(self) -> Iterable[tuple[float, float, float]]:
        """Return x, y and radius of each."""
        return [(o.x_m, o.y_m, o.radius_m) for o in self._env.simulation.course.obstacles]


class ArmCourse:
    """The way of a tool to its goal."""

    axes, margin_m, digits = FROM_THE_SIDE, 0.02, 4
    half_width_m = 0.0

    def __init__(self, env: ArmEnv) -> None:
        """Look at the environment of an arm."""
        self._env = env
        episode = env.task.episode
        reach = episode.kind == 'reach'
        self.goal_tolerance_m = episode.position_tolerance_m if reach else episode.inserted_m

    def place(self) -> tuple[float, float]:
        """Return where the tool is now."""
        simulation = self._env.simulation
        x, y, z = (simulation.true_tool().position - simulation.goal().position).tolist()
        return math.hypot(x, y), z

    def path(self, track: list[tuple[float, float]]) -> np.ndarray:
        """Return the straight way to the goal, [2, 2].

        :param track: where the tool was.
        """
        return np.array([track[0], (0.0, 0.0)])

    def obstacles(self) -> Iterable[tuple[float, float, float]]:
        """Return none."""
        return []


def course_view(env: TaskEnv) -> RoverCourse | ArmCourse:
    """Return how the episodes of an environment are drawn."""
    return ArmCourse(env) if isinstance(env, ArmEnv) else RoverCourse(env)
