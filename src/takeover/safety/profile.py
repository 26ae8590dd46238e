"""How a velocity moves to a target within acceleration and jerk limits, in continuous time.

A limiter that bounds the difference of successive outputs works only at a fixed period, and at the
target it has a choice between breaking its jerk limit and driving past (a robot that rolls back a
little after every stop). Here the state (velocity, acceleration) moves along the time-optimal
jerk-limited curve, and an output is a sample of that curve. Whatever the distance between two
samples:

* the mean acceleration between them is within the limit (mean value theorem);
* two neighbouring mean accelerations differ by at most jerk times the distance of the middles of
  their intervals;
* the curve ends at the target exactly, with zero acceleration, in finite time.

Why it is always feasible. Let `rest = v + a|a| / 2j` be the velocity at which the axis is when its
acceleration has been taken to zero at full jerk. Every phase moves `rest` monotonically to a
target inside the bounds and never past it. `rest` starts inside the bounds, so it stays there, and
so does v. Where the limit shrinks on passing through zero (acceleration below deceleration),
`rest` stays near enough to zero that the acceleration is already small enough there.
"""

from collections.abc import Callable
import math

from takeover.safety.limits import AxisLimits

# Distance in velocity below which the target counts as reached, far below what a drive resolves.
_SNAP = 1e-12
# A curve has at most eight phases (a dip through zero and back); more can only be rounding.
_MAX_PHASES = 16

State = tuple[float, float]


def advance(
    velocity: float,
    acceleration: float,
    target: float,
    limits: AxisLimits,
    dt_s: float,
    acted: Callable[[str], None],
) -> State:
    """Move along the curve to `target` for `dt_s`.

    :param target: inside the velocity bounds.
    :param acted: called with 'acceleration', 'deceleration' or 'jerk' for each limit in force.
    :returns: velocity and acceleration after `dt_s`.
    """
    if math.isinf(limits.max_jerk):
        return _ramp(velocity, target, limits, dt_s, acted), 0.0
    left_s = dt_s
    for _ in range(_MAX_PHASES):
        if left_s <= 0.0 or (velocity == target and acceleration == 0.0):
            break
        velocity, acceleration, left_s = _phase(
            velocity, acceleration, target, limits, left_s, acted
        )
    velocity = min(max(velocity, limits.min_velocity), limits.max_velocity)
    return velocity + 0.0, acceleration + 0.0


def rest_velocity(velocity: float, acceleration: float, limits: AxisLimits) -> float:
    """Return the velocity reached when the acceleration is taken to zero at full jerk."""
    return velocity + acceleration * abs(acceleration) / (2.0 * limits.max_jerk)


def _ramp(
    velocity: float, target: float, limits: AxisLimits, dt_s: float, acted: Callable[[str], None]
) -> float:
    """Move with unlimited jerk: slow down to zero if the target lies beyond it, then speed up."""
    sign = 1.0 if target >= velocity else -1.0
    v, goal = sign * velocity, sign * target
    if v < 0.0 < dt_s and v < goal:
        end = min(goal, 0.0)
        needed_s = (end - v) / limits.max_deceleration
        if needed_s > dt_s:
            acted('deceleration')
            return sign * (v + limits.max_deceleration * dt_s)
        v, dt_s = end, dt_s - needed_s
    if v < goal:
        if (goal - v) > limits.max_acceleration * dt_s:
            acted('acceleration')
            return sign * (v + limits.max_acceleration * dt_s) + 0.0
        v = goal
    return sign * v + 0.0


def _phase(
    velocity: float,
    acceleration: float,
    target: float,
    limits: AxisLimits,
    left_s: float,
    acted: Callable[[str], None],
) -> tuple[float, float, float]:
    """Do one phase of constant jerk; return velocity, acceleration and the time left."""
    jerk = limits.max_jerk
    # Seen along the direction of the coming change, so that there is one case and not two.
    sign = 1.0 if target > rest_velocity(velocity, acceleration, limits) else -1.0
    v, a, goal = sign * velocity, sign * acceleration, sign * target
    limit, name, goal = _region(v, a, goal, limits)

    rest = v + a * abs(a) / (2.0 * jerk)
    missing = goal - rest
    if missing <= _SNAP:  # take the acceleration to zero: ends at the goal
        name, rate, duration_s = 'jerk', math.copysign(jerk, -a), abs(a) / jerk
        end = (goal if missing >= -_SNAP else rest, 0.0)
    else:
        peak = min(math.sqrt(max(jerk * (goal - v) + 0.5 * a * a, 0.0)), max(limit, a))
        if a < peak:  # build it up
            name, rate, duration_s = 'jerk', jerk, (peak - a) / jerk
            end = (v + (peak * peak - a * a) / (2.0 * jerk), peak)
        else:  # keep it
            rate, duration_s, end = 0.0, missing / a, (goal - a * a / (2.0 * jerk), a)
    if duration_s > 0.0:
        acted(name)

    crossing_s = math.inf
    if limits.max_acceleration != limits.max_deceleration:
        crossing_s = _crossing(v, a, rate)
    step_s = min(duration_s, left_s, crossing_s)
    if step_s == crossing_s:
        v, a = 0.0, a + rate * step_s
    elif step_s == duration_s:
        v, a = end
    else:
        v, a = v + a * step_s + 0.5 * rate * step_s * step_s, a + rate * step_s
    return sign * v, sign * a, left_s - step_s


def _region(v: float, a: float, goal: float, limits: AxisLimits) -> tuple[float, str, float]:
    """Return limit, its name and the goal for this side of zero; the change is upward."""
    if not (v < 0.0 or (v == 0.0 and a < 0.0)):
        return limits.max_acceleration, 'acceleration', goal
    if limits.max_acceleration < limits.max_deceleration:
        # Aim short of the goal, so that zero is passed with no more than the acceleration.
        goal = min(goal, limits.max_acceleration**2 / (2.0 * limits.max_jerk))
    return limits.max_deceleration, 'deceleration', goal


def _crossing(v: float, a: float, rate: float) -> float:
    """Return the first time after now at which v + a t + rate t^2 / 2 is zero, or inf."""
    if v == 0.0:
        time_s = -2.0 * a / rate if rate != 0.0 else math.inf
        return time_s if time_s > 0.0 else math.inf
    discriminant = a * a - 2.0 * rate * v
    if discriminant < 0.0:
        return math.inf
    q = -(a + math.copysign(math.sqrt(discriminant), a))
    roots = [2.0 * v / q if q != 0.0 else math.inf, q / rate if rate != 0.0 else math.inf]
    return min((root for root in roots if root > 0.0), default=math.inf)
