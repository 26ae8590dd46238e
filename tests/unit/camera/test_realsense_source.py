"""The RealSense source, through pyrealsense2 itself: only its devices are of software."""

import threading
import time

import numpy as np
import pytest
from takeover.camera.frame import Intrinsics
from takeover.camera.source import CameraError
from takeover.camera.starting import in_turn

try:
    import pyrealsense2 as rs
except ImportError as error:
    pytest.skip(f'pyrealsense2 or libusb-1.0-0 is missing: {error}', allow_module_level=True)

from takeover.camera.realsense_source import RealSenseSource
from tests.software_realsense import (
    BASELINE_M,
    COLOUR_LENS,
    COLOUR_SIZE,
    DEPTH_LENS,
    DEPTH_SIZE,
    GLOBAL,
    HARDWARE,
    PERIOD_MS,
    RATE_HZ,
    record,
    SoftwareRealSense,
)

# Long enough for a machine that does other things; a frame that is there comes at once.
COMES_S, STALL_S = 5.0, 0.15


def now_ms():
    return time.time() * 1e3


@pytest.fixture
def context():
    return rs.context()


@pytest.fixture
def source_of():
    """Return a way to make sources, which are closed in the end."""
    made = []

    def make(serial=None, depth=True, **settings):
        made.append(RealSenseSource(serial, *COLOUR_SIZE, RATE_HZ, depth, **settings))
        return made[-1]

    yield make
    for source in made:
        source.close()


@pytest.fixture
def camera(context):
    return SoftwareRealSense().plug(context)


@pytest.fixture
def source(source_of, camera, context):
    source = source_of(context=context)
    source.open()
    return source


@pytest.fixture(scope='module')
def recording(tmp_path_factory):
    return record(tmp_path_factory.mktemp('recording') / 'drive.db3')


def test_a_frame_has_colours_depth_lens_and_time_of_capture(source, camera):
    stamp_ms = now_ms() - 20.0
    camera.push(7, stamp_ms)
    frame = source.read(COMES_S)
    assert frame.encoding == 'rgb8'
    assert frame.pixels.dtype == np.uint8 and frame.pixels.shape == (*COLOUR_SIZE[::-1], 3)
    assert np.all(frame.pixels == 7)
    assert frame.depth.dtype == np.uint16 and frame.depth.shape == COLOUR_SIZE[::-1]
    assert frame.depth[48, 64] == 1000
    assert frame.stamp_ns == pytest.approx(stamp_ms * 1e6, abs=1e3)
    lens = Intrinsics(*COLOUR_SIZE, 120.0, 120.0, 64.0, 48.0, 'plumb_bob', (0.0,) * 5)
    assert frame.intrinsics == lens


def test_without_depth_colours_alone_are_read(source_of, context):
    camera = SoftwareRealSense(depth=False).plug(context)
    source = source_of(depth=False, context=context)
    source.open()
    camera.push(7, now_ms())
    frame = source.read(COMES_S)
    assert np.all(frame.pixels == 7) and frame.depth is None
    assert 'frames_without_depth' not in source.facts()


def test_the_newest_frame_wins_and_none_is_given_twice(source, camera):
    start_ms = now_ms() - 200.0
    for number in range(1, 6):
        camera.push(number, start_ms + number * PERIOD_MS)
    assert np.all(source.read(COMES_S).pixels == 5)
    assert source.read(STALL_S) is None
    camera.push(6, start_ms + 6 * PERIOD_MS)
    assert np.all(source.read(COMES_S).pixels == 6)


def test_what_was_read_is_a_copy_and_keeps_no_buffer_of_the_library(source, camera):
    for units_m in (0.001, 0.0001):
        camera.push(round(1e4 * units_m), now_ms(), units_m=units_m)
        frame = source.read(COMES_S)
        assert frame.pixels.flags.owndata and frame.pixels.flags.writeable
        assert frame.depth.flags.owndata


def test_a_stalled_camera_gives_none_in_time(source, camera):
    camera.push(1, now_ms())
    assert source.read(COMES_S) is not None
    start_s = time.monotonic()
    assert source.read(STALL_S) is None
    assert STALL_S * 0.9 < time.monotonic() - start_s < COMES_S


def test_colours_without_their_depth_are_given_without(source, camera):
    start_ms = now_ms() - 200.0
    for number in range(1, 4):
        stamp_ms = start_ms + number * PERIOD_MS
        camera.push(number, stamp_ms, depth_stamp_ms=stamp_ms - 2.7 * PERIOD_MS)
    start_s = time.monotonic()
    frame = source.read(COMES_S)
    assert time.monotonic() - start_s < COMES_S / 2
    assert frame.depth is None and frame.pixels[0, 0, 0] in (1, 2, 3)
    assert source.facts()['frames_without_depth'] == 1


@pytest.mark.parametrize(
    'units_m, raw, millimetres', [(0.001, 1234, 1234), (0.0001, 1234, 123), (0.01, 40000, 0)]
)
def test_depth_is_in_millimetres_and_what_is_too_far_is_unknown(
    source, camera, units_m, raw, millimetres
):
    picture = np.full(DEPTH_SIZE[::-1], raw, np.uint16)
    camera.push(1, now_ms(), depth=picture, units_m=units_m)
    depth = source.read(COMES_S).depth
    assert depth[48, 120] == millimetres


@pytest.mark.parametrize('column, row, range_mm', [(30, 20, 1000), (40, 30, 500), (12, 40, 2000)])
def test_depth_lands_where_the_pinhole_says(source, camera, column, row, range_mm):
    picture = np.zeros(DEPTH_SIZE[::-1], np.uint16)
    picture[row, column] = range_mm
    camera.push(1, now_ms(), depth=picture)
    rows, columns = np.nonzero(depth := source.read(COMES_S).depth)
    assert set(depth[rows, columns]) == {range_mm}
    x_m = (column - DEPTH_LENS.ppx) / DEPTH_LENS.fx * range_mm / 1e3 + BASELINE_M
    y_m = (row - DEPTH_LENS.ppy) / DEPTH_LENS.fy * range_mm / 1e3
    expected = (
        COLOUR_LENS.fx * x_m / (range_mm / 1e3) + COLOUR_LENS.ppx,
        COLOUR_LENS.fy * y_m / (range_mm / 1e3) + COLOUR_LENS.ppy,
    )
    # One pixel of depth covers two by two of the colours, and those it touches.
    assert (columns.mean(), rows.mean()) == pytest.approx(expected, abs=0.75)
    assert 4 <= len(rows) <= 9


def test_stamps_of_the_camera_clock_are_mapped_to_the_host(source, camera):
    # A clock that started when the camera did, and runs 100 ppm fast.
    start_ms, newest_ns = now_ms(), 0
    for number in range(1, 21):
        true_ms = now_ms()
        camera.push(number, (true_ms - start_ms) * 1.0001 + 70_000.0, HARDWARE)
        frame = source.read(COMES_S)
        assert newest_ns < frame.stamp_ns <= time.time_ns()
        assert frame.stamp_ns >= true_ms * 1e6 - 1e6
        newest_ns = frame.stamp_ns
    facts = source.facts()
    assert facts['clock'] == 'hardware_clock'
    assert facts['clock_offset_s'] == pytest.approx(start_ms / 1e3 - 70.0, abs=COMES_S)
    assert facts['clock_residual_s'] >= 0.0
    assert {'clock_drift_ppm', 'clock_restarts'} <= facts.keys()


def test_stamps_on_the_host_clock_stay_as_they_are_but_are_not_ahead_of_it(source, camera):
    stamp_ms = now_ms() - 40.0
    camera.push(1, stamp_ms, GLOBAL)
    assert source.read(COMES_S).stamp_ns == pytest.approx(stamp_ms * 1e6, abs=1e3)
    assert source.facts()['clock'] == 'global_time'
    assert source.facts()['delay_s'] >= 0.039
    camera.push(2, now_ms() + 60_000.0, GLOBAL)
    assert source.read(COMES_S).stamp_ns <= time.time_ns()
    assert source.facts()['delay_s'] < -50.0


def test_facts_say_which_camera_it_is(source, camera):
    facts = source.facts()
    assert facts['serial'] == '1234' and facts['model'] == 'Software RealSense'
    assert facts['firmware'] == '5.16.0.1' and facts['usb'] == '2.1'
    assert 'clock' not in facts


def test_cameras_are_told_apart_by_serial(source_of, context):
    cameras = {serial: SoftwareRealSense(serial) for serial in ('11', '22')}
    for camera in cameras.values():
        camera.plug(context)
    sources = {serial: source_of(serial, context=context) for serial in cameras}
    for source in sources.values():
        source.open()
    for serial, camera in cameras.items():
        camera.push(int(serial), now_ms())
    for serial, source in sources.items():
        assert np.all(source.read(COMES_S).pixels == int(serial))
        assert source.facts()['serial'] == serial
        assert serial in source.description


@pytest.mark.parametrize(
    'serials, wanted, sentence',
    [
        (
            ('22', '11'),
            None,
            'several RealSense cameras are there: give the serial, one of 11, 22',
        ),
        (('22', '11'), '33', 'no RealSense camera with serial 33: there is 11, 22'),
        ((), '33', 'no RealSense camera with serial 33: none is plugged in'),
        ((), None, 'no RealSense camera: none is plugged in'),
    ],
)
def test_a_camera_that_cannot_be_chosen_is_said_at_once(
    source_of, context, serials, wanted, sentence
):
    plugged = [SoftwareRealSense(serial).plug(context) for serial in serials]
    start_s = time.monotonic()
    with pytest.raises(CameraError, match=sentence):
        source_of(wanted, context=context).open()
    # The library itself waits 15 s for one to be plugged in.
    assert time.monotonic() - start_s < 10.0
    assert len(plugged) == len(serials)


@pytest.mark.parametrize('mode', [(640, 480, 30.0), (128, 96, 60.0)])
def test_a_mode_it_has_not_names_the_nearest(camera, context, mode):
    with pytest.raises(CameraError, match='nearest: 128x96 at 30 Hz; it is on USB 2.1'):
        RealSenseSource(None, *mode, context=context).open()


def test_a_camera_without_depth_says_so(source_of, context):
    camera = SoftwareRealSense(depth=False).plug(context)
    with pytest.raises(CameraError, match='RealSense 1234 has no depth stream'):
        source_of(context=context).open()
    source = source_of(depth=False, context=context)
    source.open()
    camera.push(1, now_ms())
    assert source.read(COMES_S) is not None


def test_a_camera_that_another_has_is_said_to_be_busy(source, source_of, context):
    with pytest.raises(CameraError, match='RealSense 1234 cannot be started: .*streaming'):
        source_of('1234', context=context).open()


def exposing(camera, sensor):
    """Give a sensor the settings of exposure that cameras have."""
    for option, least, most, value in (
        (rs.option.enable_auto_exposure, 0, 1, 1),
        (rs.option.auto_exposure_priority, 0, 1, 1),
        (rs.option.exposure, 1, 10000, 156),
    ):
        legal = rs.option_range()
        legal.min, legal.max, legal.step, legal.default = least, most, 1, value
        sensor.add_option(option, legal, True)
        sensor.set_option(option, value)
    return camera


def test_exposure_is_set_in_the_unit_of_the_sensor_and_automatic_again(source_of, context):
    camera = SoftwareRealSense()
    sensor = camera.colour_sensor
    exposing(camera, sensor).plug(context)
    manual = source_of(context=context, exposure_us=8300.0)
    manual.open()
    assert sensor.get_option(rs.option.exposure) == 83
    assert sensor.get_option(rs.option.enable_auto_exposure) == 0
    assert sensor.get_option(rs.option.auto_exposure_priority) == 0
    manual.close()
    source_of(context=context).open()
    assert sensor.get_option(rs.option.enable_auto_exposure) == 1


def test_an_exposure_out_of_range_names_the_legal_one(source_of, context):
    camera = SoftwareRealSense()
    exposing(camera, camera.colour_sensor).plug(context)
    with pytest.raises(CameraError, match='exposure_us is 2e.06; .* takes 100 to 1e.06'):
        source_of(context=context, exposure_us=2e6).open()


def test_a_camera_without_exposure_says_so(camera, source_of, context):
    with pytest.raises(CameraError, match='exposure_us must be null'):
        source_of(context=context, exposure_us=8300.0).open()


def test_a_camera_that_cannot_be_reset_says_so(camera, source_of, context):
    source = source_of(context=context, reset_on_start=True)
    with pytest.raises(CameraError, match='RealSense 1234 cannot be reset'):
        source.open()


def test_cameras_start_one_after_another(camera, source_of, context):
    opened = threading.Event()
    source = source_of(context=context)

    def open_it():
        source.open()
        opened.set()

    thread = threading.Thread(target=open_it)
    with in_turn():
        thread.start()
        assert not opened.wait(0.2)
    thread.join(COMES_S)
    assert opened.is_set()


def test_closing_is_legal_at_any_time_and_opening_again_works(source, camera):
    source.close()
    source.close()
    with pytest.raises(CameraError, match='is not open'):
        source.read(0.0)
    source.open()
    camera.push(3, now_ms())
    assert np.all(source.read(COMES_S).pixels == 3)
    source.open()
    camera.push(4, now_ms())
    assert np.all(source.read(COMES_S).pixels == 4)


def test_a_camera_that_was_unplugged_is_lost_and_found_when_it_is_back(
    source_of, context, recording
):
    # The devices whose going a context tells of without hardware are recordings.
    device = context.load_device(str(recording))
    source = source_of('1234', context=context)
    source.open()
    assert source.read(COMES_S) is not None
    context.unload_device(str(recording))
    with pytest.raises(CameraError, match='RealSense 1234 was unplugged'):
        source.read(COMES_S)
    source.close()
    with pytest.raises(CameraError, match='no RealSense camera with serial 1234'):
        source.open()
    again = context.load_device(str(recording))
    source.open()
    assert source.read(COMES_S) is not None
    assert device is not again


def test_another_camera_that_goes_changes_nothing(source_of, camera, context, tmp_path):
    other = record(tmp_path / 'other.db3', serial='99', frames=2)
    device = context.load_device(str(other))
    source = source_of('1234', context=context)
    source.open()
    context.unload_device(str(other))
    camera.push(5, now_ms())
    assert np.all(source.read(COMES_S).pixels == 5)
    assert device is not None


def play(source, played, frames):
    """Read frames of a recording until there are so many of them, or too long."""
    deadline_s = time.monotonic() + 20.0
    while len(played) < frames and time.monotonic() < deadline_s:
        if (frame := source.read(STALL_S)) is not None:
            played.append(frame)


def test_a_recording_plays_as_if_it_happened_now_and_ends(source_of, recording):
    source = source_of(recording=recording)
    source.open()
    start_ns, frames = time.time_ns(), []
    with pytest.raises(CameraError, match='has ended'):
        play(source, frames, 1000)
    numbers = [int(frame.pixels[0, 0, 0]) for frame in frames]
    assert numbers == sorted(set(numbers)) and set(numbers) <= set(range(1, 13))
    assert numbers[-1] == 12 and len(numbers) >= 2
    stamps_ns = [frame.stamp_ns for frame in frames]
    assert all(earlier < later for earlier, later in zip(stamps_ns, stamps_ns[1:]))
    assert start_ns - 1e9 < stamps_ns[0] and stamps_ns[-1] <= time.time_ns()
    assert frames[-1].depth[48, 64] == 1000
    assert source.facts()['clock'] == 'recording' and source.facts()['serial'] == '1234'
    with pytest.raises(CameraError, match='has ended; loop: true would begin it again'):
        source.open()


def test_a_recording_that_loops_goes_on(source_of, recording):
    source = source_of(recording=recording, loop=True)
    source.open()
    play(source, frames := [], 30)
    assert len(frames) == 30
    assert np.all(np.diff([frame.stamp_ns for frame in frames]) > 0)
    assert source.facts()['clock_restarts'] >= 1


def test_a_recording_that_cannot_be_played_says_why(source_of, tmp_path, recording):
    with pytest.raises(CameraError, match='nothing.db3 is not there'):
        source_of(recording=tmp_path / 'nothing.db3').open()
    (tmp_path / 'text.db3').write_text('no recording')
    with pytest.raises(CameraError, match='text.db3 cannot be started'):
        source_of(recording=tmp_path / 'text.db3').open()
    with pytest.raises(CameraError, match='nearest: 128x96 at 30 Hz'):
        RealSenseSource(None, 640, 480, 30.0, recording=recording).open()
