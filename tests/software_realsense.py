"""RealSense cameras without hardware: devices of pyrealsense2 itself, fed by the test.

Everything behind the sensor is the real library: context, pipeline, syncer, aligner, recorder.
"""

from pathlib import Path
import time

import numpy as np
import pyrealsense2 as rs

COLOUR_SIZE, DEPTH_SIZE, RATE_HZ = (128, 96), (64, 48), 30
PERIOD_MS = 1e3 / RATE_HZ
UNITS_M = 0.001
# From the depth sensor to the colour sensor, metres: depth is seen this far to the right.
BASELINE_M = 0.05
SYSTEM, GLOBAL = rs.timestamp_domain.system_time, rs.timestamp_domain.global_time
HARDWARE = rs.timestamp_domain.hardware_clock


def lens(size: tuple[int, int], focal: float) -> rs.intrinsics:
    """Return a lens without distortion whose middle is that of the picture."""
    intrinsics = rs.intrinsics()
    intrinsics.width, intrinsics.height = size
    intrinsics.fx = intrinsics.fy = focal
    intrinsics.ppx, intrinsics.ppy = size[0] / 2, size[1] / 2
    intrinsics.model = rs.distortion.brown_conrady
    intrinsics.coeffs = [0.0] * 5
    return intrinsics


COLOUR_LENS, DEPTH_LENS = lens(COLOUR_SIZE, 120.0), lens(DEPTH_SIZE, 60.0)


class SoftwareRealSense:
    """A camera with a colour sensor and a smaller depth sensor beside it."""

    def __init__(self, serial: str = '1234', depth: bool = True):
        """Build it; `plug` makes it known."""
        self.device = rs.software_device()
        for key, value in (
            ('name', 'Software RealSense'),
            ('serial_number', serial),
            ('product_line', 'D400'),
            ('firmware_version', '5.16.0.1'),
            ('usb_type_descriptor', '2.1'),
        ):
            self.device.register_info(getattr(rs.camera_info, key), value)
        self.colour_sensor = self.device.add_sensor('RGB Camera')
        self._colour = self.colour_sensor.add_video_stream(
            _stream(rs.stream.color, rs.format.rgb8, 3, COLOUR_LENS), True
        )
        self._depth = None
        if depth:
            self.depth_sensor = self.device.add_sensor('Stereo Module')
            self.depth_sensor.add_read_only_option(rs.option.depth_units, UNITS_M)
            self._depth = self.depth_sensor.add_video_stream(
                _stream(rs.stream.depth, rs.format.z16, 2, DEPTH_LENS), True
            )
            beside = rs.extrinsics()
            beside.rotation = np.eye(3).ravel().tolist()
            beside.translation = [BASELINE_M, 0.0, 0.0]
            self._depth.register_extrinsics_to(self._colour, beside)
        self.device.create_matcher(rs.matchers.default)
        self._kept = []

    def plug(self, context: rs.context) -> 'SoftwareRealSense':
        """Make it known to a context, which holds it only as long as we hold the list."""
        context.set_devices_changed_callback(
            lambda event: self._kept.append(event.get_new_devices())
        )
        self.device.add_to(context)
        return self

    def push(
        self,
        number: int,
        stamp_ms: float,
        domain: rs.timestamp_domain = SYSTEM,
        depth: np.ndarray | None = None,
        depth_stamp_ms: float | None = None,
        units_m: float = UNITS_M,
    ) -> None:
        """Let the sensors see one moment: the colours are all `number` (modulo 256)."""
        if self._depth is not None:
            raw = np.full(DEPTH_SIZE[::-1], 1000, np.uint16) if depth is None else depth
            at_ms = stamp_ms if depth_stamp_ms is None else depth_stamp_ms
            frame = _frame(self._depth, raw, number, at_ms, domain)
            frame.depth_units = units_m
            self.depth_sensor.on_video_frame(frame)
        self.push_colour(number, stamp_ms, domain)

    def push_colour(self, number: int, stamp_ms: float, domain=SYSTEM) -> None:
        """Let the colour sensor alone see one moment."""
        picture = np.full((*COLOUR_SIZE[::-1], 3), number % 256, np.uint8)
        frame = _frame(self._colour, picture, number, stamp_ms, domain)
        self.colour_sensor.on_video_frame(frame)


def record(path: Path, serial: str = '1234', frames: int = 12) -> Path:
    """Record a software camera, at three times the usual rate; colours 1, 2, ... in 1970."""
    camera = SoftwareRealSense(serial)
    recorder = rs.recorder(str(path), camera.device)
    sensors, arrived = recorder.query_sensors(), rs.frame_queue(2 * frames)
    for sensor in sensors:
        sensor.open(sensor.get_stream_profiles()[0])
        sensor.start(arrived)
    for number in range(1, frames + 1):
        camera.push(number, 5000.0 + number * PERIOD_MS / 3, GLOBAL)
        time.sleep(1.0 / RATE_HZ / 3)
    for sensor in sensors:
        sensor.stop()
        sensor.close()
    return path


def _stream(kind: rs.stream, pixels: rs.format, bytes_per_pixel: int, optics: rs.intrinsics):
    stream = rs.video_stream()
    stream.type, stream.fmt, stream.bpp = kind, pixels, bytes_per_pixel
    stream.index, stream.uid, stream.fps = 0, int(kind), RATE_HZ
    stream.width, stream.height, stream.intrinsics = optics.width, optics.height, optics
    return stream


def _frame(profile, pixels: np.ndarray, number: int, stamp_ms: float, domain):
    frame = rs.software_video_frame()
    frame.bpp = pixels.itemsize * (pixels.shape[2] if pixels.ndim == 3 else 1)
    frame.stride, frame.pixels = frame.bpp * pixels.shape[1], pixels
    frame.frame_number, frame.timestamp, frame.domain = number, stamp_ms, domain
    frame.profile = profile.as_video_stream_profile()
    return frame
