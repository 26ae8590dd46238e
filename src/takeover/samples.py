"""Samples of the inputs of an observation: what the robot measured, when, in plain numbers.

A node makes them from messages, the simulator from its state, an offline rebuild from a log.
`stamp_ns` is the capture time in ROS time, integer nanoseconds. SI units, REP 103 axes.
"""

from dataclasses import dataclass
import math

import numpy as np
from takeover.arm_samples import JointSample, PoseSample, ToolSample, WrenchSample
from takeover.image_form import CHANNELS

MAX_PATH_POINTS = 20_000
MAX_BEAMS = 10_000
# No odometry is this far (or this fast); arithmetic within it cannot overflow.
MAX_NUMBER = 1e6


@dataclass(frozen=True)
class OdometrySample:
    """Pose in `frame_id` and velocity in base_link, as the wheels and gyro tell it."""

    stamp_ns: int
    x_m: float
    y_m: float
    yaw_rad: float
    linear_m_s: float
    angular_rad_s: float
    frame_id: str = 'odom'

    def fault(self) -> str | None:
        """Say why this sample cannot be used, or None."""
        numbers = (self.x_m, self.y_m, self.yaw_rad, self.linear_m_s, self.angular_rad_s)
        if not all(map(math.isfinite, numbers)):
            return 'not finite'
        return 'out of range' if max(map(abs, numbers)) > MAX_NUMBER else None


@dataclass(frozen=True, eq=False)
class LaserScanSample:
    """One turn of a planar lidar, `ranges` float32 [N] in metres from `angle_min_rad` on.

    As sensor_msgs/LaserScan and REP 117 have it: +inf and NaN are beams without a return, -inf is
    a surface too near to measure, a number outside [range_min_m, range_max_m] is no measurement.
    """

    stamp_ns: int
    angle_min_rad: float
    angle_increment_rad: float
    range_min_m: float
    range_max_m: float
    ranges: np.ndarray
    frame_id: str = ''

    def fault(self) -> str | None:
        """Say why this sample cannot be used, or None."""
        geometry = (
            self.angle_min_rad,
            self.angle_increment_rad,
            self.range_min_m,
            self.range_max_m,
        )
        if not all(map(math.isfinite, geometry)) or self.angle_increment_rad == 0.0:
            return 'not finite'
        if self.ranges.ndim != 1 or not 0 < self.ranges.size <= MAX_BEAMS:
            return 'wrong number of beams'
        told = (self.ranges >= self.range_min_m) & (self.ranges <= self.range_max_m)
        if not (told | np.isinf(self.ranges)).any():
            return 'no valid beam'
        return None


@dataclass(frozen=True, eq=False)
class PathSample:
    """A path to follow, `points` float64 [N, 2] in `frame_id`, from start to end."""

    stamp_ns: int
    points: np.ndarray
    frame_id: str = 'odom'

    def fault(self) -> str | None:
        """Say why this sample cannot be used, or None."""
        if self.points.ndim != 2 or self.points.shape[1] != 2:
            return 'not [N, 2]'
        if not 2 <= len(self.points) <= MAX_PATH_POINTS:
            return 'wrong number of points'
        if not np.isfinite(self.points).all():
            return 'not finite'
        if np.abs(self.points).max() > MAX_NUMBER:
            return 'out of range'
        if (self.points == self.points[0]).all():
            return 'all points are the same'
        return None


@dataclass(frozen=True, eq=False)
class ImageSample:
    """A picture in the form the task asks for: `pixels` uint8 [height, width, channels].

    The camera's owner has cropped and resized it; see `takeover.image`.
    """

    stamp_ns: int
    pixels: np.ndarray
    encoding: str = 'rgb8'
    frame_id: str = ''

    def fault(self) -> str | None:
        """Say why this sample cannot be used, or None."""
        if self.encoding not in CHANNELS:
            return f'encoding is {self.encoding!r}; legal: {", ".join(CHANNELS)}'
        if self.pixels.dtype != np.uint8:
            return f'pixels are {self.pixels.dtype}'
        return None if self.pixels.ndim == 3 else 'bytes do not fit height, width and step'


Sample = (
    OdometrySample
    | LaserScanSample
    | PathSample
    | ImageSample
    | JointSample
    | ToolSample
    | PoseSample
    | WrenchSample
)

SAMPLE_TYPES: dict[str, type] = {
    'odometry': OdometrySample,
    'laser_scan': LaserScanSample,
    'path': PathSample,
    'image': ImageSample,
    'joint_state': JointSample,
    'tool_state': ToolSample,
    'pose': PoseSample,
    'wrench': WrenchSample,
}
