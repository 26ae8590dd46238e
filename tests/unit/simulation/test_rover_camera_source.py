"""The simulated camera beside the simulation: the same world, with the stamps of the poses."""

import numpy as np
import pytest
from takeover.camera.config import SimConfig
from takeover.camera.source import CameraError
from takeover.samples import OdometrySample
from takeover.simulation.offscreen import CameraUnavailable
from takeover.simulation.rover_camera_source import rover_scene, RoverCameraSource

SEED = 0


@pytest.fixture
def scene():
    return rover_scene()


@pytest.fixture
def source(robot, task, scene, simulation):
    """Return a camera of the size of the robot's own, so that the pictures can be compared."""
    try:
        simulation.render()
    except CameraUnavailable as error:
        pytest.skip(str(error))
    spec = robot.simulation.camera
    config = SimConfig(
        source='sim', width=spec.width, height=spec.height, rate_hz=25.0, frame='optical'
    )
    source = RoverCameraSource(config, robot, task.episode, scene)
    yield source
    source.close()


def pose_of(simulation, stamp_ns):
    pose = simulation.true_pose
    return OdometrySample(stamp_ns, pose.x_m, pose.y_m, pose.yaw_rad, 0.0, 0.0, 'map')


def pose(stamp_ns, x_m=0.0):
    return OdometrySample(stamp_ns, x_m, 0.0, 0.0, 0.0, 0.0, 'map')


def test_it_shows_what_the_simulation_shows(source, scene, simulation):
    scene.hear_episode(1, SEED, 10)
    for stamp_ns in (20, 20 + 2 * 10**9):
        simulation.set_command(0.5, 0.4)
        simulation.step(50)
        scene.hear_state(pose_of(simulation, stamp_ns))
        if stamp_ns == 20:
            source.open()
        frame = source.read(1.0)
        assert frame.stamp_ns == stamp_ns and frame.encoding == 'rgb8'
        # The rover tilts by a fraction of a degree when it accelerates; the camera knows its yaw.
        difference = np.abs(frame.pixels.astype(int) - simulation.render())
        assert difference.mean() < 3.0
    assert source.facts() == {'seed': SEED}


def test_each_pose_is_shown_once_and_at_the_rate_asked_for(source, scene):
    scene.hear_episode(1, SEED, 0)
    scene.hear_state(pose(1))
    source.open()
    stamps = []
    for i in range(50):
        scene.hear_state(pose(1 + 20_000_000 * i))
        if (frame := source.read(0.0)) is not None:
            stamps.append(frame.stamp_ns)
        assert source.read(0.0) is None
    assert np.diff(stamps).tolist() == [40_000_000] * 24


def test_without_a_simulation_it_cannot_be_opened(source, scene):
    with pytest.raises(CameraError, match='no simulation is heard'):
        source.open()
    scene.hear_episode(1, SEED, 0)
    with pytest.raises(CameraError, match='no simulation is heard'):
        source.open()


def test_the_next_episode_is_another_course_and_old_poses_are_not_of_it(source, scene):
    scene.hear_episode(1, SEED, 0)
    scene.hear_state(pose(1))
    source.open()
    before = source.read(0.0)
    scene.hear_episode(2, SEED + 1, 10**9)
    scene.hear_state(pose(10**9 - 1))
    assert source.read(0.0) is None
    scene.hear_state(pose(10**9 + 1))
    after = source.read(0.0)
    assert source.facts() == {'seed': SEED + 1}
    assert (after.pixels != before.pixels).any()


def test_a_jump_is_shown_only_once_the_episode_was_heard_again(scene):
    scene.hear_episode(1, SEED, 0)
    scene.hear_state(pose(1))
    scene.hear_state(pose(2, x_m=5.0))
    assert scene.wait(2, 0.0) is None
    scene.hear_episode(1, SEED, 3)
    scene.hear_state(pose(4, x_m=5.0))
    assert scene.wait(2, 0.0)[1].x_m == 5.0


def test_a_clock_that_begins_again_is_followed(scene):
    scene.hear_episode(7, SEED, 0)
    scene.hear_state(pose(5))
    assert scene.wait(10**12, 0.0) is not None


def test_the_lens_is_that_of_the_robot_file(source, scene, robot):
    scene.hear_episode(1, SEED, 0)
    scene.hear_state(pose(1))
    source.open()
    lens, spec = source.read(0.0).intrinsics, robot.simulation.camera
    assert (lens.width, lens.height) == (spec.width, spec.height)
    assert 2.0 * np.arctan(0.5 * spec.height / lens.fy) == pytest.approx(spec.fov_y_rad)
    assert lens.fx == lens.fy and lens.cx == 0.5 * (spec.width - 1)
