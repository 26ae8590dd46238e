"""The capture thread: newest frame wins, cameras come and go, nobody waits."""

from queue import Empty, Queue
import threading
import time

import numpy as np
import pytest
from takeover.camera.capture import CameraCapture
from takeover.camera.capture_status import CaptureState, RetryConfig
from takeover.camera.frame import Frame
from takeover.camera.frame_check import FrameCheck
from takeover.camera.source import CameraError
from tests.stack import wait_until

FAST = RetryConfig(first_pause_s=0.01, max_pause_s=0.04, attempts_at_start=3, max_silence_s=0.5)
PERIOD_S = 100.0


class Camera:
    """A source that a test plays: it gives what is put into `coming`, and fails as told."""

    description = 'test camera'

    def __init__(self, there=True):
        self.there = there
        self.coming: Queue = Queue()
        self.opened = self.closed = 0
        self.hanging = threading.Event()
        self.number = 0

    def give(self, stamp_ns=None):
        """Put one good frame, different from all others, into the queue."""
        self.number += 1
        pixels = np.random.default_rng(self.number).integers(30, 220, (16, 16, 3), dtype=np.uint8)
        frame = Frame(pixels, 'rgb8', self.number if stamp_ns is None else stamp_ns)
        self.coming.put(frame)
        return frame

    def open(self):
        self.opened += 1
        if not self.there:
            raise CameraError('it is not plugged in')

    def read(self, timeout_s):
        if not self.there:
            raise CameraError('it was unplugged')
        try:
            item = self.coming.get(timeout=min(timeout_s, 0.02))
        except Empty:
            return None
        if item == 'hang':
            self.hanging.set()
            threading.Event().wait(60.0)
        if isinstance(item, Exception):
            raise item
        return item

    def facts(self):
        return {'model': 'T1'}

    def close(self):
        self.closed += 1


@pytest.fixture
def rig():
    """Return a function that starts a capture of a camera; closed at the end."""
    started = []

    def start(camera, retry=FAST, period_s=PERIOD_S, notify=lambda: None):
        capture = CameraCapture(camera, FrameCheck(16, 16, period_s), notify, retry)
        started.append(capture)
        capture.start()
        return capture

    yield start
    for capture in started:
        capture.close()


def until(capture, condition, what):
    """Wait for a status of which `condition` holds; return it."""

    def look():
        status = capture.status()
        return status if condition(status) else None

    return wait_until(look, what)


def test_frames_arrive_in_order_and_are_counted(rig):
    camera = Camera()
    capture = rig(camera)
    for _ in range(3):
        frame = camera.give()
        assert capture.wait(30.0) is frame
    status = capture.status()
    assert (status.state, status.frames, status.dropped) == (CaptureState.STREAMING, 3, 0)
    assert status.newest_stamp_ns == 3 and status.facts == {'model': 'T1'} and status.reason == ''
    assert capture.take() is None and capture.wait(0.01) is None


def test_the_newest_frame_wins_and_the_others_are_counted_as_dropped(rig):
    camera = Camera()
    capture = rig(camera)
    frames = [camera.give() for _ in range(5)]
    until(capture, lambda status: status.frames == 5, 'all read')
    assert capture.take() is frames[-1]
    assert capture.status().dropped == 4


def test_whoever_is_notified_finds_the_frame(rig):
    camera, taken = Camera(), []
    capture = rig(camera, notify=lambda: taken.append(capture.take()))
    frames = [camera.give() for _ in range(5)]
    until(capture, lambda status: status.frames == 5, 'all read')
    assert [frame for frame in taken if frame is not None] == frames
    assert capture.status().dropped == 0


def test_a_frame_with_a_fault_is_never_given_on(rig):
    camera = Camera()
    capture = rig(camera)
    first = camera.give(1000)
    assert capture.wait(30.0) is first
    camera.give(500)
    status = until(capture, lambda status: status.fault is not None, 'the fault')
    assert status.faults == {'stamp_backwards': 1} and status.fault.name == 'stamp_backwards'
    assert (capture.take(), status.frames, status.newest_stamp_ns) == (None, 1, 1000)
    good = camera.give(1001)
    assert capture.wait(30.0) is good
    assert capture.status().fault is None


def test_a_camera_that_is_missing_at_the_start_is_told_and_tried_for_ever(rig):
    camera = Camera(there=False)
    capture = rig(camera)
    status = until(capture, lambda s: s.state is CaptureState.MISSING, 'missing')
    assert status.reason == 'it is not plugged in' and status.attempts >= 3
    until(capture, lambda s: s.attempts >= 6, 'further attempts')
    camera.there = True
    frame = camera.give()
    assert capture.wait(30.0) is frame
    status = capture.status()
    assert (status.state, status.attempts, status.reconnects) == (CaptureState.STREAMING, 0, 0)


def test_before_it_is_missing_it_is_opening_with_a_reason(rig):
    capture = rig(Camera(there=False), RetryConfig(first_pause_s=60.0, max_pause_s=60.0))
    status = until(capture, lambda s: s.attempts == 1, 'one attempt')
    assert (status.state, status.reason) == (CaptureState.OPENING, 'it is not plugged in')


def test_an_unplugged_camera_is_lost_and_found_again(rig):
    camera = Camera()
    capture = rig(camera)
    camera.give()
    assert capture.wait(30.0)
    camera.there = False
    status = until(capture, lambda s: s.state is CaptureState.LOST, 'lost')
    assert status.reason in ('it was unplugged', 'it is not plugged in')
    status = until(capture, lambda s: s.attempts >= 5, 'attempts that go on')
    assert status.state is CaptureState.LOST and status.rate_hz == 0.0
    camera.there = True
    frame = camera.give()
    assert capture.wait(30.0) is frame
    assert capture.status().reconnects == 1
    assert camera.closed >= camera.opened - 1, 'closed before every further attempt'


def test_a_frame_that_waited_is_gone_when_the_camera_is(rig):
    camera = Camera()
    capture = rig(camera)
    camera.give()
    until(capture, lambda s: s.frames == 1, 'read')
    camera.there = False
    until(capture, lambda s: s.state is CaptureState.LOST, 'lost')
    assert capture.take() is None


def test_pauses_grow_up_to_their_bound():
    retry = RetryConfig(first_pause_s=0.5, max_pause_s=10.0)
    pauses = [retry.pause_s(attempts) for attempts in range(1, 8)]
    assert pauses == [0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0]
    assert retry.pause_s(10**9) == 10.0


def test_silence_is_a_fault_once_and_ends_with_the_next_frame(rig):
    camera = Camera()
    capture = rig(camera, RetryConfig(max_silence_s=60.0), period_s=0.02)
    camera.give()
    assert capture.wait(30.0)
    status = until(capture, lambda s: s.fault is not None, 'silence')
    assert status.fault.name == 'silent' and status.state is CaptureState.STREAMING
    for _ in range(5):
        assert capture.status().faults == {'silent': 1}
    camera.give()
    assert capture.wait(30.0)
    until(capture, lambda s: s.faults == {'silent': 2}, 'the next silence')


@pytest.mark.parametrize('frames', [0, 1])
def test_a_camera_that_gives_nothing_for_long_is_opened_anew(rig, frames):
    camera = Camera()
    capture = rig(camera)
    for _ in range(frames):
        camera.give()
    wait_until(lambda: camera.opened >= 3, 'opened again and again')
    status = capture.status()
    lost, never_there = {CaptureState.LOST}, {CaptureState.OPENING, CaptureState.MISSING}
    assert status.state in (lost if frames else never_there)
    assert 'no frame for 0.5 s' in status.reason


def test_close_returns_within_a_second_though_the_camera_hangs(rig):
    camera = Camera()
    capture = rig(camera, period_s=0.02)
    camera.give()
    assert capture.wait(30.0)
    camera.coming.put('hang')
    assert camera.hanging.wait(30.0)
    # Whoever looks at the clock sees it meanwhile.
    until(capture, lambda s: s.fault is not None and s.fault.name == 'silent', 'silence')
    begin_s = time.monotonic()
    capture.close()
    assert time.monotonic() - begin_s < 5.0
    assert capture.status().state is CaptureState.STOPPED and not capture.ended


def test_close_wakes_who_waits_and_lets_go_of_the_camera(rig):
    camera = Camera()
    capture = rig(camera)
    camera.give()
    assert capture.wait(30.0)
    closer = threading.Timer(0.05, capture.close)
    closer.start()
    assert capture.wait(30.0) is None
    closer.join()
    assert capture.ended and camera.closed == 1 and capture.status().state is CaptureState.STOPPED


def test_a_bug_in_a_source_does_not_go_unnoticed(rig):
    camera = Camera()
    capture = rig(camera)
    camera.coming.put(ZeroDivisionError('a bug'))
    with pytest.raises(ZeroDivisionError):
        until(capture, lambda s: False, 'the bug')
    assert capture.wait(30.0) is None


def test_the_rate_is_that_of_the_frames_and_falls_while_none_comes():
    now_s = [0.0]
    camera = Camera()
    capture = CameraCapture(
        camera,
        FrameCheck(16, 16, 0.1),
        retry=RetryConfig(max_silence_s=1e9),
        clock=lambda: now_s[0],
    )
    capture.start()
    for i in range(11):
        now_s[0] = 0.2 * i
        camera.give()
        assert capture.wait(30.0)
    assert capture.status().rate_hz == pytest.approx(5.0)
    now_s[0] += 2.2
    assert capture.status().rate_hz == pytest.approx(2.5)
    capture.close()
