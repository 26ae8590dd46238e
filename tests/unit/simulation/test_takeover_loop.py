"""The operator, its hand, and the loop they drive in."""

import numpy as np
import pytest
from takeover.action import ActionContract
from takeover.command import Source
from takeover.data.assembler import TransitionAssembler
from takeover.intervention.command_reader import CommandReader
from takeover.intervention.joystick import load_joystick
from takeover.outcome import Outcome
from takeover.simulation.environment import RoverPathEnv
from takeover.simulation.hand import JoystickHand
from takeover.simulation.operator import OperatorConfig, OperatorError
from takeover.simulation.rover_operator import rover_operator
from takeover.simulation.takeover_loop import TakeoverLoop


class Straight:
    version = 'straight'

    def __init__(self, speed):
        self.speed = speed

    def act(self, observation):
        return np.array([self.speed, 0.0])


@pytest.fixture
def mapping(repository, task):
    return load_joystick(
        repository / 'config' / 'inputs' / 'joystick.yaml', ActionContract(task.action)
    )


@pytest.fixture
def make_loop(task, robot, mapping):
    env = RoverPathEnv(task, robot, latency_s=0.05, gated=True)

    def make(**settings):
        hand = JoystickHand(mapping, env.action_contract)
        operator = rover_operator(
            robot, task.episode, hand, 0.05, OperatorConfig(**settings), seed=0
        )
        return TakeoverLoop(env, mapping, operator)

    yield make
    env.close()


def test_the_hand_is_the_inverse_of_the_mapping(task, mapping):
    action = ActionContract(task.action)
    hand, reader = JoystickHand(mapping, action), CommandReader(mapping, action)
    for values in ([0.0, 0.0], [0.6, -1.5], [0.123, 0.77], [0.4, -0.01]):
        command = reader.command(*hand.message(values))
        assert command.deadman
        assert command.values == pytest.approx(values, abs=1e-6)
    assert reader.command(*hand.message(None)).neutral


def test_an_operator_who_always_drives_reaches_the_goal_through_the_joystick(make_loop):
    steps = list(make_loop(skill=1.0, always=True).drive(0, Straight(0.0)))
    assert steps[-1].outcome == Outcome.GOAL and steps[-1].terminated
    assert steps[0].source is not Source.HUMAN
    assert all(step.source is Source.HUMAN for step in steps[5:])
    assert not any(step.reward for step in steps)


@pytest.mark.parametrize('speed', [0.4, 0.0])
def test_a_policy_that_fails_or_stands_still_is_taken_over_and_labelled_once_each(
    make_loop, speed
):
    steps = list(make_loop(skill=1.0).drive(3, Straight(speed)))
    edges = [
        before
        for before, after in zip(steps, steps[1:])
        if (before.source, after.source) == (Source.POLICY, Source.HUMAN)
    ]
    labelled = [step for step in steps if step.reward and not step.terminated]
    assert edges and labelled == edges
    assert all(step.reward == -1.0 and step.onset for step in edges)
    assert [step.sequence for step in steps] == list(range(1, len(steps) + 1))


def test_a_row_holds_the_action_of_who_drove_and_the_shadow_of_the_policy(make_loop):
    steps = list(make_loop(skill=0.4).drive(3, Straight(0.4)))
    human = [step for step in steps if step.source is Source.HUMAN]
    assert human and all(step.policy_action.tolist() == [0.4, 0.0] for step in steps)
    assert any(step.commanded.tolist() != [0.4, 0.0] for step in human)
    held = [step for step in steps if step.source is Source.HOLD]
    assert all(not step.commanded.any() and not step.stored for step in held)


def test_the_same_seed_gives_the_same_steps(make_loop):
    def rows():
        steps = make_loop(skill=0.4).drive(5, Straight(0.4))
        return [(s.observation.tobytes(), s.commanded.tobytes(), s.reward) for s in steps]

    assert rows() == rows()


def test_episodes_never_run_into_each_other(make_loop):
    loop = make_loop(skill=0.4)
    steps = [step for seed in (3, 4) for step in loop.drive(seed, Straight(0.4))]
    ends = {step.sequence for step in steps if step.terminated or step.truncated}
    assert len(ends) == 2 and {step.episode for step in steps} == {1, 2}
    for transition in TransitionAssembler(0.05).assemble(steps):
        closed = transition.terminated or transition.truncated
        assert closed or transition.step.sequence not in ends


@pytest.mark.parametrize('settings', [{'skill': 0.0}, {'horizon_s': 0.0}, {'hold_s': (2.0, 1.0)}])
def test_an_operator_nobody_can_be_is_refused(settings):
    with pytest.raises(OperatorError, match='legal'):
        OperatorConfig(**settings)
