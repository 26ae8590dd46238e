"""Rotations and poses: round trips, and one known case of each convention."""

import math

import numpy as np
import pytest
from takeover.arm.pose import (
    angle_between,
    compose,
    matrix_of,
    pose_in_frame,
    quaternion_of_matrix,
    quaternion_of_rpy,
    quaternion_of_vector,
    rotation_vector,
)

QUARTER_TURN_Z = np.array([0.0, 0.0, math.sqrt(0.5), math.sqrt(0.5)])


def test_quaternions_have_w_last_and_turn_anticlockwise():
    """A quarter turn about z brings x to y."""
    assert matrix_of(QUARTER_TURN_Z) @ [1.0, 0.0, 0.0] == pytest.approx([0.0, 1.0, 0.0])
    assert rotation_vector(QUARTER_TURN_Z) == pytest.approx([0.0, 0.0, math.pi / 2])


def test_forms_of_a_rotation_go_round():
    """Vector, quaternion and matrix are the same rotation."""
    vector = np.array([0.3, -1.2, 0.7])
    quaternion = quaternion_of_vector(vector)
    assert rotation_vector(quaternion) == pytest.approx(vector)
    assert quaternion_of_matrix(matrix_of(quaternion)) == pytest.approx(quaternion)
    assert quaternion_of_matrix(matrix_of(-quaternion)) == pytest.approx(quaternion)


def test_roll_pitch_yaw_turn_about_fixed_axes():
    """As in URDF: the matrix is yaw times pitch times roll."""
    roll, pitch, yaw = 0.4, -0.3, 1.1
    single = [
        quaternion_of_vector(np.array(v)) for v in ([roll, 0, 0], [0, pitch, 0], [0, 0, yaw])
    ]
    expected = matrix_of(single[2]) @ matrix_of(single[1]) @ matrix_of(single[0])
    assert matrix_of(quaternion_of_rpy(np.array([roll, pitch, yaw]))) == pytest.approx(expected)


def test_a_pose_seen_from_a_frame():
    """From a frame at (1, 0, 0) that is turned to the left, what is ahead in y is ahead in x."""
    frame = np.array([1.0, 0.0, 0.0])
    position, rotation = pose_in_frame(
        np.array([1.0, 2.0, 0.0]), QUARTER_TURN_Z, frame, QUARTER_TURN_Z
    )
    assert position == pytest.approx([2.0, 0.0, 0.0])
    assert rotation == pytest.approx([0.0, 0.0, 0.0, 1.0])
    assert compose(frame, QUARTER_TURN_Z, position, rotation)[0] == pytest.approx([1.0, 2.0, 0.0])


def test_compose_undoes_pose_in_frame():
    """Both ways, with turns about several axes."""
    position, rotation = (
        np.array([0.1, 0.2, 0.3]),
        quaternion_of_vector(np.array([0.5, 1.0, -2.0])),
    )
    frame, turn = np.array([-1.0, 0.4, 0.2]), quaternion_of_vector(np.array([-1.5, 0.2, 0.3]))
    again = compose(frame, turn, *pose_in_frame(position, rotation, frame, turn))
    assert again[0] == pytest.approx(position)
    assert angle_between(again[1], rotation) == pytest.approx(0.0, abs=1e-7)


def test_angle_between_rotations():
    """The smaller one, whatever the sign of the quaternions."""
    assert angle_between(QUARTER_TURN_Z, -QUARTER_TURN_Z) == pytest.approx(0.0, abs=1e-7)
    assert angle_between(np.array([0.0, 0.0, 0.0, 1.0]), QUARTER_TURN_Z) == pytest.approx(
        math.pi / 2
    )
