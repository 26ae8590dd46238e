"""The last thing before the robot: forwards good commands within the limits, stops otherwise.

States:
    STANDBY     nothing commanded yet; output zero
    FORWARDING  following the last good command; it is repeated until `timeout_s` old
    STOPPING    decelerating to zero, within the limits
    STOPPED     exact zero; the next good command is forwarded again
    ESTOPPED    decelerating to zero or at zero, latched: left only by `reset`

Time. An output is where the limited curve is at `now_s`: the distance to the last output is
measured, never assumed. While forwarding, no more than two periods of it count, so that a process
that was paused does not leap ahead. While stopping, all of it counts, from the moment at which the
command became too old: a pause makes no stop later. After `controller_timeout_s` without output
the robot's own controller has stopped it, and the next output is zero: starting from anything else
would set a standing robot in motion.
"""

from collections.abc import Sequence
from dataclasses import dataclass
import enum
import math

from takeover.safety.acceptance import CommandChecks, Rejection
from takeover.safety.estop import EstopConfig, EstopLatch
from takeover.safety.limiter import AxisLimiter, worst_stopping_time_s
from takeover.safety.limits import AxisLimits, check_same_length
from takeover.safety.watchdog import Watchdog

# Time since the last output that counts while a command is followed, in periods of the tick.
MAX_PERIODS = 2.0
WAITING = 'waiting for a zero command before the robot may move'


class GateState(enum.IntEnum):
    """What the gate is doing; see the top of this file."""

    STANDBY = 0
    FORWARDING = 1
    STOPPING = 2
    STOPPED = 3
    ESTOPPED = 4


@dataclass(frozen=True)
class GateOutput:
    """What goes to the robot now, in SI and in the order of the axes, and why."""

    values: tuple[float, ...]
    state: GateState
    reason: str
    limited_by: tuple[str, ...] = ()  # such as 'linear.x/acceleration'
    requested: tuple[float, ...] = ()  # what the values are moving to


class SafetyGate:
    """See the top of this file. Not thread-safe; called from one executor."""

    def __init__(
        self,
        names: Sequence[str],
        limits: Sequence[AxisLimits],
        timeout_s: float = 0.35,
        period_s: float = 0.02,
        estop: EstopConfig = EstopConfig(),
        controller_timeout_s: float = 0.5,
    ):
        """Start in STANDBY; call `activate` when motion may begin.

        :param names: of the axes, in the order of the values.
        :param timeout_s: age at which a command is no longer followed.
        :param period_s: of `tick`.
        :param controller_timeout_s: the robot stops by itself after this long without output.
        :raises LimitsError, ValueError: naming what cannot be used.
        """
        check_same_length(names, limits)
        if not 0.0 < period_s < timeout_s < controller_timeout_s < math.inf:
            raise ValueError(
                'need 0 < period_s < timeout_s < controller_timeout_s, got '
                f'{period_s}, {timeout_s}, {controller_timeout_s}'
            )
        self.names = tuple(names)
        self.limits = tuple(limits)
        self.period_s = period_s
        self.stops = 0
        self.rejected: dict[str, int] = {}
        self.state = GateState.STANDBY
        self.reason = 'no command yet'
        self._controller_timeout_s = controller_timeout_s
        self._axes = [AxisLimiter(axis) for axis in limits]
        self._stop_limits = estop.stop_limits(limits)
        self._estop = EstopLatch(estop)
        self._command = Watchdog('command', timeout_s)
        self._zero = (0.0,) * len(self.names)
        self._requested = self._zero
        self._curve_s = self._sent_s = -math.inf  # when last moved, when last an output
        self._active = False
        self._checks = CommandChecks(names, timeout_s)
        self._closed: str | None = None
        self._needs_zero = False
        self._reset_s = -math.inf

    @property
    def at_rest(self) -> bool:
        """Whether nothing moves that was asked for."""
        return self._at_rest()

    def activate(self, now_s: float) -> None:
        """Begin at rest, in STANDBY, and wait for the e-stop heartbeat if it is required.

        A latched e-stop stays latched: switching off and on is no reset.
        """
        self._stand()
        self._curve_s = self._sent_s = now_s
        self._active, self._closed = True, None
        self._checks.forget()
        self._drop_command()
        self._estop.arm(now_s)
        if not self._estop.latched:
            self.state, self.reason = GateState.STANDBY, 'no command yet'

    def command(
        self,
        values: Sequence[float],
        sequence: int,
        stamp_ns: int,
        now_ns: int,
        now_s: float,
        source: int | None = None,
    ) -> GateOutput | Rejection:
        """Take a command and return what to send at once, or why it is refused.

        While the e-stop is latched or the gate is closed, a good command is not refused, but not
        followed either: the output is that of the stop.

        :param values: SI, in the order of the axes; beyond the velocity bounds they are limited.
        :param sequence: the sender's counter; must increase.
        :param stamp_ns: when it was sent.
        :param now_ns: the time now on the clock of the stamps.
        :param now_s: the time now on the steady clock.
        :param source: who commands; the same limits hold for everybody, only an arm has to know.
        """
        self._update(now_s)
        if self._checks.clock_jumped(now_ns):
            self._stop('the clock of the stamps went backwards')
            rejection = Rejection('clock went backwards', self.reason)
        else:
            rejection = self._checks.fault(values, sequence, stamp_ns, now_ns)
        if rejection:
            self.reject(rejection.kind)
            return rejection
        self._checks.accept(sequence)
        if self.state is not GateState.ESTOPPED and self._closed is None:
            self._follow(tuple(map(float, values)), now_s, (now_ns - stamp_ns) * 1e-9)
        return self._move(now_s)

    def tick(self, now_s: float) -> GateOutput:
        """Move on towards the last command; stop when it has become too old."""
        self._update(now_s)
        return self._move(now_s)

    def estop(self, reason: str, now_s: float) -> GateOutput:
        """Latch the stop and return its first output."""
        self._estop.latch(reason)
        return self.tick(now_s)

    def estop_heartbeat(self, locked: bool, now_s: float) -> GateOutput | None:
        """Hear the e-stop; return the first output of the stop when this latches it."""
        was_latched = self._estop.latched
        self._update(now_s)
        self._estop.heartbeat(locked, now_s)
        return self.tick(now_s) if self._estop.latched and not was_latched else None

    def reset(self, now_s: float) -> tuple[bool, str]:
        """Leave the latched stop for STOPPED: `(done, sentence)`.

        Allowed when the robot stands and the e-stop is released. It sets nothing in motion: a zero
        command sent after the reset must be seen before any other is followed.
        """
        self.tick(now_s)
        if not self._estop.latched:
            return True, 'no e-stop is latched'
        obstacle = self._obstacle_to_reset(now_s)
        if obstacle is not None:
            return False, f'not reset: {obstacle}'
        self._estop.unlatch()
        self._needs_zero, self._reset_s = True, now_s
        self.state = GateState.STOPPED
        self.reason = self._closed or WAITING
        return True, f'reset; {WAITING}'

    def begin_stop(self, reason: str, now_s: float) -> GateOutput:
        """Close the gate: stop, and follow no command until `activate`."""
        self._update(now_s)
        self._closed = reason
        self._stop(reason)
        return self._move(now_s)

    def reject(self, kind: str) -> None:
        """Count a command that was refused, here or by the caller (wrong frame)."""
        self.rejected[kind] = self.rejected.get(kind, 0) + 1

    def stop_bound_s(self) -> float:
        """Return how long after the last good command the output is zero, at the latest.

        The time-out, the longest stop that any state needs, and one period until it is sent.
        """
        return (
            self._command.timeout_s
            + self.period_s
            + max(worst_stopping_time_s(axis) for axis in self.limits)
        )

    def _update(self, now_s: float) -> None:
        """Bring the state, not the output, up to now."""
        if not self._active:
            self.activate(now_s)
        silent_s = now_s - self._sent_s
        if silent_s >= self._controller_timeout_s:
            self._stop(f'the gate was paused for {silent_s:.1f} s')
            self._stand()
            self._curve_s = now_s
        elif self.state is GateState.FORWARDING and self._command.expired(now_s):
            self._step(self._command.expires_s)
            self._stop(self._command.reason())
        self._estop.check(now_s)
        if self._estop.latched and self.state is not GateState.ESTOPPED:
            self._stop(f'e-stop: {self._estop.reason}')
            self.state = GateState.ESTOPPED

    def _follow(self, values: tuple[float, ...], now_s: float, age_s: float) -> None:
        """Make these values the target, unless a zero has to come first."""
        if self._needs_zero and (any(values) or now_s - age_s < self._reset_s):
            self.reason = WAITING
            return
        self._needs_zero = False
        self._command.feed(now_s, age_s)
        self._requested = values
        self.state, self.reason = GateState.FORWARDING, 'following commands'

    def _stop(self, reason: str) -> None:
        """Begin to decelerate; in STANDBY and in a latched stop there is nothing to begin."""
        if self.state is GateState.ESTOPPED:
            return
        if self.state is GateState.FORWARDING:
            self.stops += 1
            self.state = GateState.STOPPING
        self.reason = reason
        self._drop_command()

    def _drop_command(self) -> None:
        self._command.forget()
        self._requested = self._zero

    def _step(self, now_s: float) -> None:
        """Move every axis along its curve up to `now_s`."""
        dt_s = max(now_s - self._curve_s, 0.0)
        if self.state is GateState.FORWARDING:
            dt_s = min(dt_s, MAX_PERIODS * self.period_s)
        self._advance(dt_s)
        self._curve_s = max(now_s, self._curve_s)

    def _advance(self, dt_s: float) -> None:
        """Move every axis along its curve for `dt_s`."""
        latched = self.state is GateState.ESTOPPED
        for axis, target, limits in zip(
            self._axes, self._requested, self._stop_limits if latched else self.limits
        ):
            axis.step(target, dt_s, limits)

    def _stand(self) -> None:
        """Be at rest at once: the robot is known to stand."""
        for axis in self._axes:
            axis.stop_at_once()

    def _move(self, now_s: float) -> GateOutput:
        """Move up to now and say what to send."""
        self._step(now_s)
        self._sent_s = self._curve_s
        if self.state is GateState.STOPPING and self._at_rest():
            self.state = GateState.STOPPED
        return GateOutput(
            values=tuple(axis.velocity for axis in self._axes),
            state=self.state,
            reason=self.reason,
            limited_by=tuple(
                f'{name}/{limit}'
                for name, axis in zip(self.names, self._axes)
                for limit in axis.limited_by
            ),
            requested=self._requested,
        )

    def _obstacle_to_reset(self, now_s: float) -> str | None:
        """Say what keeps a reset from being allowed, or None."""
        obstacle = self._estop.obstacle_to_reset(now_s)
        if obstacle is None and not self._at_rest():
            obstacle = 'the robot is still stopping'
        return obstacle

    def _at_rest(self) -> bool:
        return all(axis.at_rest for axis in self._axes)
