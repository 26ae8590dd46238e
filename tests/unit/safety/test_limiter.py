"""One axis, by example; the properties are in tests/properties/test_limiter.py."""

import math

import pytest
from takeover.safety.limiter import AxisLimiter, stopping_time_s, worst_stopping_time_s
from takeover.safety.limits import AxisLimits

LINEAR = AxisLimits(0.0, 0.6, 1.0, 2.0, 20.0)
BOTH_WAYS = AxisLimits(-1.0, 1.0, 1.0, 4.0, 80.0)


def run(axis, target, count, dt_s=0.02):
    """Return the outputs of equal steps."""
    return [axis.step(target, dt_s) for _ in range(count)]


def test_speeding_up_takes_the_time_of_the_jerk_limited_curve():
    """0.6 m/s at 1 m/s^2 and 20 m/s^3: 0.6 s plus 0.05 s to build up and take away."""
    axis = AxisLimiter(LINEAR)
    assert axis.step(0.6, 0.649) < 0.6
    assert axis.step(0.6, 0.001 + 1e-9) == 0.6


def test_slowing_down_uses_the_deceleration():
    """0.6 m/s at 2 m/s^2: 0.3 s plus 0.1 s."""
    axis = AxisLimiter(LINEAR)
    axis.step(0.6, 10.0)
    assert axis.step(0.0, 0.399) > 0.0
    assert axis.step(0.0, 0.001 + 1e-9) == 0.0


def test_it_does_not_roll_back_after_a_stop():
    """The fault of limiters that bound differences of outputs."""
    axis = AxisLimiter(AxisLimits(-1.0, 1.0, 1.0, 1.0, 2.0))
    run(axis, 1.0, 100)
    assert min(run(axis, 0.0, 200)) == 0.0


def test_a_reversal_passes_through_zero_without_stopping():
    """With no more acceleration than the other side allows."""
    axis = AxisLimiter(BOTH_WAYS)
    run(axis, 1.0, 200)
    values = run(axis, -1.0, 400, 0.005)
    changes = [(b - a) / 0.005 for a, b in zip(values, values[1:])]
    assert 0.0 not in values
    assert min(changes) == pytest.approx(-4.0, abs=0.2)
    assert min(change for change, value in zip(changes, values) if value < 0.0) >= -1.0 - 1e-9
    assert values[-1] == -1.0


def test_a_forward_only_axis_never_goes_backward():
    """The target is brought back to the bound and the output named as limited."""
    axis = AxisLimiter(LINEAR)
    run(axis, 0.6, 100)
    assert min(run(axis, -1.0, 100)) == 0.0
    assert axis.limited_by == ('velocity',)


def test_limited_by_names_the_limits_in_force():
    """And nothing once the target is reached."""
    axis = AxisLimiter(LINEAR)
    axis.step(0.6, 0.02)
    assert axis.limited_by == ('jerk',)
    axis.step(0.6, 0.2)
    assert axis.limited_by == ('jerk', 'acceleration')
    run(axis, 0.6, 100)
    assert axis.limited_by == ()
    axis.step(0.0, 0.2)
    assert axis.limited_by == ('jerk', 'deceleration')
    run(axis, 9.0, 100)
    assert axis.velocity == 0.6 and axis.limited_by == ('velocity',)


def test_infinite_jerk_leaves_acceleration_limits():
    """Slowing down and speeding up within one step, each with its own limit."""
    axis = AxisLimiter(AxisLimits(-1.0, 1.0, 1.0, 4.0))
    assert axis.step(1.0, 0.1) == pytest.approx(0.1)
    assert axis.step(-1.0, 0.05) == pytest.approx(-0.025)
    assert axis.step(0.0, 1.0) == 0.0


def test_no_time_changes_nothing():
    """Nor does time that runs backwards."""
    axis = AxisLimiter(LINEAR)
    axis.step(0.6, 0.1)
    before = axis.velocity, axis.acceleration
    assert axis.step(0.0, 0.0) == axis.step(0.0, -1.0) == before[0]
    assert (axis.velocity, axis.acceleration) == before


@pytest.mark.parametrize('target', [math.nan, math.inf, -math.inf])
def test_a_target_that_is_no_number_is_an_error(target):
    """The gate refuses it before; here it is a fault of the caller."""
    axis = AxisLimiter(LINEAR)
    with pytest.raises(ValueError, match='must be finite'):
        axis.step(target, 0.02)


def test_stopping_time_by_hand():
    """Ramp of the acceleration, then the curve from rest to rest."""
    assert stopping_time_s(LINEAR, 0.6) == pytest.approx(0.4)
    assert stopping_time_s(LINEAR, 0.05) == pytest.approx(0.1)
    assert stopping_time_s(LINEAR, 0.575, 1.0) == pytest.approx(0.05 + 0.4)
    assert stopping_time_s(AxisLimits(0.0, 1.0, 1.0, 2.0), 1.0) == pytest.approx(0.5)
    assert stopping_time_s(LINEAR, 0.6, 0.0, 0.02) == pytest.approx(0.42)
    assert worst_stopping_time_s(LINEAR, 0.02) == pytest.approx(0.05 + 0.4 + 0.02)
