"""Frames through OpenCV, from video files that the test writes."""

import os
import time

import pytest
from takeover.camera.config import OpenCvConfig
from takeover.camera.opencv_source import host_stamp_ns, OpenCvSource
from takeover.camera.source import CameraError
from tests.cameras import write_video

SIZE = {'width': 64, 'height': 48}


@pytest.fixture
def video(tmp_path):
    return write_video(tmp_path / 'video.avi', 5, 50.0, **SIZE)


@pytest.fixture
def source():
    """Return a function that makes a source of a device; closed at the end."""
    made = []

    def make(device, **keys):
        keys = SIZE | {'rate_hz': 30.0, 'frame': 'f', 'source': 'opencv'} | keys
        made.append(OpenCvSource(OpenCvConfig(device=device, **keys)))
        return made[-1]

    yield make
    for one in made:
        one.close()
        one.close()


def frames(source, count):
    """Return the next frames, waiting as the capture thread does."""
    found = []
    while len(found) < count:
        if (frame := source.read(0.2)) is not None:
            found.append(frame)
    return found


def test_a_file_plays_with_stamps_of_the_host_and_ends_like_an_unplugged_camera(source, video):
    camera = source(str(video))
    before_ns = time.time_ns()
    camera.open()
    found = frames(camera, 5)
    stamps = [before_ns, *(frame.stamp_ns for frame in found), time.time_ns()]
    assert stamps == sorted(set(stamps))
    assert all(frame.pixels.shape == (48, 64, 3) and frame.encoding == 'bgr8' for frame in found)
    assert all((a.pixels != b.pixels).any() for a, b in zip(found, found[1:]))
    with pytest.raises(CameraError, match='has ended'):
        camera.read(0.2)
    with pytest.raises(CameraError, match='loop: true would begin it again'):
        camera.open()


def test_a_file_that_ended_plays_again_once_another_is_in_its_place(source, video, tmp_path):
    camera = source(str(video), at_real_rate=False)
    camera.open()
    frames(camera, 5)
    with pytest.raises(CameraError, match='has ended'):
        camera.read(0.2)
    os.replace(write_video(tmp_path / 'other.avi', 3, **SIZE), video)
    camera.open()
    assert len(frames(camera, 3)) == 3


def test_a_loop_goes_on_until_the_file_is_gone(source, video, tmp_path):
    camera = source(str(video), loop=True, at_real_rate=False)
    camera.open()
    frames(camera, 12)
    video.rename(tmp_path / 'away.avi')
    with pytest.raises(CameraError, match='is not there'):
        frames(camera, 6)
    (tmp_path / 'away.avi').rename(video)
    camera.open()
    frames(camera, 6)


def test_frames_of_a_file_come_at_its_own_rate_and_a_short_wait_gives_none(source, video):
    camera = source(str(video), rate_hz=10.0, loop=True)
    camera.open()
    assert camera.facts()['given_rate_hz'] == pytest.approx(50.0)
    begin_s = time.monotonic()
    frames(camera, 11)
    # No sooner than at 50 Hz; a busy machine may be later.
    assert time.monotonic() - begin_s >= 0.19
    frames(camera, 1)
    assert camera.read(0.001) is None or time.monotonic() - begin_s > 0.22


@pytest.mark.parametrize(
    ('device', 'message'),
    [
        ('no/such.avi', 'video file no/such.avi is not there'),
        ('/dev/video_of_nobody', 'camera /dev/video_of_nobody is not plugged in'),
        (987, 'camera 987 is not plugged in'),
    ],
)
def test_a_device_that_is_not_there_is_named(source, device, message):
    with pytest.raises(CameraError, match=message):
        source(device).open()


def test_what_is_no_video_is_named(source, tmp_path):
    (tmp_path / 'text.avi').write_text('no video')
    with pytest.raises(CameraError, match='no video that OpenCV can read'):
        source(str(tmp_path / 'text.avi')).open()


def test_another_size_than_asked_for_is_refused_with_both(source, video):
    with pytest.raises(CameraError, match='gives 64x48, asked for is 32x24'):
        source(str(video), width=32, height=24).open()


@pytest.mark.parametrize(
    ('position_ms', 'expected'),
    [(9_990.0, 77_990_000_000), (10_000.0, 78_000_000_000), (0.0, None), (10_001.0, None)],
)
def test_a_drivers_stamp_is_mapped_to_the_system_clock_if_it_can_be_one(position_ms, expected):
    assert host_stamp_ns(position_ms, 10_000_000_000, 78_000_000_000) == expected
