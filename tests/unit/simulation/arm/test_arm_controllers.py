"""The references of an arm's joints: how they move, how fast, and when they stop."""

import numpy as np
import pytest
from takeover.arm.kinematics import ArmKinematics
from takeover.simulation.arm.controllers import ArmControllers, GripperController
from takeover.simulation.ticks import TICK_S
from takeover.task import load_robot


@pytest.fixture(scope='module')
def robot():
    return load_robot('franka')


@pytest.fixture(scope='module')
def kinematics(robot):
    return ArmKinematics(robot)


@pytest.fixture
def controllers(robot, kinematics):
    return ArmControllers(robot, kinematics)


def advance(controllers, ticks):
    """Return the references after each tick, [ticks + 1, n]."""
    rows = [controllers.positions]
    for _ in range(ticks):
        controllers.advance()
        rows.append(controllers.positions)
    return np.array(rows)


def test_a_trajectory_of_one_point_is_interpolated_and_then_held(controllers):
    start = controllers.positions
    goal = start + np.array([0.05, -0.02, 0.0, 0.03, 0.0, 0.0, -0.04])
    assert controllers.move_to(goal, 0.1)
    rows = advance(controllers, 20)
    for tick in range(11):
        assert rows[tick] == pytest.approx(start + 0.1 * tick * (goal - start), abs=1e-12)
    assert rows[11:] == pytest.approx(np.tile(goal, (10, 1)))
    assert (controllers.velocities == 0.0).all()


def test_a_new_point_starts_from_the_present_reference(controllers):
    start = controllers.positions
    controllers.move_to(start + 0.1, 0.2)
    advance(controllers, 10)
    controllers.move_to(start, 0.1)
    assert advance(controllers, 10)[-1] == pytest.approx(start)


def test_a_forwarded_position_is_the_reference_at_once(controllers):
    goal = controllers.positions + 0.01
    controllers.move_to(goal, 0.0)
    assert advance(controllers, 1)[-1] == pytest.approx(goal)
    assert advance(controllers, 200)[-1] == pytest.approx(goal)


@pytest.mark.parametrize('duration_s', [0.0, 0.02, 0.3])
def test_the_reference_is_never_faster_than_the_joints_may_be(robot, controllers, duration_s):
    rng = np.random.default_rng(0)
    fastest = np.array([joint.max_velocity_rad_s for joint in robot.joints])
    low, high = (
        np.array([getattr(joint, side) for joint in robot.joints])
        for side in ('min_rad', 'max_rad')
    )
    reached = 0.0
    for _ in range(60):
        controllers.move_to(rng.uniform(-6.0, 6.0, 7), duration_s)
        rows = advance(controllers, 7)
        speed = np.abs(np.diff(rows, axis=0)) / TICK_S
        assert (speed <= fastest * (1.0 + 1e-9)).all()
        assert (rows >= low).all() and (rows <= high).all()
        assert speed[-1] == pytest.approx(np.abs(controllers.velocities))
        reached = max(reached, float((speed / fastest).max()))
    assert reached == pytest.approx(1.0)


def test_a_twist_is_never_faster_than_the_joints_may_be(robot, controllers):
    fastest = np.array([joint.max_velocity_rad_s for joint in robot.joints])
    rng = np.random.default_rng(0)
    for _ in range(20):
        controllers.move_like(rng.uniform(-5.0, 5.0, 6), True)
        speed = np.abs(np.diff(advance(controllers, 5), axis=0)) / TICK_S
        assert (speed <= fastest * (1.0 + 1e-6)).all()


@pytest.mark.parametrize('duration_s', [0.0, 5.0])
def test_old_positions_are_not_gone_on_towards(robot, controllers, duration_s):
    controllers.move_to(controllers.positions + np.array([2.0, 0, 0, 0, 0, 0, 0]), duration_s)
    moved = np.abs(np.diff(advance(controllers, 80), axis=0)).max(axis=1) > 0.0
    assert moved[:50].all() and not moved[50:].any()
    assert robot.timeouts.controller_s == 0.5


def test_a_silent_servo_decelerates_to_a_halt(robot, controllers):
    controllers.move_like(np.array([0.0, 0.3, 0.0, 0.0, 0.0, 0.0]), True)
    rows = advance(controllers, 80)
    speed = np.diff(rows, axis=0) / TICK_S
    assert np.abs(speed[40:50]).max() > 0.2
    assert (speed[49] != 0.0).any() and (speed[70:] == 0.0).all()
    slowest_stop = np.array([joint.max_acceleration_rad_s2 for joint in robot.joints]) * TICK_S
    assert (np.abs(np.diff(speed[49:], axis=0)) <= slowest_stop + 1e-9).all()


def test_a_command_in_time_keeps_it_moving(controllers):
    for _ in range(4):
        controllers.move_like(np.array([0.0, 0.05, 0.0, 0.0, 0.0, 0.0]), True)
        moved = np.abs(np.diff(advance(controllers, 50), axis=0)).max(axis=1)
        assert (moved > 0.0).all()


def test_whichever_got_a_command_last_moves_the_arm(controllers):
    controllers.move_like(np.array([0.0, 0.1, 0.0, 0.0, 0.0, 0.0]), True)
    advance(controllers, 10)
    goal = controllers.positions + 0.005
    controllers.move_to(goal, 0.02)
    assert advance(controllers, 60)[-1] == pytest.approx(goal)


def test_the_gripper_moves_at_its_limits_and_within_them(robot):
    gripper = GripperController(robot)
    assert gripper.width_m == robot.gripper.max_width_m
    assert gripper.move_to(-1.0)
    widths = [gripper.width_m]
    for _ in range(100):
        gripper.advance()
        widths.append(gripper.width_m)
    assert np.abs(np.diff(widths)).max() == pytest.approx(0.1 * TICK_S)
    assert widths[-1] == robot.gripper.min_width_m
    assert gripper.positions == 0.0
    assert not gripper.move_to(float('inf'))


def test_braking_ends_at_the_limit_of_a_joint(robot, controllers):
    last = robot.joints[-1]
    controllers.move_like(np.zeros(6), True)
    advance(controllers, 60)
    controllers.positions[-1], controllers.velocities[-1] = last.max_rad - 0.03, 1.0
    rows = advance(controllers, 30)[:, -1]
    assert rows.max() == last.max_rad == rows[-1]
