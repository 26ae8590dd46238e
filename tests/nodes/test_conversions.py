"""Messages to samples and back."""

import array
import math

from builtin_interfaces.msg import Time
from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest
from takeover.samples import LaserScanSample, OdometrySample, PathSample
from takeover.simulation.camera_source import ideal_lens
from takeover.simulation.course import Obstacle
from takeover_nodes import conversions, sensor_messages
from takeover_nodes.camera_messages import image_message, image_sample, info_message

STAMP_NS = 12_345_678_901


@given(st.integers(0, 2**31 * 10**9 - 1))
def test_stamps_survive_the_round_trip_to_the_nanosecond(time_ns):
    assert conversions.stamp_to_ns(conversions.ns_to_stamp(time_ns)) == time_ns


@given(st.floats(-math.pi, math.pi))
def test_yaw_survives_the_round_trip(yaw_rad):
    back = conversions.quaternion_to_yaw(conversions.yaw_to_quaternion(yaw_rad))
    assert math.isclose(math.cos(back - yaw_rad), 1.0, abs_tol=1e-12)


def test_odometry_survives_the_round_trip():
    sample = OdometrySample(STAMP_NS, 1.0, -2.0, 0.5, 0.4, -0.1, 'odom')
    message = sensor_messages.odometry_message(sample, 'base_link', STAMP_NS)
    assert message.child_frame_id == 'base_link'
    back = conversions.odometry_sample(message)
    assert back.yaw_rad == pytest.approx(0.5)
    assert (
        back.stamp_ns,
        back.x_m,
        back.y_m,
        back.linear_m_s,
        back.angular_rad_s,
        back.frame_id,
    ) == (STAMP_NS, 1.0, -2.0, 0.4, -0.1, 'odom')


def test_a_scan_survives_the_round_trip_bit_for_bit():
    ranges = np.array([0.1, np.inf, 3.3], dtype=np.float32)
    sample = LaserScanSample(STAMP_NS, -1.0, 1.0, 0.05, 4.0, ranges, 'laser')
    message = sensor_messages.laser_scan_message(sample, 0.05, STAMP_NS)
    assert message.angle_max == pytest.approx(1.0)
    back = conversions.laser_scan_sample(message)
    assert back.ranges.tobytes() == ranges.tobytes()
    assert back.frame_id == 'laser'


def test_a_path_survives_the_round_trip():
    points = np.array([[0.0, 0.0], [1.0, 0.5]])
    message = sensor_messages.path_message(PathSample(0, points), STAMP_NS)
    back = conversions.path_sample(message)
    assert np.array_equal(back.points, points)
    assert (back.stamp_ns, back.frame_id) == (STAMP_NS, 'odom')


def test_an_empty_path_keeps_its_shape():
    message = sensor_messages.path_message(PathSample(0, np.zeros((0, 2))), STAMP_NS)
    assert conversions.path_sample(message).points.shape == (0, 2)


def test_a_twist_names_its_components():
    message = conversions.twist_message(
        ('linear.x', 'angular.z'), (0.4, -1.0), STAMP_NS, 'base_link'
    )
    assert (message.twist.linear.x, message.twist.angular.z) == (0.4, -1.0)
    assert (message.twist.linear.y, message.twist.angular.x) == (0.0, 0.0)
    assert message.header.stamp == Time(sec=12, nanosec=345_678_901)


def picture(**changes):
    """Return an Image of 2 x 3 pixels, some of its fields exchanged."""
    pixels = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    message = image_message(pixels, 'rgb8', STAMP_NS, 'camera_optical_frame')
    for name, value in changes.items():
        setattr(message, name, value)
    return message


def test_an_image_is_a_sample_with_every_pixel():
    sample = image_sample(picture())
    assert sample.fault() is None
    assert sample.pixels.shape == (2, 3, 3)
    assert sample.pixels.ravel().tolist() == list(range(18))
    assert (sample.stamp_ns, sample.encoding) == (STAMP_NS, 'rgb8')
    assert sample.frame_id == 'camera_optical_frame'


@pytest.mark.parametrize(
    ('changes', 'fault'),
    [
        ({'encoding': 'yuv422'}, "encoding is 'yuv422'; legal: rgb8, bgr8, mono8"),
        ({'encoding': ''}, "encoding is ''; legal: rgb8, bgr8, mono8"),
        ({'height': 3}, 'bytes do not fit height, width and step'),
        ({'width': 4}, 'bytes do not fit height, width and step'),
        ({'step': 8}, 'bytes do not fit height, width and step'),
        ({'step': 2**31}, 'bytes do not fit height, width and step'),
        ({'data': array.array('B', range(17))}, 'bytes do not fit height, width and step'),
        ({'data': array.array('B')}, 'bytes do not fit height, width and step'),
    ],
)
def test_an_image_that_is_no_picture_is_a_sample_with_a_fault(changes, fault):
    sample = image_sample(picture(**changes))
    assert sample.fault() == fault
    assert sample.stamp_ns == STAMP_NS


def test_camera_info_projects_the_edge_of_the_field_of_view_onto_the_edge_of_the_picture():
    lens = ideal_lens(320, 240, 1.0)
    info = info_message(lens, 320, 240, STAMP_NS, 'camera_optical_frame')
    matrix = np.array(info.k).reshape(3, 3)
    bottom = matrix @ np.array([0.0, math.tan(0.5), 1.0])
    assert bottom[:2] == pytest.approx([159.5, 239.5])


def test_obstacles_replace_the_old_ones_and_stand_on_the_ground():
    obstacle = Obstacle(1.0, 2.0, 0.25, s_m=3.0, d_m=0.1)
    message = sensor_messages.obstacles_message([obstacle], STAMP_NS, 'map')
    clear, cylinder = message.markers
    assert clear.action == clear.DELETEALL
    assert cylinder.scale.x == 0.5
    assert cylinder.pose.position.z == 0.5 * cylinder.scale.z
