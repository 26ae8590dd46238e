"""Properties of the axis limiter: limits hold between any two outputs, and targets are reached."""

import math

from hypothesis import given, HealthCheck, settings
from hypothesis import strategies as st
import pytest
from takeover.safety.limiter import AxisLimiter, stopping_time_s, worst_stopping_time_s
from takeover.safety.limits import AxisLimits

# What rounding may add: relative, and a snap of 1e-12 over the shortest step of 1 ms.
TOLERANCE = 1e-6

positive = st.floats(0.05, 20.0)
axis_limits = st.builds(
    AxisLimits,
    min_velocity=st.one_of(st.just(0.0), st.floats(-3.0, 0.0)),
    max_velocity=st.one_of(st.just(0.0), st.floats(0.01, 3.0)),
    max_acceleration=positive,
    max_deceleration=positive,
    max_jerk=st.one_of(st.just(math.inf), st.floats(0.5, 200.0)),
)
time_steps = st.one_of(st.just(0.02), st.just(0.05), st.floats(0.001, 0.1))
targets = st.one_of(st.sampled_from([0.0, -5.0, 5.0]), st.floats(-4.0, 4.0))
steps = st.lists(st.tuples(targets, time_steps), min_size=1, max_size=60)


def effort(examples):
    """Run so many examples, however slow the machine."""
    return settings(
        max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )


def check_acceleration(limits, before, after, dt_s):
    """Check one step: the part that slows down and the part that speeds up fit into `dt_s`."""
    slowing = abs(before) if before * after < 0.0 else max(abs(before) - abs(after), 0.0)
    speeding = abs(after) if before * after < 0.0 else max(abs(after) - abs(before), 0.0)
    needed_s = slowing / limits.max_deceleration + speeding / limits.max_acceleration
    assert needed_s <= dt_s * (1.0 + TOLERANCE) + TOLERANCE * 1e-3


def check_jerk(limits, means, times):
    """Check that neighbouring mean accelerations differ by at most jerk times their distance."""
    for (a, b), (first_s, second_s) in zip(zip(means, means[1:]), zip(times, times[1:])):
        assert (
            abs(b - a)
            <= limits.max_jerk * 0.5 * (first_s + second_s) * (1.0 + TOLERANCE) + TOLERANCE
        )


def follow(limits, sequence):
    """Run a sequence of (target, dt_s) and check every limit between the outputs."""
    axis = AxisLimiter(limits)
    means, times = [0.0], [0.02]
    for target, dt_s in sequence:
        before = axis.velocity
        after = axis.step(target, dt_s)
        assert math.isfinite(after) and math.isfinite(axis.acceleration)
        assert limits.min_velocity <= after <= limits.max_velocity
        check_acceleration(limits, before, after, dt_s)
        means.append((after - before) / dt_s)
        times.append(dt_s)
    check_jerk(limits, means, times)


@effort(200)
@given(axis_limits, steps)
def test_limits_hold_between_any_two_outputs(limits, sequence):
    """Velocity, acceleration, deceleration and jerk, at any irregular distance of outputs."""
    follow(limits, sequence)


@effort(60)
@given(
    st.floats(0.2, 5.0),
    st.floats(0.2, 5.0),
    st.floats(5.0, 50.0),
    st.lists(
        st.tuples(st.sampled_from([-2.0, -0.1, 0.0, 0.1, 2.0]), st.integers(5, 60)),
        min_size=2,
        max_size=6,
    ),
    st.sampled_from([0.005, 0.01]),
)
def test_limits_hold_while_the_direction_changes(speeding, slowing, jerk, legs, dt_s):
    """Zero is passed with no more than the limit of the other side, however it is approached."""
    limits = AxisLimits(-2.0, 2.0, speeding, slowing, jerk)
    follow(limits, [(target, dt_s) for target, count in legs for _ in range(count)])


@effort(120)
@given(axis_limits, steps, st.lists(time_steps, min_size=1, max_size=20))
def test_zero_is_reached_exactly_within_the_stopping_time(limits, sequence, distances):
    """From any reachable state; the overall bound covers the bound of the state."""
    axis = AxisLimiter(limits)
    for target, dt_s in sequence:
        axis.step(target, dt_s)
    bound_s = stopping_time_s(limits, axis.velocity, axis.acceleration)
    elapsed_s, index = 0.0, 0
    while elapsed_s < bound_s * (1.0 + 1e-9) + 1e-9:
        dt_s = distances[index % len(distances)]
        axis.step(0.0, dt_s)
        elapsed_s, index = elapsed_s + dt_s, index + 1
    assert axis.velocity == 0.0 and axis.at_rest
    assert math.copysign(1.0, axis.velocity) == 1.0
    assert elapsed_s <= stopping_time_s(limits, 0.0, 0.0, max(distances)) + bound_s + 1e-8


@effort(120)
@given(axis_limits, steps)
def test_worst_stopping_time_covers_every_reachable_state(limits, sequence):
    """The bound used for the time-out ladder, measured on a fine grid of outputs."""
    axis = AxisLimiter(limits)
    for target, dt_s in sequence:
        axis.step(target, dt_s)
    bound_s = worst_stopping_time_s(limits)
    axis.step(0.0, bound_s * (1.0 + 1e-9) + 1e-9)
    assert axis.at_rest


@effort(120)
@given(axis_limits, st.floats(-3.0, 3.0), st.lists(time_steps, min_size=1, max_size=20))
def test_a_target_is_approached_without_overshoot_and_kept_without_chatter(
    limits, target, distances
):
    """From rest: monotonic, exact, and then constant."""
    axis = AxisLimiter(limits)
    goal = min(max(target, limits.min_velocity), limits.max_velocity)
    sign = 1.0 if goal >= 0.0 else -1.0
    elapsed_s, index, last = 0.0, 0, 0.0
    needed_s = stopping_time_s(
        AxisLimits(
            limits.min_velocity,
            limits.max_velocity,
            limits.max_deceleration,
            limits.max_acceleration,
            limits.max_jerk,
        ),
        goal,
    )
    while elapsed_s < needed_s * (1.0 + 1e-9) + 1e-9:
        dt_s = distances[index % len(distances)]
        value = axis.step(target, dt_s)
        assert sign * last <= sign * value + 1e-15 and sign * value <= sign * goal
        last, elapsed_s, index = value, elapsed_s + dt_s, index + 1
    for dt_s in distances:
        assert axis.step(target, dt_s) == goal
        assert axis.acceleration == 0.0


@effort(100)
@given(axis_limits, steps, st.integers(2, 7))
def test_outputs_are_samples_of_one_curve(limits, sequence, pieces):
    """Splitting every step into pieces gives the same velocities."""
    coarse, fine = AxisLimiter(limits), AxisLimiter(limits)
    for target, dt_s in sequence:
        coarse.step(target, dt_s)
        for _ in range(pieces):
            fine.step(target, dt_s / pieces)
        assert fine.velocity == pytest.approx(coarse.velocity, abs=1e-6)
