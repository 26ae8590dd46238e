"""From an arm's samples to the components of the observation, one function for each feature kind.

Every function returns SI values before clipping and has no state of its own.
"""

from collections.abc import Callable

import numpy as np
from takeover.arm.pose import matrix_of, pose_in_frame, rotation_vector
from takeover.arm_samples import JointSample, PoseSample, ToolSample, WrenchSample
from takeover.observation_spec import FeatureSpec


def joint_position(spec: FeatureSpec, joints: JointSample) -> np.ndarray:
    """Positions of the joints that the feature names, in its order."""
    return joints.of(spec.joints)[0]


def joint_velocity(spec: FeatureSpec, joints: JointSample) -> np.ndarray:
    """Velocities of the joints that the feature names, in its order."""
    return joints.of(spec.joints)[1]


def gripper_width(spec: FeatureSpec, joints: JointSample) -> np.ndarray:
    """How far the fingers are apart: the sum of their positions, each from the middle."""
    return joints.of(spec.joints)[0].sum(keepdims=True)


def joint_fault(spec: FeatureSpec, joints: JointSample) -> str | None:
    """Say which joint of the feature the sample lacks, or None."""
    missing = [name for name in spec.joints if name not in joints.names]
    return f'has no joint {missing[0]!r}' if missing else None


def tool_position(spec: FeatureSpec, tool: ToolSample) -> np.ndarray:
    """Position of the tool in the base frame."""
    return tool.position


def tool_rotation(spec: FeatureSpec, tool: ToolSample) -> np.ndarray:
    """Axes x and y of the tool in the base frame, one after the other.

    They are the first two columns of the rotation matrix: unlike a quaternion or angles, they
    never jump. Y. Zhou et al., "On the Continuity of Rotation Representations in Neural
    Networks", 2019.
    """
    return matrix_of(tool.rotation)[:, :2].T.ravel()


def relative_position(spec: FeatureSpec, tool: ToolSample, pose: PoseSample) -> np.ndarray:
    """Position of the tool in the frame of the pose."""
    return _seen_from(pose, tool)[0]


def relative_rotation(spec: FeatureSpec, tool: ToolSample, pose: PoseSample) -> np.ndarray:
    """Rotation vector of the tool in the frame of the pose."""
    return rotation_vector(_seen_from(pose, tool)[1])


def linear_velocity(spec: FeatureSpec, tool: ToolSample) -> np.ndarray:
    """Velocity of the tool's origin, in the tool frame."""
    return tool.linear_m_s


def angular_velocity(spec: FeatureSpec, tool: ToolSample) -> np.ndarray:
    """Angular velocity of the tool, in the tool frame."""
    return tool.angular_rad_s


def pose_position(spec: FeatureSpec, tool: ToolSample, pose: PoseSample) -> np.ndarray:
    """Position of the pose in the tool frame."""
    return _seen_from(tool, pose)[0]


def pose_rotation(spec: FeatureSpec, tool: ToolSample, pose: PoseSample) -> np.ndarray:
    """Rotation vector of the pose in the tool frame."""
    return rotation_vector(_seen_from(tool, pose)[1])


def force(spec: FeatureSpec, wrench: WrenchSample) -> np.ndarray:
    """Force at the wrist."""
    return wrench.force_n


def torque(spec: FeatureSpec, wrench: WrenchSample) -> np.ndarray:
    """Torque at the wrist."""
    return wrench.torque_n_m


def _seen_from(
    frame: PoseSample | ToolSample, pose: PoseSample | ToolSample
) -> tuple[np.ndarray, np.ndarray]:
    return pose_in_frame(pose.position, pose.rotation, frame.position, frame.rotation)


ARM_FEATURES: dict[str, Callable[..., np.ndarray]] = {
    'joint.position': joint_position,
    'joint.velocity': joint_velocity,
    'gripper.width': gripper_width,
    'tool.position': tool_position,
    'tool.rotation': tool_rotation,
    'tool.relative_position': relative_position,
    'tool.relative_rotation': relative_rotation,
    'tool.linear_velocity': linear_velocity,
    'tool.angular_velocity': angular_velocity,
    'pose.position': pose_position,
    'pose.rotation': pose_rotation,
    'wrench.force': force,
    'wrench.torque': torque,
}
