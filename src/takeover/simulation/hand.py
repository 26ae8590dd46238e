"""The hand of a simulated person on a real mapping: from SI values to sticks and buttons.

The inverse of what the mapping file says, so that a scripted operator drives through `joy` or
`spacenav/*`, and everything after the device is the same as for a person.
"""

from collections.abc import Sequence

import numpy as np
from takeover.action import ActionContract
from takeover.intervention.joystick import JoystickMapping
from takeover.intervention.motion_frame import MotionFrame
from takeover.intervention.spacemouse import SpaceMouseMapping
from takeover.intervention.stick import StickShape
from takeover.specs import GRIPPER, TWIST

# Halvings of a stick's travel: finer than a float32 of sensor_msgs/Joy.
_HALVINGS = 30


class JoystickHand:
    """Moves the sticks of a joystick so that they ask for SI values."""

    def __init__(self, mapping: JoystickMapping, action: ActionContract) -> None:
        """Learn where the sticks and the dead-man are."""
        self._mapping = mapping
        self._action = action
        self._axes = 1 + max(axis.axis for axis in mapping.axes.values())

    def message(self, values: Sequence[float] | None) -> tuple[list[float], list[int]]:
        """Return axes and buttons of sensor_msgs/Joy.

        :param values: what to ask for, SI, in the order of the action, with the dead-man held;
            beyond what full stick gives: full stick. None: hands off.
        """
        axes, buttons = [0.0] * self._axes, [0] * self._mapping.count
        if values is None:
            return axes, buttons
        for name, value, low, high in zip(
            self._action.names, values, self._action.low, self._action.high
        ):
            shape = self._mapping.axes.get(name)
            if shape is not None:
                axes[shape.axis] = _position(shape, float(value), float(low), float(high))
        buttons[self._mapping.deadman_button] = 1
        return axes, buttons


class SpaceMouseHand:
    """Moves the puck of a SpaceMouse so that it asks for SI values."""

    def __init__(
        self, mapping: SpaceMouseMapping, action: ActionContract, base_frame: str = ''
    ) -> None:
        """Learn what the axes of the puck and the buttons mean.

        :param base_frame: name of the arm's base; an action in another frame is in the tool's.
        """
        self._mapping = mapping
        self._action = action
        self._motion = MotionFrame(mapping.frame, action)
        self._base_frame = base_frame

    def message(
        self, values: Sequence[float] | None, tool_rotation: np.ndarray | None = None
    ) -> tuple[list[float], list[int]]:
        """Return the axes of `spacenav/twist` and the buttons of `spacenav/joy`.

        :param values: what to ask for, SI, in the order of the action, with the dead-man held if
            there is one; beyond what the end of the travel gives: that. A gripper by buttons is
            moved at its full rate when more than half of it is asked for. None: hands off.
        :param tool_rotation: quaternion [4] of the tool in the base frame; needed where the frame
            of the mapping is not that of the action.
        :raises MotionFrameError: it is needed and missing.
        """
        axes, buttons = [0.0] * len(TWIST), [0] * self._mapping.count
        if values is None:
            return axes, buttons
        moved = self._motion.moved_for(values, tool_rotation, self._base_frame)
        for (name, (low, high)), value in zip(self._motion.bounds.items(), moved):
            shape = self._mapping.axes.get(name)
            if shape is not None:
                position = _position(shape, float(value), low, high)
                axes[TWIST.index(shape.axis)] = position * self._mapping.full_travel
            elif name == GRIPPER and self._mapping.open_button is not None:
                buttons[self._mapping.open_button] = int(value > 0.5 * high)
                buttons[self._mapping.close_button] = int(value < 0.5 * low)
        if self._mapping.deadman_button is not None:
            buttons[self._mapping.deadman_button] = 1
        return axes, buttons


def _position(shape: StickShape, value: float, low: float, high: float) -> float:
    """Return where the stick gives a value; the mapping grows with the travel."""
    if not value or not (high if value > 0.0 else low):
        return 0.0
    side = 1.0 if (value > 0.0) != shape.invert else -1.0
    below, above = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = 0.5 * (below + above)
        enough = abs(shape.to_si(side * middle, low, high)) >= abs(value)
        below, above = (below, middle) if enough else (middle, above)
    return side * above
