"""The lidar against the distances geometry gives."""

import math

import numpy as np
import pytest
from takeover.simulation.rover import RoverSimulation, TruePose


def quiet(robot, **changes):
    lidar = robot.simulation.lidar.model_copy(update={'noise_m': 0.0, 'dropout': 0.0, **changes})
    return robot.model_copy(
        update={'simulation': robot.simulation.model_copy(update={'lidar': lidar})}
    )


def beam_lengths(pose, lidar, obstacles):
    """Distance to the nearest circle along each beam; inf beyond the range."""
    angles = lidar.angle_min_rad + lidar.angle_increment_rad * np.arange(lidar.beams)
    angles += pose.yaw_rad
    nearest = np.full(lidar.beams, np.inf)
    for o in obstacles:
        dx, dy = o.x_m - pose.x_m, o.y_m - pose.y_m
        along = dx * np.cos(angles) + dy * np.sin(angles)
        across2 = dx * dx + dy * dy - along**2
        hit = (along > 0.0) & (across2 < o.radius_m**2)
        length = along - np.sqrt(np.maximum(o.radius_m**2 - across2, 0.0))
        nearest = np.where(hit, np.minimum(nearest, length), nearest)
    return np.where(nearest > lidar.range_max_m, np.inf, nearest)


@pytest.mark.parametrize('seed', range(5))
def test_ranges_are_those_of_geometry(task, robot, seed):
    simulation = RoverSimulation(quiet(robot), task.episode, seed)
    lidar = robot.simulation.lidar
    for s in np.arange(0.3, 8.0, 0.7):
        x, y, heading = simulation.course.pose(s, 0.3 * math.sin(5.0 * s))
        pose = TruePose(x, y, heading + 0.4 * math.cos(3.0 * s), 0.0, 0.0)
        if any(
            math.dist((x, y), (o.x_m, o.y_m)) < o.radius_m + 0.05
            for o in simulation.course.obstacles
        ):
            continue
        simulation.place(pose, (x, y, pose.yaw_rad))
        expected = beam_lengths(pose, lidar, simulation.course.obstacles)
        measured = simulation.scan().ranges
        # A beam along the very edge of a circle may go either way.
        same = np.isinf(expected) == np.isinf(measured)
        assert same.mean() > 0.97
        both = np.isfinite(expected) & np.isfinite(measured)
        assert measured[both] == pytest.approx(expected[both], abs=0.01)


def test_the_first_beam_is_on_the_right(task, robot):
    simulation = RoverSimulation(quiet(robot), task.episode, 0)
    obstacle = simulation.course.obstacles[0]
    pose = TruePose(obstacle.x_m, obstacle.y_m + 1.0, 0.0, 0.0, 0.0)
    simulation.place(pose, (pose.x_m, pose.y_m, 0.0))
    nearest = int(np.argmin(simulation.scan().ranges))
    lidar = robot.simulation.lidar
    assert lidar.angle_min_rad + nearest * lidar.angle_increment_rad == pytest.approx(
        -math.pi / 2, abs=lidar.angle_increment_rad
    )


def test_noise_has_the_stated_spread_and_dropouts_their_share(task, robot):
    simulation = RoverSimulation(robot, task.episode, 0)
    obstacle = simulation.course.obstacles[0]
    x, y, heading = simulation.course.pose(obstacle.s_m - 0.8, obstacle.d_m)
    pose = TruePose(x, y, heading, 0.0, 0.0)
    ranges = []
    for _ in range(400):
        simulation.place(pose, (x, y, heading))
        ranges.append(simulation.scan().ranges)
    ranges = np.array(ranges)
    seen = np.isfinite(ranges).mean(axis=0) > 0.5
    assert seen.sum() >= 3
    lost = np.isinf(ranges[:, seen]).mean()
    assert 0.3 * robot.simulation.lidar.dropout < lost < 3.0 * robot.simulation.lidar.dropout
    spread = np.nanstd(np.where(np.isinf(ranges[:, seen]), np.nan, ranges[:, seen]), axis=0)
    assert spread == pytest.approx(robot.simulation.lidar.noise_m, rel=0.2)


def test_nearer_than_the_blind_zone_is_minus_infinity(task, robot):
    simulation = RoverSimulation(quiet(robot, range_min_m=1.0), task.episode, 0)
    obstacle = simulation.course.obstacles[0]
    x, y, heading = simulation.course.pose(obstacle.s_m - 0.8, obstacle.d_m)
    simulation.place(TruePose(x, y, heading, 0.0, 0.0), (x, y, heading))
    assert np.isneginf(simulation.scan().ranges).any()


def test_beyond_the_range_is_plus_infinity(task, robot):
    simulation = RoverSimulation(quiet(robot, range_max_m=0.3), task.episode, 0)
    assert np.isposinf(simulation.scan().ranges).all()
