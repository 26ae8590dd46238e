"""From samples to the components of the observation, one function for each feature kind.

Every function returns SI values before clipping and has no state of its own.
"""

from collections.abc import Callable, Sequence
import math

import numpy as np
from takeover.arm_features import ARM_FEATURES, joint_fault
from takeover.image_form import CHANNELS
from takeover.observation_spec import FeatureSpec
from takeover.path_tracking import PathTracker
from takeover.samples import ImageSample, LaserScanSample, OdometrySample


def cross_track(spec: FeatureSpec, odom: OdometrySample, path: PathTracker) -> Sequence[float]:
    """Distance to the path, positive left of it."""
    return (path.cross_track(odom.x_m, odom.y_m),)


def heading(spec: FeatureSpec, odom: OdometrySample, path: PathTracker) -> Sequence[float]:
    """Sine and cosine of the robot's heading relative to the path's."""
    error = odom.yaw_rad - path.heading(path.progress_m)
    return math.sin(error), math.cos(error)


def curvature(spec: FeatureSpec, odom: OdometrySample, path: PathTracker) -> Sequence[float]:
    """Curvature of the path at each distance ahead."""
    return [path.curvature(path.progress_m + ahead) for ahead in spec.ahead_m]


def lookahead(spec: FeatureSpec, odom: OdometrySample, path: PathTracker) -> Sequence[float]:
    """x, y in base_link of the path's point at each distance ahead."""
    cos, sin = math.cos(odom.yaw_rad), math.sin(odom.yaw_rad)
    values: list[float] = []
    for ahead in spec.ahead_m:
        x, y = path.point(path.progress_m + ahead)
        dx, dy = x - odom.x_m, y - odom.y_m
        values += (cos * dx + sin * dy, cos * dy - sin * dx)
    return values


def linear_velocity(spec: FeatureSpec, odom: OdometrySample) -> Sequence[float]:
    """Forward velocity."""
    return (odom.linear_m_s,)


def angular_velocity(spec: FeatureSpec, odom: OdometrySample) -> Sequence[float]:
    """Yaw rate."""
    return (odom.angular_rad_s,)


def ranges(spec: FeatureSpec, scan: LaserScanSample) -> np.ndarray:
    """Nearest return in each sector, float64 [size].

    A sector without a return reads as the lidar's range, or as `high` when that is nearer: it
    never claims more free space than the lidar could see.
    """
    free = min(spec.high, scan.range_max_m)
    near = scan.ranges.astype(np.float64)
    valid = (near >= scan.range_min_m) & (near <= scan.range_max_m)
    near = np.where(valid, near, np.where(near == -np.inf, scan.range_min_m, free))
    nearest = np.full(spec.size + 1, free)
    np.minimum.at(nearest, sectors(spec, scan), near)
    return nearest[: spec.size]


def sectors(spec: FeatureSpec, scan: LaserScanSample) -> np.ndarray:
    """Return the sector of each beam, int [N]; `spec.size` for a beam outside all of them."""
    width, turn = spec.angle_increment_rad, 2.0 * math.pi
    angles = scan.angle_min_rad + scan.angle_increment_rad * np.arange(scan.ranges.size)
    offset = (angles - spec.angle_min_rad + width / 2.0) % turn
    index = np.minimum((offset / width).astype(int), spec.size)
    if spec.size * width > turn - width / 2.0:
        index[index == spec.size] = spec.size - 1
    return index


def scan_fault(spec: FeatureSpec, scan: LaserScanSample) -> str | None:
    """Say which sector no beam of the scan looks into, or None."""
    beams = np.bincount(sectors(spec, scan), minlength=spec.size + 1)[: spec.size]
    return None if beams.all() else f'no beam in sector {int(np.argmin(beams != 0))}'


def image_fault(spec: FeatureSpec, image: ImageSample) -> str | None:
    """Say why a picture is not of the form the task asks for, or None."""
    height, width, _ = spec.shape
    shape = (height, width, CHANNELS[spec.form.encoding])
    if (image.pixels.shape, image.encoding) == (shape, spec.form.encoding):
        return None
    return (
        f'is {image.encoding} {list(image.pixels.shape)}, the task needs {spec.form.encoding} '
        f'{list(shape)}'
    )


FEATURES: dict[str, Callable[..., Sequence[float] | np.ndarray]] = {
    'path.cross_track': cross_track,
    'path.heading': heading,
    'path.curvature': curvature,
    'path.lookahead': lookahead,
    'odom.linear_velocity': linear_velocity,
    'odom.angular_velocity': angular_velocity,
    'scan.ranges': ranges,
    **ARM_FEATURES,
}

# Of the kinds that not every sample of their input can serve: what says why one cannot.
SAMPLE_FAULTS: dict[str, Callable[..., str | None]] = {
    'scan.ranges': scan_fault,
    'image': image_fault,
    'joint.position': joint_fault,
    'joint.velocity': joint_fault,
    'gripper.width': joint_fault,
}
