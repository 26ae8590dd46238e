"""The integrated width command of a gripper: never beyond its travel, never faster than allowed.

It begins where the fingers are. A gripper that holds something stands wider than its command, and
that difference is what it grips with: bringing the command to the measured width would let go. The
command closes no farther than `squeeze_m` of the robot file beyond the measured width, which
limits the force.
"""

import math

from takeover.arm_spec import GripperSpec
from takeover.safety.limiter import AxisLimiter
from takeover.safety.limits import AxisLimits

# 1/s: how fast the rate falls over the last stretch before an end of the travel.
_LAST_STRETCH = 20.0


class GripperMotion:
    """Width in m and its rate in m/s; no width until it is measured."""

    def __init__(self, spec: GripperSpec, limits: AxisLimits):
        """Begin without a width.

        :param limits: of the rate.
        """
        self.width_m: float | None = None
        self._measured_m = 0.0
        self._spec = spec
        self._axis = AxisLimiter(limits)

    @property
    def rate_m_s(self) -> float:
        """How fast the width grows."""
        return self._axis.velocity

    @property
    def at_rest(self) -> bool:
        """Whether the width does not change and will not."""
        return self._axis.at_rest

    def measure(self, measured_m: float) -> None:
        """Learn the measured width; it is the command, unless there is one already."""
        self._measured_m = measured_m
        if self.width_m is None:
            self.width_m = self._inside(measured_m)

    def forget(self) -> None:
        """Have no width until the next `measure`."""
        self.stand()
        self.width_m = None

    def stand(self) -> None:
        """Stop at once."""
        self._axis.stop_at_once()

    def step(self, rate_m_s: float, dt_s: float) -> None:
        """Move towards a rate for `dt_s`, slower near the end of the travel or of the squeeze."""
        if self.width_m is None or dt_s <= 0.0:
            return
        before = self._axis.velocity
        narrowest_m = max(self._spec.min_width_m, self._measured_m - self._spec.squeeze_m)
        closing = self._braking(max(self.width_m - narrowest_m, 0.0))
        opening = self._braking(self._spec.max_width_m - self.width_m)
        after = self._axis.step(min(max(rate_m_s, -closing), opening), dt_s)
        width_m = self.width_m + 0.5 * dt_s * (before + after)
        self.width_m = self._inside(width_m)
        if self.width_m != width_m:
            self._axis.stop_at_once()

    def _braking(self, distance_m: float) -> float:
        """Return the rate from which the fingers stand within this distance."""
        return min(
            math.sqrt(self._axis.limits.max_deceleration * distance_m), _LAST_STRETCH * distance_m
        )

    def _inside(self, width_m: float) -> float:
        return min(max(width_m, self._spec.min_width_m), self._spec.max_width_m)
