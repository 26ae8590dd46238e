"""Files of cameras: the shipped ones load, and what is wrong is named with its legal form."""

import pytest
from takeover.camera.config import (
    load_camera,
    load_cameras,
    OpenCvConfig,
    RealSenseConfig,
    SimConfig,
    TopicConfig,
)
from takeover.camera.frame import Intrinsics
from takeover.config_file import ConfigError

MODE = 'width: 640, height: 480, rate_hz: 30.0, frame: f'


@pytest.fixture
def cameras(tmp_path):
    """Return a function that reads a file with the given cameras, name: keys."""

    def read(**sections: str):
        path = tmp_path / 'cameras.yaml'
        lines = [f'  {name}: {{{keys}}}\n' for name, keys in sections.items()]
        path.write_text('cameras:\n' + ''.join(lines))
        return load_cameras(path)

    return read


@pytest.mark.parametrize(
    ('file', 'kinds'),
    [
        ('usb', [OpenCvConfig]),
        ('realsense', [RealSenseConfig, RealSenseConfig]),
        ('topic', [TopicConfig]),
        ('sim', [SimConfig]),
    ],
)
def test_the_shipped_files_load(repository, file, kinds):
    found = load_cameras(repository / 'config' / 'cameras' / f'{file}.yaml')
    assert [type(camera) for camera in found.values()] == kinds
    assert all('optical' in camera.frame for camera in found.values())


@pytest.mark.parametrize(
    ('keys', 'message'),
    [
        (
            'source: webcam',
            r"source: must be 'opencv', 'realsense', 'topic' or 'sim', got 'webcam'",
        ),
        (
            f'source: sim, {MODE}, wdth: 3',
            "cameras.camera.wdth: unknown key; did you mean 'width'",
        ),
        (f'source: sim, {MODE}, zzz: true', 'zzz: unknown key; legal keys: width, height'),
        (f'source: opencv, {MODE}', 'cameras.camera.device: is missing'),
        (f"source: opencv, {MODE}, device: ''", "a path or a URL, for example '/dev/video0'"),
        (f'source: opencv, {MODE}, device: x.avi, exposure: 1.0', 'exposure is for a v4l2'),
        (f'source: opencv, {MODE}, device: 0, loop: true', 'loop is for a file'),
        (f'source: realsense, {MODE}, serial: 12', 'serial: must be a valid string'),
        (f'source: topic, {MODE}, topic: /a', 'topic: String should match pattern'),
        (
            'source: sim, width: 640, height: 480, rate_hz: 0.0, frame: f',
            'rate_hz: must be greater',
        ),
        (
            f'source: sim, {MODE}, intrinsics: {{fx: 1.0, fy: 1.0, cx: 0.0, cy: 0.0, '
            'distortion_model: plumb_bob, distortion: [0.1]}',
            'distortion of plumb_bob has 5 numbers, not 1',
        ),
    ],
)
def test_what_is_wrong_is_named(cameras, keys, message):
    with pytest.raises(ConfigError, match=message) as caught:
        cameras(camera=keys)
    assert 'cameras.yaml:2: cameras.camera' in str(caught.value)


def test_no_camera_is_refused(tmp_path):
    (tmp_path / 'cameras.yaml').write_text('cameras: {}\n')
    with pytest.raises(ConfigError, match='at least 1'):
        load_cameras(tmp_path / 'cameras.yaml')


def test_a_name_that_no_topic_can_have_is_refused(cameras):
    with pytest.raises(ConfigError, match='Front'):
        cameras(Front=f'source: sim, {MODE}')
    with pytest.raises(ConfigError, match='cameras.json: choose another name'):
        cameras(json=f'source: sim, {MODE}')


def test_several_realsenses_need_their_serials(cameras):
    both = f'source: realsense, {MODE}'
    assert cameras(front=both)['front'].serial is None
    with pytest.raises(ConfigError, match=r'cameras.wrist.serial: needed'):
        cameras(front=f"{both}, serial: '1'", wrist=both)


@pytest.mark.parametrize(
    'keys', [f"source: realsense, {MODE}, serial: '7'", f'source: opencv, {MODE}, device: 7']
)
def test_one_device_is_one_camera(cameras, keys):
    with pytest.raises(ConfigError, match='cameras.b: 7 is that of a already'):
        cameras(a=keys, b=keys)


@pytest.mark.parametrize(
    ('device', 'kind'),
    [
        ('2', 'v4l2'),
        ('/dev/v4l/by-id/usb-x', 'v4l2'),
        ('rtsp://10.0.0.2/main', 'stream'),
        ('videos/a.avi', 'file'),
    ],
)
def test_the_kind_of_a_device_is_seen(cameras, device, kind):
    assert cameras(camera=f'source: opencv, {MODE}, device: {device}')['camera'].kind == kind


def test_a_camera_is_chosen_by_name(repository):
    file = repository / 'config' / 'cameras' / 'realsense.yaml'
    assert load_camera(file, 'wrist')[1].serial == '000000000002'
    with pytest.raises(ConfigError, match='several cameras, one must be named; legal: front'):
        load_camera(file)
    with pytest.raises(ConfigError, match="no camera 'back'; legal: front, wrist"):
        load_camera(file, 'back')


def test_the_only_camera_needs_no_name(repository):
    assert load_camera(repository / 'config' / 'cameras' / 'sim.yaml')[0] == 'camera'


def test_a_calibration_is_a_lens_of_that_size(cameras):
    lens = 'intrinsics: {fx: 600.0, fy: 601.0, cx: 319.5, cy: 239.5}'
    assert cameras(camera=f'source: sim, {MODE}, {lens}')['camera'].lens == Intrinsics(
        640, 480, 600.0, 601.0, 319.5, 239.5
    )


def test_only_simulated_cameras_may_repeat_pictures_unasked(cameras):
    other = cameras(camera=f'source: topic, {MODE}, topic: a/b')['camera']
    assert not other.checks.may_repeat
    for checks in ('', ', checks: {black_level: 3}'):
        assert cameras(camera=f'source: sim, {MODE}{checks}')['camera'].checks.may_repeat
