"""Lidar sectors: every beam in its place, and never a claim of space that was not seen."""

import math

import numpy as np
import pytest
from takeover.features import ranges, scan_fault, sectors
from takeover.observation_spec import FeatureSpec
from takeover.samples import LaserScanSample

TURN = 2.0 * math.pi


def spec(size=36, first=-math.pi, width=TURN / 36, high=5.0):
    return FeatureSpec(
        name='ranges',
        kind='scan.ranges',
        inputs=('scan',),
        size=size,
        unit='m',
        low=0.0,
        high=high,
        angle_min_rad=first,
        angle_increment_rad=width,
    )


def scan(values, first=-math.pi, width=None, high=5.0):
    values = np.asarray(values, np.float32)
    return LaserScanSample(
        1, first, TURN / len(values) if width is None else width, 0.05, high, values
    )


def test_a_scan_with_the_same_layout_is_taken_beam_by_beam():
    values = np.linspace(0.5, 4.0, 36)
    assert ranges(spec(), scan(values)) == pytest.approx(values, rel=1e-6)


def test_the_layout_survives_float32_angles():
    first, width = float(np.float32(-math.pi)), float(np.float32(TURN / 36))
    assert sectors(spec(), scan(np.ones(36), first, width)).tolist() == list(range(36))


def test_a_finer_scan_gives_the_nearest_return_of_each_sector():
    values = np.full(720, 3.0)
    values[360] = 0.7
    found = ranges(spec(), scan(values))
    assert found[18] == pytest.approx(0.7)
    assert np.delete(found, 18) == pytest.approx(3.0)


def test_a_scan_that_starts_elsewhere_is_turned_into_place():
    values = np.full(36, 3.0)
    values[0] = 1.0
    assert ranges(spec(), scan(values, first=0.0))[18] == 1.0


@pytest.mark.parametrize('value', [math.inf, math.nan, 0.0, 0.04, 5.1])
def test_a_beam_without_a_return_reads_as_free(value):
    values = np.full(36, 3.0)
    values[4] = value
    assert ranges(spec(), scan(values))[4] == 5.0


def test_a_surface_too_near_to_measure_reads_as_the_shortest_range():
    values = np.full(36, 3.0)
    values[4] = -math.inf
    assert ranges(spec(), scan(values))[4] == 0.05


def test_a_short_lidar_claims_no_more_than_it_saw():
    assert ranges(spec(), scan(np.full(36, math.inf), high=3.5)).tolist() == [3.5] * 36


def test_a_scan_that_leaves_a_sector_blind_is_refused():
    assert scan_fault(spec(), scan(np.ones(36))) is None
    assert scan_fault(spec(), scan(np.ones(18), width=TURN / 36)) == 'no beam in sector 18'
    assert scan_fault(spec(), scan(np.ones(12))) == 'no beam in sector 1'


def test_beams_outside_a_partial_field_of_view_are_left_out():
    partial = spec(size=9, first=-math.radians(40), width=math.radians(10))
    values = np.full(36, 2.0)
    values[0] = 0.3
    assert ranges(partial, scan(values)).tolist() == [2.0] * 9
