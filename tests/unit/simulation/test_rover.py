"""The rover: it moves as commanded, lags, slips, drifts, and stops by itself."""

import math

import numpy as np
import pytest
from takeover.outcome import Outcome
from takeover.simulation.expert import PathExpert
from takeover.simulation.rover import RoverSimulation, TruePose
from takeover.simulation.ticks import SimulationError, TICK_S


def hold(simulation, linear, angular, duration_s):
    for _ in range(round(duration_s / (5 * TICK_S))):
        simulation.set_command(linear, angular)
        simulation.step(5)


def without_obstacles(task):
    return task.episode.model_copy(update={'obstacle_count': 0, 'corridor_half_width_m': 1.9})


def with_simulation(robot, **changes):
    return robot.model_copy(update={'simulation': robot.simulation.model_copy(update=changes)})


def test_it_stands_where_the_course_starts(simulation):
    pose = simulation.true_pose
    assert (pose.x_m, pose.y_m, pose.yaw_rad) == pytest.approx(simulation.course.start, abs=5e-3)
    assert simulation.stands and simulation.time_ns == 0
    simulation.step(100)
    assert simulation.stands
    assert simulation.true_pose.x_m == pytest.approx(pose.x_m, abs=1e-3)


@pytest.mark.parametrize('linear, angular', [(0.4, 0.0), (0.4, 1.0), (0.2, -1.2), (0.0, 1.0)])
def test_it_reaches_the_commanded_twist(task, robot, linear, angular):
    simulation = RoverSimulation(robot, without_obstacles(task), 0)
    hold(simulation, linear, angular, 1.5)
    assert simulation.true_pose.linear_m_s == pytest.approx(linear, abs=0.02)
    assert simulation.true_pose.angular_rad_s == pytest.approx(angular, abs=0.05)


def test_the_wheels_lag_behind_the_command(task, robot):
    times = {}
    for lag_s in (0.02, 0.1, 0.3):
        simulation = RoverSimulation(
            with_simulation(robot, motor_time_constant_s=lag_s), without_obstacles(task), 0
        )
        while simulation.true_pose.linear_m_s < 0.63 * 0.4:
            simulation.set_command(0.4, 0.0)
            simulation.step()
        times[lag_s] = simulation.time_s
    ramp_s = 0.4 / robot.simulation.max_acceleration_m_s2
    assert 0.1 < times[0.1] < 0.1 + ramp_s + 0.05
    assert times[0.02] < times[0.1] < times[0.3]


def test_a_slippery_floor_lets_the_wheels_slip(task, robot):
    distances = []
    for friction in (0.8, 0.02):
        simulation = RoverSimulation(
            with_simulation(robot, wheel_friction=friction), without_obstacles(task), 0
        )
        hold(simulation, 0.4, 0.0, 1.0)
        believed = simulation.odometry()
        x0, y0, _ = simulation.course.start
        pose = simulation.true_pose
        distances.append(
            math.dist((pose.x_m, pose.y_m), (x0, y0))
            / math.dist((believed.x_m, believed.y_m), (x0, y0))
        )
    grip, slip = distances
    assert 0.95 < grip < 1.05
    assert slip < 0.6


def test_commands_are_clipped_to_what_the_base_can_do(task, robot):
    simulation = RoverSimulation(robot, without_obstacles(task), 0)
    hold(simulation, 5.0, 0.0, 2.0)
    assert simulation.true_pose.linear_m_s == pytest.approx(
        robot.limits['linear.x'].max_velocity, abs=0.02
    )


@pytest.mark.parametrize('bad', [(math.nan, 0.0), (0.1, math.inf)])
def test_a_command_that_is_not_finite_is_ignored(simulation, bad):
    assert simulation.set_command(*bad) is False
    simulation.step(20)
    assert simulation.stands


def test_it_stops_by_itself_half_a_second_after_the_last_command(task, robot):
    simulation = RoverSimulation(robot, without_obstacles(task), 0)
    hold(simulation, 0.4, 0.0, 2.0)
    last = simulation.time_s - 5 * TICK_S
    while simulation.time_s < last + robot.timeouts.controller_s - TICK_S:
        simulation.step()
    assert simulation.true_pose.linear_m_s > 0.35
    ramp_s = 0.4 / robot.simulation.max_acceleration_m_s2
    lag_s = 4.0 * robot.simulation.motor_time_constant_s
    while not simulation.stands:
        simulation.step()
    assert simulation.time_s - last < robot.timeouts.controller_s + ramp_s + lag_s
    simulation.set_command(0.4, 0.0)
    simulation.step(50)
    assert simulation.true_pose.linear_m_s > 0.3


def test_reset_twice_gives_the_same_trajectory_bit_for_bit(task, robot):
    simulation = RoverSimulation(robot, task.episode, 3)
    expert = PathExpert(robot, task.episode)

    def trajectory(seed):
        simulation.reset(seed)
        track = []
        for _ in range(60):
            simulation.set_command(*expert.act(simulation))
            simulation.step(5)
            track.append(
                (
                    simulation.data.qpos.tobytes(),
                    simulation.data.qvel.tobytes(),
                    simulation.odometry(),
                    simulation.scan().ranges.tobytes(),
                )
            )
        return track, simulation.progress

    first = trajectory(5)
    other = trajectory(6)
    assert trajectory(5) == first
    assert RoverSimulation(robot, task.episode, 5).course.obstacles != ()
    assert other != first


def test_samples_come_at_their_rates(simulation):
    odometry, scans = set(), set()
    for _ in range(100):
        simulation.step()
        odometry.add(simulation.odometry().stamp_ns)
        scans.add(simulation.scan().stamp_ns)
    assert odometry == set(range(0, 1_000_000_001, 20_000_000))
    assert scans == set(range(0, 1_000_000_001, 50_000_000))


def test_odometry_drifts_a_few_percent_of_the_distance(task, robot):
    expert, errors = PathExpert(robot, task.episode), []
    simulation = RoverSimulation(robot, task.episode)
    for seed in range(6):
        simulation.reset(seed)
        while simulation.outcome is Outcome.RUNNING:
            simulation.set_command(*expert.act(simulation))
            simulation.step(5)
        believed, pose = simulation.odometry(), simulation.true_pose
        errors.append(
            math.dist((believed.x_m, believed.y_m), (pose.x_m, pose.y_m))
            / simulation.progress.distance_m
        )
        assert believed.linear_m_s == pytest.approx(pose.linear_m_s, abs=0.06)
        assert believed.angular_rad_s == pytest.approx(pose.angular_rad_s, abs=0.25)
    assert 0.003 < np.median(errors) < 0.04
    assert max(errors) < 0.08


def test_touching_an_obstacle_is_a_collision(simulation):
    obstacle = simulation.course.obstacles[0]
    x, y, heading = simulation.course.pose(obstacle.s_m - 0.8, obstacle.d_m)
    simulation.place(TruePose(x, y, heading, 0.0, 0.0), (x, y, heading))
    assert simulation.outcome is Outcome.RUNNING
    while simulation.outcome is Outcome.RUNNING:
        bearing = math.atan2(
            obstacle.y_m - simulation.true_pose.y_m, obstacle.x_m - simulation.true_pose.x_m
        )
        simulation.set_command(0.3, bearing - simulation.true_pose.yaw_rad)
        simulation.step(5)
    pose = simulation.true_pose
    gap = math.dist((pose.x_m, pose.y_m), (obstacle.x_m, obstacle.y_m)) - obstacle.radius_m
    assert simulation.outcome is Outcome.COLLISION
    assert simulation.outcome.terminated and not simulation.outcome.truncated
    assert gap == pytest.approx(0.2, abs=0.02)


def test_leaving_the_corridor_is_off_path(task, robot):
    simulation = RoverSimulation(robot, task.episode.model_copy(update={'obstacle_count': 0}), 0)
    hold(simulation, 0.0, 1.5, 1.0)
    while simulation.outcome is Outcome.RUNNING:
        hold(simulation, 0.4, 0.0, 0.05)
    assert simulation.outcome is Outcome.OFF_PATH and simulation.outcome.terminated
    assert abs(simulation.cross_track_m) == pytest.approx(1.2, abs=0.03)


def test_the_time_limit_truncates(task, robot):
    simulation = RoverSimulation(robot, task.episode.model_copy(update={'time_limit_s': 1.0}), 0)
    simulation.step(99)
    assert simulation.outcome is Outcome.RUNNING
    assert simulation.step(1) is Outcome.TIME_LIMIT
    assert simulation.outcome.truncated and not simulation.outcome.terminated


def test_the_first_outcome_stays(task, robot):
    simulation = RoverSimulation(robot, task.episode.model_copy(update={'time_limit_s': 0.1}), 0)
    simulation.step(20)
    x, y, heading = simulation.course.pose(0.5, 1.5)
    simulation.place(TruePose(x, y, heading, 0.0, 0.0), (x, y, heading))
    assert simulation.outcome is Outcome.TIME_LIMIT


def test_a_tick_that_does_not_fit_is_refused(task, robot):
    with pytest.raises(SimulationError, match='timestep_s'):
        RoverSimulation(with_simulation(robot, timestep_s=0.003), task.episode)
    lidar = robot.simulation.lidar.model_copy(update={'rate_hz': 30.0})
    with pytest.raises(SimulationError, match='lidar.rate_hz is 30.0'):
        RoverSimulation(with_simulation(robot, lidar=lidar), task.episode)


def test_a_robot_too_large_for_the_courses_is_refused(task, robot):
    geometry = robot.geometry.model_copy(update={'radius_m': 0.4})
    with pytest.raises(SimulationError, match='radius_m is 0.4'):
        RoverSimulation(robot.model_copy(update={'geometry': geometry}), task.episode)
