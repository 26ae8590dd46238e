"""A robot in a windy corridor learns from take-overs alone, and only if they are labelled right.

It is at one of seven places across, moves by -1, 0 or 1, and the wind adds as much. At the two
outer places of either side a person takes over for four steps and drives to the middle, three of
ten moves at random. Nothing else is told: no goal, no reward but the labels. The values are a
table, and Q-learning fills it.

A label that is one row late, on the person's first step, passes here: what led there is worth less
by bootstrapping all the same. The table of test_rlif.py is what refuses it.
"""

from dataclasses import replace
import math

import numpy as np
import pytest
from takeover.command import Source
from takeover.data.assembler import TransitionAssembler
from takeover.data.step import Step
from takeover.rewards.rlif import InterventionLabeller, LabelConfig

PERIOD_S, PERIOD_NS = 0.05, 50_000_000
WIDEST, EPISODE, SEGMENT, TIME_LIMIT = 3, 50, 4, 4
DISCOUNT, RATE, EXPLORED, UPDATES = 0.95, 0.1, 0.1, 4
NOTHING = np.zeros(0)


class Corridor:
    """Where the robot is, and who drives; `random` gives numbers from 0 to 1."""

    def __init__(self, random):
        self.random = random
        self.reset()

    def reset(self):
        self.place, self.time, self.driven, self.person = 0, 0, 0, False
        self.onsets = 0

    def drives(self):
        """Return who decides now; after a segment the policy has one step unwatched."""
        if self.person and self.driven == SEGMENT:
            self.person = False
        elif not self.person and abs(self.place) >= 2:
            self.person, self.driven = True, 0
            self.onsets += 1
        self.driven += 1
        return Source.HUMAN if self.person else Source.POLICY

    def expert(self):
        if self.random() < 0.3:
            return int(3 * self.random()) - 1
        return -int(math.copysign(self.place != 0, self.place))

    def move(self, action):
        """Move with the wind; return whether the time is over."""
        gust = self.random()
        wind = 1 if gust < 0.2 else -1 if gust < 0.4 else 0
        self.place = max(-WIDEST, min(WIDEST, self.place + action + wind))
        self.time += 1
        return self.time == EPISODE


class Learner:
    """A table of values, learned from transitions drawn at random."""

    def __init__(self, random):
        self.random = random
        self.values = [[0.0] * 3 for _ in range(2 * WIDEST + 1)]
        self.transitions = []

    def greedy(self, place):
        row = self.values[place + WIDEST]
        best = [action for action in (-1, 0, 1) if row[action + 1] == max(row)]
        return best[int(len(best) * self.random())]

    def act(self, place):
        return int(3 * self.random()) - 1 if self.random() < EXPLORED else self.greedy(place)

    def take(self, transition):
        step = transition.step
        self.transitions.append(
            (
                int(step.observation[0]) + WIDEST,
                int(step.commanded[0]) + 1,
                step.reward,
                0.0 if transition.terminated else DISCOUNT,
                int(transition.next_observation[0]) + WIDEST,
            )
        )

    def learn(self):
        for _ in range(UPDATES):
            drawn = self.transitions[int(len(self.transitions) * self.random())]
            place, action, reward, discount, after = drawn
            target = reward + discount * max(self.values[after])
            self.values[place][action] += RATE * (target - self.values[place][action])


def evaluate(learner, corridor):
    """Return the take-overs per episode of the greedy policy."""
    onsets = 0
    for _ in range(40):
        corridor.reset()
        over = False
        while not over:
            person = corridor.drives() is Source.HUMAN
            over = corridor.move(corridor.expert() if person else learner.greedy(corridor.place))
        onsets += corridor.onsets
    corridor.reset()
    return onsets / 40


def untouched(steps):
    return steps


def unlabelled(steps):
    return [replace(step, reward=0.0) for step in steps]


class OneRowLate:
    """Moves the label to the person's first step."""

    def __init__(self):
        self.onset = False

    def __call__(self, steps):
        late = []
        for step in steps:
            late.append(replace(step, reward=-1.0 if self.onset else 0.0))
            self.onset = step.onset
        return late


def take_overs(penalise, seed, change=untouched, learning_steps=(0, 1_000, 20_000)):
    """Learn; return the take-overs per episode after so many steps, and the values."""
    random = np.random.default_rng(seed).random
    corridor, learner = Corridor(random), Learner(random)
    labeller = InterventionLabeller(LabelConfig(penalise), PERIOD_S)
    assembler = TransitionAssembler(PERIOD_S)
    waiting, found, episode = {}, [], 1
    for sequence in range(1, learning_steps[-1] + 1):
        if sequence - 1 in learning_steps:
            watched = Corridor(np.random.default_rng([seed, sequence]).random)
            found.append(evaluate(learner, watched))
        source = corridor.drives()
        place = corridor.place
        wanted = learner.act(place)
        action = corridor.expert() if source is Source.HUMAN else wanted
        waiting[sequence] = (place, wanted, action)
        known = labeller.step(sequence, source, episode)
        if corridor.move(action):
            known += labeller.end(False, True, TIME_LIMIT)
            corridor.reset()
            episode += 1
        steps = [completed(label, *waiting.pop(label.sequence)) for label in known]
        for transition in assembler.assemble(change(steps)):
            learner.take(transition)
        if learner.transitions:
            learner.learn()
    watched = Corridor(np.random.default_rng([seed, learning_steps[-1]]).random)
    return [*found, evaluate(learner, watched)], learner.values


def completed(label, place, wanted, action):
    return Step(
        sequence=label.sequence,
        stamp_ns=label.sequence * PERIOD_NS,
        episode=label.episode,
        source=label.source,
        observation=np.array([place], np.float32),
        policy_action=np.array([wanted]),
        commanded=np.array([action]),
        executed=NOTHING,
        reward=label.reward,
        onset=label.onset,
        stored=label.stored,
        terminated=label.terminated,
        truncated=label.truncated,
        outcome=label.outcome,
    )


SEEDS = pytest.mark.parametrize('seed', [0, 1, 2])


def check_values(values):
    """No sum of discounted labels is above 0 or below what one in every step makes."""
    assert all(-1.0 / (1.0 - DISCOUNT) <= value <= 0.0 for row in values for value in row)


@SEEDS
@pytest.mark.parametrize('penalise', ['onset', 'reference'])
def test_take_overs_end_where_the_step_before_them_is_blamed(penalise, seed):
    (untrained, early, late), values = take_overs(penalise, seed)
    assert untrained > 5.0 and early < 0.5 and late < 0.1
    check_values(values)


@SEEDS
def test_take_overs_go_on_where_the_rescue_is_blamed(seed):
    """The blame leaks onto the safe places that the person drives through."""
    (untrained, _, late), values = take_overs('every_step', seed)
    assert untrained > 5.0 and late > 4.0
    check_values(values)


@SEEDS
def test_take_overs_go_on_without_labels_and_nothing_is_worth_anything(seed):
    found, values = take_overs('onset', seed, unlabelled)
    assert min(found) > 5.0
    assert not np.any(values)


def test_a_label_one_row_late_is_not_noticed_here():
    """So nobody takes this corridor for a proof that labels are where they belong."""
    (untrained, early, late), values = take_overs('onset', 0, OneRowLate())
    assert untrained > 5.0 and early < 0.5 and late < 0.1
    check_values(values)
