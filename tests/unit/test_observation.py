"""The rules of the observation builder, one test for each."""

import math
from pathlib import Path

import numpy as np
import pytest
from takeover.observation import (
    LaserScanSample,
    Missing,
    Observation,
    ObservationBuilder,
    ObservationError,
    OdometrySample,
    PathSample,
)
from takeover.task import load_task

TASK = load_task(Path(__file__).parents[2] / 'config' / 'tasks' / 'rover_path.yaml')
RANGES = TASK.features[-1]
MS = 1_000_000
NOW = 1_000_000 * MS
FREE = np.full(RANGES.size, np.inf, np.float32)
LINE = np.stack([np.arange(0.0, 10.0, 0.1), np.zeros(100)], axis=1)


def odom(stamp_ns=NOW, x_m=1.0, y_m=0.2, yaw_rad=0.0, v=0.3, w=0.1, **more):
    return OdometrySample(stamp_ns, x_m, y_m, yaw_rad, v, w, **more)


def scan(stamp_ns=NOW, values=FREE):
    return LaserScanSample(
        stamp_ns,
        RANGES.angle_min_rad,
        RANGES.angle_increment_rad,
        0.05,
        RANGES.high,
        np.asarray(values, np.float32),
    )


def path(stamp_ns=NOW, points=LINE, **more):
    return PathSample(stamp_ns, points, **more)


@pytest.fixture
def builder():
    """Return a builder that holds a good sample of every input, stamped NOW, received at 0 s."""
    builder = ObservationBuilder(TASK)
    assert builder.update('path', path(), 0.0)
    assert builder.update('odom', odom(), 0.0)
    assert builder.update('scan', scan(), 0.0)
    return builder


def part(builder, observation, name):
    place = next(place for feature, place in builder.layout if feature.name == name)
    return observation.vector[place]


def test_the_vector_has_the_features_in_order_in_si(builder):
    found = builder.build(NOW, 0.0)
    assert isinstance(found, Observation)
    assert found.vector.dtype == np.float32 and found.vector.shape == (TASK.observation_size,)
    assert part(builder, found, 'cross_track') == pytest.approx([0.2])
    assert part(builder, found, 'heading') == pytest.approx([0.0, 1.0])
    assert part(builder, found, 'curvature') == pytest.approx([0.0] * 3)
    assert part(builder, found, 'lookahead') == pytest.approx([0.6, -0.2, 1.2, -0.2])
    assert part(builder, found, 'linear_velocity') == pytest.approx([0.3])
    assert part(builder, found, 'angular_velocity') == pytest.approx([0.1])
    assert part(builder, found, 'ranges').tolist() == [RANGES.high] * RANGES.size


def test_the_look_ahead_is_in_the_robots_frame(builder):
    builder.update('odom', odom(NOW + 1, yaw_rad=math.pi / 2.0))
    found = builder.build(NOW + 1)
    assert part(builder, found, 'lookahead')[:2] == pytest.approx([-0.2, -0.6], abs=1e-6)
    assert part(builder, found, 'heading') == pytest.approx([1.0, 0.0], abs=1e-6)


def test_the_stamps_are_those_of_the_oldest_and_newest_timed_input(builder):
    builder.update('scan', scan(NOW + 20 * MS))
    found = builder.build(NOW + 30 * MS)
    assert (found.oldest_stamp_ns, found.newest_stamp_ns) == (NOW, NOW + 20 * MS)


def test_values_are_clipped_to_the_bounds_of_their_feature(builder):
    builder.update('odom', odom(NOW + 1, y_m=50.0, v=9.0))
    found = builder.build(NOW + 1)
    assert part(builder, found, 'cross_track') == [TASK.features[0].high]
    assert part(builder, found, 'linear_velocity') == [1.0]


def test_a_vector_cannot_be_changed_after_the_fact(builder):
    with pytest.raises(ValueError, match='read-only'):
        builder.build(NOW).vector[0] = 1.0


@pytest.mark.parametrize('absent', ['odom', 'scan', 'path'])
def test_an_input_never_heard_gives_no_observation(absent):
    builder = ObservationBuilder(TASK)
    for name, sample in (('odom', odom()), ('scan', scan()), ('path', path())):
        if name != absent:
            builder.update(name, sample)
    assert builder.build(NOW) == Missing(f'no {absent} yet', absent)


@pytest.mark.parametrize('late', ['odom', 'scan'])
def test_an_input_over_its_age_by_stamp_gives_no_observation(builder, late):
    fresh = {'odom': odom, 'scan': scan}[{'odom': 'scan', 'scan': 'odom'}[late]]
    builder.update({'odom': 'scan', 'scan': 'odom'}[late], fresh(NOW + 151 * MS))
    assert isinstance(builder.build(NOW + 150 * MS), Observation)
    assert builder.build(NOW + 151 * MS) == Missing(f'{late} is 0.151 s old, allowed 0.15 s', late)


def test_an_input_over_its_age_by_arrival_gives_no_observation(builder):
    assert isinstance(builder.build(NOW, 0.15), Observation)
    found = builder.build(NOW, 0.2)
    assert found == Missing('no new odom for 0.200 s, allowed 0.15 s', 'odom')


def test_a_stamp_from_the_future_gives_no_observation(builder):
    assert isinstance(builder.build(NOW - 100 * MS), Observation)
    assert 'in the future' in builder.build(NOW - 200 * MS).reason


def test_a_latched_path_never_gets_old(builder):
    later = NOW + 3_600_000 * MS
    builder.update('odom', odom(later), 3600.0)
    builder.update('scan', scan(later), 3600.0)
    assert isinstance(builder.build(later, 3600.0), Observation)


@pytest.mark.parametrize('step_ns', [0, -1, -999 * MS])
def test_a_sample_not_newer_is_refused_and_does_not_refresh(builder, step_ns):
    assert not builder.update('odom', odom(NOW + step_ns, y_m=1.5), 10.0)
    assert builder.refused == {'odom: not newer than the one held': 1}
    assert builder.build(NOW, 10.0).input == 'odom'
    assert part(builder, builder.build(NOW), 'cross_track') == pytest.approx([0.2])


@pytest.mark.parametrize(
    ('name', 'sample', 'why'),
    [
        ('odom', odom(NOW + 1, x_m=math.nan), 'odom: not finite'),
        ('odom', odom(NOW + 1, w=math.inf), 'odom: not finite'),
        ('odom', odom(NOW + 1, x_m=1e300), 'odom: out of range'),
        ('path', path(NOW + 1, LINE * 1e300), 'path: out of range'),
        ('odom', odom(NOW + 1, frame_id='map'), "odom: frame_id is 'map', the task needs 'odom'"),
        ('scan', scan(NOW + 1, np.full(RANGES.size, np.nan)), 'scan: no valid beam'),
        ('scan', scan(NOW + 1, np.zeros(RANGES.size)), 'scan: no valid beam'),
        ('scan', scan(NOW + 1, []), 'scan: wrong number of beams'),
        ('scan', scan(NOW + 1, [1.0] * (RANGES.size - 1)), 'scan: no beam in sector 35'),
        ('path', path(NOW + 1, np.zeros((0, 2))), 'path: wrong number of points'),
        ('path', path(NOW + 1, np.ones((3, 2))), 'path: all points are the same'),
        ('path', path(NOW + 1, LINE * math.nan), 'path: not finite'),
        ('path', path(NOW + 1, np.zeros((3, 3))), 'path: not [N, 2]'),
        ('path', path(NOW + 1, frame_id='map'), "path: frame_id is 'map', the task needs 'odom'"),
    ],
)
def test_a_bad_sample_is_refused_and_counted(builder, name, sample, why):
    assert not builder.update(name, sample)
    assert builder.refused == {why: 1}


def test_a_bad_measurement_leaves_the_held_one(builder):
    builder.update('odom', odom(NOW + 1, x_m=math.nan))
    assert isinstance(builder.build(NOW + 1), Observation)


def test_a_path_that_cannot_be_used_drops_the_path_that_was_held(builder):
    builder.update('path', path(NOW + 1, np.zeros((0, 2))))
    assert builder.build(NOW + 1) == Missing('no path yet', 'path')


def test_a_new_path_starts_from_its_beginning(builder):
    there_and_back = np.concatenate([LINE[:50], LINE[48::-1] + [0.0, 0.2]])
    builder.update('path', path(NOW + 1, there_and_back))
    builder.update('odom', odom(NOW + 1, x_m=0.5, y_m=0.1))
    first = builder.build(NOW + 1)
    assert part(builder, first, 'heading')[1] > 0.99


def test_one_scan_with_nan_beams_is_no_fault(builder):
    values = FREE.copy()
    values[3] = np.nan
    assert builder.update('scan', scan(NOW + 1, values))


def test_an_input_the_task_does_not_have_is_a_fault_of_the_program(builder):
    with pytest.raises(ObservationError, match="input 'imu' is not in the task; legal: odom"):
        builder.update('imu', odom())
    with pytest.raises(ObservationError, match='takes odometry samples, got LaserScanSample'):
        builder.update('odom', scan())


def test_a_clock_set_back_drops_the_old_time_seen_by_a_sample(builder):
    back = NOW - 60_000 * MS
    assert builder.update('odom', odom(back))
    assert builder.build(back).input == 'scan'
    builder.update('scan', scan(back))
    assert builder.build(back).input == 'path'
    builder.update('path', path(back))
    assert isinstance(builder.build(back), Observation)


def test_a_clock_set_back_drops_the_old_time_seen_by_a_tick(builder):
    builder.build(NOW)
    back = NOW - 60_000 * MS
    assert builder.build(back) == Missing('no odom yet', 'odom')


def test_the_path_of_the_new_time_is_kept_whatever_comes_first(builder):
    builder.build(NOW)
    back = NOW - 60_000 * MS
    builder.update('path', path(back + 5 * MS))
    builder.update('odom', odom(back))
    builder.update('scan', scan(back))
    assert isinstance(builder.build(back + MS), Observation)


def test_a_clock_set_forward_only_makes_things_old(builder):
    assert builder.build(NOW + 60_000 * MS).input == 'odom'
    builder.update('odom', odom(NOW + 60_000 * MS))
    builder.update('scan', scan(NOW + 60_000 * MS))
    assert isinstance(builder.build(NOW + 60_000 * MS), Observation)


def test_clear_forgets_everything(builder):
    builder.clear()
    assert builder.build(NOW).reason == 'no odom yet'
