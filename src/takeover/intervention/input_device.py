"""Whether the person's device is there, and what it says.

A driver may repeat its last message for ever after the device has gone. A message whose stamp has
not advanced therefore counts as silence, and so does one that cannot be used.

Where the device's axes are not those of the action, what it says has a direction only while it is
known how the tool is turned. Without that the device is blind, not silent: its buttons count.
"""

from collections.abc import Sequence

from takeover.arm_samples import ToolSample
from takeover.intervention.command_reader import CommandReader
from takeover.intervention.human_command import HumanCommand, Press
from takeover.safety.acceptance import is_repeated
from takeover.safety.watchdog import Watchdog


class InputDevice:
    """The last command of a device and its age.

    Axes and buttons may come in one message or in two; the device is silent when either is. A
    button about the episode counts as pressed only when it was seen released before, without a
    silence between: one that is stuck, or held while the device comes back, says nothing.
    """

    def __init__(self, reader: CommandReader, timeout_s: float, tool_timeout_s: float):
        """Start without a device.

        :param timeout_s: silence after which it counts as lost.
        :param tool_timeout_s: age after which a tool state says nothing any more.
        """
        self._reader = reader
        self._axes: Sequence[float] = ()
        self._buttons: Sequence[int] = ()
        self._axes_watchdog = Watchdog(f'{reader.device} message', timeout_s)
        self._buttons_watchdog = Watchdog(f'{reader.device} button', timeout_s)
        self._tool: ToolSample | None = None
        self._tool_watchdog = Watchdog('tool state', tool_timeout_s)
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

    def blind(self, now_s: float) -> str | None:
        """Say why nobody knows which way the device points, or None."""
        if self._reader.needs_tool and self._tool_watchdog.expired(now_s):
            return self._tool_watchdog.reason()
        return None

    def command(self, now_s: float) -> HumanCommand | None:
        """Return what the person asks for, None while the device is silent.

        While it is blind, values mean nothing.
        """
        return None if self.silent(now_s) else self._command

    def hear_tool(self, tool: ToolSample, now_s: float, age_s: float) -> str | None:
        """Take how the tool is turned; return why it is not used, or None."""
        fault = self._tool_fault(tool, age_s)
        if fault is not None:
            return fault
        self._tool = tool
        self._tool_watchdog.feed(now_s, age_s)
        if self._command is not None:
            self._read()
        return None

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
            self._read()
            self._note_presses(self._command.pressed)
        return None

    def take_presses(self) -> tuple[Press, ...]:
        """Return what was pressed since this was asked last, in that order."""
        presses, self._presses = tuple(self._presses), []
        return presses

    def _read(self) -> None:
        self._command = self._reader.command(self._axes, self._buttons, self._tool)

    def _tool_fault(self, tool: ToolSample, age_s: float) -> str | None:
        fault = tool.fault()
        if fault is not None:
            return f'tool state: {fault}'
        if not tool.frame_id:
            return 'tool state names no frame'
        if self._tool is not None and is_repeated(tool.stamp_ns, self._tool.stamp_ns):
            return 'tool state stamp did not advance'
        if not abs(age_s) <= self._tool_watchdog.timeout_s:
            return f'tool state is stamped more than {self._tool_watchdog.timeout_s:g} s off'
        return None

    def _note_presses(self, pressed: frozenset[Press]) -> None:
        armed = frozenset() if self.came_back else self._armed
        self._presses += [press for press in Press if press in pressed & armed]
        self._armed = frozenset(Press) - pressed
