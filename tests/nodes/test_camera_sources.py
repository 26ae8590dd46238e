"""Which camera the parameters of a camera node mean."""

import pytest
from takeover.camera.config import SimConfig
from takeover.camera.source import CameraError
from takeover.config_file import ConfigError
from takeover_nodes.camera_parameters import CameraParameters
from takeover_nodes.camera_sources import find_camera


@pytest.mark.parametrize(
    ('given', 'name', 'view'),
    [
        ({'task_file': 'rover_path'}, 'camera', 'forward'),
        ({'task_file': 'rover_lane'}, 'camera', 'forward'),
        ({'task_file': 'arm_peg'}, 'wrist_camera', 'wrist'),
        ({'task_file': 'arm_reach'}, 'front_camera', 'front'),
        ({'task_file': 'arm_peg', 'camera': 'front_camera'}, 'front_camera', 'front'),
        ({'config_file': 'sim_arm', 'camera': 'wrist_camera'}, 'wrist_camera', 'wrist'),
        ({'config_file': 'sim'}, 'camera', 'forward'),
    ],
)
def test_without_a_file_it_is_the_simulated_camera_that_the_task_sees(given, name, view):
    found, config = find_camera(CameraParameters(**given))
    assert found == name
    assert isinstance(config, SimConfig) and config.view == view


def test_what_names_no_camera_is_refused():
    with pytest.raises(CameraError, match='config_file'):
        find_camera(CameraParameters())
    with pytest.raises(ConfigError, match='several cameras'):
        find_camera(CameraParameters(config_file='sim_arm'))
    with pytest.raises(ConfigError, match="no camera 'left'; legal: front_camera, wrist_camera"):
        find_camera(CameraParameters(task_file='arm_peg', camera='left'))
