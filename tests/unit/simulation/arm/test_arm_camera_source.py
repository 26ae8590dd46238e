"""The cameras of an arm beside the simulation: the same pictures, from joints alone."""

from dataclasses import replace

import numpy as np
import pytest
from takeover.camera.config import load_cameras, SimConfig
from takeover.camera.source import CameraError
from takeover.shipped import config_path
from takeover.simulation.arm.camera_source import ArmCameraSource
from takeover.simulation.arm.simulation import ArmSimulation
from takeover.simulation.camera_source import ObservedScene
from takeover.simulation.offscreen import CameraUnavailable
from takeover.task import load_task_and_robot

TASK, ROBOT = load_task_and_robot('arm_reach')


@pytest.fixture(scope='module')
def simulation():
    simulation = ArmSimulation(ROBOT, TASK.episode, seed=3)
    try:
        simulation.render('wrist')
    except CameraUnavailable as error:
        pytest.skip(str(error))
    yield simulation
    simulation.close()


def config_of(view, size=None):
    spec = getattr(ROBOT.simulation, f'{view}_camera')
    width, height = size or (spec.width, spec.height)
    return SimConfig(
        source='sim', view=view, width=width, height=height, rate_hz=25.0, frame='optical'
    )


@pytest.mark.parametrize('view', ['wrist', 'front'])
def test_it_shows_what_the_simulation_shows_in_each_episode(simulation, view):
    scene = ObservedScene()
    source = ArmCameraSource(config_of(view), ROBOT, TASK.episode, scene)
    for number, seed in ((1, 3), (2, 8)):
        simulation.reset(seed)
        simulation.command_twist(np.array([0.1, 0.05, 0.05, 0.0, 0.0, 0.3]), True)
        simulation.command_gripper(0.0)
        simulation.step(40)
        stamp_ns = number * 10**9
        scene.hear_episode(number, seed, stamp_ns - 1)
        scene.hear_state(replace(simulation.joints(), stamp_ns=stamp_ns))
        if number == 1:
            source.open()
        frame = source.read(1.0)
        assert frame.stamp_ns == stamp_ns and frame.encoding == 'rgb8'
        assert (frame.pixels == simulation.render(view)).all()
        assert source.facts() == {'seed': seed}
    source.close()


def test_its_size_is_that_of_the_file_of_cameras(simulation):
    scene = ObservedScene()
    source = ArmCameraSource(config_of('wrist', (64, 48)), ROBOT, TASK.episode, scene)
    scene.hear_episode(1, 0, 0)
    scene.hear_state(replace(simulation.joints(), stamp_ns=1))
    source.open()
    frame = source.read(1.0)
    assert frame.pixels.shape == (48, 64, 3)
    assert (frame.intrinsics.width, frame.intrinsics.height) == (64, 48)
    source.close()


def test_a_view_of_another_robot_is_refused():
    config = SimConfig(source='sim', width=64, height=48, rate_hz=25.0, frame='optical')
    with pytest.raises(CameraError, match='view is forward; .* wrist, front'):
        ArmCameraSource(config, ROBOT, TASK.episode, ObservedScene())


def test_the_shipped_wrist_camera_sees_what_learning_without_ros_sees():
    wrist = load_cameras(config_path('sim_arm', 'cameras'))['wrist_camera']
    spec = ROBOT.simulation.wrist_camera
    assert (wrist.width, wrist.height, wrist.rate_hz) == (spec.width, spec.height, spec.rate_hz)
    peg, _ = load_task_and_robot('arm_peg')
    assert peg.inputs['wrist_camera/resize/image_raw'].frame == wrist.frame
