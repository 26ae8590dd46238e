"""What takeover_description brings along is what the tools would make anew."""

import pytest
from takeover.simulation.sdf_world import start_parameters, world_sdf
from takeover.task import load_task_and_robot


@pytest.mark.parametrize('task', ['rover_path', 'rover_lane'])
def test_shipped_worlds_are_those_of_seed_0(repository, package, task):
    spec, robot = load_task_and_robot(repository / 'config' / 'tasks' / f'{task}.yaml')
    file = package / 'worlds' / f'{task}.sdf'
    again = f'takeover world export {task} --output {file.relative_to(repository)}'
    assert file.read_text() == world_sdf(spec, robot, 0), again
    start = file.with_name(f'{file.name}.start.yaml')
    assert start.read_text() == start_parameters(spec, robot, 0), again


def test_there_is_a_world_for_every_task_of_a_rover(repository, package):
    tasks = {file.stem for file in (repository / 'config' / 'tasks').glob('rover_*.yaml')}
    assert {file.stem for file in (package / 'worlds').glob('*.sdf')} == tasks


def test_the_build_puts_the_expanded_urdf_into_a_parameter_file(package):
    text = (package / 'CMakeLists.txt').read_text()
    assert 'rover.urdf.xacro -o' in text
    template = (package / 'config' / 'robot_description.yaml.in').read_text()
    assert template.splitlines()[-1] == '      @robot_description@'
