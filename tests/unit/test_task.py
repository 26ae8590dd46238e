"""Shipped files are good, and a task may ask for no more than its robot allows."""

from pathlib import Path

import pytest
from takeover.config_file import ConfigError
from takeover.specs import ActionSpec
from takeover.task import load_robot, load_task, load_task_and_robot, mismatches

CONFIG = Path(__file__).parents[2] / 'config'
TASK, ROBOT = CONFIG / 'tasks' / 'rover_path.yaml', CONFIG / 'robots' / 'rover.yaml'
LADDER = ('observation_s', 'policy_s', 'input_device_s', 'gate_s', 'controller_s')


def altered(tmp_path, source, old, new):
    text = source.read_text()
    assert old in text
    target = tmp_path / source.name
    target.write_text(text.replace(old, new, 1))
    return target


def test_every_shipped_task_fits_its_robot():
    for path in sorted((CONFIG / 'tasks').glob('*.yaml')):
        task, robot = load_task_and_robot(path)
        assert task.robot == robot.robot


def test_the_robot_of_a_task_stands_in_the_folder_beside_it_or_is_shipped(tmp_path):
    (tmp_path / 'tasks').mkdir()
    task = tmp_path / 'tasks' / 'mine.yaml'
    task.write_text(TASK.read_text())
    assert load_task_and_robot(task)[1] == load_robot(ROBOT)
    (tmp_path / 'robots').mkdir()
    text = ROBOT.read_text()
    (tmp_path / 'robots' / 'rover.yaml').write_text(text.replace('gate_s: 0.35', 'gate_s: 0.40'))
    assert load_task_and_robot(task)[1].timeouts.gate_s == 0.4


def test_the_shipped_timeout_ladder_is_the_documented_one():
    timeouts = load_robot(ROBOT).timeouts
    assert [getattr(timeouts, name) for name in LADDER] == [0.15, 0.20, 0.30, 0.35, 0.5]


@pytest.mark.parametrize(
    ('old', 'new', 'said'),
    [
        (
            'policy_s: 0.20',
            'policy_s: 0.15',
            'observation_s (0.15) must be less than policy_s (0.15)',
        ),
        ('gate_s: 0.35', 'gate_s: 0.30', 'input_device_s (0.3) must be less than gate_s (0.3)'),
        ('controller_s: 0.5', 'controller_s: 0.1', 'gate_s (0.35) must be less than controller_s'),
        ('max_jerk: 20.0', 'max_jerk: 0.0', 'limits.linear.x.max_jerk: must be greater than 0'),
    ],
)
def test_a_robot_file_that_is_wrong_is_refused(tmp_path, old, new, said):
    with pytest.raises(ConfigError) as caught:
        load_robot(altered(tmp_path, ROBOT, old, new))
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ('source', 'old', 'new', 'said'),
    [
        (ROBOT, 'max_velocity: 0.6', 'max_velocity: 0.5', 'action.components.linear.x: bounds'),
        (ROBOT, 'robot: rover', 'robot: other', "robot: is made for 'rover'"),
        (ROBOT, 'linear.x:', 'linear.y:', 'rover has no such axis; legal: linear.y, angular.z'),
        (TASK, 'max_age_s: 0.15', 'max_age_s: 0.3', 'inputs.odom.max_age_s: 0.3 s is longer than'),
        (TASK, 'rate_hz: 20.0', 'rate_hz: 5.0', 'must be at least 2 periods'),
    ],
)
def test_a_task_that_asks_for_too_much_is_refused(tmp_path, source, old, new, said):
    paths = {TASK: TASK, ROBOT: ROBOT, source: altered(tmp_path, source, old, new)}
    with pytest.raises(ConfigError) as caught:
        load_task_and_robot(paths[TASK], paths[ROBOT])
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ('frame', 'names', 'refused'),
    [
        ('gripper_frame_link', ['linear.y', 'angular.y', 'angular.z'], []),
        ('gripper_frame_link', ['linear.y', 'angular.x'], ['angular.x']),
        ('base_link', ['linear.x', 'linear.y', 'linear.z'], []),
        ('base_link', ['linear.x', 'angular.y', 'angular.z'], ['angular.y', 'angular.z']),
    ],
)
def test_a_task_commands_nothing_that_its_arm_leaves_free(frame, names, refused):
    units = {'linear': 'm/s', 'angular': 'rad/s'}
    components = tuple(
        {'name': name, 'unit': units[name[:-2]], 'low': -0.1, 'high': 0.1} for name in names
    )
    action = ActionSpec(kind='twist', frame=frame, components=components)
    task = load_task(CONFIG / 'tasks' / 'arm_peg.yaml')
    task = task.model_copy(update={'robot': 'so101', 'action': action})
    problems = mismatches(task, load_robot(CONFIG / 'robots' / 'so101.yaml'))
    assert problems == [
        f'action.components.{name}: so101 follows no angular.x of gripper_frame_link (free in '
        'the robot file), which is in it; leave it out'
        for name in refused
    ]
