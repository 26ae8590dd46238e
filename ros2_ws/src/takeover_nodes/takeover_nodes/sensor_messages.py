"""The simulated rover's samples as the messages a real base and its sensors publish."""

from collections.abc import Sequence

from geometry_msgs.msg import PoseStamped, Vector3
from nav_msgs.msg import Odometry, Path
from sensor_msgs.msg import LaserScan
from std_msgs.msg import ColorRGBA
from takeover.samples import LaserScanSample, OdometrySample, PathSample
from takeover.simulation.course import Obstacle
from takeover_nodes.conversions import ns_to_stamp, yaw_to_quaternion
from visualization_msgs.msg import Marker, MarkerArray

OBSTACLE_HEIGHT_M = 0.5
OBSTACLE_COLOUR = ColorRGBA(r=0.85, g=0.35, b=0.2, a=1.0)


def odometry_message(sample: OdometrySample, child_frame_id: str, stamp_ns: int) -> Odometry:
    """Return an Odometry message of a planar pose and twist."""
    message = Odometry(child_frame_id=child_frame_id)
    message.header.frame_id = sample.frame_id
    message.header.stamp = ns_to_stamp(stamp_ns)
    message.pose.pose.position.x = sample.x_m
    message.pose.pose.position.y = sample.y_m
    message.pose.pose.orientation = yaw_to_quaternion(sample.yaw_rad)
    message.twist.twist.linear.x = sample.linear_m_s
    message.twist.twist.angular.z = sample.angular_rad_s
    return message


def laser_scan_message(sample: LaserScanSample, period_s: float, stamp_ns: int) -> LaserScan:
    """Return a LaserScan message taken every `period_s`."""
    count = len(sample.ranges)
    message = LaserScan(
        angle_min=sample.angle_min_rad,
        angle_max=sample.angle_min_rad + sample.angle_increment_rad * (count - 1),
        angle_increment=sample.angle_increment_rad,
        scan_time=period_s,
        range_min=sample.range_min_m,
        range_max=sample.range_max_m,
        ranges=sample.ranges,
    )
    message.header.frame_id = sample.frame_id
    message.header.stamp = ns_to_stamp(stamp_ns)
    return message


def path_message(sample: PathSample, stamp_ns: int) -> Path:
    """Return a Path message of points [N, 2] in metres."""
    message = Path()
    message.header.frame_id = sample.frame_id
    message.header.stamp = ns_to_stamp(stamp_ns)
    for x_m, y_m in sample.points:
        pose = PoseStamped(header=message.header)
        pose.pose.position.x, pose.pose.position.y = float(x_m), float(y_m)
        message.poses.append(pose)
    return message


def obstacles_message(obstacles: Sequence[Obstacle], stamp_ns: int, frame_id: str) -> MarkerArray:
    """Return upright cylinders as markers, after a marker that deletes the old ones."""
    array_message = MarkerArray(markers=[Marker(action=Marker.DELETEALL)])
    for number, obstacle in enumerate(obstacles):
        marker = Marker(ns='obstacles', id=number, type=Marker.CYLINDER, color=OBSTACLE_COLOUR)
        marker.header.stamp = ns_to_stamp(stamp_ns)
        marker.header.frame_id = frame_id
        marker.pose.position.x, marker.pose.position.y = obstacle.x_m, obstacle.y_m
        marker.pose.position.z = 0.5 * OBSTACLE_HEIGHT_M
        diameter = 2.0 * obstacle.radius_m
        marker.scale = Vector3(x=diameter, y=diameter, z=OBSTACLE_HEIGHT_M)
        array_message.markers.append(marker)
    return array_message
