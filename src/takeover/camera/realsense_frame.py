"""What is in the frames of a RealSense, in the terms of ROS: the lens, and depth."""

from typing import Any

import numpy as np
from takeover.camera.frame import Intrinsics

# All models of Brown and Conrady have the coefficients k1, k2, p1, p2, k3 in this order, and the
# library projects with each of them in the same direction.
_DISTORTION_MODELS = {
    'none': '',
    'brown_conrady': 'plumb_bob',
    'modified_brown_conrady': 'plumb_bob',
    'inverse_brown_conrady': 'plumb_bob',
    'kannala_brandt4': 'equidistant',
}
_COEFFICIENTS = {'': 0, 'plumb_bob': 5, 'equidistant': 4}


def ros_intrinsics(lens: Any) -> Intrinsics | None:
    """Return rs.intrinsics as sensor_msgs/CameraInfo names them; None: ROS has no such model."""
    model = _DISTORTION_MODELS.get(lens.model.name)
    if model is None:
        return None
    return Intrinsics(
        width=lens.width,
        height=lens.height,
        fx=lens.fx,
        fy=lens.fy,
        cx=lens.ppx,
        cy=lens.ppy,
        distortion_model=model,
        distortion=tuple(lens.coeffs[: _COEFFICIENTS[model]]),
    )


def depth_mm(raw: np.ndarray, unit_m: float) -> np.ndarray:
    """Return depth in millimetres, uint16 [H, W]; 0 where unknown or beyond 65.535 m.

    :param raw: uint16 [H, W] in units of `unit_m` metres; 0 where unknown.
    """
    scale = round(1e3 * unit_m, 6)
    if scale == 1.0:
        return raw.copy()
    scaled = np.rint(raw * np.float32(scale))
    scaled[scaled > np.iinfo(np.uint16).max] = 0
    return scaled.astype(np.uint16)
