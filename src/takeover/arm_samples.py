"""Samples of an arm: joints, tool, poses, wrench; see `takeover.samples`.

Positions are metres, rotations unit quaternions (x, y, z, w) as in ROS messages.
"""

from dataclasses import dataclass

import numpy as np

# No arm is this far or this fast; arithmetic within it cannot overflow.
MAX_NUMBER = 1e6
_UNIT = 1e-3


@dataclass(frozen=True, eq=False)
class JointSample:
    """Positions and velocities of named joints, float64 [n]; rad, rad/s, of fingers m, m/s."""

    stamp_ns: int
    names: tuple[str, ...]
    positions: np.ndarray
    velocities: np.ndarray
    frame_id: str = ''

    def fault(self) -> str | None:
        """Say why this sample cannot be used, or None."""
        if len(set(self.names)) != len(self.names) or not self.names:
            return 'names are missing or repeated'
        if self.positions.shape != (len(self.names),) or self.velocities.shape != (
            len(self.names),
        ):
            return 'needs a position and a velocity for each name'
        return _numbers_fault(self.positions, self.velocities)

    def of(self, names: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray] | None:
        """Return positions and velocities in the order of `names`; None when one is missing."""
        if not set(names) <= set(self.names):
            return None
        order = [self.names.index(name) for name in names]
        return self.positions[order], self.velocities[order]


@dataclass(frozen=True, eq=False)
class PoseSample:
    """A pose in `frame_id`: `position` float64 [3], `rotation` float64 [4] (x, y, z, w)."""

    stamp_ns: int
    position: np.ndarray
    rotation: np.ndarray
    frame_id: str = ''

    def fault(self) -> str | None:
        """Say why this sample cannot be used, or None."""
        return _pose_fault(self.position, self.rotation)


@dataclass(frozen=True, eq=False)
class ToolSample:
    """Pose of the tool in the base frame `frame_id`, velocity float64 [3] in the tool frame."""

    stamp_ns: int
    position: np.ndarray
    rotation: np.ndarray
    linear_m_s: np.ndarray
    angular_rad_s: np.ndarray
    frame_id: str = ''

    def fault(self) -> str | None:
        """Say why this sample cannot be used, or None."""
        return _pose_fault(self.position, self.rotation) or _numbers_fault(
            self.linear_m_s, self.angular_rad_s
        )


@dataclass(frozen=True, eq=False)
class WrenchSample:
    """What the wrist feels, float64 [3] each: N and N m in `frame_id`, that of the tool."""

    stamp_ns: int
    force_n: np.ndarray
    torque_n_m: np.ndarray
    frame_id: str = ''

    def fault(self) -> str | None:
        """Say why this sample cannot be used, or None."""
        return _numbers_fault(self.force_n, self.torque_n_m)


def _pose_fault(position: np.ndarray, rotation: np.ndarray) -> str | None:
    fault = _numbers_fault(position, rotation)
    if fault is None and abs(float(np.linalg.norm(rotation)) - 1.0) > _UNIT:
        return 'quaternion has not length 1'
    return fault


def _numbers_fault(*arrays: np.ndarray) -> str | None:
    numbers = np.concatenate(arrays)
    if not np.isfinite(numbers).all():
        return 'not finite'
    return 'out of range' if np.abs(numbers).max() > MAX_NUMBER else None
