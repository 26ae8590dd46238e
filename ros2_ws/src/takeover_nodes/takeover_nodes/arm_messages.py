"""An arm's samples as the messages that arms publish, and back: fields only, no decisions.

The pose of a tool is an Odometry: pose in the base frame, velocity in the frame of the tool.
"""

from geometry_msgs.msg import Point, PoseStamped, Quaternion, Vector3, WrenchStamped
from nav_msgs.msg import Odometry
import numpy as np
from sensor_msgs.msg import JointState
from takeover.arm_samples import JointSample, PoseSample, ToolSample, WrenchSample
from takeover_nodes.conversions import ns_to_stamp, stamp_to_ns


def joint_sample(message: JointState) -> JointSample:
    """Return positions and velocities of a JointState, in its order; efforts are left out.

    So are joints that have none: joint_state_broadcaster writes NaN where it has no interface.
    """
    names, stamp_ns = tuple(message.name), stamp_to_ns(message.header.stamp)
    numbers = np.array(message.position), np.array(message.velocity)
    if all(len(column) == len(names) for column in numbers):
        measured = ~np.isnan(numbers).any(axis=0)
        names = tuple(name for name, is_measured in zip(names, measured) if is_measured)
        numbers = tuple(column[measured] for column in numbers)
    return JointSample(stamp_ns, names, *numbers, frame_id=message.header.frame_id)


def joint_state_message(sample: JointSample, stamp_ns: int) -> JointState:
    """Return a JointState without efforts."""
    message = JointState(
        name=list(sample.names),
        position=sample.positions.tolist(),
        velocity=sample.velocities.tolist(),
    )
    message.header.frame_id = sample.frame_id
    message.header.stamp = ns_to_stamp(stamp_ns)
    return message


def tool_sample(message: Odometry) -> ToolSample:
    """Return pose (frame of the header) and twist (child frame) of an Odometry message."""
    pose, twist = message.pose.pose, message.twist.twist
    return ToolSample(
        stamp_ns=stamp_to_ns(message.header.stamp),
        position=_numbers(pose.position),
        rotation=_rotation(pose.orientation),
        linear_m_s=_numbers(twist.linear),
        angular_rad_s=_numbers(twist.angular),
        frame_id=message.header.frame_id,
    )


def tool_message(sample: ToolSample, child_frame_id: str, stamp_ns: int) -> Odometry:
    """Return an Odometry message of a tool whose frame is `child_frame_id`."""
    message = Odometry(child_frame_id=child_frame_id)
    message.header.frame_id = sample.frame_id
    message.header.stamp = ns_to_stamp(stamp_ns)
    message.pose.pose.position = _vector(Point, sample.position)
    message.pose.pose.orientation = _quaternion(sample.rotation)
    message.twist.twist.linear = _vector(Vector3, sample.linear_m_s)
    message.twist.twist.angular = _vector(Vector3, sample.angular_rad_s)
    return message


def pose_sample(message: PoseStamped) -> PoseSample:
    """Return a PoseStamped as it is."""
    return PoseSample(
        stamp_ns=stamp_to_ns(message.header.stamp),
        position=_numbers(message.pose.position),
        rotation=_rotation(message.pose.orientation),
        frame_id=message.header.frame_id,
    )


def pose_message(sample: PoseSample, stamp_ns: int) -> PoseStamped:
    """Return a PoseStamped."""
    message = PoseStamped()
    message.header.frame_id = sample.frame_id
    message.header.stamp = ns_to_stamp(stamp_ns)
    message.pose.position = _vector(Point, sample.position)
    message.pose.orientation = _quaternion(sample.rotation)
    return message


def wrench_sample(message: WrenchStamped) -> WrenchSample:
    """Return force and torque of a WrenchStamped."""
    return WrenchSample(
        stamp_ns=stamp_to_ns(message.header.stamp),
        force_n=_numbers(message.wrench.force),
        torque_n_m=_numbers(message.wrench.torque),
        frame_id=message.header.frame_id,
    )


def wrench_message(sample: WrenchSample, stamp_ns: int) -> WrenchStamped:
    """Return a WrenchStamped."""
    message = WrenchStamped()
    message.header.frame_id = sample.frame_id
    message.header.stamp = ns_to_stamp(stamp_ns)
    message.wrench.force = _vector(Vector3, sample.force_n)
    message.wrench.torque = _vector(Vector3, sample.torque_n_m)
    return message


def _numbers(vector: Point | Vector3) -> np.ndarray:
    return np.array([vector.x, vector.y, vector.z])


def _rotation(quaternion: Quaternion) -> np.ndarray:
    return np.array([quaternion.x, quaternion.y, quaternion.z, quaternion.w])


def _vector(kind: type, numbers: np.ndarray) -> Point | Vector3:
    x, y, z = numbers.tolist()
    return kind(x=x, y=y, z=z)


def _quaternion(rotation: np.ndarray) -> Quaternion:
    x, y, z, w = rotation.tolist()
    return Quaternion(x=x, y=y, z=z, w=w)
