"""Whether the person's device is there, and what it says.

A driver may repeat its last message for ever after the device has gone. A message whose stamp has
not advanced therefore counts as silence, and so does one that cannot be used.
"""

from collections.abc import Sequence

from takeover.intervention.command_reader import CommandReader
from takeover.intervention.human_command import HumanCommand, Press
from takeover.safety.watchdog import Watchdog


class InputDevice:
    """The last command of a device and its age.

    Axes and buttons may come in one message or in two; the device is silent when either is. A
    button about the episode counts as pressed only when it was seen released before, without a
    silence between: one that is stuck, or held while the device comes back, says nothing.
    """

    def __init__(self, reader: CommandReader, timeout_s: float):
        """Start without a device.

        :param timeout_s: silence after which it counts as lost.
        """
        self._reader = reader
        self._axes: Sequence[float] = ()
        self._buttons: Sequence[int] = ()
        self._axes_watchdog = Watchdog(f'{reader.device} message', timeout_s)
        self._buttons_watchdog = Watchdog(f'{reader.device} button', timeout_s)
        self._stamps_ns: dict[tuple[bool, bool], int] = {}
        self._command: HumanCommand | None = None
        self._armed: frozenset[Press] = frozenset()
        self._presses: list[Press] = []
        self.came_back = False
        """Whether the message heard last ended a silence."""

    @property
    def ever_heard(self) -> bool:
        """Whether there has ever been one."""
        return self._command is not None

    def silent(self, now_s: float) -> bool:
        """Whether nothing usable has been heard for the time-out."""
        without_buttons = self._reader.buttons_needed > 0 and self._buttons_watchdog.expired(now_s)
        return self._axes_watchdog.expired(now_s) or without_buttons

    def silence(self, now_s: float) -> str:
        """Say for how long it has been silent."""
        if self._axes_watchdog.expired(now_s):
            return self._axes_watchdog.reason()
        return self._buttons_watchdog.reason()

    def command(self, now_s: float) -> HumanCommand | None:
        """Return what the person asks for, None while the device is silent."""
        return None if self.silent(now_s) else self._command

    def hear(
        self,
        axes: Sequence[float] | None,
        buttons: Sequence[int] | None,
        stamp_ns: int,
        now_s: float,
    ) -> str | None:
        """Take a message; return why it is not used (one of a fixed set of sentences), or None.

        :param axes: None: the message has only buttons.
        :param buttons: None: the message has only axes.
        """
        fault = axes is not None and self._reader.axes_fault(axes)
        fault = fault or (buttons is not None and self._reader.buttons_fault(buttons))
        if fault:
            return fault
        kind = (axes is not None, buttons is not None)
        last_ns, self._stamps_ns[kind] = self._stamps_ns.get(kind), stamp_ns
        if last_ns is not None and stamp_ns <= last_ns:
            return f'{self._reader.device} stamp did not advance'
        was_silent = self.silent(now_s)
        if axes is not None:
            self._axes = tuple(axes)
            self._axes_watchdog.feed(now_s)
        if buttons is not None:
            self._buttons = tuple(buttons)
            self._buttons_watchdog.feed(now_s)
        self.came_back = was_silent and not self.silent(now_s)
        if not self.silent(now_s):
            self._command = self._reader.command(self._axes, self._buttons)
            self._note_presses(self._command.pressed)
        return None

    def take_presses(self) -> tuple[Press, ...]:
        """Return what was pressed since this was asked last, in that order."""
        presses, self._presses = tuple(self._presses), []
        return presses

    def _note_presses(self, pressed: frozenset[Press]) -> None:
        armed = frozenset() if self.came_back else self._armed
        self._presses += [press for press in Press if press in pressed & armed]
        self._armed = frozenset(Press) - pressed
