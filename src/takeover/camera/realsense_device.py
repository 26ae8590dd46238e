"""RealSense devices through pyrealsense2: which are there, their modes, their settings.

pyrealsense2 is imported when it is first needed: who has no RealSense needs no such library.
Devices, sensors and profiles are those of that library.
"""

from collections.abc import Iterator
from contextlib import contextmanager
import time
from types import ModuleType
from typing import Any, NamedTuple

from takeover.camera.source import CameraError

Device = Any
Sensor = Any
# How long a device may take to go, and to come back, after it was reset; it takes about 3 s.
RESET_GONE_S = 5.0
RESET_BACK_S = 15.0
_LOOK_S = 0.1
# Unit of a colour sensor's exposure (UVC); a stereo module counts microseconds.
_UVC_EXPOSURE_US = 100.0


def load_library() -> ModuleType:
    """Return pyrealsense2.

    :raises CameraError: it cannot be imported; what to install.
    """
    try:
        import pyrealsense2
    except ImportError as error:
        raise CameraError(
            f'a RealSense needs pyrealsense2, which cannot be imported ({error}): '
            'pip install pyrealsense2, and on Debian or Ubuntu sudo apt install libusb-1.0-0'
        ) from None
    return pyrealsense2


@contextmanager
def library_errors(doing: str) -> Iterator[None]:
    """Turn what pyrealsense2 raises into a CameraError that says what was being done."""
    try:
        yield
    except RuntimeError as error:
        raise CameraError(f'{doing}: {error}') from None


class Mode(NamedTuple):
    """Size and rate of a stream."""

    width: int
    height: int
    rate_hz: float

    def __str__(self) -> str:
        """Say it as people do."""
        return f'{self.width}x{self.height} at {self.rate_hz:g} Hz'

    def distance(self, other: 'Mode') -> float:
        """How far apart two modes are, as shares of this one's numbers."""
        return sum(abs(mine - its) / mine for mine, its in zip(self, other))


def info(device: Device, key: str) -> str:
    """Return what a device says of itself under a name of rs.camera_info; '' when nothing."""
    what = getattr(load_library().camera_info, key)
    return device.get_info(what) if device.supports(what) else ''


def find_device(context: Any, serial: str | None) -> Device:
    """Return the device with a serial number; without one, the only device there is.

    :raises CameraError: it is not there, or there are several; which are.
    """
    with library_errors('RealSense cameras cannot be listed'):
        devices = {info(device, 'serial_number'): device for device in context.query_devices()}
    # One that waits for new firmware has no serial number.
    devices.pop('', None)
    if serial is None and len(devices) == 1:
        return next(iter(devices.values()))
    found = ', '.join(sorted(devices))
    none = 'none is plugged in, or this user may not open it'
    if serial is None and devices:
        raise CameraError(f'several RealSense cameras are there: give the serial, one of {found}')
    if serial is None:
        raise CameraError(f'no RealSense camera: {none}')
    if serial not in devices:
        there = f'there is {found}' if found else none
        raise CameraError(f'no RealSense camera with serial {serial}: {there}')
    return devices[serial]


def reset_device(context: Any, device: Device, back_s: float = RESET_BACK_S) -> Device:
    """Reset a device, wait until it is back, and return it; the old one is of no use any more.

    :param back_s: seconds it may take to come back.
    :raises CameraError: it cannot be reset, or did not come back.
    """
    serial = info(device, 'serial_number')
    with library_errors(f'RealSense {serial} cannot be reset'):
        device.hardware_reset()
    gone_s = time.monotonic() + RESET_GONE_S
    # One that nobody saw go was faster than we look.
    while device.is_connected() and time.monotonic() < gone_s:
        time.sleep(_LOOK_S)
    return await_device(context, serial, back_s)


def await_device(context: Any, serial: str, timeout_s: float) -> Device:
    """Return the device with a serial number as soon as it is there.

    :raises CameraError: it is not there in time.
    """
    deadline_s = time.monotonic() + timeout_s
    while True:
        try:
            return find_device(context, serial)
        except CameraError as error:
            if time.monotonic() > deadline_s:
                raise CameraError(
                    f'{error}; it did not come back within {timeout_s:g} s of its reset: unplug '
                    'it and plug it in again'
                ) from None
        time.sleep(_LOOK_S)


def find_stream(device: Device, stream: str, wanted: Mode, any_size: bool) -> tuple[Sensor, Mode]:
    """Return the sensor that gives colours or depth in a mode, and the mode.

    :param stream: 'color' (as rgb8) or 'depth' (as z16).
    :param any_size: the nearest size does as well, at the rate wanted.
    :raises CameraError: no such mode; the nearest ones.
    """
    rs = load_library()
    kind = getattr(rs.stream, stream)
    pixels = rs.format.rgb8 if stream == 'color' else rs.format.z16
    modes: dict[Mode, Sensor] = {}
    for sensor in device.query_sensors():
        for profile in sensor.get_stream_profiles():
            if profile.stream_type() == kind and profile.format() == pixels:
                video = profile.as_video_stream_profile()
                modes[Mode(video.width(), video.height(), video.fps())] = sensor
    near = sorted(modes, key=wanted.distance)
    fits = [mode for mode in near if mode == wanted or any_size and mode.rate_hz == wanted.rate_hz]
    if fits:
        return modes[fits[0]], fits[0]
    name = f'RealSense {info(device, "serial_number")}'
    if not near:
        raise CameraError(f'{name} has no {stream} stream')
    usb = info(device, 'usb_type_descriptor')
    slow = f'; it is on USB {usb}, USB 3 gives more modes' if usb.startswith('2') else ''
    nearest = ', '.join(str(mode) for mode in near[:3])
    raise CameraError(f'{name} gives no {stream} of {wanted}; nearest: {nearest}{slow}')


def set_exposure(sensor: Sensor, exposure_us: float | None) -> None:
    """Set the exposure of the sensor that gives the colours; None: automatic.

    An automatic one may not slow the stream down in the dark: the rate was asked for.

    :raises CameraError: the sensor has no such setting, or not this value; the legal range.
    """
    option = load_library().option
    for key, value in (
        (option.enable_auto_exposure, float(exposure_us is None)),
        (option.auto_exposure_priority, 0.0),
    ):
        if sensor.supports(key) and not sensor.is_option_read_only(key):
            with library_errors(f'RealSense: {key.name} cannot be set'):
                sensor.set_option(key, value)
    if exposure_us is None:
        return
    if not sensor.supports(option.exposure):
        raise CameraError('this RealSense has no exposure to set: exposure_us must be null')
    unit_us = 1.0 if sensor.is_depth_sensor() else _UVC_EXPOSURE_US
    legal = sensor.get_option_range(option.exposure)
    value = round(exposure_us / unit_us)
    if not legal.min <= value <= legal.max:
        raise CameraError(
            f'exposure_us is {exposure_us:g}; this RealSense takes {legal.min * unit_us:g} to '
            f'{legal.max * unit_us:g}'
        )
    with library_errors('RealSense: the exposure cannot be set'):
        sensor.set_option(option.exposure, value)
