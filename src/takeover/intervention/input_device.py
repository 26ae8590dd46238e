"""Whether the person's device is there, and what it says.

A driver may repeat its last message for ever after the device has gone. A message whose stamp has
not advanced therefore counts as silence, and so does one that cannot be used.
"""

from collections.abc import Sequence

from takeover.intervention.joystick import HumanCommand, Joystick
from takeover.safety.watchdog import Watchdog


class InputDevice:
    """The last command of a device and its age.

    A dead-man counts as pressed only when it was seen released before, without a silence between:
    a button that is stuck, or held while the device comes back, gives nobody control.
    """

    def __init__(self, joystick: Joystick, timeout_s: float):
        """Start without a device.

        :param timeout_s: silence after which it counts as lost.
        """
        self._joystick = joystick
        self._watchdog = Watchdog('joystick message', timeout_s)
        self._stamp_ns: int | None = None
        self._seen_released = False
        self._command: HumanCommand | None = None

    @property
    def ever_heard(self) -> bool:
        """Whether there has ever been one."""
        return self._command is not None

    def silent(self, now_s: float) -> bool:
        """Whether nothing usable has been heard for the time-out."""
        return self._watchdog.expired(now_s)

    def silence(self) -> str:
        """Say for how long it has been silent."""
        return self._watchdog.reason()

    def command(self, now_s: float) -> HumanCommand | None:
        """Return what the person asks for, None while the device is silent."""
        return None if self.silent(now_s) else self._command

    def hear(
        self, axes: Sequence[float], buttons: Sequence[int], stamp_ns: int, now_s: float
    ) -> str | None:
        """Take a message; return why it is not used (one of a fixed set of sentences), or None."""
        fault = self._joystick.fault(axes, buttons)
        if fault:
            return fault
        last_ns, self._stamp_ns = self._stamp_ns, stamp_ns
        if last_ns is not None and stamp_ns <= last_ns:
            return 'joystick stamp did not advance'
        if self.silent(now_s):
            self._seen_released = False
        self._watchdog.feed(now_s)
        self._command = self._joystick.command(axes, buttons)
        return None

    def take_edge(self) -> bool:
        """Whether the dead-man has just been pressed; to be asked once after each message."""
        pressed, counts = self._command.deadman, self._seen_released
        self._seen_released = not pressed
        return pressed and counts
