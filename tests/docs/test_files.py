"""The files in the documents load with the loaders of the library, and become contracts."""

from pathlib import Path

import numpy as np
import pytest
from takeover.action import ActionContract
from takeover.camera.config import load_cameras
from takeover.intervention.joystick import load_joystick
from takeover.policy.bundle import check_contract, read_bundle
from takeover.policy.bundle_writer import write_bundle
from takeover.policy.onnx_export import export_mlp, MlpWeights
from takeover.specs import TaskSpec
from takeover.task import load_robot, load_task_and_robot
from takeover.training.takeover_settings import config_from_file
from tests.docs.pages import DOCS, files, pages, write_files
from tests.vision_policies import PARITY, write_vision

ADDING = DOCS / 'adding.md'


@pytest.fixture(scope='module')
def mine(tmp_path_factory) -> Path:
    """Return the folder that a reader of adding.md ends up with."""
    folder = tmp_path_factory.mktemp('adding')
    write_files(ADDING, folder)
    return folder / 'mine'


def tasks(mine: Path) -> list[Path]:
    """Return the task files; a page without any would prove nothing."""
    found = sorted((mine / 'tasks').glob('*.yaml'))
    assert len(found) == 2
    return found


def test_every_file_is_of_a_kind_that_is_loaded_here():
    kinds = {Path(name).parent.name for name in files(ADDING)}
    assert kinds == {'robots', 'tasks', 'cameras', 'inputs', 'training'}


def test_the_robot_loads(mine):
    assert load_robot(mine / 'robots' / 'scout.yaml').robot == 'scout'


def test_each_task_fits_its_robot(mine):
    for path in tasks(mine):
        task, robot = load_task_and_robot(path)
        assert (task.task, robot.robot) == (path.stem, 'scout')


def test_each_task_becomes_a_contract_that_a_policy_carries(mine, tmp_path):
    for path in tasks(mine):
        task, _ = load_task_and_robot(path)
        bundle = tmp_path / f'{task.task}.onnx'
        if task.images:
            write_vision(bundle, task)
        else:
            write_standing(bundle, task)
        read = read_bundle(bundle)
        check_contract(read, task)
        assert read.contract == task.contract


def test_the_camera_gives_what_the_task_sees(mine):
    cameras = load_cameras(mine / 'cameras' / 'scout.yaml')
    seen = {
        name.split('/')[0]: spec.frame
        for path in tasks(mine)
        for name, spec in load_task_and_robot(path)[0].inputs.items()
        if spec.type == 'image'
    }
    assert seen == {name: camera.frame for name, camera in cameras.items()}


def test_the_input_moves_every_component_of_each_task(mine):
    for path in tasks(mine):
        action = ActionContract(load_task_and_robot(path)[0].action)
        assert set(load_joystick(mine / 'inputs' / 'scout.yaml', action).axes) == set(action.names)


def test_settings_of_learners_are_legal(tmp_path):
    found = 0
    for page in pages():
        write_files(page, tmp_path / page.stem)
        for name in files(page):
            if Path(name).stem == 'try':
                found += 1
                config_from_file(tmp_path / page.stem / name)
    assert found == 2


def write_standing(path: Path, task: TaskSpec) -> None:
    """Write a policy for a task without images that does nothing."""
    low, high = np.array([(one.low, one.high) for one in task.action.components]).T
    size = task.observation_size
    weights = np.zeros((len(low), size), np.float32)
    mlp = MlpWeights((weights,), (np.zeros(len(low)),), np.zeros(size), np.ones(size), low, high)
    write_bundle(export_mlp(mlp), task, {}, np.zeros((PARITY, size), np.float32), path)
