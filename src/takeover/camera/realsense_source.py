"""A RealSense camera, or a recording of one: colours, and depth aligned to them.

The newest pair of pictures wins: the pipeline keeps one, and one that was read is never given
again. Stamps are capture times on the host's clock: as the library gives them when it maps the
camera's clock itself (global time) or knows only arrivals (system time); else the camera's own
clock is mapped by `takeover.camera.device_clock`. So is the clock of a recording, whose frames are
stamped as if they were taken while it plays.
"""

import contextlib
from pathlib import Path
import threading
import time
from typing import Any

import numpy as np
from takeover.camera.device_clock import DeviceClock
from takeover.camera.frame import Frame, Intrinsics
from takeover.camera.realsense_device import (
    Device,
    find_device,
    find_stream,
    info,
    library_errors,
    load_library,
    Mode,
    reset_device,
    set_exposure,
)
from takeover.camera.realsense_frame import depth_mm, ros_intrinsics
from takeover.camera.source import CameraError
from takeover.camera.starting import in_turn

# Colours and depth whose times are so many periods apart are not of one moment.
_PAIR_PERIODS = 0.75


class _Departure:
    """Told by the library which devices went; knows nothing of the source, so neither holds it."""

    def __init__(self):
        self.device: Device | None = None
        self.gone = threading.Event()

    def __call__(self, event: Any) -> None:
        if self.device is not None and event.was_removed(self.device):
            self.gone.set()


class RealSenseSource:
    """One RealSense; a `CameraSource`."""

    def __init__(
        self,
        serial: str | None,
        width: int,
        height: int,
        rate_hz: float,
        depth: bool = False,
        exposure_us: float | None = None,
        reset_on_start: bool = False,
        context: Any = None,
        recording: str | Path | None = None,
        loop: bool = False,
    ) -> None:
        """Prepare; `open` opens.

        :param serial: serial number; None: the only camera there is.
        :param width: pixels of the colours; depth comes from the nearest mode and is aligned.
        :param height: as `width`.
        :param rate_hz: frames per second of both.
        :param depth: whether frames have depth.
        :param exposure_us: of the colour sensor, microseconds; None: automatic.
        :param reset_on_start: reset the device before it is opened the first time.
        :param context: an rs.context to find devices in, for this source alone, which listens to
            its changes; None: one of its own.
        :param recording: path of a recording (.db3) to play instead of a camera.
        :param loop: begin a recording again at its end.
        """
        self._serial, self._mode, self._with_depth = serial, Mode(width, height, rate_hz), depth
        self._exposure_us, self._reset = exposure_us, reset_on_start
        self._context, self._departure = context, _Departure()
        self._recording = None if recording is None else Path(recording)
        self._loop, self._ended = loop, False
        self._pipeline: Any = None
        self._align: Any = None
        self._intrinsics: Intrinsics | None = None
        self._clock = DeviceClock()
        self._newest: tuple[int, float] | None = None
        self._known: dict[str, float | int | str] = {}
        self._lone = 0

    @property
    def description(self) -> str:
        """The serial number or the recording."""
        if self._recording is not None:
            return f'RealSense recording {self._recording}'
        return f'RealSense {self._serial}' if self._serial else 'RealSense'

    def open(self) -> None:
        """Find the camera, set it up and start it; cameras start one after another.

        :raises CameraError: it is not there or is busy, several are and no serial was given, it
            has no such mode or exposure, or pyrealsense2 is not installed.
        """
        self.close()
        rs = load_library()
        with in_turn(), library_errors(f'{self.description} cannot be started'):
            self._listen(rs)
            pipeline, config = rs.pipeline(self._context), rs.config()
            device = self._choose(rs, pipeline, config)
            sensor, colour = find_stream(device, 'color', self._mode, any_size=False)
            config.enable_stream(rs.stream.color, *colour[:2], rs.format.rgb8, int(colour.rate_hz))
            if self._with_depth:
                _, deep = find_stream(device, 'depth', self._mode, any_size=True)
                config.enable_stream(rs.stream.depth, *deep[:2], rs.format.z16, int(deep.rate_hz))
                self._align = rs.align(rs.stream.color)
            if self._recording is None:
                set_exposure(sensor, self._exposure_us)
            profile = pipeline.start(config)
            self._pipeline = pipeline
        stream = profile.get_stream(rs.stream.color).as_video_stream_profile()
        self._intrinsics = ros_intrinsics(stream.get_intrinsics())
        self._clock, self._newest, self._lone = DeviceClock(), None, 0
        self._known = {
            'model': info(device, 'name'),
            'serial': info(device, 'serial_number'),
            'firmware': info(device, 'firmware_version'),
            'usb': info(device, 'usb_type_descriptor'),
        }

    def read(self, timeout_s: float) -> Frame | None:
        """Return the newest frame that was not read yet; None when none came in time.

        Colours whose depth is not there are given without, one period later.

        :raises CameraError: the camera was unplugged, or the recording has ended.
        """
        if self._pipeline is None:
            raise CameraError(f'{self.description} is not open')
        now_s = time.monotonic()
        deadline_s = now_s + timeout_s
        lone: tuple[Any, int] | None = None
        while True:
            if self._departure.gone.is_set():
                raise CameraError(f'{self.description} was unplugged')
            with library_errors(f'{self.description} was lost'):
                wait_ms = max(0, round(1e3 * (deadline_s - now_s)))
                came, frames = self._pipeline.try_wait_for_frames(wait_ms)
            arrival_ns, now_s = time.time_ns(), time.monotonic()
            if came and self._is_new(frames):
                if not self._with_depth or self._is_pair(frames):
                    return self._frame(frames, arrival_ns, self._with_depth)
                if lone is None:
                    deadline_s = min(deadline_s, now_s + 1.0 / self._mode.rate_hz)
                lone = frames, arrival_ns
            if not came or now_s >= deadline_s:
                break
        if lone is not None:
            self._lone += 1
            return self._frame(*lone, with_depth=False)
        self._look_for_end()
        return None

    def facts(self) -> dict[str, float | int | str]:
        """Return which camera this is, whose clock stamps its frames, and how that clock runs."""
        facts = dict(self._known)
        if self._with_depth:
            facts['frames_without_depth'] = self._lone
        if (clock := self._clock.estimate) is not None:
            facts |= {
                'clock_offset_s': clock.offset_s,
                'clock_drift_ppm': clock.drift_ppm,
                'clock_residual_s': clock.residual_s,
                'clock_restarts': clock.restarts,
            }
        return facts

    def close(self) -> None:
        """Stop the camera; of one that has gone the library may refuse even that."""
        # A device holds its context, which holds who listens to it.
        self._departure.device = None
        pipeline, self._pipeline = self._pipeline, None
        if pipeline is not None:
            with contextlib.suppress(RuntimeError):
                pipeline.stop()

    def _listen(self, rs: Any) -> None:
        """Hear of devices that go; the context stays while the source does."""
        if self._context is None:
            self._context = rs.context()
        self._context.set_devices_changed_callback(self._departure)

    def _choose(self, rs: Any, pipeline: Any, config: Any) -> Device:
        """Return the device that the pipeline is to run, and tell the pipeline's configuration."""
        if self._recording is not None:
            return self._choose_recording(rs, pipeline, config)
        device = find_device(self._context, self._serial)
        if self._reset:
            device = reset_device(self._context, device)
            self._reset = False
        # A reset is a departure as well.
        self._departure.gone.clear()
        self._departure.device = device
        config.enable_device(info(device, 'serial_number'))
        return device

    def _choose_recording(self, rs: Any, pipeline: Any, config: Any) -> Device:
        if self._ended:
            raise CameraError(f'{self.description} has ended; loop: true would begin it again')
        if not self._recording.is_file():
            raise CameraError(f'{self.description} is not there')
        config.enable_device_from_file(str(self._recording), self._loop)
        return config.resolve(rs.pipeline_wrapper(pipeline)).get_device()

    def _look_for_end(self) -> None:
        if self._recording is None:
            return
        rs = load_library()
        device = self._pipeline.get_active_profile().get_device()
        if not self._loop and device.as_playback().current_status() == rs.playback_status.stopped:
            self._ended = True
            raise CameraError(f'{self.description} has ended')

    def _is_new(self, frames: Any) -> bool:
        """Whether the colours were not read yet: with every new depth they come again."""
        colour = frames.get_color_frame()
        return bool(colour) and (colour.frame_number, colour.timestamp) != self._newest

    def _is_pair(self, frames: Any) -> bool:
        colour, depth = frames.get_color_frame(), frames.get_depth_frame()
        if not depth or depth.frame_timestamp_domain != colour.frame_timestamp_domain:
            return False
        apart_s = abs(colour.timestamp - depth.timestamp) / 1e3
        return apart_s <= _PAIR_PERIODS / self._mode.rate_hz

    def _frame(self, frames: Any, arrival_ns: int, with_depth: bool) -> Frame:
        """Copy the pictures: the library has few buffers, and reuses them."""
        colour = frames.get_color_frame()
        self._newest = (colour.frame_number, colour.timestamp)
        millimetres = None
        if with_depth:
            depth = self._align.process(frames).get_depth_frame()
            millimetres = depth_mm(np.asanyarray(depth.get_data()), depth.get_units())
        return Frame(
            np.asanyarray(colour.get_data()).copy(),
            'rgb8',
            self._stamp_ns(colour, arrival_ns),
            self._intrinsics,
            millimetres,
        )

    def _stamp_ns(self, colour: Any, arrival_ns: int) -> int:
        """Return the time of capture on the host's clock; nothing is taken after it arrived."""
        domain = colour.frame_timestamp_domain.name
        device_ns = round(1e6 * colour.timestamp)
        own_clock = self._recording is not None or domain == 'hardware_clock'
        stamp_ns = self._clock.to_host_ns(device_ns, arrival_ns) if own_clock else device_ns
        self._known['clock'] = 'recording' if self._recording is not None else domain
        self._known['delay_s'] = (arrival_ns - stamp_ns) / 1e9
        return min(stamp_ns, arrival_ns)
