"""Cameras of a simulated robot, rendered beside the simulation from what it tells.

The simulation says which seed an episode has and where the robot truly is; from the same task and
robot file this makes the same scene and the same picture, and stamps it with the time of what it
shows. So whoever drives the simulation never waits for a picture.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
import math
import threading
import time
from typing import Protocol

import numpy as np
from takeover.camera.config import SimConfig
from takeover.camera.frame import Frame, Intrinsics
from takeover.camera.source import CameraError
from takeover.simulation.offscreen import CameraUnavailable

# A simulation of which nothing was heard for so long is not there.
HEARD_S = 1.0


class TrueState(Protocol):
    """Where all of a robot truly is."""

    stamp_ns: int

    def fault(self) -> str | None:
        """Say why it cannot be used, or None."""


class ObservedScene:
    """What was heard of the simulation last; fed by one thread, read by another."""

    def __init__(
        self, jumped: Callable[[TrueState, TrueState], bool] = lambda before, now: False
    ) -> None:
        """Know nothing.

        :param jumped: whether from one state to the next the robot moved farther than it can: then
            it is that of another episode, of which nothing was heard yet.
        """
        self._jumped = jumped
        self._news = threading.Condition()
        self._episode: tuple[int, int, int] | None = None
        self._state: TrueState | None = None
        self._last: TrueState | None = None
        self._heard_s = -math.inf

    def hear_episode(self, number: int, seed: int, stamp_ns: int) -> None:
        """Take which episode is under way; the first report of a number is its beginning."""
        with self._news:
            if self._episode is None or self._episode[0] != number:
                self._episode, self._state = (number, seed, stamp_ns), None
            self._last = None

    def hear_state(self, state: TrueState) -> None:
        """Take where the robot truly is; what is not of the episode that is known is left out."""
        with self._news:
            self._heard_s = time.monotonic()
            if self._episode is None or state.stamp_ns <= self._episode[2] or state.fault():
                return
            if self._last is not None and self._jumped(self._last, state):
                # `_last` stays: the next report of the episode lets go of it.
                return
            self._state = self._last = state
            self._news.notify_all()

    def is_heard(self) -> bool:
        """Tell whether a simulation is running."""
        with self._news:
            return self._episode is not None and time.monotonic() - self._heard_s < HEARD_S

    def wait(self, stamp_ns: int, timeout_s: float) -> tuple[int, TrueState] | None:
        """Return seed and state as soon as one of `stamp_ns` or later is known, None if too late.

        A state from long before `stamp_ns` is one after a clock was set back: it counts, too.
        """

        def known() -> bool:
            state = self._state
            return state is not None and not 0 < stamp_ns - state.stamp_ns < 1_000_000_000

        with self._news:
            return (
                (self._episode[1], self._state) if self._news.wait_for(known, timeout_s) else None
            )


class SimulatedCameraSource(ABC):
    """Renders the scene; a `CameraSource`, whose OpenGL lives in the thread that calls it."""

    description = 'simulated camera'
    TRUTH: str
    """Topic of the states."""

    def __init__(self, config: SimConfig, scene: ObservedScene, fov_y_rad: float) -> None:
        """Prepare; `open` makes the renderer, of the config's size."""
        self._scene = scene
        self._lens = ideal_lens(config.width, config.height, fov_y_rad)
        self._period_ns = round(1e9 / config.rate_hz)
        self._seed: int | None = None
        self._due_ns = 0

    def open(self) -> None:
        """Make the renderer (0.2 s).

        :raises CameraError: no simulation is heard, or this machine has no renderer.
        """
        self.close()
        if not self._scene.is_heard():
            raise CameraError(f'no simulation is heard on `episode` and `{self.TRUTH}`')
        try:
            self._make()
        except CameraUnavailable as error:
            raise CameraError(str(error)) from error

    def read(self, timeout_s: float) -> Frame | None:
        """Return the picture of the first state that is due; None when none came in time.

        :raises CameraError: the task file allows no such episode.
        """
        seen = self._scene.wait(self._due_ns, timeout_s)
        if seen is None:
            return None
        seed, state = seen
        if seed != self._seed:
            self._build(seed)
            self._seed = seed
        # Behind by more than a period it goes on from now: a camera does not catch up either.
        behind = abs(state.stamp_ns - self._due_ns) > self._period_ns
        self._due_ns = (state.stamp_ns if behind else self._due_ns) + self._period_ns
        return Frame(self._render(state), 'rgb8', state.stamp_ns, self._lens)

    def facts(self) -> dict[str, float | int | str]:
        """Return the episode that is shown."""
        return {} if self._seed is None else {'seed': self._seed}

    @abstractmethod
    def close(self) -> None:
        """Free the renderer."""

    @abstractmethod
    def _make(self) -> None:
        """Make the renderer.

        :raises CameraUnavailable: this machine has none.
        """

    @abstractmethod
    def _build(self, seed: int) -> None:
        """Furnish the scene of a seed.

        :raises CameraError: the task file allows no such episode.
        """

    @abstractmethod
    def _render(self, state: TrueState) -> np.ndarray:
        """Return the picture, uint8 [height, width, 3], with the robot in a state."""


def ideal_lens(width: int, height: int, fov_y_rad: float) -> Intrinsics:
    """Return the ideal lens of a rendered picture: square pixels, the axis in the middle."""
    focal = 0.5 * height / math.tan(0.5 * fov_y_rad)
    return Intrinsics(width, height, focal, focal, 0.5 * (width - 1), 0.5 * (height - 1))
