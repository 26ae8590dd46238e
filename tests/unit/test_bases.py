"""The robot files of bases that are not simulated: whole, safe, and of no rover's task."""

import pytest
from takeover.action import ActionContract
from takeover.config_file import ConfigError
from takeover.robot import RoverSpec
from takeover.safety.limits import limits_for_action
from takeover.simulation.rover import RoverSimulation
from takeover.simulation.rover_camera_source import RoverCameraSource
from takeover.simulation.rover_model import build_model
from takeover.simulation.ticks import SimulationError
from takeover.task import load_robot, load_task, load_task_and_robot, mismatches
import yaml

BASES = ('turtlebot4', 'diff_drive')


@pytest.fixture(params=BASES)
def base(request) -> RoverSpec:
    """Return a base."""
    return load_robot(request.param)


@pytest.fixture
def slower(base):
    """Return the task of the rover, made for the base: within its limits and its time-outs."""
    task = load_task('rover_path')
    components = tuple(
        component.model_copy(
            update={
                'low': max(component.low, base.limits[component.name].min_velocity),
                'high': min(component.high, base.limits[component.name].max_velocity),
            }
        )
        for component in task.action.components
    )
    action = task.action.model_copy(update={'components': components})
    return task.model_copy(update={'robot': base.robot, 'action': action})


def test_the_ladder_of_a_base_leaves_the_gate_time_to_act_before_the_controller(base):
    assert base.timeouts.gate_s < base.timeouts.controller_s
    assert base.timeouts.observation_s < base.timeouts.policy_s


def test_a_wheel_is_never_asked_for_more_than_a_create_3_can_do():
    base = load_robot('turtlebot4')
    limit, turn = base.limits['linear.x'], base.limits['angular.z']
    assert limit.max_velocity == 0.306
    assert limit.max_acceleration <= 0.9 and limit.max_deceleration <= 0.9
    assert turn.max_acceleration * base.geometry.track_m / 2.0 <= 0.9


def test_a_task_that_is_made_for_a_base_fits_it(base, slower):
    assert mismatches(slower, base) == []
    limits = limits_for_action(slower.action, base)
    assert len(limits) == len(ActionContract(slower.action).names)


@pytest.mark.parametrize('name', BASES)
def test_the_task_of_the_rover_is_refused_by_name(name):
    with pytest.raises(ConfigError, match=f"made for 'rover', the robot file describes '{name}'"):
        load_task_and_robot('rover_path', name)


def test_a_task_that_asks_a_turtlebot_for_more_is_refused_with_the_limit():
    task = load_task('rover_path').model_copy(update={'robot': 'turtlebot4'})
    (problem,) = mismatches(task, load_robot('turtlebot4'))
    assert 'linear.x' in problem and '[0.0, 0.306]' in problem


def test_what_has_no_physics_is_not_simulated(base, slower):
    reason = f'simulation: the robot file of {base.robot} has none'
    for simulate in (
        lambda: RoverSimulation(base, slower.episode),
        lambda: build_model(base, None),
        lambda: RoverCameraSource(None, base, slower.episode, None),
    ):
        with pytest.raises(SimulationError, match=reason):
            simulate()


def test_a_base_takes_stamped_commands_unless_its_file_says_otherwise(tmp_path, repository):
    text = (repository / 'config/robots/diff_drive.yaml').read_text()
    values = yaml.safe_load(text)
    for given, message in ((None, 'twist_stamped'), ('twist', 'twist')):
        values.pop('command', None)
        if given:
            values['command'] = {'message': given}
        path = tmp_path / 'base.yaml'
        path.write_text(yaml.safe_dump(values))
        assert load_robot(path).command.message == message
    values['command'] = {'message': 'Twist'}
    path.write_text(yaml.safe_dump(values))
    with pytest.raises(ConfigError, match='command.message'):
        load_robot(path)
