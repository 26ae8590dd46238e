"""The scripted operator: watches the robot and takes over by its device when it goes wrong.

It stands for a person in simulation, and like a person it only moves sticks and presses buttons.
It judges states, never the policy's action: a trigger that looked at the action would put the
blame on the step before it. It reacts late, holds for a while, and lets go once the robot has been
safe for some time. What is dangerous, and how well it drives, is the robot's: see `rover_operator`
and `arm_operator`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
import math
from typing import Protocol

import numpy as np
from takeover.errors import TakeoverError

LEAST_SKILL = 0.1


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
        if not LEAST_SKILL <= self.skill <= 1.0:
            raise OperatorError(f'skill is {self.skill}; legal: {LEAST_SKILL} to 1')
        for name in ('horizon_s', 'stall_m', 'stall_s', 'safe_s'):
            if not 0.0 < getattr(self, name) < math.inf:
                raise OperatorError(f'{name} is {getattr(self, name)}; legal: positive')
        for name in ('reaction_s', 'hold_s'):
            low, high = getattr(self, name)
            if not 0.0 <= low <= high < math.inf:
                raise OperatorError(f'{name} is {low}, {high}; legal: 0 <= low <= high')


class View(Protocol):
    """What a person sees of the robot, now; each kind of robot has more of it."""

    @property
    def time_s(self) -> float:
        """Seconds by the clock of whoever watches; they never go back within an episode."""


class Driver(Protocol):
    """How a person drives."""

    def reset(self, rng: np.random.Generator) -> None:
        """Draw the habits of an episode."""

    def act(self, view: View, rng: np.random.Generator) -> np.ndarray:
        """Return what the person asks for now, SI, in the order of the action."""


class Watch(Protocol):
    """What a person takes for danger."""

    def reset(self) -> None:
        """Forget what was seen so far."""

    def danger(self, view: View) -> str | None:
        """Say what is about to go wrong, or None."""

    def busy(self, view: View) -> bool:
        """Return whether who drives is in the middle of something, and does not let go."""


class Hand(Protocol):
    """The hand of the person on a device."""

    def message(self, values: Sequence[float] | None) -> tuple[list[float], list[int]]:
        """Return axes and buttons that ask for SI values; None: hands off."""


class ScriptedOperator:
    """One person with one device; `joy` is asked once a step."""

    def __init__(
        self,
        hand: Hand,
        driver: Driver,
        watch: Watch,
        config: OperatorConfig = OperatorConfig(),
        seed: int = 0,
    ) -> None:
        """Sit down; `reset` before each episode.

        :param seed: of reactions, habits and noise.
        """
        self.config = config
        self._hand, self._driver, self._watch = hand, driver, watch
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

    def joy(self, view: View, attending: bool = True) -> tuple[list[float], list[int]]:
        """Return axes and buttons for the state now.

        :param attending: False: hands off, whatever happens (between two episodes).
        """
        now_s = view.time_s
        values = self._driver.act(view, self._rng)
        danger = self._watch.danger(view)
        if not attending:
            self.driving, self._due_s = False, None
        elif self.config.always:
            self.driving = self._released
        elif self.driving:
            self._consider_release(now_s, danger is not None or self._watch.busy(view))
        else:
            self._consider_take_over(now_s, danger)
        self._released = True
        return self._message(values if self.driving else None, view)

    def _message(self, values: np.ndarray | None, view: View) -> tuple[list[float], list[int]]:
        return self._hand.message(values)

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

    def _consider_release(self, now_s: float, needed: bool) -> None:
        if needed:
            self._safe_since_s = now_s
        if now_s >= self._hold_until_s and now_s - self._safe_since_s >= self.config.safe_s:
            self.driving = False
            self._watch.reset()
