"""The HID reports of 3Dconnexion's six-axis devices, byte by byte.

| report | bytes after its number | what |
|---|---|---|
| 1 | 6 | translation: right, towards the user, down; int16, low byte first |
| 2 | 6 | rotation about the same three axes |
| 1 | 12 | both, on wireless and newer models |
| 3 | 1 to 8 | one bit for each button, lowest first |

Full deflection is about 350 counts. A device sends reports all the time while its cap is deflected
and none while it rests, so that silence at rest is normal and silence under deflection is not.

Axes become those of a robot (REP-103): forward, left, up. They are divided by 512 as spacenav_node
does, so that full deflection is about 0.68.
"""

from collections import Counter
import struct

from takeover.devices.device import DeviceState

TRANSLATION, ROTATION, BUTTONS = 1, 2, 3
FULL_SCALE = 512.0
# More than that no model reports: such a report is damaged.
LARGEST_COUNT = 1024
AXES = 6


class SpaceMouseReports:
    """The state of a SpaceMouse, kept from its reports."""

    def __init__(self, buttons: int, full_scale: float = FULL_SCALE):
        """Start at rest.

        :param buttons: how many the model has; higher bits are ignored.
        :param full_scale: counts that become 1.
        """
        self._full_scale = full_scale
        self._counts = [0] * AXES
        self._buttons = (0,) * buttons
        # 'malformed' and 'of another kind' reports, which change nothing.
        self.ignored: Counter[str] = Counter()

    def take(self, report: bytes) -> bool:
        """Take one report as it was read, its number first; whether it was used."""
        number, payload = (report[0], report[1:]) if report else (0, b'')
        if number == TRANSLATION and len(payload) in (6, 12):
            return self._move(0, payload)
        if number == ROTATION and len(payload) == 6:
            return self._move(3, payload)
        if number == BUTTONS and 1 <= len(payload) <= 8:
            bits = int.from_bytes(payload, 'little')
            self._buttons = tuple(bits >> index & 1 for index in range(len(self._buttons)))
            return True
        known = not report or number in (TRANSLATION, ROTATION, BUTTONS)
        self.ignored['malformed' if known else 'of another kind'] += 1
        return False

    def _move(self, first: int, payload: bytes) -> bool:
        counts = struct.unpack(f'<{len(payload) // 2}h', payload)
        if any(abs(count) > LARGEST_COUNT for count in counts):
            self.ignored['malformed'] += 1
            return False
        self._counts[first : first + len(counts)] = counts
        return True

    @property
    def deflected(self) -> bool:
        """Whether the cap is away from its middle."""
        return any(self._counts)

    @property
    def state(self) -> DeviceState:
        """Axes forward, left, up, then the rotations about them; and the buttons."""
        right, back, down, about_right, about_back, about_down = self._counts
        robot = (-back, -right, -down, -about_back, -about_right, -about_down)
        return DeviceState(
            tuple(min(max(count / self._full_scale, -1.0), 1.0) for count in robot), self._buttons
        )
