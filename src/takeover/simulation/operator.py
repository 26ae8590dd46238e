"""The scripted operator: watches the rover and takes over by joystick when it goes wrong.

It stands for a person in simulation, and like a person it only moves sticks and presses the
dead-man. It judges states, never the policy's action: a trigger that looked at the action would
put the blame on the step before it. It takes over when the rover, going on as it moves now, would
collide or leave the corridor within a horizon, and when the rover makes no way: standing still
must not be the way to avoid being corrected. It reacts late, holds for a while, and lets go once
the rover has been safe for some time.
"""

from collections import deque
from dataclasses import dataclass
import math

import numpy as np
from takeover.episode_spec import PathEpisodeSpec
from takeover.errors import TakeoverError
from takeover.robot import RoverSpec
from takeover.simulation.clumsy_driver import ClumsyDriver
from takeover.simulation.hand import JoystickHand
from takeover.simulation.rover_view import RoverView

# Skill against the amount of defects it stands for: interpolated from the share of 60 courses that
# `ClumsyDriver` finished alone (0.15: 85 %, 0.25: 83 %, 0.5: 33 %, 0.6: 12 %). What an operator of
# each skill finishes is measured by benchmarks/rlif/operators.py: see benchmarks/results/rlif.
SKILLS = ((0.1, 0.7), (0.4, 0.47), (0.9, 0.13), (1.0, 0.0))
_ROOM_M = 0.02
_LOOK_S = 0.1


class OperatorError(TakeoverError):
    """A setting of the operator that is not legal."""


@dataclass(frozen=True)
class OperatorConfig:
    """When the operator takes over, and how well it drives."""

    skill: float = 0.4
    """About the share of episodes it finishes when it drives alone; 0.1 to 1, 1 is the expert."""
    horizon_s: float = 1.0
    """It takes over when the rover, going on as it moves, would fail within this time."""
    stall_m: float = 0.15
    """Way along the path in `stall_s` below which the rover counts as stuck."""
    stall_s: float = 3.0
    """See `stall_m`."""
    reaction_s: tuple[float, float] = (0.2, 0.35)
    """From seeing danger to pressing, drawn for each take-over."""
    hold_s: tuple[float, float] = (0.6, 0.85)
    """It holds at least this long, drawn for each take-over."""
    safe_s: float = 0.2
    """It lets go after this long without danger."""
    always: bool = False
    """Drive all the time, to demonstrate."""

    def __post_init__(self) -> None:
        """Refuse what nobody can do."""
        if not SKILLS[0][0] <= self.skill <= 1.0:
            raise OperatorError(f'skill is {self.skill}; legal: {SKILLS[0][0]} to 1')
        for name in ('horizon_s', 'stall_m', 'stall_s', 'safe_s'):
            if not 0.0 < getattr(self, name) < math.inf:
                raise OperatorError(f'{name} is {getattr(self, name)}; legal: positive')
        for name in ('reaction_s', 'hold_s'):
            low, high = getattr(self, name)
            if not 0.0 <= low <= high < math.inf:
                raise OperatorError(f'{name} is {low}, {high}; legal: 0 <= low <= high')


class ScriptedOperator:
    """One person with one joystick; `joy` is asked once a step."""

    def __init__(
        self,
        robot: RoverSpec,
        episode: PathEpisodeSpec,
        hand: JoystickHand,
        period_s: float,
        config: OperatorConfig = OperatorConfig(),
        seed: int = 0,
    ) -> None:
        """Sit down; `reset` before each episode.

        :param period_s: between two calls of `joy`.
        :param seed: of reactions, habits and noise.
        """
        self.config = config
        self._hand = hand
        self._driver = ClumsyDriver(robot, episode, period_s, defects(config.skill))
        self._watch = Watch(robot, episode, config)
        self._rng = np.random.default_rng([seed, 2])
        self.reset()

    def reset(self) -> None:
        """Begin an episode with the hands off."""
        self._driver.reset(self._rng)
        self._watch.reset()
        self.driving = False
        self._due_s: float | None = None
        self._hold_until_s = self._safe_since_s = 0.0
        # A dead-man counts only when it was seen released before.
        self._released = False

    def joy(self, rover: RoverView, attending: bool = True) -> tuple[list[float], list[int]]:
        """Return axes and buttons for the state now.

        :param attending: False: hands off, whatever happens (between two episodes).
        """
        now_s = rover.time_s
        values = self._driver.act(rover, self._rng)
        danger = self._watch.danger(rover)
        if not attending:
            self.driving, self._due_s = False, None
        elif self.config.always:
            self.driving = self._released
        elif self.driving:
            self._consider_release(now_s, danger)
        else:
            self._consider_take_over(now_s, danger)
        self._released = True
        return self._hand.message(values if self.driving else None)

    def _consider_take_over(self, now_s: float, danger: str | None) -> None:
        if danger is None:
            self._due_s = None
        elif self._due_s is None:
            self._due_s = now_s + self._rng.uniform(*self.config.reaction_s)
        if self._due_s is not None and now_s >= self._due_s:
            self.driving, self._due_s = True, None
            self._hold_until_s = now_s + self._rng.uniform(*self.config.hold_s)
            self._safe_since_s = now_s
            self._watch.reset()

    def _consider_release(self, now_s: float, danger: str | None) -> None:
        if danger is not None:
            self._safe_since_s = now_s
        if now_s >= self._hold_until_s and now_s - self._safe_since_s >= self.config.safe_s:
            self.driving = False
            self._watch.reset()


class Watch:
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
