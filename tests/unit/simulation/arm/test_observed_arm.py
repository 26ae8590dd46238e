"""Whoever is told of the arm sees what the simulation is, and only of the episode that is on."""

from dataclasses import replace

import numpy as np
import pytest
from takeover.arm_samples import PoseSample
from takeover.simulation.arm.observed import ObservedArm, SIGHT_S
from takeover.simulation.arm.simulation import ArmSimulation
from takeover.task import load_task_and_robot

TASK, ROBOT = load_task_and_robot('arm_reach')
BEGUN_NS, NOW_S = 10**9, 50.0


@pytest.fixture(scope='module')
def simulation():
    """Return an arm that has moved a little."""
    simulation = ArmSimulation(ROBOT, TASK.episode)
    simulation.command_gripper(0.03)
    simulation.step(50)
    return simulation


@pytest.fixture
def arm():
    """Return an arm whose goal is known."""
    arm = ObservedArm(ROBOT)
    assert arm.hear_goal(goal()) is None
    return arm


def goal(stamp_ns=BEGUN_NS):
    """Return a goal."""
    return PoseSample(stamp_ns, np.array([0.5, 0.0, 0.2]), np.array([1.0, 0.0, 0.0, 0.0]))


def tell(arm, simulation, stamp_ns=BEGUN_NS, now_s=NOW_S, leave_out=None):
    """Tell what a simulation publishes."""
    samples = {
        'tool': simulation.true_tool(),
        'joints': simulation.joints(),
        'wrench': simulation.wrench(),
    }
    for name, sample in samples.items():
        if name != leave_out:
            hear = getattr(arm, f'hear_{name}')
            assert hear(replace(sample, stamp_ns=stamp_ns), now_s) is None


def test_it_is_seen_as_it_is(arm, simulation):
    tell(arm, simulation)
    assert arm.look(NOW_S) is None and arm.time_s == NOW_S
    assert (arm.true_tool().position == simulation.true_tool().position).all()
    assert arm.width_m == pytest.approx(simulation.width_m, abs=1e-3)
    assert arm.contact_force_n == pytest.approx(simulation.contact_force_n)
    assert arm.goal().position[0] == 0.5 and arm.goal_stamp_ns == BEGUN_NS


@pytest.mark.parametrize(
    ('leave_out', 'said'), [('tool', 'true tool'), ('joints', 'gripper'), ('wrench', 'wrench')]
)
def test_what_is_missing_is_named(arm, simulation, leave_out, said):
    tell(arm, simulation, leave_out=leave_out)
    assert arm.look(NOW_S) == said


def test_what_was_heard_long_ago_is_not_seen(arm, simulation):
    tell(arm, simulation)
    assert arm.look(NOW_S + 0.9 * SIGHT_S) is None
    assert arm.look(NOW_S + 1.1 * SIGHT_S) == 'true tool for 0.33 s'


def test_a_new_goal_begins_an_episode_and_what_was_before_is_not_of_it(arm, simulation):
    tell(arm, simulation)
    arm.hear_goal(goal(2 * BEGUN_NS))
    assert arm.look(NOW_S) == 'true tool'
    tell(arm, simulation, stamp_ns=2 * BEGUN_NS - 1)
    assert arm.look(NOW_S) == 'true tool'
    tell(arm, simulation, stamp_ns=2 * BEGUN_NS)
    assert arm.look(NOW_S) is None


def test_without_a_goal_there_is_nothing_to_see(simulation):
    arm = ObservedArm(ROBOT)
    tell(arm, simulation)
    assert arm.look(NOW_S) == 'goal'


def test_what_cannot_be_used_is_refused_and_changes_nothing(arm, simulation):
    tell(arm, simulation)
    nan = np.full(3, np.nan)
    wrong = replace(simulation.true_tool(), stamp_ns=BEGUN_NS, position=nan)
    assert arm.hear_tool(wrong, NOW_S) == 'true tool not finite'
    assert 'not finite' in arm.hear_goal(replace(goal(), position=nan))
    assert arm.look(NOW_S) is None
    assert (arm.true_tool().position == simulation.true_tool().position).all()


def test_of_a_robot_without_gripper_and_wrench_none_is_waited_for(simulation):
    bare = ROBOT.model_copy(update={'gripper': None, 'wrench': None})
    arm = ObservedArm(bare)
    arm.hear_goal(goal())
    arm.hear_tool(replace(simulation.true_tool(), stamp_ns=BEGUN_NS), NOW_S)
    assert arm.look(NOW_S) is None
