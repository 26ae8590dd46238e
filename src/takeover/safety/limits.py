"""What one axis may do: velocity bounds, acceleration, deceleration and jerk, in SI."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
import math

from takeover.errors import TakeoverError
from takeover.robot import RobotSpec
from takeover.specs import ActionSpec


class LimitsError(TakeoverError):
    """A limit that no motion could satisfy."""


@dataclass(frozen=True)
class AxisLimits:
    """Limits of one axis, in m/s or rad/s and their derivatives.

    Zero velocity is always legal: an axis that could not stand still could not be stopped.
    """

    min_velocity: float  # <= 0; 0 for an axis that only goes forward
    max_velocity: float  # >= 0
    max_acceleration: float  # > 0, while the speed grows
    max_deceleration: float  # > 0, while the speed shrinks, in either direction
    max_jerk: float = math.inf  # > 0; inf: the acceleration may change at once

    def __post_init__(self):
        for field in fields(self):
            _check(field.name, getattr(self, field.name))

    def fastest(self) -> float:
        """Return the largest speed in either direction."""
        return max(self.max_velocity, -self.min_velocity)


def _check(name: str, value: float) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or math.isnan(value):
        raise LimitsError(f'{name} must be a number, got {value!r}')
    if math.isinf(value) and name != 'max_jerk':
        raise LimitsError(f'{name} must be finite, got {value}')
    if name == 'min_velocity' and value > 0.0:
        raise LimitsError(
            f'{name} must be 0 or less, so that the axis can stand still; got {value}'
        )
    if name == 'max_velocity' and value < 0.0:
        raise LimitsError(
            f'{name} must be 0 or more, so that the axis can stand still; got {value}'
        )
    if name.startswith('max_') and name != 'max_velocity' and value <= 0.0:
        raise LimitsError(f'{name} must be greater than 0, got {value}')


def limits_for_action(action: ActionSpec, robot: RobotSpec) -> list[AxisLimits]:
    """Return the limits of each action component, in its order.

    The velocity bounds are the tighter of the task's and the robot's.

    :raises LimitsError: when the robot has no limits for a component.
    """
    return [_of_component(component, robot) for component in action.components]


def _of_component(component, robot: RobotSpec) -> AxisLimits:
    axes = robot.axes
    if component.name not in axes:
        raise LimitsError(
            f'limits.{component.name} is missing in the file of robot '
            f'{robot.robot}; it has: {", ".join(axes)}'
        )
    limit = axes[component.name]
    return AxisLimits(
        min_velocity=max(limit.min_velocity, component.low),
        max_velocity=min(limit.max_velocity, component.high),
        max_acceleration=limit.max_acceleration,
        max_deceleration=limit.max_deceleration,
        max_jerk=limit.max_jerk,
    )


def check_same_length(names: Sequence[str], limits: Sequence[AxisLimits]) -> None:
    """:raises LimitsError: unless there is exactly one limit for each name, and at least one."""
    if not names or len(names) != len(limits):
        raise LimitsError(
            f'need one AxisLimits for each of the axes {list(names)}, got {len(limits)}'
        )
