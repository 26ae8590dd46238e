"""A SpaceMouse behind a HID node of the kernel (/dev/hidraw*), read through hidapi.

The kernel's own HID nodes serve cable, radio receiver and Bluetooth alike, and leave the device to
others; hidapi's other way, through libusb, knows no Bluetooth.
"""

from collections.abc import Callable
import time
from typing import Any, NamedTuple, Protocol

import hidraw
from takeover.devices.device import (
    DeviceError,
    DeviceForbidden,
    DeviceLost,
    DeviceState,
    Identity,
)
from takeover.devices.spacemouse_reports import FULL_SCALE, SpaceMouseReports

REPORT_BYTES = 64
# A multi-axis controller among the generic desktop devices. A device offers other things as well.
DESKTOP_PAGE, MULTI_AXIS = 0x01, 0x08
REMEDY = (
    'let the user read it: put KERNEL=="hidraw*", ATTRS{idVendor}=="256f|046d", TAG+="uaccess" '
    'into /etc/udev/rules.d/70-spacemouse.rules and plug it in again'
)


class Model(NamedTuple):
    """What is not in the reports themselves: the length of a report tells how its axes lie."""

    name: str
    buttons: int


# By vendor and product. Large models number their keys with gaps, up to bit 31.
MODELS = {
    (0x046D, 0xC623): Model('SpaceTraveler', 8),
    (0x046D, 0xC625): Model('SpacePilot', 21),
    (0x046D, 0xC626): Model('SpaceNavigator', 2),
    (0x046D, 0xC627): Model('SpaceExplorer', 15),
    (0x046D, 0xC628): Model('SpaceNavigator for Notebooks', 2),
    (0x046D, 0xC629): Model('SpacePilot Pro', 31),
    (0x046D, 0xC62B): Model('SpaceMouse Pro', 27),
    (0x256F, 0xC62E): Model('SpaceMouse Wireless, cable', 2),
    (0x256F, 0xC62F): Model('SpaceMouse Wireless, receiver', 2),
    (0x256F, 0xC631): Model('SpaceMouse Pro Wireless, cable', 27),
    (0x256F, 0xC632): Model('SpaceMouse Pro Wireless, receiver', 27),
    (0x256F, 0xC633): Model('SpaceMouse Enterprise', 32),
    (0x256F, 0xC635): Model('SpaceMouse Compact', 2),
    (0x256F, 0xC636): Model('SpaceMouse Module', 2),
    (0x256F, 0xC638): Model('SpaceMouse Pro Wireless, Bluetooth', 27),
    (0x256F, 0xC63A): Model('SpaceMouse Wireless, Bluetooth', 2),
    (0x256F, 0xC652): Model('Universal Receiver', 32),
}


class HidHandle(Protocol):
    """What is needed of an open HID device: hidapi's, or one that a test feeds."""

    def read(self, max_length: int, timeout_ms: int) -> list[int]:
        """Return one report, or nothing after the time-out; OSError when it is gone."""

    def close(self) -> None:
        """Give it back."""


class HidSpaceMouse:
    """An open SpaceMouse: an `OpenDevice`."""

    def __init__(
        self,
        handle: HidHandle,
        identity: Identity,
        full_scale: float = FULL_SCALE,
        stale_s: float = 0.5,
        clock: Callable[[], float] = time.monotonic,
    ):
        """Start at rest: a cap that is deflected says so within one report.

        :param identity: of one of `MODELS`.
        :param stale_s: a deflected device that is silent for longer has lost its radio link.
        """
        model = MODELS[identity.vendor, identity.product]
        self.identity = identity
        self._handle, self._clock = handle, clock
        self._reports = SpaceMouseReports(model.buttons, full_scale)
        self._stale_s = stale_s
        self._heard_s = clock()
        self._taken = 0

    @property
    def state(self) -> DeviceState:
        """What it says now."""
        return self._reports.state

    @property
    def problem(self) -> str | None:
        """Say that a deflected device has fallen silent: its last state must not be repeated."""
        if self._reports.deflected and self._clock() - self._heard_s > self._stale_s:
            return (
                f'{self.identity} was deflected and has been silent for {self._stale_s:g} s: '
                'is it still connected to its receiver?'
            )
        return None

    def read(self, timeout_s: float) -> list[DeviceState]:
        """Wait for one report.

        :raises DeviceLost: it has been unplugged.
        """
        try:
            # hidapi takes 0 ms for ever.
            report = bytes(self._handle.read(REPORT_BYTES, max(1, round(1e3 * timeout_s))))
        except (OSError, ValueError) as error:
            raise DeviceLost(f'{self.identity} is gone ({error})') from None
        if not report or not self._reports.take(report):
            return []
        self._taken += 1
        self._heard_s = self._clock()
        return [self._reports.state]

    def facts(self) -> dict[str, object]:
        """Return how many reports were used and ignored."""
        ignored = {f'reports {why}': count for why, count in self._reports.ignored.items()}
        return {'reports': self._taken, **ignored}

    def close(self) -> None:
        """Close the node."""
        self._handle.close()


def find_spacemouse(
    wanted: str,
    known: Identity | None = None,
    backend: Any = hidraw,
    **options: float,
) -> HidSpaceMouse:
    """Open the SpaceMouse that is wanted.

    :param wanted: a name, a serial number or vendor:product; empty is the first one found.
    :param known: when it was found before: open it again, and no other.
    :param backend: module with `enumerate` and `device` as hidapi has them.
    :param options: `full_scale` and `stale_s` of `HidSpaceMouse`.
    :raises DeviceError: it is not there, and what is; or it may not be opened.
    """
    others = []
    for entry in backend.enumerate():
        key = (entry['vendor_id'], entry['product_id'])
        usage = (entry['usage_page'], entry['usage'])
        if key not in MODELS or usage != (DESKTOP_PAGE, MULTI_AXIS):
            continue
        identity = Identity(
            MODELS[key].name, *key, entry['serial_number'] or '', entry['path'].decode()
        )
        if identity.answers_to(wanted) and (known is None or known.same_device(identity)):
            return HidSpaceMouse(_open(backend, entry['path']), identity, **options)
        others.append(str(identity))
    sought = str(known) if known else f'SpaceMouse {wanted!r}' if wanted else 'SpaceMouse'
    there = f'; there is {"; ".join(others)}' if others else ''
    raise DeviceError(f'no {sought} is plugged in{there}')


def _open(backend: Any, path: bytes) -> HidHandle:
    handle = backend.device()
    try:
        handle.open_path(path)
    except OSError as error:
        raise DeviceForbidden(f'{path.decode()}: cannot be opened ({error}); {REMEDY}') from None
    return handle
