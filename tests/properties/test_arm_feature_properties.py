"""What is relative stays when the base, and everything with it, is put elsewhere."""

from hypothesis import given
from hypothesis import strategies as st
import numpy as np
from scipy.spatial.transform import Rotation
from takeover.features import FEATURES
from tests import arm_samples

RELATIVE = (
    'tool.relative_position',
    'tool.relative_rotation',
    'pose.position',
    'pose.rotation',
)

metres = st.lists(st.floats(-2.0, 2.0), min_size=3, max_size=3).map(np.array)
rotations = (
    st.lists(st.floats(-1.0, 1.0), min_size=4, max_size=4)
    .filter(lambda numbers: np.linalg.norm(numbers) > 0.1)
    .map(lambda numbers: Rotation.from_quat(numbers))
)
poses = st.tuples(metres, rotations)


def moved(base, pose):
    """Return a pose after its frame was put to `base`."""
    (base_at, base_turned), (at, turned) = base, pose
    return base_at + base_turned.apply(at), base_turned * turned


def relative(tool, pose):
    """Return every relative feature; a rotation as matrix, at half a turn its vector may flip."""
    samples = (
        arm_samples.tool(1, tool[0], tool[1].as_quat()),
        arm_samples.pose(1, pose[0], pose[1].as_quat()),
    )
    values = []
    for kind in RELATIVE:
        found = FEATURES[kind](None, *samples)
        if kind.endswith('rotation'):
            assert np.linalg.norm(found) <= np.pi + 1e-9
            found = Rotation.from_rotvec(found).as_matrix().ravel()
        values.append(found)
    return np.concatenate(values)


@given(base=poses, tool=poses, pose=poses)
def test_moving_the_base_and_all_with_it_changes_nothing_relative(base, tool, pose):
    before = relative(tool, pose)
    after = relative(moved(base, tool), moved(base, pose))
    np.testing.assert_allclose(after, before, atol=1e-9)


@given(tool=poses, pose=poses)
def test_the_pose_from_the_tool_and_the_tool_from_the_pose_are_inverse(tool, pose):
    samples = (
        arm_samples.tool(1, tool[0], tool[1].as_quat()),
        arm_samples.pose(1, pose[0], pose[1].as_quat()),
    )
    at, turned, pose_at, pose_turned = (FEATURES[kind](None, *samples) for kind in RELATIVE)
    first = arm_samples.homogeneous(at, Rotation.from_rotvec(turned).as_quat())
    second = arm_samples.homogeneous(pose_at, Rotation.from_rotvec(pose_turned).as_quat())
    np.testing.assert_allclose(first @ second, np.eye(4), atol=1e-9)
