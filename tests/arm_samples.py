"""Samples of a Franka for tests, and moving all of its surroundings."""

import numpy as np
from scipy.spatial.transform import Rotation
from takeover.arm_samples import JointSample, PoseSample, ToolSample, WrenchSample

BASE_FRAME, TOOL_FRAME = 'panda_link0', 'panda_hand_tcp'
FINGERS = ('panda_finger_joint1', 'panda_finger_joint2')
JOINTS = tuple(f'panda_joint{number}' for number in range(1, 8))
IDENTITY = np.array([0.0, 0.0, 0.0, 1.0])


def joints(stamp_ns, names=JOINTS + FINGERS, positions=None, velocities=None):
    """Return joint n (from 0) at n / 100 rad, with n / 10 rad/s."""
    count = np.arange(len(names), dtype=float)
    return JointSample(
        stamp_ns,
        tuple(names),
        0.01 * count if positions is None else np.asarray(positions, float),
        0.1 * count if velocities is None else np.asarray(velocities, float),
    )


def tool(
    stamp_ns, position=(0.5, 0.0, 0.3), rotation=IDENTITY, twist=(0.0,) * 6, frame=BASE_FRAME
):
    """Return a tool that stands upright in front of the base, at rest."""
    twist = np.asarray(twist, float)
    return ToolSample(
        stamp_ns,
        np.asarray(position, float),
        np.asarray(rotation, float),
        *np.split(twist, 2),
        frame,
    )


def pose(stamp_ns, position=(0.5, 0.0, 0.3), rotation=IDENTITY, frame=BASE_FRAME):
    """Return a pose where `tool` is."""
    return PoseSample(stamp_ns, np.asarray(position, float), np.asarray(rotation, float), frame)


def wrench(stamp_ns, numbers=(1.0, 2.0, 3.0, 0.1, 0.2, 0.3), frame=TOOL_FRAME):
    """Return force and torque."""
    return WrenchSample(stamp_ns, *np.split(np.asarray(numbers, float), 2), frame)


def homogeneous(position, rotation):
    """Return the matrix [4, 4] of a pose, by scipy."""
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_quat(rotation).as_matrix()
    matrix[:3, 3] = position
    return matrix
