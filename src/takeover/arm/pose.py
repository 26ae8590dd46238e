"""Rotations and poses in plain numbers: quaternions (x, y, z, w) as in ROS messages, metres.

A pose is a position float64 [3] and a rotation float64 [4], of one frame in another. Quaternions
that are given are brought to length 1; those that are returned have it, and w is not negative.

On three or four numbers plain Python is faster than arrays, and a node loads no library for them.
"""

import math

import numpy as np

Numbers = tuple[float, ...]

# Below this the sine of an angle is the angle.
_SMALL = 1e-12


def matrix_of(rotation: np.ndarray) -> np.ndarray:
    """Return the rotation matrix [3, 3] of a quaternion."""
    x, y, z, w = _unit(rotation)
    return np.array(
        [
            [1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y - z * w), 2.0 * (x * z + y * w)],
            [2.0 * (x * y + z * w), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z - x * w)],
            [2.0 * (x * z - y * w), 2.0 * (y * z + x * w), 1.0 - 2.0 * (x * x + y * y)],
        ]
    )


def quaternion_of_matrix(matrix: np.ndarray) -> np.ndarray:
    """Return the quaternion [4] of a rotation matrix.

    S. W. Shepperd, "Quaternion from Rotation Matrix", 1978: it begins with the largest component,
    so that nothing is divided by a small number.
    """
    rows = np.asarray(matrix).tolist()
    diagonal = [rows[i][i] for i in range(3)]
    trace = sum(diagonal)
    i = max(range(3), key=diagonal.__getitem__)
    j, k = (i + 1) % 3, (i + 2) % 3
    if trace >= diagonal[i]:
        found = [rows[2][1] - rows[1][2], rows[0][2] - rows[2][0], rows[1][0] - rows[0][1]]
        return np.array(_unit([*found, 1.0 + trace]))
    found = [0.0, 0.0, 0.0, rows[k][j] - rows[j][k]]
    found[i] = 1.0 - trace + 2.0 * diagonal[i]
    found[j] = rows[j][i] + rows[i][j]
    found[k] = rows[k][i] + rows[i][k]
    return np.array(_unit(found))


def rotation_vector(rotation: np.ndarray) -> np.ndarray:
    """Return axis times angle [3] of a quaternion, rad; the angle is at most pi."""
    x, y, z, w = _unit(rotation)
    sine = math.hypot(x, y, z)
    scale = 2.0 if sine < _SMALL else 2.0 * math.atan2(sine, w) / sine
    return np.array([scale * x, scale * y, scale * z])


def quaternion_of_vector(vector: np.ndarray) -> np.ndarray:
    """Return the quaternion [4] of axis times angle, rad."""
    x, y, z = map(float, vector)
    angle = math.hypot(x, y, z)
    scale = 0.5 if angle < _SMALL else math.sin(0.5 * angle) / angle
    return np.array(_unit((scale * x, scale * y, scale * z, math.cos(0.5 * angle))))


def quaternion_of_rpy(rpy: np.ndarray) -> np.ndarray:
    """Return the quaternion [4] of roll, pitch, yaw about fixed axes, as in URDF, rad."""
    (sr, cr), (sp, cp), (sy, cy) = (
        (math.sin(0.5 * a), math.cos(0.5 * a)) for a in map(float, rpy)
    )
    roll, pitch, yaw = (sr, 0.0, 0.0, cr), (0.0, sp, 0.0, cp), (0.0, 0.0, sy, cy)
    return np.array(_unit(_product(yaw, _product(pitch, roll))))


def compose(
    position: np.ndarray, rotation: np.ndarray, inner_position: np.ndarray, inner: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the pose of `inner`, given in the frame of the first pose, where that one is given.

    :returns: position [3], rotation [4].
    """
    frame = _unit(rotation)
    turned = _product(frame, _unit(inner))
    return position + _turn(frame, inner_position), np.array(_unit(turned))


def pose_in_frame(
    position: np.ndarray, rotation: np.ndarray, frame_position: np.ndarray, frame: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return a pose as it is seen from a frame that is given where the pose is given.

    :returns: position [3], rotation [4].
    """
    back = _inverse(_unit(frame))
    turned = _product(back, _unit(rotation))
    return _turn(back, np.subtract(position, frame_position)), np.array(_unit(turned))


def angle_between(rotation: np.ndarray, other: np.ndarray) -> float:
    """Return the angle between two rotations, rad, 0 to pi."""
    x, y, z, w = _product(_inverse(_unit(rotation)), _unit(other))
    return 2.0 * math.atan2(math.hypot(x, y, z), abs(w))


def _unit(rotation: np.ndarray | list[float] | Numbers) -> Numbers:
    """Return a quaternion of length 1 whose w is not negative."""
    x, y, z, w = map(float, rotation)
    scale = math.copysign(1.0 / math.sqrt(x * x + y * y + z * z + w * w), w)
    return scale * x, scale * y, scale * z, scale * w


def _inverse(unit: Numbers) -> Numbers:
    x, y, z, w = unit
    return -x, -y, -z, w


def _product(left: Numbers, right: Numbers) -> Numbers:
    """Return the rotation that turns by `right`, then by `left`."""
    ax, ay, az, aw = left
    bx, by, bz, bw = right
    return (
        aw * bx + ax * bw + ay * bz - az * by,
        aw * by - ax * bz + ay * bw + az * bx,
        aw * bz + ax * by - ay * bx + az * bw,
        aw * bw - ax * bx - ay * by - az * bz,
    )


def _turn(unit: Numbers, vector: np.ndarray) -> np.ndarray:
    """Return a vector [3], turned."""
    x, y, z = map(float, vector)
    turned = _product(_product(unit, (x, y, z, 0.0)), _inverse(unit))
    return np.array(turned[:3])
