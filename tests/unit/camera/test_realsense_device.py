"""RealSense devices: what is said when one cannot be had, and the terms of ROS for its frames."""

import sys
import threading
import time

import numpy as np
import pytest
from takeover.camera.realsense_device import load_library, Mode
from takeover.camera.realsense_frame import depth_mm, ros_intrinsics
from takeover.camera.source import CameraError

try:
    import pyrealsense2 as rs
except ImportError as error:
    pytest.skip(f'pyrealsense2 or libusb-1.0-0 is missing: {error}', allow_module_level=True)

from takeover.camera.realsense_device import await_device, set_exposure
from tests.software_realsense import lens, SoftwareRealSense


def test_without_the_library_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, 'pyrealsense2', None)
    with pytest.raises(CameraError, match='pip install pyrealsense2.*libusb-1.0-0'):
        load_library()


def test_a_device_that_comes_back_is_found():
    context, camera = rs.context(), SoftwareRealSense('77')
    later = threading.Timer(0.15, camera.plug, (context,))
    later.start()
    device = await_device(context, '77', 10.0)
    assert device.get_info(rs.camera_info.serial_number) == '77'
    later.join()


def test_a_device_that_does_not_come_back_is_not_waited_for_for_ever():
    start_s = time.monotonic()
    with pytest.raises(CameraError, match='serial 77: .* did not come back within 0.2 s'):
        await_device(rs.context(), '77', 0.2)
    assert time.monotonic() - start_s < 5.0


def test_the_exposure_of_a_stereo_module_is_in_microseconds():
    sensor = SoftwareRealSense().depth_sensor
    legal = rs.option_range()
    legal.min, legal.max, legal.step, legal.default = 1, 165000, 1, 8500
    sensor.add_option(rs.option.exposure, legal, True)
    set_exposure(sensor, 8300.0)
    assert sensor.get_option(rs.option.exposure) == 8300


def test_modes_are_near_when_their_numbers_are():
    wanted = Mode(640, 480, 30)
    others = [Mode(1280, 720, 30), Mode(640, 480, 15), Mode(640, 360, 30)]
    assert min(others, key=wanted.distance) == Mode(640, 360, 30)
    assert str(wanted) == '640x480 at 30 Hz'


@pytest.mark.parametrize(
    'model, name, count',
    [
        (rs.distortion.none, '', 0),
        (rs.distortion.brown_conrady, 'plumb_bob', 5),
        (rs.distortion.modified_brown_conrady, 'plumb_bob', 5),
        (rs.distortion.inverse_brown_conrady, 'plumb_bob', 5),
        (rs.distortion.kannala_brandt4, 'equidistant', 4),
    ],
)
def test_distortion_models_have_the_names_of_ros(model, name, count):
    given = lens((640, 480), 600.0)
    given.model, given.coeffs = model, [0.5, 0.25, 0.125, 0.0625, 0.03125]
    intrinsics = ros_intrinsics(given)
    assert intrinsics.distortion_model == name
    assert intrinsics.distortion == (0.5, 0.25, 0.125, 0.0625, 0.03125)[:count]
    assert (intrinsics.width, intrinsics.height, intrinsics.cx) == (640, 480, 320.0)


def test_a_model_that_ros_has_no_name_for_gives_no_lens():
    given = lens((640, 480), 600.0)
    given.model = rs.distortion.ftheta
    assert ros_intrinsics(given) is None


def test_depth_is_rounded_and_what_does_not_fit_is_unknown():
    raw = np.array([[0, 1, 12345, 65535]], np.uint16)
    assert depth_mm(raw, np.float32(0.001)).tolist() == [[0, 1, 12345, 65535]]
    assert depth_mm(raw, np.float32(0.0001)).tolist() == [[0, 0, 1234, 6554]]
    assert depth_mm(raw, 0.01).tolist() == [[0, 10, 0, 0]]
    assert not np.shares_memory(depth_mm(raw, 0.001), raw)
