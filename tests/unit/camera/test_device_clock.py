"""A device clock mapped to the host: as good as the quickest frames, and never ahead of time."""

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest
from takeover.camera.device_clock import DeviceClock, lower_slope, WINDOW_S

SECOND = 1_000_000_000
EPOCH_NS = 1_700_000_000 * SECOND
RATE_HZ = 30
MIN_DELAY_S, MAX_DELAY_S = 0.001, 0.030

drifts = st.floats(-200e-6, 200e-6)
seeds = st.integers(0, 2**32 - 1)


def camera(drift, seed, seconds, exponential=False):
    """Return for each frame its true time, device time and arrival [s] from an epoch on."""
    random = np.random.default_rng(seed)
    frames = round(seconds * RATE_HZ)
    true_s = np.arange(1, frames + 1) / RATE_HZ
    if exponential:
        delay_s = np.minimum(MIN_DELAY_S + random.exponential(0.005, frames), MAX_DELAY_S)
    else:
        delay_s = random.uniform(MIN_DELAY_S, MAX_DELAY_S, frames)
    return true_s, true_s * (1.0 + drift) + random.uniform(0.0, 4000.0), true_s + delay_s


def stamps(clock, device_s, arrival_s):
    """Map frames in their order; stamps [s] since the same epoch as the arrivals."""
    mapped = [
        clock.to_host_ns(round(device * SECOND), EPOCH_NS + round(arrival * SECOND))
        for device, arrival in zip(device_s.tolist(), arrival_s.tolist())
    ]
    return np.array([stamp - EPOCH_NS for stamp in mapped]) / SECOND


@settings(max_examples=25, deadline=None)
@given(drifts, seeds, st.booleans())
def test_stamps_are_late_by_the_smallest_delay_and_little_else(drift, seed, exponential):
    true_s, device_s, arrival_s = camera(drift, seed, 90.0, exponential)
    clock = DeviceClock()
    late_s = stamps(clock, device_s, arrival_s) - true_s - MIN_DELAY_S
    known = true_s > 30.0
    assert np.abs(late_s[known]).max() < 0.003
    assert np.abs(np.median(late_s[true_s > 60.0])) < 0.0015
    estimate = clock.estimate
    assert estimate.drift_ppm == pytest.approx(drift * 1e6, abs=40.0)
    offset_s = EPOCH_NS / SECOND + true_s[-1] - device_s[-1]
    assert estimate.offset_s == pytest.approx(offset_s, abs=MIN_DELAY_S + 0.003)
    assert 0.0 <= estimate.residual_s < 0.005
    assert estimate.restarts == 0


@settings(max_examples=25, deadline=None)
@given(drifts, seeds, st.floats(0.0, 0.002))
def test_a_quick_frame_in_every_second_bounds_the_error(drift, seed, spread_s):
    # Whatever the other delays are: the line is under all quick frames, and touches two pairs.
    true_s, device_s, arrival_s = camera(drift, seed, 90.0)
    quick = np.arange(0, len(true_s), RATE_HZ // 2)
    random = np.random.default_rng(seed)
    arrival_s[quick] = true_s[quick] + MIN_DELAY_S + random.uniform(0.0, spread_s, len(quick))
    late_s = stamps(DeviceClock(), device_s, arrival_s) - true_s - MIN_DELAY_S
    # Before the drift is known it adds its share of ten seconds.
    known = true_s > 15.0
    assert late_s[known].max() <= spread_s * 1.1 + 1e-5
    assert late_s[known].min() >= -spread_s * 1.6 - 1e-5


@settings(deadline=None)
@given(drifts, seeds)
def test_from_the_first_frame_on_stamps_are_within_the_delays(drift, seed):
    true_s, device_s, arrival_s = camera(drift, seed, 12.0)
    late_s = stamps(DeviceClock(), device_s, arrival_s) - true_s
    assert late_s.max() <= MAX_DELAY_S
    assert late_s.min() >= -abs(drift) * 12.0 - 0.003


# Frames that follow each other, sooner or later than expected; and clocks that jump.
device_steps = st.one_of(st.integers(1, SECOND // 25), st.integers(-(2**40), 2**40))
arrival_steps = st.one_of(st.integers(1, SECOND // 10), st.integers(1, 2**40))


@given(st.lists(st.tuples(device_steps, arrival_steps), min_size=1, max_size=60))
def test_whatever_the_device_says_stamps_increase_and_are_not_ahead_of_arrivals(steps):
    clock = DeviceClock()
    device_ns, arrival_ns, newest_ns = 2**50, EPOCH_NS, 0
    for device_step_ns, arrival_step_ns in steps:
        device_ns, arrival_ns = device_ns + device_step_ns, arrival_ns + arrival_step_ns
        stamp_ns = clock.to_host_ns(device_ns, arrival_ns)
        assert newest_ns < stamp_ns <= arrival_ns
        newest_ns = stamp_ns


@pytest.mark.parametrize('jump_s', [-5000.0, 0.2, 4000.0])
def test_a_device_clock_that_jumps_starts_anew(jump_s):
    true_s, device_s, arrival_s = camera(100e-6, 1, 40.0)
    jumped = true_s > 20.0
    device_s[jumped] += jump_s
    clock = DeviceClock()
    late_s = stamps(clock, device_s, arrival_s) - true_s
    assert clock.estimate.restarts == 1
    assert late_s.max() <= MAX_DELAY_S
    assert late_s.min() >= -0.003


def test_a_wrapped_counter_starts_anew():
    true_s, device_s, arrival_s = camera(0.0, 2, 20.0)
    wrap_s = 2**32 / 1e6
    device_s = (device_s - device_s[0] + wrap_s - 10.0) % wrap_s
    clock = DeviceClock()
    late_s = stamps(clock, device_s, arrival_s) - true_s
    assert clock.estimate.restarts == 1
    assert 0.0 <= late_s.min() and late_s.max() <= MAX_DELAY_S


@pytest.mark.parametrize('jump_s', [3600.0, 2.0])
def test_after_the_host_clock_was_set_forward_stamps_are_old_and_soon_right(jump_s):
    true_s, device_s, arrival_s = camera(0.0, 3, 40.0)
    arrival_s[true_s > 20.0] += jump_s
    clock = DeviceClock()
    late_s = stamps(clock, device_s, arrival_s) - true_s
    assert clock.estimate.restarts == 1
    assert late_s.max() <= jump_s + MAX_DELAY_S
    after = true_s > 26.0
    assert np.all(late_s[after] >= jump_s)


def test_after_the_host_clock_was_set_back_stamps_follow_it():
    true_s, device_s, arrival_s = camera(0.0, 4, 40.0)
    back = true_s > 20.0
    arrival_s[back] -= 7.0
    late_s = stamps(DeviceClock(), device_s, arrival_s) - true_s + 7.0
    assert np.all(late_s[back] <= MAX_DELAY_S) and np.all(late_s[back] >= 0.0)
    # Mapped again, and not merely arrivals until the clock has passed its old time.
    assert np.all(late_s[true_s > 23.0] <= 0.005)


def test_a_stall_of_the_host_is_not_taken_for_a_jump():
    true_s, device_s, arrival_s = camera(0.0, 5, 30.0)
    stalled = (true_s > 20.0) & (true_s < 21.5)
    arrival_s[stalled] = 21.5 + np.arange(np.count_nonzero(stalled)) * 1e-4
    clock = DeviceClock()
    late_s = stamps(clock, device_s, arrival_s) - true_s
    assert clock.estimate.restarts == 0
    assert late_s[true_s > 5.0].max() <= 0.01


def test_memory_is_bounded_and_what_is_old_is_forgotten():
    # Delays that are a tenth of a second longer from the second minute on: no other clock.
    true_s, device_s, arrival_s = camera(0.0, 6, 4 * WINDOW_S)
    arrival_s[true_s > WINDOW_S] += 0.1
    clock = DeviceClock()
    late_s = stamps(clock, device_s, arrival_s) - true_s
    assert len(clock._pairs) <= WINDOW_S + 1
    assert late_s[-1] == pytest.approx(MIN_DELAY_S + 0.1, abs=0.003)
    assert clock.estimate.restarts == 0


def test_stamps_increase_where_the_line_is_drawn_anew_and_lower():
    seconds = np.arange(11.0)
    device_s = np.concatenate([seconds, [10.9999, 11.0001]])
    arrival_s = device_s + np.concatenate([0.01 - 0.0005 * seconds, [0.01, 0.01]])
    assert np.diff(stamps(DeviceClock(), device_s, arrival_s)).min() > 0.0


def test_one_quick_frame_corrects_the_next_ones_at_once():
    late_s = stamps(
        DeviceClock(), np.array([0.1, 0.2, 0.3]), np.array([0.1, 0.2, 0.3]) + [0.03, 0.001, 0.03]
    ) - [0.1, 0.2, 0.3]
    assert late_s == pytest.approx([0.03, 0.001, 0.001])


def test_nothing_is_known_before_the_first_frame_and_little_after_it():
    clock = DeviceClock()
    assert clock.estimate is None
    assert clock.to_host_ns(5 * SECOND, EPOCH_NS) == EPOCH_NS
    assert clock.estimate.offset_s == EPOCH_NS / SECOND - 5
    assert clock.estimate.drift_ppm == 0.0


def test_the_slope_is_that_of_the_lower_edge_over_the_middle():
    times = [float(second) for second in range(30)]
    above = [(second, 1e-4 * second + 0.01 * (round(second) % 3)) for second in times]
    assert lower_slope(above) == pytest.approx(1e-4)
    assert lower_slope(above[:9]) == 0.0
    assert lower_slope([(second, -second) for second in times]) == -500e-6
    assert lower_slope([]) == 0.0
