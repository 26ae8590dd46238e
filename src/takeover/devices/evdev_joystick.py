"""A joystick behind an event node of the kernel (/dev/input/event*), read through evdev."""

import contextlib
from pathlib import Path
import re
import select
import time

import evdev
from takeover.devices.device import (
    DeviceError,
    DeviceForbidden,
    DeviceLost,
    DeviceState,
    Identity,
)
from takeover.devices.joystick_layout import EV_ABS, EV_KEY, is_joystick, JoystickLayout

DEVICE_FOLDER = Path('/dev/input')
# A node may say that there is something to read and then have nothing.
FALSE_ALARM_S = 0.002
REMEDY = 'add yourself to the group that owns it (sudo usermod -aG input "$USER") and log in again'


class EvdevJoystick:
    """An open joystick: an `OpenDevice`."""

    problem = None

    def __init__(self, path: str | Path):
        """Open an event node and start from the state it reports.

        :raises DeviceError: it is not there, not ours to read, or not a joystick.
        """
        self.path = str(path)
        try:
            self._device = evdev.InputDevice(self.path)
        except SystemError:
            # What evdev 2.0 raises when the device goes while it is being asked what it is.
            raise DeviceLost(f'{path}: gone while it was opened') from None
        except PermissionError:
            raise DeviceForbidden(f'{path}: permission denied; {REMEDY}') from None
        except OSError as error:
            raise DeviceError(
                f'{path}: cannot be opened as an event device ({error.strerror}); a joystick is '
                '/dev/input/eventN or /dev/input/by-id/NAME-event-joystick'
            ) from None
        info = self._device.info
        self.identity = Identity(
            name=self._device.name,
            # The library reads them as signed numbers.
            vendor=info.vendor & 0xFFFF,
            product=info.product & 0xFFFF,
            unique_id=self._device.uniq or '',
            place=self._device.phys or '',
        )
        capabilities = self._device.capabilities(absinfo=True)
        axes = dict(capabilities.get(EV_ABS, []))
        buttons = capabilities.get(EV_KEY, [])
        if not is_joystick(axes, buttons):
            self.close()
            raise DeviceError(f'{path}: {self.identity} is not a joystick')
        self._layout = JoystickLayout(
            {code: (found.min, found.max) for code, found in axes.items()}, buttons
        )
        self._synchronise()

    @property
    def state(self) -> DeviceState:
        """What it says now."""
        return self._layout.state

    def read(self, timeout_s: float) -> list[DeviceState]:
        """Wait for events and return the state after each complete report.

        :raises DeviceLost: it has been unplugged.
        """
        states, overruns = [], self._layout.overruns
        try:
            if not select.select([self._device.fd], [], [], timeout_s)[0]:
                return []
            for event in self._device.read():
                if self._layout.take(event.type, event.code, event.value):
                    states.append(self._layout.state)
        except BlockingIOError:
            time.sleep(min(timeout_s, FALSE_ALARM_S))
        except OSError as error:
            raise DeviceLost(f'{self.identity} is gone ({error.strerror})') from None
        if self._layout.overruns != overruns:
            self._synchronise()
            return [self._layout.state]
        return states

    def facts(self) -> dict[str, object]:
        """Return where it is and how often its events came too fast."""
        return {'path': self.path, 'overruns': self._layout.overruns}

    def close(self) -> None:
        """Close the node; of one that has gone the kernel may refuse even that."""
        with contextlib.suppress(OSError):
            self._device.close()

    def _synchronise(self) -> None:
        """Ask the kernel for the state of every axis and button.

        :raises DeviceLost: it has been unplugged meanwhile.
        """
        try:
            axes = {code: self._device.absinfo(code).value for code in self._layout.codes}
            self._layout.set_all(axes, self._device.active_keys())
        except OSError as error:
            self.close()
            raise DeviceLost(f'{self.identity} is gone ({error.strerror})') from None


def find_joystick(
    wanted: str, known: Identity | None = None, folder: Path = DEVICE_FOLDER
) -> EvdevJoystick:
    """Open the joystick that is wanted.

    :param wanted: path of an event node; or a name, a unique id or vendor:product; empty is the
        first joystick found.
    :param known: when it was found before: open it again, and no other.
    :param folder: where to look.
    :raises DeviceError: it is not there; what is there instead, and what may not be opened.
    """
    if '/' in wanted:
        joystick = EvdevJoystick(wanted)
        if known is not None and not known.same_device(joystick.identity):
            joystick.close()
            raise DeviceError(
                f'{wanted} is now {joystick.identity} and was {known}; restart the node to take it'
            )
        return joystick
    others, forbidden = [], []
    for node in _nodes(folder):
        try:
            joystick = EvdevJoystick(node)
        except DeviceForbidden:
            forbidden.append(str(node))
            continue
        except DeviceError:
            continue
        if joystick.identity.answers_to(wanted) and (
            known is None or known.same_device(joystick.identity)
        ):
            return joystick
        joystick.close()
        others.append(str(joystick.identity))
    raise DeviceError(_not_found(wanted, known, folder, others, forbidden))


def _not_found(
    wanted: str, known: Identity | None, folder: Path, others: list[str], forbidden: list[str]
) -> str:
    sought = str(known) if known else f'joystick {wanted!r}' if wanted else 'joystick'
    sentence = f'no {sought} in {folder}'
    if others:
        sentence += f'; there is {"; ".join(others)}'
    if forbidden:
        sentence += f'; {", ".join(forbidden)} may not be read: {REMEDY}'
    return sentence


def _nodes(folder: Path) -> list[Path]:
    try:
        return sorted(folder.glob('event*'), key=_number)
    except OSError as error:
        raise DeviceError(f'{folder}: cannot be read: {error.strerror}') from None


def _number(node: Path) -> tuple[int, str]:
    digits = re.search(r'\d+$', node.name)
    return (int(digits[0]) if digits else 0, node.name)
