"""Episodes of an arm: where they start, how they end."""

import numpy as np
import pytest
from takeover.arm.differential_ik import DifferentialIk
from takeover.arm.pose import pose_in_frame, rotation_vector
from takeover.outcome import Outcome
from takeover.simulation.arm.episode import HOLD_S
from takeover.simulation.arm.simulation import ArmSimulation
from takeover.simulation.arm.view import goal_error
from takeover.simulation.ticks import SimulationError, TICK_S
from takeover.task import load_task_and_robot

DOWN = np.array([1.0, 0.0, 0.0, 0.0])
SEEDS = range(40)


@pytest.fixture(scope='module')
def peg_task_and_robot():
    return load_task_and_robot('arm_peg')


@pytest.fixture(scope='module')
def reach_task_and_robot():
    return load_task_and_robot('arm_reach')


@pytest.fixture(scope='module')
def peg(peg_task_and_robot):
    task, robot = peg_task_and_robot
    return ArmSimulation(robot, task.episode)


@pytest.fixture(scope='module')
def reach(reach_task_and_robot):
    task, robot = reach_task_and_robot
    return ArmSimulation(robot, task.episode)


class Hand:
    """Moves a simulated arm like a twist, through joint positions."""

    def __init__(self, arm):
        self.arm, self.joints = arm, arm.reference_rad
        self.ik = DifferentialIk(arm.kinematics)

    def move(self, twist):
        self.joints = self.joints + 0.02 * self.ik.joint_velocity(self.joints, twist, 0.02)
        self.arm.command_joints(self.joints)
        self.arm.step(2)


def insert(arm, beside_m=0.0):
    """Bring the peg over the hole, or beside it, and push it down until the episode ends."""
    hand = Hand(arm)
    while arm.outcome is Outcome.RUNNING:
        position, rotation = goal_error(arm)
        position = position + np.array([beside_m, 0.0, 0.0])
        twist = np.zeros(6)
        twist[:2], twist[5] = 3.0 * position[:2], 3.0 * rotation[2]
        over = np.abs(position[:2]).max() < 1e-3 and abs(rotation[2]) < 0.02
        twist[2] = 0.06 if over else 3.0 * (position[2] - 0.06)
        hand.move(np.clip(twist, -0.1, 0.1) if not over else twist)


def spread(poses, spec):
    """Return offsets [m, 3] and turns [m, 3] of poses from the middle of a spec."""
    offsets = np.array([pose.position for pose in poses]) - spec.position_m
    turns = [pose_in_frame(np.zeros(3), pose.rotation, np.zeros(3), DOWN)[1] for pose in poses]
    return offsets, np.array([rotation_vector(turn) for turn in turns])


def assert_fills(values, ranges, slack):
    """Assert that draws lie in their ranges and use them, both sides."""
    ranges = np.array(ranges)
    assert (np.abs(values) <= ranges + slack).all()
    used = ranges > 0.0
    assert (values.max(axis=0)[used] > 0.6 * ranges[used]).all()
    assert (values.min(axis=0)[used] < -0.6 * ranges[used]).all()


def test_the_peg_starts_around_the_middle(peg, peg_task_and_robot):
    start = peg_task_and_robot[0].episode.start
    poses = []
    for seed in SEEDS:
        peg.reset(seed)
        assert peg.outcome is Outcome.RUNNING and peg.contact_force_n == 0.0
        poses.append(peg.true_tool())
    offsets, turns = spread(poses, start)
    assert_fills(offsets, start.position_range_m, 2e-4)
    assert_fills(turns, [0.0, 0.0, start.yaw_range_rad], 2e-3)


def test_start_and_target_of_a_reach_are_drawn(reach, reach_task_and_robot):
    task, robot = reach_task_and_robot
    starts, targets = [], []
    for seed in SEEDS:
        reach.reset(seed)
        assert reach.width_m == pytest.approx(robot.gripper.max_width_m)
        assert reach.goal().frame_id == robot.base_frame and reach.goal().fault() is None
        starts.append(reach.true_tool())
        targets.append(reach.goal())
        assert (
            reach.kinematics.joints_for(
                targets[-1].position, targets[-1].rotation, reach.reference_rad
            )
            is not None
        )
    assert_fills(spread(starts, task.episode.start)[0], task.episode.start.position_range_m, 2e-4)
    offsets, turns = spread(targets, task.episode.target)
    assert_fills(offsets, task.episode.target.position_range_m, 1e-12)
    assert_fills(turns[:, 2:], [task.episode.target.yaw_range_rad], 0.1)
    spare = {tuple(np.round(pose.position, 6)) for pose in starts + targets}
    assert len(spare) == 2 * len(SEEDS)


def test_what_cannot_be_reached_is_refused(peg_task_and_robot):
    task, robot = peg_task_and_robot
    far = task.episode.start.model_copy(update={'position_m': (2.0, 0.0, 0.2)})
    with pytest.raises(SimulationError, match='episode.start.*reaches none'):
        ArmSimulation(robot, task.episode.model_copy(update={'start': far}))


def test_a_hole_less_deep_than_the_goal_is_refused(peg_task_and_robot):
    task, robot = peg_task_and_robot
    with pytest.raises(SimulationError, match='inserted_m'):
        ArmSimulation(robot, task.episode.model_copy(update={'inserted_m': 0.05}))


@pytest.mark.parametrize('seed', [0, 1, 2])
def test_a_peg_over_the_hole_goes_in(peg, seed):
    peg.reset(seed)
    assert peg.progress.share == 0.0
    insert(peg)
    assert peg.outcome is Outcome.GOAL and peg.depth_m > 0.02
    assert peg.progress.share == 1.0
    assert peg.progress.largest_force_n < 20.0
    assert peg.progress.elapsed_s == peg.time_s < 5.0
    assert 0.05 < peg.progress.distance_m < 0.2


def test_a_peg_beside_the_hole_breaks_when_it_is_pushed(peg, peg_task_and_robot):
    peg.reset(1)
    insert(peg, beside_m=0.004)
    assert peg.outcome is Outcome.COLLISION and peg.depth_m < 5e-4
    assert peg.progress.largest_force_n > peg_task_and_robot[0].episode.max_force_n
    assert peg.true_tool().position[2] > 0.085


def test_the_goal_counts_once_it_was_held(peg):
    """The peg stops as soon as it is deep enough: the episode goes on for as long as it says."""
    peg.reset(0)
    deep_s = None
    hand = Hand(peg)
    while peg.outcome is Outcome.RUNNING:
        position, rotation = goal_error(peg)
        twist = np.zeros(6)
        twist[:2], twist[5] = 3.0 * position[:2], 3.0 * rotation[2]
        over = np.abs(position[:2]).max() < 1e-3 and abs(rotation[2]) < 0.02
        twist[2] = 3.0 * (position[2] - (0.025 if over else 0.06))
        hand.move(np.clip(twist, -0.1, 0.1))
        if deep_s is None and peg.depth_m >= 0.02:
            deep_s = peg.time_s
    assert peg.outcome is Outcome.GOAL
    assert peg.time_s - deep_s == pytest.approx(HOLD_S, abs=3 * TICK_S)


@pytest.mark.parametrize('name', ['peg', 'reach'])
def test_time_runs_out(name, request):
    arm = request.getfixturevalue(name)
    task, _ = request.getfixturevalue(f'{name}_task_and_robot')
    arm.reset(0)
    limit = round(task.episode.time_limit_s / TICK_S)
    assert arm.step(limit - 1) is Outcome.RUNNING
    assert arm.step() is Outcome.TIME_LIMIT and arm.outcome.truncated
    assert arm.step(5) is Outcome.TIME_LIMIT


def close_in(arm, seed, width_m, stop_short_m=0.0):
    arm.reset(seed)
    hand = Hand(arm)
    for _ in range(200):
        position, rotation = goal_error(arm)
        length = np.linalg.norm(position)
        position = position * max(0.0, 1.0 - stop_short_m / length)
        hand.move(np.concatenate([np.clip(3.0 * position, -0.2, 0.2), 3.0 * rotation]))
        arm.command_gripper(width_m)
        if arm.outcome is not Outcome.RUNNING:
            break


def test_a_reach_ends_at_the_target_with_a_closed_gripper(reach):
    for seed in range(3):
        close_in(reach, seed, 0.0)
        assert reach.outcome is Outcome.GOAL and reach.progress.share == 1.0
        position, rotation = goal_error(reach)
        assert np.linalg.norm(position) <= 0.01 and np.linalg.norm(rotation) <= 0.1
        assert reach.width_m <= 0.01


def test_a_reach_needs_the_gripper_closed(reach):
    close_in(reach, 0, 0.03)
    assert reach.outcome is Outcome.RUNNING and 0.5 < reach.progress.share < 1.0


def test_a_reach_needs_the_position(reach):
    close_in(reach, 0, 0.0, stop_short_m=0.015)
    assert reach.outcome is Outcome.RUNNING
