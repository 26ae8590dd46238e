"""A name is a file that is shipped, wherever the software is; a path stays a path."""

from pathlib import Path

import pytest
from takeover.config_file import ConfigError
from takeover.shipped import config_path, demo_policy
from takeover.task import load_task, load_task_and_robot


@pytest.fixture(params=['repository', 'share'])
def root(request, monkeypatch, repository, tmp_path) -> Path:
    """Return where the files are: without ROS, and with an installed takeover_bringup."""
    monkeypatch.setenv('AMENT_PREFIX_PATH', str(tmp_path) if request.param == 'share' else '')
    if request.param == 'repository':
        return repository
    (tmp_path / 'share/ament_index/resource_index/packages').mkdir(parents=True)
    (tmp_path / 'share/ament_index/resource_index/packages/takeover_bringup').touch()
    share = tmp_path / 'share/takeover_bringup'
    share.mkdir()
    for folder in ('config', 'models'):
        (share / folder).symlink_to(repository / folder)
    return share


@pytest.mark.parametrize('name', ['rover_lane', Path('rover_path')])
def test_a_name_is_the_shipped_file(root, name):
    assert config_path(name, 'tasks') == root / 'config' / 'tasks' / f'{name}.yaml'
    assert load_task(name).task == str(name)
    task, robot = load_task_and_robot(name)
    assert (task, robot) == load_task_and_robot(name, 'rover')


def test_a_task_has_a_policy_of_its_name(root):
    assert demo_policy('rover_path') == root / 'models' / 'demo' / 'rover_path.onnx'
    assert demo_policy('rover_path').is_file()


@pytest.mark.parametrize('path', ['rover_lane.yaml', './rover_lane', '/tasks/rover_lane'])
def test_a_path_stays_a_path(path):
    assert config_path(path, 'tasks') == Path(path)


def test_a_name_that_is_none_is_refused_with_those_there_are():
    with pytest.raises(ConfigError, match='rover_lame: is no name of tasks; legal: .*rover_lane'):
        load_task('rover_lame')
    with pytest.raises(ConfigError, match='rower: is no name of robots; legal: .*rover.*, or'):
        load_task_and_robot('rover_lane', 'rower')
