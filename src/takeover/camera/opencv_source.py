"""V4L2 devices, video files and network streams, through OpenCV.

A stamp is the time of capture on the host's system clock: the driver's own where V4L2 gives one,
else the moment the frame was grabbed. A file plays the camera: its frames are captured when they
are due.
"""

import os
from pathlib import Path
import time

import cv2
from takeover.camera.config import OpenCvConfig
from takeover.camera.frame import Frame
from takeover.camera.source import CameraError

# A network camera that does not answer must not hold the thread for half a minute, the default.
STREAM_TIMEOUT_MS = 5000
# A driver's stamp is believed if it is younger than that, and not from the future.
MAX_STAMP_AGE_NS = 1_000_000_000
# V4L2_CID_EXPOSURE_AUTO of the kernel: manual, and aperture priority as UVC cameras have it.
_MANUAL, _AUTOMATIC = 1, 3


class OpenCvSource:
    """One camera that OpenCV reads; a `CameraSource`."""

    def __init__(self, config: OpenCvConfig) -> None:
        """Prepare; `open` opens."""
        self._config = config
        self._capture: cv2.VideoCapture | None = None
        self._ended: tuple[int, int, int] | None = None
        self._period_s, self._due_s = 1.0 / config.rate_hz, 0.0
        self._facts: dict[str, float | int | str] = {}

    @property
    def description(self) -> str:
        """The device, file or address."""
        return {'v4l2': 'camera', 'file': 'video file', 'stream': 'stream'}[
            self._config.kind
        ] + f' {self._config.device}'

    def open(self) -> None:
        """Open the device and check that it gives the size asked for.

        :raises CameraError: it is not there, is busy, or gives another size.
        """
        self.close()
        opens = {'v4l2': self._open_device, 'file': self._open_file, 'stream': self._open_stream}
        self._capture = opens[self._config.kind]()
        wanted = (self._config.width, self._config.height)
        given = tuple(
            int(self._capture.get(key))
            for key in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)
        )
        if given != wanted:
            self.close()
            raise CameraError(
                f'{self.description} gives {given[0]}x{given[1]}, asked for is '
                f'{wanted[0]}x{wanted[1]}'
            )
        rate_hz = self._capture.get(cv2.CAP_PROP_FPS)
        self._facts = {'given_rate_hz': rate_hz, 'backend': self._capture.getBackendName()}
        if self._config.kind == 'file' and rate_hz > 0.0:
            self._period_s = 1.0 / rate_hz
        self._due_s = time.monotonic()

    def read(self, timeout_s: float) -> Frame | None:
        """Return the next frame; None when it is not due within `timeout_s`.

        A device or stream is waited for as long as OpenCV does, which is longer.

        :raises CameraError: no frame came: it was unplugged, or the file has ended.
        """
        if self._config.kind == 'file':
            return self._read_file(timeout_s)
        grabbed = self._capture.grab()
        stamp_ns = self._stamp_ns()
        ok, pixels = self._capture.retrieve() if grabbed else (False, None)
        if not ok:
            raise CameraError(f'{self.description} gives no frame any more')
        return Frame(pixels, 'bgr8', stamp_ns, self._config.lens)

    def facts(self) -> dict[str, float | int | str]:
        """Return the rate the driver says, and whose stamps are used."""
        return dict(self._facts)

    def close(self) -> None:
        """Let go of the device."""
        if self._capture is not None:
            self._capture.release()
            self._capture = None

    def _open_device(self) -> cv2.VideoCapture:
        config = self._config
        device = config.device
        # Looked for here, since OpenCV complains to the terminal every time.
        if not Path(f'/dev/video{device}' if isinstance(device, int) else device).exists():
            raise CameraError(f'{self.description} is not plugged in')
        capture = cv2.VideoCapture(device, cv2.CAP_V4L2)
        if not capture.isOpened():
            raise CameraError(
                f'{self.description} cannot be opened: another program has it, or this user is '
                'not in the group video'
            )
        if config.fourcc is not None:
            capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*config.fourcc))
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, config.width)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, config.height)
        capture.set(cv2.CAP_PROP_FPS, config.rate_hz)
        # A queue of frames is latency.
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        if config.exposure is None:
            capture.set(cv2.CAP_PROP_AUTO_EXPOSURE, _AUTOMATIC)
        else:
            capture.set(cv2.CAP_PROP_AUTO_EXPOSURE, _MANUAL)
            if not capture.set(cv2.CAP_PROP_EXPOSURE, config.exposure):
                capture.release()
                raise CameraError(f'{self.description} refuses exposure {config.exposure:g}')
        return capture

    def _open_file(self) -> cv2.VideoCapture:
        path = Path(self._config.device)
        if not path.is_file():
            raise CameraError(f'{self.description} is not there')
        if self._ended == _identity(path):
            raise CameraError(f'{self.description} has ended; loop: true would begin it again')
        capture = cv2.VideoCapture(os.fspath(path))
        if not capture.isOpened():
            raise CameraError(f'{self.description} is no video that OpenCV can read')
        return capture

    def _open_stream(self) -> cv2.VideoCapture:
        timeouts = [
            value
            for key in (cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, cv2.CAP_PROP_READ_TIMEOUT_MSEC)
            for value in (key, STREAM_TIMEOUT_MS)
        ]
        capture = cv2.VideoCapture(self._config.device, cv2.CAP_FFMPEG, timeouts)
        if not capture.isOpened():
            raise CameraError(f'{self.description} does not answer')
        return capture

    def _read_file(self, timeout_s: float) -> Frame | None:
        if self._config.at_real_rate:
            wait_s = self._due_s - time.monotonic()
            time.sleep(max(0.0, min(wait_s, timeout_s)))
            if wait_s > timeout_s:
                return None
            # After a stall it goes on from now: a camera does not catch up either.
            self._due_s = max(self._due_s, time.monotonic() - self._period_s) + self._period_s
        stamp_ns = time.time_ns()
        ok, pixels = self._capture.read()
        if not ok:
            self._begin_again()
            stamp_ns = time.time_ns()
            ok, pixels = self._capture.read()
            if not ok:
                raise CameraError(f'{self.description} has no frames')
        return Frame(pixels, 'bgr8', stamp_ns, self._config.lens)

    def _begin_again(self) -> None:
        """Open the file anew; it may have gone meanwhile, as a camera may."""
        path, due_s = Path(self._config.device), self._due_s
        if not self._config.loop:
            self._ended = _identity(path)
            raise CameraError(f'{self.description} has ended')
        self.open()
        self._due_s = due_s

    def _stamp_ns(self) -> int:
        """Return when the frame that was just grabbed was captured."""
        now_ns, steady_ns = time.time_ns(), time.monotonic_ns()
        stamp_ns = None
        if self._config.kind == 'v4l2':
            stamp_ns = host_stamp_ns(self._capture.get(cv2.CAP_PROP_POS_MSEC), steady_ns, now_ns)
        self._facts['stamps_of'] = 'arrival' if stamp_ns is None else 'driver'
        return now_ns if stamp_ns is None else stamp_ns


def host_stamp_ns(position_ms: float, steady_ns: int, now_ns: int) -> int | None:
    """Return a V4L2 buffer's time on the system clock; None when the driver gives none.

    :param position_ms: CAP_PROP_POS_MSEC: for V4L2 the buffer's stamp on the monotonic clock.
    :param steady_ns: the monotonic clock now.
    :param now_ns: the system clock now.
    """
    age_ns = steady_ns - round(1e6 * position_ms)
    return now_ns - age_ns if 0 <= age_ns <= MAX_STAMP_AGE_NS else None


def _identity(path: Path) -> tuple[int, int, int] | None:
    """Return what tells this file from another one put in its place."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_mtime_ns
