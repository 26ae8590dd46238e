"""One axis: follows its target within velocity, acceleration, deceleration and jerk limits.

See `takeover.safety.profile` for the curve and why it can always be followed.
"""

import math

from takeover.safety.limits import AxisLimits
from takeover.safety.profile import advance, rest_velocity


class AxisLimiter:
    """Velocity and acceleration of one axis; starts at rest.

    `velocity` is the last output; `limited_by` names what kept it from the target.
    """

    def __init__(self, limits: AxisLimits):
        self.limits = limits
        self.velocity = 0.0
        self.acceleration = 0.0
        self.limited_by: tuple[str, ...] = ()

    @property
    def at_rest(self) -> bool:
        """Whether the axis stands and will keep standing."""
        return self.velocity == 0.0 and self.acceleration == 0.0

    def step(self, target: float, dt_s: float, limits: AxisLimits | None = None) -> float:
        """Move towards `target` for `dt_s` and return the velocity reached.

        :param target: SI; beyond the velocity bounds it is brought back to them.
        :param dt_s: time since the last output; zero or less changes nothing.
        :param limits: for this step only, at least as wide as those of the axis.
        :raises ValueError: when the target is not finite.
        """
        if not math.isfinite(target):
            raise ValueError(f'target velocity must be finite, got {target}')
        limits = limits or self.limits
        goal = min(max(target, limits.min_velocity), limits.max_velocity)
        acted = ['velocity'] if goal != target else []
        if dt_s > 0.0:
            self.velocity, self.acceleration = advance(
                self.velocity, self.acceleration, goal, limits, dt_s, acted.append
            )
        if self.velocity == goal:
            acted = acted[:1] if goal != target else []
        self.limited_by = tuple(dict.fromkeys(acted))
        return self.velocity

    def stop_at_once(self) -> None:
        """Be at rest, whatever the limits: for an axis known to be standing."""
        self.velocity = self.acceleration = 0.0
        self.limited_by = ()


def stopping_time_s(
    limits: AxisLimits, velocity: float, acceleration: float = 0.0, period_s: float = 0.0
) -> float:
    """Return an upper bound of the time in which an axis comes to rest when its target is zero.

    The limiter takes the shortest curve, so it needs no longer than this one: first take the
    acceleration to zero, |a| / j, which ends at `rest_velocity`; then go from there to zero, with
    no acceleration at both ends.

    :param period_s: distance of the outputs; the first zero is sent at most this much later.
    """
    if math.isinf(limits.max_jerk):
        return abs(velocity) / limits.max_deceleration + period_s
    rest = rest_velocity(velocity, acceleration, limits)
    return (
        abs(acceleration) / limits.max_jerk
        + _rest_to_rest_s(abs(rest), limits.max_deceleration, limits.max_jerk)
        + period_s
    )


def worst_stopping_time_s(limits: AxisLimits, period_s: float = 0.0) -> float:
    """Return an upper bound of `stopping_time_s` over every state the axis can be in.

    Either the axis is speeding up towards its fastest, or (only if it was changing direction) it
    passes through zero with the smaller of the two limits and has to come back.
    """
    braking, jerk = limits.max_deceleration, limits.max_jerk
    if math.isinf(jerk):
        return limits.fastest() / braking + period_s
    straight_s = limits.max_acceleration / jerk + _rest_to_rest_s(limits.fastest(), braking, jerk)
    back_s = 0.0
    if limits.min_velocity < 0.0 < limits.max_velocity:
        passing = min(limits.max_acceleration, braking)
        back_s = braking / jerk + _rest_to_rest_s(passing**2 / (2.0 * jerk), braking, jerk)
    return max(straight_s, back_s) + period_s


def _rest_to_rest_s(change: float, acceleration: float, jerk: float) -> float:
    """Return the shortest time to change the velocity by `change`."""
    if change * jerk <= acceleration * acceleration:
        return 2.0 * math.sqrt(change / jerk)
    return change / acceleration + acceleration / jerk
