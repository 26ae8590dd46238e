"""The model of an arm: the chain of its file, its weight, meshes or none."""

import importlib.util

import mujoco
import numpy as np
import pytest
from takeover.arm.kinematics import ArmKinematics
from takeover.simulation.arm.meshes import find_meshes
from takeover.simulation.arm.model import build_model
from takeover.simulation.ticks import SimulationError
from takeover.task import load_task_and_robot


@pytest.fixture(scope='module')
def peg_task_and_robot():
    return load_task_and_robot('arm_peg')


@pytest.fixture(scope='module')
def model(peg_task_and_robot):
    task, robot = peg_task_and_robot
    return build_model(robot, task.episode)


def without_meshes(robot):
    physics = robot.simulation.model_copy(update={'meshes': None})
    return robot.model_copy(update={'simulation': physics})


@pytest.mark.parametrize('meshes', [True, False])
def test_the_tool_is_where_the_robot_file_has_it(peg_task_and_robot, meshes):
    task, robot = peg_task_and_robot
    model = build_model(robot if meshes else without_meshes(robot), task.episode)
    data, kinematics = mujoco.MjData(model), ArmKinematics(robot)
    rng = np.random.default_rng(0)
    for joints in rng.uniform(kinematics.low_rad, kinematics.high_rad, (20, 7)):
        data.qpos[:7] = joints
        mujoco.mj_kinematics(model, data)
        tool = data.site('tool')
        assert tool.xpos == pytest.approx(kinematics.tool_position(joints), abs=1e-9)
        assert tool.xmat.reshape(3, 3) == pytest.approx(kinematics.tool_matrix(joints), abs=1e-9)


def test_a_panda_weighs_what_it_weighs(model, peg_task_and_robot):
    _, robot = peg_task_and_robot
    arm = float(model.body_subtreemass[model.body(robot.joint_names[0]).id])
    assert 14.0 < arm < 16.0  # 18 kg with its base


def test_servos_have_the_torques_of_the_data_sheet(model):
    limits = model.jnt_actfrcrange[:7, 1]
    assert limits.tolist() == [87.0, 87.0, 87.0, 87.0, 12.0, 12.0, 12.0]
    assert model.jnt_actfrclimited[:7].all()


def test_meshes_weigh_and_touch_nothing(model):
    meshes = model.geom_type == int(mujoco.mjtGeom.mjGEOM_MESH)
    meshes[model.geom('peg').id] = False  # a bar of our own, which is there to touch
    assert meshes.sum() == 11
    assert not model.geom_contype[meshes].any() and not model.geom_conaffinity[meshes].any()


def test_nothing_of_the_arm_touches_the_arm(model):
    arm = model.geom_contype > 0
    assert arm.sum() == 4 and not model.geom_conaffinity[arm].any()


@pytest.mark.parametrize('diameter', [0.024, 0.07])
def test_the_board_has_one_hole_and_that_is_round(peg_task_and_robot, diameter):
    task, robot = peg_task_and_robot
    episode = task.episode.model_copy(update={'peg_diameter_m': diameter})
    model = build_model(robot, episode)
    data = mujoco.MjData(model)
    # The arm out of the way: only what stands below the ray is looked for.
    mujoco.mj_forward(model, data)
    x, y, top = episode.hole_position_m
    radius = 0.5 * (diameter + episode.clearance_m)
    seen, down = np.zeros(1, dtype=np.int32), np.array([0.0, 0.0, -1.0])
    for turn in np.linspace(0.0, 2.0 * np.pi, 48, endpoint=False):
        for beyond in (-1e-3, *np.arange(1e-3, 0.03, 1e-3)):
            out = radius + beyond
            at = np.array([x + out * np.cos(turn), y + out * np.sin(turn), top + 1e-3])
            deep = mujoco.mj_ray(model, data, at, down, None, 1, -1, seen) - 1e-3
            assert (deep > 0.9 * top) if beyond < 0.0 else (deep < 1e-3), (turn, beyond)


def test_a_peg_the_gripper_cannot_hold_is_refused(peg_task_and_robot):
    task, robot = peg_task_and_robot
    with pytest.raises(SimulationError, match='peg_diameter_m is 0.1; the gripper opens 0.08 m'):
        build_model(robot, task.episode.model_copy(update={'peg_diameter_m': 0.1}))


def test_an_arm_needs_no_gripper(peg_task_and_robot):
    task, robot = peg_task_and_robot
    bare = without_meshes(robot).model_copy(update={'gripper': None})
    model = build_model(bare, task.episode)
    assert model.nu == 14 and model.nv == 7


def test_meshes_of_another_number_of_joints_are_refused():
    with pytest.raises(SimulationError, match='panda has 7 joints, the robot file has 6'):
        find_meshes('panda', 6)


def test_missing_meshes_say_what_to_install(monkeypatch):
    monkeypatch.setattr(importlib.util, 'find_spec', lambda name: None)
    with pytest.raises(SimulationError, match='install the Python package gymnasium-robotics'):
        find_meshes('panda', 7)
