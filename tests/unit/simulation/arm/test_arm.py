"""The arm: it goes where its commands say, stops by itself, feels what it touches, forgets."""

import numpy as np
import pytest
from takeover.arm.differential_ik import DifferentialIk
from takeover.outcome import Outcome
from takeover.simulation.arm.simulation import ArmSimulation
from takeover.simulation.ticks import SimulationError, TICK_S
from takeover.task import load_task_and_robot

COMMAND_TICKS = 2


@pytest.fixture(scope='module')
def peg_task_and_robot():
    return load_task_and_robot('arm_peg')


@pytest.fixture(scope='module')
def built(peg_task_and_robot):
    task, robot = peg_task_and_robot
    return ArmSimulation(robot, task.episode)


@pytest.fixture
def arm(built):
    built.reset(0)
    return built


def drive(arm, twist, duration_s, duration_of_point_s=0.02):
    """Integrate a twist to joint positions, as a safety gate does; yield after each command."""
    ik, joints = DifferentialIk(arm.kinematics), arm.reference_rad
    period_s = COMMAND_TICKS * TICK_S
    for _ in range(round(duration_s / period_s)):
        joints = joints + period_s * ik.joint_velocity(joints, np.array(twist), period_s)
        assert arm.command_joints(joints, duration_of_point_s)
        arm.step(COMMAND_TICKS)
        yield


def trajectory(arm, seed):
    arm.reset(seed)
    rows = []
    for _ in drive(arm, (0.02, -0.01, 0.06, 0.0, 0.0, 0.2), 1.6):
        wrench = arm.wrench()
        rows.append(np.concatenate([arm.joints().positions, wrench.force_n, wrench.torque_n_m]))
    return np.array(rows)


def test_the_same_seed_and_commands_give_the_same_trajectory(arm, peg_task_and_robot):
    task, robot = peg_task_and_robot
    first = trajectory(arm, 3)
    assert np.abs(first[:, -6:]).max() > 5.0  # it touched the board
    arm.command_gripper(0.08)
    arm.command_twist(np.full(6, 0.3), True)
    arm.step(50)
    assert (trajectory(arm, 3) == first).all()
    assert (trajectory(ArmSimulation(robot, task.episode, 5), 3) == first).all()
    assert (trajectory(arm, 4) != first).any()


def test_it_stands_at_its_start(arm):
    before = arm.true_tool()
    arm.step(100)
    after = arm.true_tool()
    assert arm.stands and arm.time_ns == 1_000_000_000
    assert after.position == pytest.approx(before.position, abs=1e-6)
    assert np.abs(after.linear_m_s).max() < 1e-6


def test_its_kinematics_are_those_of_the_robot_file(arm):
    for _ in drive(arm, (0.05, 0.05, -0.1, 0.3, -0.2, 0.4), 0.5):
        tool, measured = arm.true_tool(), arm.kinematics.tool_sample(arm.joints())
        assert measured.stamp_ns == tool.stamp_ns
        assert measured.position == pytest.approx(tool.position, abs=1e-9)
        assert abs(measured.rotation @ tool.rotation) == pytest.approx(1.0, abs=1e-9)
        assert measured.linear_m_s == pytest.approx(tool.linear_m_s, abs=1e-6)
        assert measured.angular_rad_s == pytest.approx(tool.angular_rad_s, abs=1e-6)


@pytest.mark.parametrize('duration_of_point_s', [0.02, 0.0])
def test_it_follows_closely_at_a_quarter_of_a_metre_per_second(arm, duration_of_point_s):
    lags = []
    for _ in drive(arm, (0.0, 0.0, -0.25, 0.0, 0.0, 0.0), 0.6, duration_of_point_s):
        lags.append(np.abs(arm.reference_rad - arm.joints().positions[:7]).max())
    assert max(lags) < 0.05
    assert arm.true_tool().linear_m_s == pytest.approx([0.0, 0.0, -0.25], abs=0.02)


@pytest.mark.parametrize('in_tool_frame, down', [(True, 1.0), (False, -1.0)])
def test_it_takes_twists_in_the_axes_of_tool_or_base(arm, in_tool_frame, down):
    before = arm.true_tool().position
    arm.command_twist(np.array([0.0, 0.0, down * 0.1, 0.0, 0.0, 0.0]), in_tool_frame)
    arm.step(40)
    moved = arm.true_tool().position - before
    assert moved == pytest.approx([0.0, 0.0, -0.04], abs=0.004)


@pytest.mark.parametrize('how', ['trajectory', 'position', 'twist'])
def test_it_stops_by_itself_without_commands(arm, how):
    far = arm.reference_rad + np.array([1.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    if how == 'twist':
        arm.command_twist(np.array([0.0, 0.15, 0.0, 0.0, 0.0, 0.0]), False)
    else:
        arm.command_joints(far, 3.0 if how == 'trajectory' else 0.0)
    arm.step(45)
    assert not arm.stands
    arm.step(45)
    halted = arm.reference_rad
    arm.step(30)
    assert arm.stands and (arm.reference_rad == halted).all()
    assert arm.joints().positions[:7] == pytest.approx(halted, abs=1e-3)


def test_commands_that_are_no_numbers_are_ignored(arm):
    start = arm.reference_rad
    assert not arm.command_joints(np.full(7, np.nan))
    assert not arm.command_joints(np.zeros(6))
    assert not arm.command_twist(np.array([np.inf, 0, 0, 0, 0, 0]), True)
    assert not arm.command_twist(np.zeros(3), True)
    assert not arm.command_gripper(float('nan'))
    arm.step(5)
    assert (arm.reference_rad == start).all()


def test_the_wrist_feels_nothing_in_free_motion(arm):
    force = [arm.contact_force_n for _ in drive(arm, (0.05, 0.0, -0.05, 0.0, 0.0, 0.5), 0.8)]
    assert max(force[-10:]) < 0.5
    arm.step(100)
    wrench = arm.wrench()
    assert wrench.frame_id == 'panda_hand_tcp' and wrench.fault() is None
    assert np.abs(wrench.force_n).max() < 0.01 and np.abs(wrench.torque_n_m).max() < 0.01


def test_the_wrist_feels_what_the_board_does_to_the_peg(arm):
    """Pushed down beside the hole the board pushes up: against z of a tool that points down."""
    for _ in drive(arm, (0.0, -0.06, 0.0, 0.0, 0.0, 0.0), 1.0):
        pass
    while not arm.outcome and arm.contact_force_n < 20.0:
        for _ in drive(arm, (0.0, 0.0, 0.03, 0.0, 0.0, 0.0), COMMAND_TICKS * TICK_S):
            pass
    arm.step(30)
    force = arm.wrench().force_n
    assert arm.outcome is Outcome.RUNNING and arm.depth_m == 0.0
    assert -45.0 < force[2] < -10.0
    assert np.abs(force[:2]).max() < 0.4 * abs(force[2])
    tip_m = arm.true_tool().position[2] - 0.05
    assert tip_m == pytest.approx(0.04, abs=2e-3)


def test_a_push_at_the_tip_turns_the_wrist(arm):
    """A force along x at the tip, 5 cm out along z, turns about y."""
    hand = arm.model.body('hand').id
    tool = arm.true_tool()
    turn = arm.data.site_xmat[0].reshape(3, 3)
    push_n = turn @ np.array([2.0, 0.0, 0.0])
    tip = tool.position + 0.05 * turn[:, 2]
    arm.data.xfrc_applied[hand, :3] = push_n
    arm.data.xfrc_applied[hand, 3:] = np.cross(tip - arm.data.xipos[hand], push_n)
    arm.step(100)
    wrench = arm.wrench()
    assert wrench.force_n == pytest.approx([2.0, 0.0, 0.0], abs=0.02)
    assert wrench.torque_n_m == pytest.approx([0.0, 0.1, 0.0], abs=0.002)


def test_joints_are_measured_at_their_rate(arm, peg_task_and_robot):
    _, robot = peg_task_and_robot
    sample = arm.joints()
    assert sample.names == robot.joint_names + robot.gripper.joints and sample.fault() is None
    stamps = []
    for _ in range(6):
        arm.step()
        stamps.append(arm.joints().stamp_ns // 10_000_000)
    assert stamps == [0, 2, 2, 4, 4, 6]


def test_the_gripper_opens_no_faster_than_it_may(arm):
    assert arm.width_m == pytest.approx(0.024, abs=1e-4)
    assert arm.command_gripper(1.0)
    widths = []
    for _ in range(120):
        arm.step()
        widths.append(arm.width_m)
    speed = np.diff(widths) / TICK_S
    assert 0.09 < speed.max() < 0.115
    assert widths[-1] == pytest.approx(0.08, abs=1e-3)


def test_the_gripper_closes_on_the_peg_no_harder_than_it_may(arm, peg_task_and_robot):
    _, robot = peg_task_and_robot
    arm.command_gripper(0.0)
    arm.step(100)
    fingers = arm.data.actuator_force[-2:]
    assert arm.width_m == pytest.approx(0.024, abs=1e-3)
    assert 10.0 < np.abs(fingers).max() <= robot.gripper.max_force_n


def test_a_robot_without_a_simulation_is_refused(peg_task_and_robot):
    task, robot = peg_task_and_robot
    bare = robot.model_copy(update={'simulation': None})
    with pytest.raises(SimulationError, match='simulation: the robot file of franka has none'):
        ArmSimulation(bare, task.episode)


def test_a_rate_that_does_not_fit_the_tick_is_refused(peg_task_and_robot):
    task, robot = peg_task_and_robot
    physics = robot.simulation.model_copy(update={'joint_state_rate_hz': 30.0})
    with pytest.raises(SimulationError, match='joint_states.*30'):
        ArmSimulation(robot.model_copy(update={'simulation': physics}), task.episode)
