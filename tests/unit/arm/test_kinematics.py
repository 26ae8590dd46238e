"""The chain of the robot file against the maker's table, and against finite differences."""

import math

import numpy as np
import pytest
from takeover.arm.kinematics import ArmKinematics
from takeover.arm.pose import angle_between, matrix_of, pose_in_frame, rotation_vector
from takeover.arm_samples import JointSample
from takeover.task import load_robot

ROBOT = load_robot('franka')
KINEMATICS = ArmKinematics(ROBOT)
HOME = np.array(ROBOT.home_rad)
# Denavit-Hartenberg parameters after Craig, of the maker's documentation: a, d, alpha.
TABLE = (
    (0.0, 0.333, 0.0),
    (0.0, 0.0, -math.pi / 2),
    (0.0, 0.316, math.pi / 2),
    (0.0825, 0.0, math.pi / 2),
    (-0.0825, 0.384, -math.pi / 2),
    (0.0, 0.0, math.pi / 2),
    (0.088, 0.0, math.pi / 2),
)
# The hand is turned by -45 degrees on the flange, its fingertips are 0.1034 m before it.
FLANGE_TO_TOOL_M, HAND_TURN = 0.107 + 0.1034, -math.pi / 4


def by_the_table(q):
    """Return the pose of the tool as a matrix [4, 4], by the table alone."""
    pose = np.eye(4)
    rows = [row + (angle,) for row, angle in zip(TABLE, q)]
    for a, d, alpha, theta in [*rows, (0.0, FLANGE_TO_TOOL_M, 0.0, HAND_TURN)]:
        c, s, ca, sa = math.cos(theta), math.sin(theta), math.cos(alpha), math.sin(alpha)
        pose = pose @ np.array(
            [
                [c, -s, 0.0, a],
                [s * ca, c * ca, -sa, -d * sa],
                [s * sa, c * sa, ca, d * ca],
                [0.0, 0.0, 0.0, 1.0],
            ]
        )
    return pose


def random_joints(count, seed=0):
    """Return joints within the limits [count, n]."""
    return np.random.default_rng(seed).uniform(
        KINEMATICS.low_rad, KINEMATICS.high_rad, (count, len(HOME))
    )


def test_at_home_the_tool_points_down_before_the_robot():
    """The place everybody knows of this arm."""
    position, rotation = KINEMATICS.tool_pose(HOME)
    assert position == pytest.approx([0.307, 0.0, 0.487], abs=5e-4)
    assert matrix_of(rotation)[:, 2] == pytest.approx([0.0, 0.0, -1.0], abs=1e-5)


@pytest.mark.parametrize('q', random_joints(10))
def test_poses_are_those_of_the_makers_table(q):
    """Anywhere."""
    position, rotation = KINEMATICS.tool_pose(q)
    expected = by_the_table(q)
    assert position == pytest.approx(expected[:3, 3], abs=1e-9)
    assert matrix_of(rotation) == pytest.approx(expected[:3, :3], abs=1e-9)
    assert KINEMATICS.tool_matrix(q) == pytest.approx(expected[:3, :3], abs=1e-9)


@pytest.mark.parametrize('q', random_joints(5, seed=1))
def test_the_jacobian_is_that_of_small_steps_seen_in_the_tool_frame(q):
    """Linear rows first, both in the axes of the tool."""
    pose, small = KINEMATICS.tool_pose(q), 1e-6
    for joint, column in enumerate(KINEMATICS.jacobian(q).T):
        step = np.zeros(len(q))
        step[joint] = small
        position, rotation = pose_in_frame(*KINEMATICS.tool_pose(q + step), *pose)
        assert position / small == pytest.approx(column[:3], abs=1e-5)
        assert rotation_vector(rotation) / small == pytest.approx(column[3:], abs=1e-5)


def test_the_stretched_arm_is_singular():
    """And the arm at home is not."""
    stretched = HOME * 0.0
    assert KINEMATICS.smallest_singular_value(stretched) < 1e-3
    assert KINEMATICS.smallest_singular_value(HOME) > ROBOT.singularity.slow_below


def test_a_tool_sample_has_the_stamp_of_the_joints():
    """Names decide, not their order; a missing joint gives none."""
    dq = np.linspace(-0.3, 0.3, 7)
    order = [3, 0, 6, 1, 5, 2, 4]
    names = tuple(ROBOT.joint_names[index] for index in order)
    sample = KINEMATICS.tool_sample(JointSample(42, names, HOME[order], dq[order]))
    twist = KINEMATICS.tool_twist(HOME, dq)
    assert sample.stamp_ns == 42 and sample.frame_id == ROBOT.base_frame and sample.fault() is None
    assert sample.position == pytest.approx(KINEMATICS.tool_position(HOME))
    assert np.concatenate([sample.linear_m_s, sample.angular_rad_s]) == pytest.approx(twist)
    assert KINEMATICS.tool_sample(JointSample(42, names[1:], HOME[1:], dq[1:])) is None


@pytest.mark.parametrize('q', random_joints(6, seed=2) * 0.3 + HOME * 0.7)
def test_joints_for_a_pose_bring_the_tool_there(q):
    """From home, within the limits, the same each time."""
    position, rotation = KINEMATICS.tool_pose(q)
    found = KINEMATICS.joints_for(position, rotation, HOME)
    assert (found >= KINEMATICS.low_rad).all() and (found <= KINEMATICS.high_rad).all()
    reached, turned = KINEMATICS.tool_pose(found)
    assert np.linalg.norm(reached - position) < 2e-4 and angle_between(turned, rotation) < 2e-3
    assert (KINEMATICS.joints_for(position, rotation, HOME) == found).all()


def test_there_are_no_joints_for_a_pose_out_of_reach():
    """It says so instead of coming as near as it can."""
    assert KINEMATICS.joints_for(np.array([2.0, 0.0, 0.3]), np.array([1.0, 0, 0, 0]), HOME) is None
