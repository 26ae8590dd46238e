"""Progress is local, curvature is that of the curve, signs follow REP 103."""

import math

import numpy as np
import pytest
from takeover.path_tracking import PathTracker


def circle(radius_m, turns=0.9, step_rad=0.02):
    angle = np.arange(0.0, turns * 2.0 * math.pi, step_rad)
    return np.stack([radius_m * np.sin(angle), radius_m * (1.0 - np.cos(angle))], axis=1)


def line(length_m=10.0, step_m=0.1):
    x = np.arange(0.0, length_m + step_m / 2.0, step_m)
    return np.stack([x, np.zeros_like(x)], axis=1)


def test_cross_track_is_positive_left_of_the_path():
    path = PathTracker(line())
    path.move_to(1.23, 0.4)
    assert path.progress_m == pytest.approx(1.23)
    assert path.cross_track(1.23, 0.4) == pytest.approx(0.4)
    path.move_to(1.3, -0.2)
    assert path.cross_track(1.3, -0.2) == pytest.approx(-0.2)


@pytest.mark.parametrize('radius_m', [0.5, 1.0, 3.0])
def test_curvature_is_one_over_the_radius_positive_to_the_left(radius_m):
    left = PathTracker(circle(radius_m))
    right = PathTracker(circle(radius_m) * [1.0, -1.0])
    middle = left.length_m / 2.0
    assert left.curvature(middle) == pytest.approx(1.0 / radius_m, rel=1e-3)
    assert right.curvature(middle) == pytest.approx(-1.0 / radius_m, rel=1e-3)


def test_curvature_does_not_depend_on_the_spacing_of_the_points():
    coarse, fine = PathTracker(circle(1.0, step_rad=0.1)), PathTracker(circle(1.0, step_rad=0.01))
    assert coarse.curvature(2.0) == pytest.approx(fine.curvature(2.0), rel=1e-2)


def test_beyond_the_end_the_path_is_straight_and_its_points_are_the_last():
    path = PathTracker(circle(1.0))
    assert path.curvature(path.length_m + 0.1) == 0.0
    assert path.point(path.length_m + 5.0) == pytest.approx(tuple(circle(1.0)[-1]))
    assert path.point(-1.0) == pytest.approx((0.0, 0.0))


def test_heading_does_not_jump_over_a_full_turn():
    path = PathTracker(circle(1.0))
    headings = [path.heading(s) for s in np.linspace(0.0, path.length_m, 200)]
    assert max(abs(np.diff(headings))) < 0.1
    assert headings[-1] > math.pi


def test_a_path_that_crosses_itself_is_followed_in_order():
    t = np.linspace(0.0, 2.0 * math.pi, 400)
    points = np.stack([3.0 * np.sin(t), 3.0 * np.sin(t) * np.cos(t)], axis=1)
    path = PathTracker(points)
    seen = []
    for x, y in points:
        path.move_to(x, y)
        seen.append(path.progress_m)
    assert np.all(np.diff(seen) >= -1e-9)
    assert seen[-1] == pytest.approx(path.length_m, abs=0.05)


def test_a_closed_loop_starts_at_its_start():
    path = PathTracker(circle(1.0, turns=1.0))
    path.move_to(0.0, -0.01)
    assert path.progress_m < 0.1


def test_a_robot_put_far_away_is_found_again():
    path = PathTracker(line())
    path.move_to(0.0, 0.0)
    path.move_to(7.0, 0.3)
    assert path.progress_m == pytest.approx(7.0)


def test_the_robot_may_back_up():
    path = PathTracker(line())
    for x in (0.0, 1.0, 2.0, 1.8, 1.5, 1.2):
        path.move_to(x, 0.0)
    assert path.progress_m == pytest.approx(1.2)


def test_repeated_points_are_skipped():
    path = PathTracker(np.repeat(line(1.0), 3, axis=0))
    assert path.length_m == pytest.approx(1.0)
    path.move_to(0.5, 0.1)
    assert math.isfinite(path.curvature(0.5)) and path.progress_m == pytest.approx(0.5)


def test_overshooting_the_end_keeps_the_cross_track_lateral():
    path = PathTracker(line(1.0))
    path.move_to(1.4, 0.05)
    assert path.progress_m == pytest.approx(1.0)
    assert path.cross_track(1.4, 0.05) == pytest.approx(0.05)
