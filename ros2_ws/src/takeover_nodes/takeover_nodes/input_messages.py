"""The inputs of an observation as topics: message, sample and quality of service of each type."""

from geometry_msgs.msg import PoseStamped, WrenchStamped
from nav_msgs.msg import Odometry, Path
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image, JointState, LaserScan
from takeover.observation_spec import InputSpec
from takeover_nodes import arm_messages, conversions, qos
from takeover_nodes.camera_messages import image_sample

# Input type of the task spec -> message type, its conversion to a sample.
INPUT_MESSAGES = {
    'odometry': (Odometry, conversions.odometry_sample),
    'laser_scan': (LaserScan, conversions.laser_scan_sample),
    'path': (Path, conversions.path_sample),
    'image': (Image, image_sample),
    'joint_state': (JointState, arm_messages.joint_sample),
    'tool_state': (Odometry, arm_messages.tool_sample),
    'pose': (PoseStamped, arm_messages.pose_sample),
    'wrench': (WrenchStamped, arm_messages.wrench_sample),
}


def input_profile(spec: InputSpec) -> QoSProfile:
    """Return the quality of service of an input: what has no greatest age is latched."""
    return qos.LATCHED if spec.type == 'path' or spec.max_age_s is None else qos.SENSOR
