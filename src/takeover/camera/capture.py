"""The thread that reads one camera: the newest checked frame, whatever the camera does.

Nobody waits for a camera. The thread opens it, reads it, judges each frame and offers the newest
that is good; one that was not taken when the next came is dropped and counted. A camera that is
not there, or that was lost, is tried again for ever, after pauses that grow up to a bound: after
`attempts_at_start` of them the camera counts as missing, which somebody should be told.

Memory is constant: one frame waits at most.
"""

from collections import Counter, deque
from collections.abc import Callable
import threading
import time

from takeover.camera.capture_status import CaptureState, CaptureStatus, RetryConfig
from takeover.camera.frame import Frame
from takeover.camera.frame_check import FrameCheck, FrameFault
from takeover.camera.source import CameraError, CameraSource

# How long one read may take before the thread looks whether it is to stop.
READ_S = 0.2
# How long `close` waits for a source that hangs; then it is left to itself.
CLOSE_S = 0.8
# Frames over which the rate is measured.
RATE_WINDOW = 60


class CameraCapture:
    """Reads one source in a thread of its own; `start` begins, `close` ends it for good."""

    def __init__(
        self,
        source: CameraSource,
        check: FrameCheck,
        notify: Callable[[], None] = lambda: None,
        retry: RetryConfig = RetryConfig(),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare.

        :param notify: called from the thread when there is a frame to `take` or the state has
            changed; the next frame is read when it returns.
        """
        self._source, self._check, self._notify = source, check, notify
        self._retry, self._clock = retry, clock
        self._news = threading.Condition()
        self._state, self._reason = CaptureState.OPENING, 'being opened'
        self._waiting: Frame | None = None
        self._fault: FrameFault | None = None
        self._silent = False
        self._attempts = self._frames = self._dropped = self._reconnects = 0
        self._faults: Counter[str] = Counter()
        self._arrivals_s: deque[float] = deque(maxlen=RATE_WINDOW)
        self._newest_stamp_ns: int | None = None
        self._facts: dict[str, float | int | str] = {}
        self._failure: BaseException | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name='camera', daemon=True)

    def start(self) -> None:
        """Begin to open the camera; returns at once."""
        self._thread.start()

    def close(self) -> None:
        """End the thread and let go of the camera, within a second.

        A source that hangs is left to its thread, which lets go of it should it come back.
        """
        self._stop.set()
        with self._news:
            self._state, self._reason = CaptureState.STOPPED, 'closed'
            self._waiting = None
            self._news.notify_all()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(CLOSE_S)

    @property
    def ended(self) -> bool:
        """Whether the thread has let go of the source, after `close`; else the source hangs."""
        return not self._thread.is_alive()

    def take(self) -> Frame | None:
        """Return the newest good frame that was not taken yet, or None; never waits."""
        with self._news:
            frame, self._waiting = self._waiting, None
            return frame

    def wait(self, timeout_s: float) -> Frame | None:
        """Return the newest good frame that was not taken yet; None when none came in time."""
        with self._news:
            self._news.wait_for(lambda: self._waiting is not None or self._over(), timeout_s)
            frame, self._waiting = self._waiting, None
            return frame

    def status(self) -> CaptureStatus:
        """Look at the clock, and return how the capture stands.

        :raises BaseException: what ended the thread, if anything did: it must not go unnoticed.
        """
        with self._news:
            if self._failure is not None:
                raise self._failure
            now_s = self._clock()
            self._look(now_s)
            return CaptureStatus(
                state=self._state,
                reason=self._reason,
                fault=self._fault,
                attempts=self._attempts,
                frames=self._frames,
                dropped=self._dropped,
                reconnects=self._reconnects,
                faults=dict(self._faults),
                rate_hz=self._rate_hz(now_s),
                newest_stamp_ns=self._newest_stamp_ns,
                facts=dict(self._facts),
            )

    def _over(self) -> bool:
        return self._state is CaptureState.STOPPED or self._failure is not None

    def _rate_hz(self, now_s: float) -> float:
        """Return frames per second; a pause that is longer than usual counts as it grows."""
        if self._state is not CaptureState.STREAMING or len(self._arrivals_s) < 2:
            return 0.0
        first_s, last_s = self._arrivals_s[0], self._arrivals_s[-1]
        periods = len(self._arrivals_s) - 1
        usual_s = (last_s - first_s) / periods
        return periods / max(last_s - first_s + max(0.0, now_s - last_s - usual_s), 1e-9)

    def _look(self, now_s: float) -> None:
        """Note a silence once; it ends with the next frame."""
        if self._state is not CaptureState.STREAMING:
            return
        if (fault := self._check.look(now_s)) is not None:
            self._fault = fault
            self._faults[fault.name] += not self._silent
            self._silent = True

    # What follows runs in the thread.

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self._live_once()
        except BaseException as error:  # noqa: BLE001 handed to whoever asks for the status
            with self._news:
                self._failure, self._waiting = error, None
                self._news.notify_all()
            self._notify()

    def _live_once(self) -> None:
        """Open the camera and follow it until it is lost; then pause."""
        try:
            try:
                self._source.open()
                self._follow()
            finally:
                self._source.close()
        except CameraError as error:
            attempts = self._miss(str(error))
            self._stop.wait(self._retry.pause_s(attempts))

    def _follow(self) -> None:
        heard_s = self._clock()
        with self._news:
            self._check.restart(heard_s)
            self._arrivals_s.clear()
        while not self._stop.is_set():
            frame = self._source.read(READ_S)
            if frame is not None:
                heard_s = self._clock()
            elif self._clock() - heard_s > self._retry.max_silence_s:
                raise CameraError(
                    f'it is open but gave no frame for {self._retry.max_silence_s:g} s'
                )
            facts = self._source.facts()
            with self._news:
                self._facts = facts
                news = self._look_and_judge(frame)
            if news:
                self._notify()

    def _look_and_judge(self, frame: Frame | None) -> bool:
        """Take what a read gave; return whether there is something to tell."""
        now_s = self._clock()
        before = (self._state, self._fault)
        self._look(now_s)
        if frame is None or self._stop.is_set():
            return before != (self._state, self._fault)
        self._be_streaming()
        self._silent = False
        self._arrivals_s.append(now_s)
        self._fault = self._check.check(frame, now_s)
        if self._fault is not None:
            self._faults[self._fault.name] += 1
            return before != (self._state, self._fault)
        self._frames += 1
        self._dropped += self._waiting is not None
        self._waiting, self._newest_stamp_ns = frame, frame.stamp_ns
        self._news.notify_all()
        return True

    def _be_streaming(self) -> None:
        """Note that the camera is there: its first frame says so, not that it could be opened."""
        if self._state is CaptureState.STREAMING:
            return
        self._reconnects += self._state is CaptureState.LOST
        self._state, self._reason, self._attempts = CaptureState.STREAMING, '', 0

    def _miss(self, reason: str) -> int:
        """Note that the camera is not there; return the attempts that failed in a row."""
        with self._news:
            if self._stop.is_set():
                return 1
            self._attempts += 1
            self._waiting = self._fault = None
            self._silent = False
            if self._state is CaptureState.STREAMING:
                self._state = CaptureState.LOST
            elif self._state is CaptureState.OPENING:
                if self._attempts >= self._retry.attempts_at_start:
                    self._state = CaptureState.MISSING
            self._reason = reason
            attempts = self._attempts
        self._notify()
        return attempts
