"""From the bytes a terminal sends to the axes and buttons of a joystick.

A terminal never says that a key was released; it only repeats one that is held. A key therefore
acts for a short while after each press: a first while long enough for the terminal to begin to
repeat, then a shorter one. When the repeats stop, for whatever reason, everything returns to zero
and the dead-man is released. Of keys held together a terminal repeats only the last, so there are
keys for the diagonals.
"""

import math

from takeover.devices.device import DeviceState

# Forward and left, for each key that drives; 'h' holds the dead-man and stands still.
DRIVE = {
    'w': (1.0, 0.0),
    's': (-1.0, 0.0),
    'a': (0.0, 1.0),
    'd': (0.0, -1.0),
    'q': (1.0, 1.0),
    'e': (1.0, -1.0),
    'h': (0.0, 0.0),
}
ARROWS = {b'A': 'w', b'B': 's', b'C': 'd', b'D': 'a'}
DEADMAN, ESTOP, SUCCESS, FAILURE, ABORT, UNDO = range(6)
PRESS = {' ': ESTOP, 'y': SUCCESS, 'n': FAILURE, 'b': ABORT, 'u': UNDO}
BUTTONS = 6
HELP = (
    'hold w s a d or the arrows to drive, q e forward and to a side, h to take over and stand '
    'still; space: EMERGENCY STOP; y success, n failure, b abort, u undo; Ctrl-C ends'
)

ESCAPE = b'\x1b'
LONGEST_SEQUENCE = 16


class KeyDecoder:
    """Finds the keys of `DRIVE` and `PRESS` in what a terminal sends; leaves out anything else.

    An arrow is an escape sequence of three bytes, in either of two forms. Any other sequence is
    skipped as a whole, and one that arrives in pieces is put together: its letters must not drive.
    """

    def __init__(self) -> None:
        self._rest = b''

    def take(self, text: bytes) -> list[str]:
        """Return the keys in the next bytes; a sequence cut short waits for its rest."""
        text, keys, at = self._rest + text, [], 0
        while at < len(text):
            key, end = self._next(text, at)
            if end > len(text):
                break
            if key in DRIVE or key in PRESS:
                keys.append(key)
            at = end
        # What never ends is no escape sequence.
        self._rest = text[at:] if len(text) - at < LONGEST_SEQUENCE else b''
        return keys

    def _next(self, text: bytes, at: int) -> tuple[str | None, int]:
        """Return a key, if it is one, and where the next begins: past the end when cut short."""
        if text[at : at + 1] != ESCAPE:
            return chr(text[at]).lower(), at + 1
        if at + 1 == len(text):
            return None, at + 2
        if text[at + 1 : at + 2] not in (b'[', b'O'):
            return None, at + 1
        end = at + 2
        while end < len(text) and not 0x40 <= text[end] <= 0x7E:
            end += 1
        return (ARROWS.get(text[end : end + 1]) if end == at + 2 else None), end + 1


class VirtualStick:
    """Two axes, forward and left, and the buttons, from keys that act for a while."""

    def __init__(self, first_hold_s: float, repeat_hold_s: float):
        """Start with nothing pressed.

        :param first_hold_s: how long a key acts that was just pressed; longer than the pause after
            which a terminal begins to repeat.
        :param repeat_hold_s: how long it goes on to act after each repeat.
        """
        self._first_s, self._repeat_s = first_hold_s, repeat_hold_s
        # The key that acts, and when it ceases to.
        self._key: str | None = None
        self._until_s = -math.inf

    @property
    def until_s(self) -> float:
        """When the key that acts ceases to; inf when none does."""
        return self._until_s if self._key else math.inf

    def press(self, key: str, now_s: float) -> None:
        """Hear a key, pressed or repeated; one key acts at a time, the last."""
        self.expire(now_s)
        repeated = key == self._key
        hold_s = self._repeat_s if repeated else self._first_s
        until_s = now_s + hold_s
        self._until_s = max(self._until_s, until_s) if repeated else until_s
        self._key = key

    def expire(self, now_s: float) -> None:
        """Let go of a key that has not been repeated in time."""
        if now_s >= self._until_s:
            self._key = None

    @property
    def state(self) -> DeviceState:
        """The axes forward and left, and the buttons."""
        buttons = [0] * BUTTONS
        forward, left = 0.0, 0.0
        if self._key in DRIVE:
            forward, left = DRIVE[self._key]
            buttons[DEADMAN] = 1
        elif self._key is not None:
            buttons[PRESS[self._key]] = 1
        return DeviceState((forward, left), tuple(buttons))
