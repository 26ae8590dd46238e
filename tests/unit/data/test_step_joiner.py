"""Joining: three parts make a step, with images four; one that lacks makes a gap."""

from dataclasses import replace
import math

import numpy as np
import pytest
from takeover.command import Source
from takeover.data.errors import LogError
from takeover.data.step_joiner import (
    JoinConfig,
    MOST_WAITING,
    PolicyPart,
    RewardPart,
    StepJoiner,
)

SPEC = 'a' * 16
CONFIG = JoinConfig(SPEC, observation_size=3, action_size=2)
WITH_IMAGES = replace(CONFIG, pixels_size=12)


def policy(sequence: int) -> PolicyPart:
    return PolicyPart(
        sequence=sequence,
        stamp_ns=1000 * sequence,
        observation=np.full(3, sequence, np.float32),
        observation_stamp_ns=1000 * sequence - 1,
        action=np.array([0.1, sequence]),
        policy_version='v',
        spec_hash=SPEC,
        image_stamps_ns=(1000 * sequence - 100,),
    )


def reward(sequence: int) -> RewardPart:
    return RewardPart(
        sequence=sequence,
        episode=7,
        source=2,
        commanded=np.array([0.2, sequence]),
        reward=-1.0,
        onset=True,
        stored=False,
        terminated=True,
        truncated=False,
        outcome=2,
    )


def executed(sequence: int) -> np.ndarray:
    return np.array([0.3, sequence])


def pixels(sequence: int) -> np.ndarray:
    return np.full(12, sequence, np.uint8)


def say(joiner: StepJoiner, sequence: int, now_s: float = 0.0, parts: str = 'per') -> None:
    """Give the parts of a step: policy, executed, reward, images."""
    for part in parts:
        if part == 'p':
            joiner.policy(policy(sequence), now_s)
        elif part == 'i':
            joiner.pixels(sequence, pixels(sequence), now_s)
        elif part == 'e':
            joiner.executed(sequence, executed(sequence), now_s)
        else:
            joiner.reward(reward(sequence), now_s)


def sequences(steps) -> list[int]:
    return [step.sequence for step in steps]


@pytest.mark.parametrize('order', ['per', 'pre', 'epr', 'erp', 'rpe', 'rep'])
def test_three_parts_in_any_order_make_a_step(order):
    joiner = StepJoiner(CONFIG)
    for count, part in enumerate(order, start=1):
        say(joiner, 5, parts=part)
        steps = joiner.ready(0.0)
        assert len(steps) == (count == 3)
    (step,) = steps
    assert (step.sequence, step.stamp_ns, step.observation_stamp_ns) == (5, 5000, 4999)
    assert (step.episode, step.source, step.outcome) == (7, Source.HUMAN, 2)
    assert (step.reward, step.onset, step.stored) == (-1.0, True, False)
    assert (step.terminated, step.truncated, step.policy_version) == (True, False, 'v')
    assert step.observation.tolist() == [5.0, 5.0, 5.0]
    assert [v[0] for v in (step.policy_action, step.commanded, step.executed)] == [0.1, 0.2, 0.3]


@pytest.mark.parametrize('order', ['peri', 'iper', 'reip', 'epri'])
def test_with_images_four_parts_make_a_step(order):
    joiner = StepJoiner(WITH_IMAGES)
    for part in order[:-1]:
        say(joiner, 5, parts=part)
        assert joiner.ready(0.0) == []
    say(joiner, 5, parts=order[-1])
    (step,) = joiner.ready(0.0)
    assert step.pixels.tolist() == [5] * 12
    assert step.image_stamps_ns == (4900,)


def test_pictures_that_do_not_come_cost_their_step_alone():
    joiner = StepJoiner(WITH_IMAGES)
    say(joiner, 5, parts='per')
    say(joiner, 6, parts='peri')
    assert sequences(joiner.ready(1.0 + WITH_IMAGES.patience_s)) == [6]
    say(joiner, 5, parts='i')
    assert (joiner.incomplete, joiner.late) == (1, 1)


def test_the_first_pictures_of_a_step_count():
    joiner = StepJoiner(WITH_IMAGES)
    say(joiner, 5, parts='i')
    joiner.pixels(5, np.zeros(12, np.uint8), 0.0)
    say(joiner, 5, parts='per')
    (step,) = joiner.ready(0.0)
    assert step.pixels.tolist() == [5] * 12


@pytest.mark.parametrize('size', [0, 11, 24])
def test_pictures_of_another_size_are_refused(size):
    joiner = StepJoiner(WITH_IMAGES)
    joiner.pixels(5, np.zeros(size, np.uint8), 0.0)
    say(joiner, 5, parts='per')
    assert joiner.ready(9.0) == []
    assert (joiner.refused, joiner.incomplete) == (1, 0)
    assert joiner.refused_because == f'step 5: the pictures have {size} numbers, the task has 12'


def test_a_task_without_images_gives_steps_without_pixels():
    joiner = StepJoiner(CONFIG)
    say(joiner, 5)
    (step,) = joiner.ready(0.0)
    assert (step.pixels.dtype, step.pixels.size) == (np.uint8, 0)


def test_a_step_waits_for_the_one_before_it():
    joiner = StepJoiner(CONFIG)
    say(joiner, 5, parts='pe')
    say(joiner, 6)
    assert joiner.ready(0.0) == []
    say(joiner, 5, parts='r')
    assert sequences(joiner.ready(0.0)) == [5, 6]


def test_a_part_that_does_not_come_costs_its_step_alone():
    joiner = StepJoiner(CONFIG)
    say(joiner, 5, now_s=1.0, parts='pe')
    say(joiner, 6, now_s=1.05)
    assert joiner.ready(1.0 + CONFIG.patience_s) == []
    assert sequences(joiner.ready(1.001 + CONFIG.patience_s)) == [6]
    assert joiner.incomplete == 1
    say(joiner, 5, now_s=4.0, parts='r')
    assert joiner.ready(4.0) == []
    assert joiner.late == 1


def test_what_is_said_twice_counts_once():
    joiner = StepJoiner(CONFIG)
    say(joiner, 5, parts='pp')
    joiner.executed(5, executed(5), 0.0)
    joiner.executed(5, np.zeros(2), 0.0)
    say(joiner, 5, parts='r')
    (step,) = joiner.ready(0.0)
    assert step.executed.tolist() == [0.3, 5.0]
    say(joiner, 5)
    assert joiner.ready(9.0) == []
    assert (joiner.late, joiner.incomplete) == (3, 0)


@pytest.mark.parametrize(
    ('change', 'words'),
    [
        ({'spec_hash': 'b' * 16}, f"spec_hash is '{'b' * 16}', recorded is '{SPEC}'"),
        ({'observation': np.zeros(4, np.float32)}, 'observation has 4 numbers, the task has 3'),
        ({'observation': np.full(3, np.nan, np.float32)}, 'observation is not finite'),
        ({'action': np.zeros(3)}, 'action has 3 numbers, the task has 2'),
    ],
)
def test_a_command_that_does_not_fit_the_task_is_refused(change, words):
    joiner = StepJoiner(CONFIG)
    say(joiner, 5, parts='e')
    joiner.policy(replace(policy(5), **change), 0.0)
    say(joiner, 5, parts='r')
    say(joiner, 6)
    assert sequences(joiner.ready(0.0)) == [6]
    assert (joiner.refused, joiner.incomplete) == (1, 0)
    assert joiner.refused_because == f'step 5: {words}'


@pytest.mark.parametrize(
    ('part', 'words'),
    [
        (replace(reward(5), reward=math.nan), 'reward is nan'),
        (replace(reward(5), source=9), 'source is 9; legal: [0, 1, 2, 3]'),
        (replace(reward(5), commanded=np.array([np.inf, 0.0])), 'commanded is not finite'),
    ],
)
def test_a_reward_that_is_none_is_refused(part, words):
    joiner = StepJoiner(CONFIG)
    joiner.reward(part, 0.0)
    assert joiner.refused_because == f'step 5: {words}'
    joiner.executed(6, np.zeros(1), 0.0)
    assert joiner.refused_because == 'step 6: executed has 1 numbers, the task has 2'


def test_an_output_of_no_step_is_ignored():
    joiner = StepJoiner(CONFIG)
    joiner.executed(0, executed(0), 0.0)
    assert (joiner.waiting, joiner.refused, joiner.late) == (0, 0, 0)


def test_memory_is_bounded():
    joiner = StepJoiner(CONFIG)
    for sequence in range(1, 3 * MOST_WAITING):
        say(joiner, sequence, parts='p')
        joiner.ready(0.0)
        assert joiner.waiting <= MOST_WAITING
    assert joiner.incomplete == 3 * MOST_WAITING - 1 - MOST_WAITING


@pytest.mark.parametrize('patience_s', [0.0, -1.0, math.inf, math.nan])
def test_patience_that_is_none_is_refused(patience_s):
    with pytest.raises(LogError, match='patience_s'):
        replace(CONFIG, patience_s=patience_s)
