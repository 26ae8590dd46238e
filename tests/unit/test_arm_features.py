"""Features of an arm against matrices: what is seen from where, in which order, in which axes."""

import math

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from takeover.arm_features import joint_fault
from takeover.features import FEATURES
from takeover.observation_spec import FEATURE_KINDS, FeatureSpec
from tests import arm_samples

TOOL_AT, TOOL_TURNED = (0.5, -0.1, 0.3), Rotation.from_euler('ZYX', [0.7, -0.4, 2.9])
POSE_AT, POSE_TURNED = (0.4, 0.2, 0.1), Rotation.from_rotvec([0.3, -1.1, 0.8])
TOOL = arm_samples.tool(1, TOOL_AT, TOOL_TURNED.as_quat(), (0.1, 0.2, 0.3, -0.4, -0.5, -0.6))
POSE = arm_samples.pose(1, POSE_AT, POSE_TURNED.as_quat())
TOOL_MATRIX = arm_samples.homogeneous(TOOL_AT, TOOL_TURNED.as_quat())
POSE_MATRIX = arm_samples.homogeneous(POSE_AT, POSE_TURNED.as_quat())
SIZES = {'tool.rotation': 6, 'gripper.width': 1}


def spec(kind, joints=None):
    types, unit, _ = FEATURE_KINDS[kind]
    size = SIZES.get(kind, 3 if joints is None else len(joints))
    return FeatureSpec(
        name='f', kind=kind, inputs=types, size=size, unit=unit, low=-9.0, high=9.0, joints=joints
    )


def feature(kind, *samples, joints=None):
    """Return the components, and check that there are as many as the task file says."""
    made = spec(kind, joints)
    found = np.asarray(FEATURES[kind](made, *samples))
    assert found.shape == (made.size,)
    return found


def test_joints_come_in_the_order_of_the_feature_not_of_the_message():
    wanted = ('panda_joint3', 'panda_joint1')
    sample = arm_samples.joints(1)
    assert feature('joint.position', sample, joints=wanted).tolist() == [0.02, 0.0]
    assert feature('joint.velocity', sample, joints=wanted) == pytest.approx([0.2, 0.0])


def test_the_width_is_that_of_both_fingers():
    sample = arm_samples.joints(1, ('other', *arm_samples.FINGERS), [9.0, 0.03, 0.01])
    assert feature('gripper.width', sample, joints=arm_samples.FINGERS) == pytest.approx([0.04])


def test_a_joint_that_is_missing_is_named():
    wanted = spec('joint.position', ('panda_joint1', 'panda_joint9'))
    assert joint_fault(wanted, arm_samples.joints(1)) == "has no joint 'panda_joint9'"
    assert joint_fault(spec('joint.position', ('panda_joint2',)), arm_samples.joints(1)) is None


def test_the_tool_in_the_base_frame():
    assert feature('tool.position', TOOL).tolist() == list(TOOL_AT)
    x_axis, y_axis = TOOL_MATRIX[:3, 0], TOOL_MATRIX[:3, 1]
    assert feature('tool.rotation', TOOL) == pytest.approx(np.concatenate([x_axis, y_axis]))


def test_the_velocity_is_that_of_the_tool_frame_as_it_came():
    assert feature('tool.linear_velocity', TOOL).tolist() == [0.1, 0.2, 0.3]
    assert feature('tool.angular_velocity', TOOL).tolist() == [-0.4, -0.5, -0.6]


def test_the_tool_as_seen_from_a_pose():
    seen = np.linalg.inv(POSE_MATRIX) @ TOOL_MATRIX
    assert feature('tool.relative_position', TOOL, POSE) == pytest.approx(seen[:3, 3])
    turned = Rotation.from_matrix(seen[:3, :3]).as_rotvec()
    assert feature('tool.relative_rotation', TOOL, POSE) == pytest.approx(turned)


def test_a_pose_as_seen_from_the_tool():
    seen = np.linalg.inv(TOOL_MATRIX) @ POSE_MATRIX
    assert feature('pose.position', TOOL, POSE) == pytest.approx(seen[:3, 3])
    turned = Rotation.from_matrix(seen[:3, :3]).as_rotvec()
    assert feature('pose.rotation', TOOL, POSE) == pytest.approx(turned)


def test_a_tool_turned_to_the_left_sees_what_was_ahead_on_its_right():
    left = Rotation.from_euler('z', math.pi / 2.0).as_quat()
    ahead = arm_samples.pose(1, (0.7, 0.0, 0.3))
    tool = arm_samples.tool(1, (0.5, 0.0, 0.3), left)
    assert feature('pose.position', tool, ahead) == pytest.approx([0.0, -0.2, 0.0])
    assert feature('pose.rotation', tool, ahead) == pytest.approx([0.0, 0.0, -math.pi / 2.0])
    start = arm_samples.pose(1, (0.3, 0.0, 0.3))
    assert feature('tool.relative_position', tool, start) == pytest.approx([0.2, 0.0, 0.0])
    assert feature('tool.relative_rotation', tool, start) == pytest.approx(
        [0.0, 0.0, math.pi / 2.0]
    )


def test_where_the_episode_began_everything_relative_is_zero():
    start = arm_samples.pose(1, TOOL_AT, TOOL_TURNED.as_quat())
    assert feature('tool.relative_position', TOOL, start) == pytest.approx(np.zeros(3), abs=1e-12)
    assert feature('tool.relative_rotation', TOOL, start) == pytest.approx(np.zeros(3), abs=1e-12)


@pytest.mark.parametrize('kind', ['tool.rotation', 'tool.relative_rotation', 'pose.rotation'])
def test_the_sign_of_a_quaternion_means_nothing(kind):
    other = arm_samples.tool(1, TOOL_AT, -TOOL_TURNED.as_quat())
    poses = () if kind == 'tool.rotation' else (POSE,)
    assert feature(kind, other, *poses) == pytest.approx(feature(kind, TOOL, *poses))


def test_what_the_wrist_feels():
    sample = arm_samples.wrench(1)
    assert feature('wrench.force', sample).tolist() == [1.0, 2.0, 3.0]
    assert feature('wrench.torque', sample).tolist() == [0.1, 0.2, 0.3]


def test_every_kind_of_a_robot_has_its_feature():
    assert set(FEATURES) == set(FEATURE_KINDS) - {'vector', 'image'}
