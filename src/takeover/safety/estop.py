"""The latched stop: what locks it, and what must be true before a reset may unlock it.

A software e-stop is a protective stop. It does not replace a switch that cuts the power.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
import math

from takeover.safety.limits import AxisLimits, LimitsError
from takeover.safety.watchdog import Watchdog


@dataclass(frozen=True)
class EstopConfig:
    """How the latched stop behaves.

    The stop decelerates within the normal limits unless told otherwise: they are what the robot is
    known to stand (load, tipping, wheel slip), and a harder stop nobody has tried is not a safer
    one. Whoever has tried it gives `deceleration` and `jerk`, in the order of the axes.
    """

    required: bool = False  # True: a missing heartbeat latches, counted from activation
    timeout_s: float = 0.3  # heartbeat at 10 Hz or faster: two lost beats are tolerated
    deceleration: tuple[float, ...] | None = None
    jerk: tuple[float, ...] | None = None  # inf: at once

    def __post_init__(self):
        if not (math.isfinite(self.timeout_s) and self.timeout_s > 0.0):
            raise LimitsError(f'estop.timeout_s must be greater than 0, got {self.timeout_s}')

    def stop_limits(self, limits: Sequence[AxisLimits]) -> list[AxisLimits]:
        """Return the limits of an emergency stop.

        :raises LimitsError: when one is missing or weaker than the normal limit of its axis.
        """
        result = list(limits)
        for name, field in (('deceleration', 'max_deceleration'), ('jerk', 'max_jerk')):
            given = getattr(self, name)
            if given is None:
                continue
            if len(given) != len(limits):
                raise LimitsError(f'estop.{name} has {len(given)} values, needs {len(limits)}')
            for index, value in enumerate(given):
                normal = getattr(limits[index], field)
                if not value >= normal:
                    raise LimitsError(
                        f'estop.{name}[{index}] must be at least {field} {normal}, got {value}'
                    )
                result[index] = replace(result[index], **{field: value})
        return result


class EstopLatch:
    """Locked by a call, by a heartbeat that says so, or by a required heartbeat that is missing.

    A heartbeat that has been heard saying locked must say released before a reset, also where no
    heartbeat is required.
    """

    def __init__(self, config: EstopConfig):
        self._config = config
        self._heartbeat = Watchdog('e-stop heartbeat', config.timeout_s)
        self._heard = False
        self._pressed = False
        self.reason: str | None = None

    @property
    def latched(self) -> bool:
        """Whether the stop is in force."""
        return self.reason is not None

    def arm(self, now_s: float) -> None:
        """Begin to wait for the heartbeat; it has one time-out to arrive."""
        self._heartbeat.feed(now_s)
        self._heard = False

    def latch(self, reason: str) -> None:
        """Lock; the first reason is kept until the reset."""
        self.reason = self.reason or reason

    def heartbeat(self, locked: bool, now_s: float) -> None:
        """Hear the e-stop."""
        self._heartbeat.feed(now_s)
        self._heard = True
        self._pressed = bool(locked)
        if locked:
            self.latch('e-stop pressed')

    def check(self, now_s: float) -> None:
        """Lock when a required heartbeat is missing."""
        if self._config.required and not self.latched and self._heartbeat.expired(now_s):
            self.latch(self._heartbeat.reason())

    def obstacle_to_reset(self, now_s: float) -> str | None:
        """Say what keeps a reset from being allowed, or None."""
        if self._pressed:
            return 'the e-stop is still pressed'
        if self._config.required and (not self._heard or self._heartbeat.expired(now_s)):
            return f'no e-stop heartbeat for {self._config.timeout_s:g} s'
        return None

    def unlatch(self) -> None:
        """Unlock; the caller has asked `obstacle_to_reset`."""
        self.reason = None
