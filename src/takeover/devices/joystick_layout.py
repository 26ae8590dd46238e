"""Which event of a joystick is which axis and button, numbered and signed as ROS 2 does on Linux.

Axes stand in the order of their event codes, buttons in that of the kernel's joystick interface,
so that a mapping file made with joy_linux_node fits, and one made with joy_node for a gamepad. The
kernel counts forward and left as negative; here they are positive. A trigger is 1 at rest and -1
when pulled, a hat is two axes of -1, 0 and 1. Nothing is dead around the middle: that is for the
mapping file.

The event codes are those of linux/input-event-codes.h.
"""

from collections.abc import Iterable, Mapping

from takeover.devices.device import DeviceState

EV_SYN, EV_KEY, EV_ABS = 0x00, 0x01, 0x03
SYN_REPORT, SYN_DROPPED = 0, 3
ABS_X, ABS_Y = 0x00, 0x01
# Buttons without a name of their own; the kernel's joystick interface counts them last.
BTN_MISC, BTN_JOYSTICK = 0x100, 0x120
# Joystick and gamepad buttons, and the extra ones of large sticks.
JOYSTICK_BUTTONS = (range(0x120, 0x140), range(0x2C0, 0x2E8))


def is_joystick(axes: Iterable[int], buttons: Iterable[int]) -> bool:
    """Whether a device with these codes is a joystick: a mouse, a tablet or a sensor is not."""
    has_stick = {ABS_X, ABS_Y} <= set(axes)
    return has_stick and any(code in codes for code in buttons for codes in JOYSTICK_BUTTONS)


class JoystickLayout:
    """The state of a joystick, kept from its events."""

    def __init__(self, axes: Mapping[int, tuple[int, int]], buttons: Iterable[int]):
        """Number the axes and buttons.

        :param axes: event code of each axis: its least and greatest value.
        :param buttons: event codes of the keys it has; those of a keyboard are left out.
        """
        self._ranges = {code: axes[code] for code in sorted(axes)}
        codes = sorted(code for code in set(buttons) if code >= BTN_MISC)
        self._codes = sorted(codes, key=lambda code: code < BTN_JOYSTICK)
        self._values = {code: 0.0 for code in self._ranges}
        self._pressed = {code: 0 for code in self._codes}
        self._dropped = False
        self.overruns = 0

    def set_all(self, axes: Mapping[int, int], pressed: Iterable[int]) -> None:
        """Start from what the device says of itself.

        :param axes: event code of each axis: its present value.
        :param pressed: event codes of the buttons that are held.
        """
        held = set(pressed)
        self._values = {code: self._position(code, axes[code]) for code in self._ranges}
        self._pressed = {code: int(code in held) for code in self._codes}

    def take(self, kind: int, code: int, value: int) -> bool:
        """Take one event; whether it completes a report, so that the state may be looked at.

        After an overrun of the kernel's buffer events are skipped up to the next report, and
        `overruns` counts up: the caller must then `set_all` anew.
        """
        if kind == EV_SYN and code == SYN_DROPPED:
            self._dropped = True
            self.overruns += 1
        elif kind == EV_SYN and code == SYN_REPORT:
            self._dropped = False
            return True
        elif self._dropped:
            return False
        elif kind == EV_ABS and code in self._values:
            self._values[code] = self._position(code, value)
        elif kind == EV_KEY and code in self._pressed:
            self._pressed[code] = int(value != 0)
        return False

    @property
    def codes(self) -> tuple[int, ...]:
        """Event codes of the axes, in order."""
        return tuple(self._ranges)

    @property
    def state(self) -> DeviceState:
        """Return the axes and buttons, in order."""
        return DeviceState(tuple(self._values.values()), tuple(self._pressed.values()))

    def _position(self, code: int, value: int) -> float:
        low, high = self._ranges[code]
        if high <= low:
            return 0.0
        share = (2.0 * value - low - high) / (high - low)
        # Adding zero turns -0.0 into 0.0.
        return 0.0 - min(max(share, -1.0), 1.0) + 0.0
