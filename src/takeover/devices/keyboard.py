"""The keyboard of a terminal as a joystick.

The terminal is put into a mode in which keys arrive one by one and are not shown. It is given back
as it was, also when the process ends by an error. Ctrl-C still ends the process.
"""

import atexit
from collections.abc import Callable
import os
import select
import sys
import termios
import time

from takeover.devices.device import DeviceError, DeviceLost, DeviceState, Identity
from takeover.devices.keys import KeyDecoder, VirtualStick

READ_BYTES = 1024
BY_ITSELF = 'run it by itself in a terminal: ros2 run takeover_nodes keyboard_node'


class Terminal:
    """A terminal that sends every key at once, until it is closed."""

    def __init__(self, fd: int | None = None):
        """Change the mode of the terminal.

        :param fd: file descriptor of the terminal; standard input when None.
        :raises DeviceError: it is no terminal, or the process runs in its background.
        """
        self.fd = sys.stdin.fileno() if fd is None else fd
        if not os.isatty(self.fd):
            raise DeviceError(f'standard input is not a terminal; {BY_ITSELF}')
        if not self._in_foreground():
            raise DeviceError(f'this process runs in the background of its terminal; {BY_ITSELF}')
        self._before: list | None = termios.tcgetattr(self.fd)
        atexit.register(self.close)
        termios.tcsetattr(self.fd, termios.TCSAFLUSH, self._key_by_key())

    def _in_foreground(self) -> bool:
        try:
            return os.tcgetpgrp(self.fd) == os.getpgrp()
        except OSError:
            return True  # not the terminal that controls this process: it has no background

    def _key_by_key(self) -> list:
        mode = [*self._before[:6], list(self._before[6])]
        # Ctrl-S must not stop the output, nor Ctrl-Z the process with the terminal in this mode.
        mode[0] &= ~termios.IXON
        mode[3] &= ~(termios.ICANON | termios.ECHO)
        mode[6][termios.VMIN], mode[6][termios.VTIME] = 1, 0
        mode[6][termios.VSUSP] = os.fpathconf(self.fd, 'PC_VDISABLE').to_bytes(1, 'little')
        return mode

    def read(self, timeout_s: float) -> bytes:
        """Return the bytes that came within `timeout_s`, perhaps none.

        :raises DeviceLost: the terminal has been closed.
        """
        try:
            if not select.select([self.fd], [], [], timeout_s)[0]:
                return b''
            text = os.read(self.fd, READ_BYTES)
        except OSError as error:
            raise DeviceLost(f'the terminal is gone ({error.strerror})') from None
        if not text:
            raise DeviceLost('the terminal is gone')
        return text

    def close(self) -> None:
        """Give the terminal back as it was."""
        before, self._before = self._before, None
        atexit.unregister(self.close)
        if before is not None:
            try:
                termios.tcsetattr(self.fd, termios.TCSANOW, before)
            except termios.error:
                return  # the terminal has gone, and its mode with it


class Keyboard:
    """The keys of a terminal: an `OpenDevice`."""

    identity = Identity('keyboard', 0, 0)
    problem = None

    def __init__(
        self,
        terminal: Terminal,
        first_hold_s: float,
        repeat_hold_s: float,
        clock: Callable[[], float] = time.monotonic,
    ):
        """Start with nothing pressed; the times are those of `VirtualStick`."""
        self._terminal, self._clock = terminal, clock
        self._stick = VirtualStick(first_hold_s, repeat_hold_s)
        self._decoder = KeyDecoder()
        self._keys = 0

    @property
    def state(self) -> DeviceState:
        """What is pressed now."""
        return self._stick.state

    def read(self, timeout_s: float) -> list[DeviceState]:
        """Wait for keys, but not past the moment at which one ceases to act.

        :raises DeviceLost: the terminal has been closed.
        """
        rest_s = max(self._stick.until_s - self._clock(), 0.0)
        keys = self._decoder.take(self._terminal.read(min(timeout_s, rest_s)))
        self._stick.expire(self._clock())
        states = [self._stick.state]
        for key in keys:
            self._stick.press(key, self._clock())
            states.append(self._stick.state)
        self._keys += len(keys)
        return states

    def facts(self) -> dict[str, object]:
        """Return how many keys were heard."""
        return {'keys': self._keys}

    def close(self) -> None:
        """Give the terminal back."""
        self._terminal.close()
