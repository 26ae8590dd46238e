"""ROS messages to the library's plain samples and back: fields only, no decisions.

Stamps become integer nanoseconds; orientations become a yaw about +z (REP-103).
"""

import math

from builtin_interfaces.msg import Time
from geometry_msgs.msg import Quaternion, TwistStamped
from nav_msgs.msg import Odometry, Path
import numpy as np
from sensor_msgs.msg import LaserScan
from takeover.samples import LaserScanSample, OdometrySample, PathSample
from visualization_msgs.msg import Marker, MarkerArray


def stamp_to_ns(stamp: Time) -> int:
    """Return a ROS stamp as nanoseconds."""
    return stamp.sec * 1_000_000_000 + stamp.nanosec


def ns_to_stamp(time_ns: int) -> Time:
    """Return nanoseconds as a ROS stamp."""
    return Time(sec=time_ns // 1_000_000_000, nanosec=time_ns % 1_000_000_000)


def quaternion_to_yaw(q: Quaternion) -> float:
    """Return the rotation about +z in radians of a quaternion."""
    return math.atan2(2.0 * (q.w * q.z + q.x * q.y), 1.0 - 2.0 * (q.y * q.y + q.z * q.z))


def yaw_to_quaternion(yaw_rad: float) -> Quaternion:
    """Return the quaternion of a rotation of `yaw_rad` about +z."""
    return Quaternion(w=math.cos(0.5 * yaw_rad), z=math.sin(0.5 * yaw_rad))


def odometry_sample(message: Odometry) -> OdometrySample:
    """Return pose (odom frame) and twist (base frame) of an Odometry message."""
    pose, twist = message.pose.pose, message.twist.twist
    return OdometrySample(
        stamp_ns=stamp_to_ns(message.header.stamp),
        x_m=pose.position.x,
        y_m=pose.position.y,
        yaw_rad=quaternion_to_yaw(pose.orientation),
        linear_m_s=twist.linear.x,
        angular_rad_s=twist.angular.z,
        frame_id=message.header.frame_id,
    )


def laser_scan_sample(message: LaserScan) -> LaserScanSample:
    """Return the ranges of a LaserScan message."""
    return LaserScanSample(
        stamp_ns=stamp_to_ns(message.header.stamp),
        angle_min_rad=message.angle_min,
        angle_increment_rad=message.angle_increment,
        range_min_m=message.range_min,
        range_max_m=message.range_max,
        ranges=np.array(message.ranges, dtype=np.float32),
        frame_id=message.header.frame_id,
    )


def path_sample(message: Path) -> PathSample:
    """Return the points of a Path message, shape [N, 2] in metres."""
    points = [(pose.pose.position.x, pose.pose.position.y) for pose in message.poses]
    return PathSample(
        stamp_ns=stamp_to_ns(message.header.stamp),
        points=np.array(points, dtype=np.float64).reshape(-1, 2),
        frame_id=message.header.frame_id,
    )


def round_obstacles(message: MarkerArray) -> list[tuple[float, float, float]]:
    """Return x, y and radius in metres of the cylinders; the scale of a marker is its diameter."""
    return [
        (marker.pose.position.x, marker.pose.position.y, 0.5 * marker.scale.x)
        for marker in message.markers
        if marker.action == Marker.ADD and marker.type == Marker.CYLINDER
    ]


def twist_message(
    names: tuple[str, ...], values: tuple[float, ...], stamp_ns: int, frame_id: str
) -> TwistStamped:
    """Return a TwistStamped whose components `names` (such as `linear.x`) have these values."""
    message = TwistStamped()
    message.header.stamp = ns_to_stamp(stamp_ns)
    message.header.frame_id = frame_id
    for name, value in zip(names, values, strict=True):
        vector, axis = name.split('.')
        setattr(getattr(message.twist, vector), axis, float(value))
    return message
