"""When the camera sees something worth a picture: an obstacle close ahead."""

import math

import numpy as np

DISTANCE_M = (0.4, 1.5)
HALF_ANGLE_RAD = 0.45


def obstacle_ahead(pose: tuple[float, float, float], obstacles: np.ndarray) -> bool:
    """Tell whether an obstacle is close ahead of a robot.

    Args:
        pose: x and y in metres, yaw in radians.
        obstacles: [N, 3], x, y and radius in metres, in the frame of the pose.
    """
    x, y, yaw = pose
    near, far = DISTANCE_M
    for ox, oy, radius in obstacles:
        distance = math.hypot(ox - x, oy - y) - radius
        angle = math.remainder(math.atan2(oy - y, ox - x) - yaw, 2.0 * math.pi)
        if near < distance < far and abs(angle) < HALF_ANGLE_RAD:
            return True
    return False
