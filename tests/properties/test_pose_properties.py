"""Rotation algebra against scipy, for any rotation."""

from hypothesis import example, given
from hypothesis import strategies as st
import numpy as np
from scipy.spatial.transform import Rotation
from takeover.arm import pose

numbers = st.floats(-1.0, 1.0)
quaternions = (
    st.lists(numbers, min_size=4, max_size=4).map(np.array).filter(lambda q: np.dot(q, q) > 1e-6)
)
vectors = st.lists(st.floats(-3.0, 3.0), min_size=3, max_size=3).map(np.array)
# Half a turn about each axis, where signs and divisors are in danger, and next to none.
HALF_TURNS = [np.array([*axis, w]) for axis in np.eye(3) for w in (0.0, -0.0, 1e-17)]
NO_TURN = np.array([1e-300, 0.0, 0.0, -1.0])


def same_turn(found, expected):
    """Two quaternions are the same rotation, and the first is of length 1, w not negative."""
    assert found.shape == (4,) and found[3] >= 0.0
    np.testing.assert_allclose(np.linalg.norm(found), 1.0, atol=1e-12)
    np.testing.assert_allclose(
        Rotation.from_quat(found).as_matrix(), expected.as_matrix(), atol=1e-9
    )


@given(quaternions)
@example(HALF_TURNS[0])
@example(HALF_TURNS[3])
@example(HALF_TURNS[7])
@example(NO_TURN)
def test_a_quaternion_as_matrix_and_vector_and_back(quaternion):
    expected = Rotation.from_quat(quaternion)
    matrix, vector = pose.matrix_of(quaternion), pose.rotation_vector(quaternion)
    np.testing.assert_allclose(matrix, expected.as_matrix(), atol=1e-12)
    assert np.linalg.norm(vector) <= np.pi + 1e-12
    np.testing.assert_allclose(Rotation.from_rotvec(vector).as_matrix(), matrix, atol=1e-9)
    same_turn(pose.quaternion_of_matrix(matrix), expected)
    same_turn(pose.quaternion_of_vector(vector), expected)


@given(vectors)
def test_turns_of_more_than_half_and_roll_pitch_yaw(vector):
    same_turn(pose.quaternion_of_vector(vector), Rotation.from_rotvec(vector))
    same_turn(pose.quaternion_of_rpy(vector), Rotation.from_euler('xyz', vector))


@given(vectors, quaternions, vectors, quaternions)
def test_poses_in_one_another(position, rotation, other_position, other):
    turned, other_turned = Rotation.from_quat(rotation), Rotation.from_quat(other)
    found, found_turned = pose.compose(position, rotation, other_position, other)
    np.testing.assert_allclose(found, position + turned.apply(other_position), atol=1e-9)
    same_turn(found_turned, turned * other_turned)
    seen, seen_turned = pose.pose_in_frame(other_position, other, position, rotation)
    np.testing.assert_allclose(seen, turned.inv().apply(other_position - position), atol=1e-9)
    same_turn(seen_turned, turned.inv() * other_turned)
    angle = (turned.inv() * other_turned).magnitude()
    np.testing.assert_allclose(pose.angle_between(rotation, other), angle, atol=1e-7)
