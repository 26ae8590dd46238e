"""Courses: the same for a seed everywhere, smooth, and always passable."""

import hashlib
import math

import numpy as np
import pytest
from takeover.simulation.course import (
    CLEAR_START_M,
    Course,
    CourseError,
    MAX_HEADING_RAD,
    MAX_ROBOT_RADIUS_M,
    MIN_GAP_M,
    MIN_SPACING_M,
)

SEEDS = range(200)


@pytest.fixture(scope='module')
def courses(task):
    return [Course(seed, task.episode) for seed in SEEDS]


def test_the_same_seed_gives_the_same_course(task):
    one, other = Course(7, task.episode), Course(7, task.episode)
    assert (one.points == other.points).all()
    assert one.obstacles == other.obstacles and one.start == other.start


def test_seeds_differ(courses):
    assert len({course.points.tobytes() for course in courses}) == len(courses)


def test_course_0_is_the_same_on_every_machine(courses):
    # Rounded to micrometres, so that no machine's sine shows: only a new generator changes it.
    course = courses[0]
    numbers = [round(value * 1e6) for value in course.points.ravel()]
    numbers += [
        round(value * 1e6) for o in course.obstacles for value in (o.x_m, o.y_m, o.radius_m)
    ]
    digest = hashlib.sha256(repr(numbers).encode()).hexdigest()[:16]
    assert digest == '3aab7ad5a5243a81'


def test_the_path_has_the_length_and_curvature_of_the_spec(courses, task):
    for course in courses:
        path = course.tracker()
        assert path.length_m == pytest.approx(task.episode.path_length_m, rel=1e-3)
        curvatures = [path.curvature(s) for s in np.arange(0.2, path.length_m - 0.2, 0.1)]
        assert max(map(abs, curvatures)) <= 1.02 * task.episode.path_max_curvature_1_m


def test_the_path_never_comes_back_on_itself(courses):
    for course in courses:
        steps = np.diff(course.points, axis=0)
        assert np.abs(np.arctan2(steps[:, 1], steps[:, 0])).max() <= MAX_HEADING_RAD + 1e-3
        assert (steps[:, 0] > 0.0).all()


def test_obstacles_are_where_they_say_relative_to_the_path(courses):
    for course in courses:
        path = course.tracker()
        for obstacle in course.obstacles:
            path.progress_m = obstacle.s_m - 0.3
            path.move_to(obstacle.x_m, obstacle.y_m)
            assert path.progress_m == pytest.approx(obstacle.s_m, abs=0.05)
            assert path.cross_track(obstacle.x_m, obstacle.y_m) == pytest.approx(
                obstacle.d_m, abs=0.01
            )


def test_obstacles_keep_to_the_spec_and_to_their_distances(courses, task):
    spec = task.episode
    for course in courses:
        assert len(course.obstacles) == spec.obstacle_count
        places = [obstacle.s_m for obstacle in course.obstacles]
        assert places[0] >= CLEAR_START_M - 1e-6 and places[-1] < course.goal_s_m
        assert np.diff(places).min() >= MIN_SPACING_M - 1e-5
        for obstacle in course.obstacles:
            assert spec.obstacle_radius_m[0] <= obstacle.radius_m <= spec.obstacle_radius_m[1]
            assert spec.obstacle_offset_m[0] <= abs(obstacle.d_m) <= spec.obstacle_offset_m[1]


def test_both_sides_and_the_path_itself_are_blocked_at_times(courses):
    offsets = [obstacle.d_m for course in courses for obstacle in course.obstacles]
    assert 0.4 < np.mean(np.array(offsets) > 0.0) < 0.6
    blocking = [abs(o.d_m) < o.radius_m + 0.2 for course in courses for o in course.obstacles]
    assert 0.4 < np.mean(blocking) < 0.95


@pytest.mark.parametrize('seed', range(1000, 1040))
def test_a_disc_of_the_largest_robot_gets_from_start_to_goal(task, seed):
    assert passable(Course(seed, task.episode), MAX_ROBOT_RADIUS_M)


def test_the_search_itself_finds_a_blocked_course(task):
    course = Course(3, task.episode)
    assert not passable(course, 1.3)


def passable(course, radius_m):
    """Search (s, d) cell by cell for a way on which a disc touches no obstacle."""
    s_cells = np.arange(0.0, course.goal_s_m, 0.05)
    d_cells = np.arange(-course.half_width_m, course.half_width_m + 1e-9, 0.05)
    x, y, heading = np.array([course.pose(s) for s in s_cells]).T
    cell_x = x[:, None] - d_cells * np.sin(heading)[:, None]
    cell_y = y[:, None] + d_cells * np.cos(heading)[:, None]
    free = np.ones(cell_x.shape, dtype=bool)
    for o in course.obstacles:
        free &= np.hypot(cell_x - o.x_m, cell_y - o.y_m) > o.radius_m + radius_m
    reached = free[0] & (np.abs(d_cells) < 0.2)
    for row in free[1:]:
        spread = reached | np.roll(reached, 1) | np.roll(reached, -1)
        reached = spread & row
    return bool(reached.any())


def test_pose_is_beside_the_path(task):
    course = Course(5, task.episode)
    x, y, heading = course.pose(3.0, 0.4)
    x0, y0, _ = course.pose(3.0)
    assert math.dist((x, y), (x0, y0)) == pytest.approx(0.4)
    assert -math.sin(heading) * (x - x0) + math.cos(heading) * (y - y0) == pytest.approx(0.4)


@pytest.mark.parametrize(
    'change, words',
    [
        ({'path_max_curvature_1_m': 0.9}, 'path_max_curvature_1_m 0.9 folds a corridor'),
        ({'obstacle_radius_m': (0.2, 0.8)}, 'obstacle_radius_m up to 0.8 leaves 0.15 m'),
        ({'obstacle_offset_m': (0.1, 1.3)}, 'obstacle_offset_m up to 1.3'),
        ({'obstacle_count': 9}, '9 obstacles need at least'),
    ],
)
def test_a_spec_without_room_is_refused(task, change, words):
    with pytest.raises(CourseError, match=words):
        Course(0, task.episode.model_copy(update=change))


def test_the_tightest_legal_corridor_keeps_the_gap(task):
    half_width = task.episode.obstacle_radius_m[1] + MAX_ROBOT_RADIUS_M + MIN_GAP_M + 0.001
    spec = task.episode.model_copy(
        update={'corridor_half_width_m': half_width, 'obstacle_offset_m': (0.01, 0.05)}
    )
    assert all(passable(Course(seed, spec), MAX_ROBOT_RADIUS_M) for seed in range(10))


def test_a_course_without_obstacles_is_legal(task):
    spec = task.episode.model_copy(update={'obstacle_count': 0})
    assert Course(0, spec).obstacles == ()
