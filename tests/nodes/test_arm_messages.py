"""An arm's samples as messages and back, to the last bit."""

import math

from nav_msgs.msg import Odometry
import numpy as np
from rclpy.serialization import deserialize_message, serialize_message
from scipy.spatial.transform import Rotation
from sensor_msgs.msg import JointState
from takeover_nodes import arm_messages
from tests import arm_samples

STAMP_NS = 12_345_678_901
TURNED = Rotation.from_rotvec([0.3, -1.1, 0.8]).as_quat()
AT = (0.1, -0.2, 1.0 / 3.0)
TWIST = (0.1, 0.2, 0.3, -0.4, -0.5, -0.6)


def over_the_wire(message):
    """Return a message as a subscriber gets it."""
    return deserialize_message(serialize_message(message), type(message))


def assert_same(back, sample):
    """Every field is the same, floats bit for bit."""
    for name, value in vars(sample).items():
        found = getattr(back, name)
        if isinstance(value, np.ndarray):
            assert (found.dtype, found.tobytes()) == (np.float64, value.tobytes()), name
        else:
            assert found == value, name


def test_joints_survive_the_round_trip():
    sample = arm_samples.joints(STAMP_NS)
    message = over_the_wire(arm_messages.joint_state_message(sample, STAMP_NS))
    assert_same(arm_messages.joint_sample(message), sample)
    assert len(message.effort) == 0


def test_joints_without_velocities_are_a_sample_with_a_fault():
    sample = arm_messages.joint_sample(JointState(name=['a'], position=[0.1]))
    assert sample.fault() == 'needs a position and a velocity for each name'


def test_a_joint_that_is_not_measured_is_left_out():
    """A broadcaster writes NaN where a joint has no such interface; the others count."""
    message = JointState(
        name=['a', 'lamp', 'b'],
        position=[0.1, math.nan, 0.2],
        velocity=[0.3, 0.0, math.nan],
    )
    sample = arm_messages.joint_sample(message)
    assert (sample.names, sample.positions.tolist()) == (('a',), [0.1])
    assert sample.velocities.tolist() == [0.3] and sample.fault() is None


def test_a_tool_survives_the_round_trip_as_odometry():
    sample = arm_samples.tool(STAMP_NS, AT, TURNED, TWIST)
    message = over_the_wire(arm_messages.tool_message(sample, 'panda_hand_tcp', STAMP_NS))
    assert (message.header.frame_id, message.child_frame_id) == ('panda_link0', 'panda_hand_tcp')
    assert message.twist.twist.angular.y == -0.5 and message.pose.pose.orientation.w == TURNED[3]
    assert_same(arm_messages.tool_sample(message), sample)


def test_a_pose_survives_the_round_trip():
    sample = arm_samples.pose(STAMP_NS, AT, TURNED)
    message = over_the_wire(arm_messages.pose_message(sample, STAMP_NS))
    assert_same(arm_messages.pose_sample(message), sample)


def test_a_wrench_survives_the_round_trip():
    sample = arm_samples.wrench(STAMP_NS)
    message = over_the_wire(arm_messages.wrench_message(sample, STAMP_NS))
    assert message.wrench.torque.x == 0.1
    assert_same(arm_messages.wrench_sample(message), sample)


def test_a_message_is_stamped_with_the_time_that_is_given():
    """A simulation has a clock of its own."""
    message = arm_messages.tool_message(arm_samples.tool(5), 'tool', STAMP_NS)
    assert arm_messages.tool_sample(message).stamp_ns == STAMP_NS


def test_a_quaternion_that_was_never_set_is_a_fault():
    message = Odometry()
    message.pose.pose.orientation.w = 0.0
    assert arm_messages.tool_sample(message).fault() == 'quaternion has not length 1'
