"""Where an episode of an arm began: which state of the tool it is, and who knows it."""

import math

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from takeover.intervention.episode_start import EpisodeStart, tool_input
from takeover.task import load_task
from tests import arm_samples

MS = 1_000_000
NOW = 10**18


@pytest.fixture
def start():
    """Return a start that is wanted since NOW."""
    start = EpisodeStart()
    start.want(NOW)
    return start


def test_a_task_with_a_start_says_of_which_tool(repository):
    tasks = repository / 'config' / 'tasks'
    assert tool_input(load_task(tasks / 'arm_peg.yaml')) == 'tool_state'
    assert tool_input(load_task(tasks / 'arm_reach.yaml')) is None
    assert tool_input(load_task(tasks / 'rover_path.yaml')) is None


def test_an_input_of_this_name_that_is_no_pose_is_no_start(repository):
    task = load_task(repository / 'config' / 'tasks' / 'arm_peg.yaml')
    other = task.inputs['episode_start'].model_copy(update={'type': 'wrench'})
    inputs = {**task.inputs, 'episode_start': other}
    assert tool_input(task.model_copy(update={'inputs': inputs})) is None


def test_the_start_is_the_first_state_that_is_not_older_than_the_beginning(start):
    assert start.on_tool(arm_samples.tool(NOW - 1), NOW) is None
    turned = Rotation.from_euler('z', 0.3).as_quat()
    pose = start.on_tool(arm_samples.tool(NOW, (0.1, 0.2, 0.3), turned), NOW + 5 * MS)
    assert (pose.stamp_ns, pose.frame_id) == (NOW, 'panda_link0')
    assert pose.position.tolist() == [0.1, 0.2, 0.3]
    assert pose.rotation.tolist() == turned.tolist()
    assert start.on_tool(arm_samples.tool(NOW + 1), NOW + 6 * MS) is None


def test_without_a_beginning_there_is_no_start():
    start = EpisodeStart()
    assert start.on_tool(arm_samples.tool(NOW), NOW) is None
    assert not start.is_known(NOW + 10**9)


def test_a_state_that_cannot_be_used_is_no_start(start):
    assert start.on_tool(arm_samples.tool(NOW, (math.nan, 0.0, 0.0)), NOW) is None
    assert start.on_tool(arm_samples.tool(NOW + 1, rotation=np.zeros(4)), NOW) is None
    assert start.on_tool(arm_samples.tool(NOW + 2), NOW) is not None


def test_the_start_is_known_to_what_was_seen_after_it_was_told(start):
    assert not start.is_known(NOW + 100 * MS)
    start.on_tool(arm_samples.tool(NOW + 1 * MS), NOW + 5 * MS)
    assert not start.is_known(NOW + 4 * MS)
    assert start.is_known(NOW + 5 * MS) and start.is_known(None)


def test_while_a_new_start_is_awaited_none_is_known(start):
    start.on_tool(arm_samples.tool(NOW), NOW)
    start.want(NOW + 50 * MS)
    assert not start.is_known(NOW + 60 * MS)
    assert start.on_tool(arm_samples.tool(NOW + 40 * MS), NOW + 41 * MS) is None
    assert start.on_tool(arm_samples.tool(NOW + 50 * MS), NOW + 51 * MS).stamp_ns == NOW + 50 * MS
    assert start.is_known(NOW + 60 * MS)


@pytest.mark.parametrize(
    ('shift_m', 'turn_rad', 'follows'),
    [(0.0009, 0.0049, False), (0.0011, 0.0, True), (0.0, 0.0051, True)],
)
def test_while_nobody_drives_it_follows_a_tool_that_is_moved(start, shift_m, turn_rad, follows):
    start.on_tool(arm_samples.tool(NOW), NOW)
    turned = Rotation.from_euler('y', turn_rad).as_quat()
    moved = arm_samples.tool(NOW + MS, (0.5 + shift_m, 0.0, 0.3), turned)
    assert start.on_tool(moved, NOW + 2 * MS) is None
    assert (start.on_tool(moved, NOW + 2 * MS, follow=True) is not None) is follows
    assert start.is_known(NOW + MS) is not follows


def test_it_follows_small_steps_that_add_up(start):
    """Measured from the start that was told, not from the state before."""
    start.on_tool(arm_samples.tool(NOW), NOW)
    told = [
        start.on_tool(arm_samples.tool(NOW + n, (0.5 + 4e-4 * n, 0.0, 0.3)), NOW, follow=True)
        for n in range(1, 7)
    ]
    assert [pose is not None for pose in told] == [False, False, True] * 2
