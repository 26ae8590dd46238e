"""What each step is worth, row by row: the tables of who drove and of the labels that follow.

P policy, E a person (the expert of the papers), H hold, N nobody. A None among the rewards stands
for a step that the rule leaves out of learning.
"""

import math

import pytest
from takeover.command import Source
from takeover.outcome import Outcome
from takeover.rewards.rlif import InterventionLabeller, Label, LabelConfig, LabelError

PERIOD_S = 0.05
DRIVERS = {'P': Source.POLICY, 'E': Source.HUMAN, 'H': Source.HOLD, 'N': Source.NONE}
COLLISION, TIME_LIMIT = 2, 4
X = None


class Trace:
    """A labeller, the steps it got and what came back."""

    def __init__(self, **config):
        self.labeller = InterventionLabeller(LabelConfig(**config), PERIOD_S)
        self.sequence, self.given, self.known = 100, [], []

    def drive(self, who, episode=1):
        """One step for each letter."""
        for letter in who:
            self.sequence += 1
            self.given.append((self.sequence, DRIVERS[letter], episode))
            self.known += self.labeller.step(*self.given[-1])
        return self

    def end(self, terminated=False, truncated=True, outcome=TIME_LIMIT):
        self.known += self.labeller.end(terminated, truncated, outcome)
        return self

    def interrupt(self):
        self.known += self.labeller.interrupt()
        return self

    def skip(self):
        """A step that never came."""
        self.sequence += 1
        return self

    def rewards(self):
        """Return all rewards; every step must have come back once, in order, as it was."""
        assert self.given == [
            (label.sequence, label.source, label.episode) for label in self.known
        ]
        return [label.reward if label.stored else X for label in self.known]

    def onsets(self):
        """Return the places of the onsets, from 0."""
        return [place for place, label in enumerate(self.known) if label.onset]


# Who drove in each step of one episode, how it ended, the onsets that have a step before them,
# and the rewards: of the paper, and of the released code.
TABLE = {
    'onset at 3': (
        'PPPEEEEPPP',
        'truncated',
        [2],
        [0, 0, -1, 0, 0, 0, 0, 0, 0, 0],
        [0, 0, -1, X, X, X, 0, 0, 0, X],
    ),
    'onset at 0': (
        'EEEEPPPP',
        'truncated',
        [],
        [0, 0, 0, 0, 0, 0, 0, 0],
        [X, X, X, 0, 0, 0, 0, X],
    ),
    'trigger always on': (
        'EEEEPEEEEPEE',
        'truncated',
        [4, 9],
        [0, 0, 0, 0, -1, 0, 0, 0, 0, -1, 0, 0],
        [X, X, X, 0, -1, X, X, X, 0, -1, X, X],
    ),
    'onset at 3, terminal at 5': (
        'PPPEEE',
        'terminated',
        [2],
        [0, 0, -1, 0, 0, 0],
        [0, 0, -1, X, X, X],
    ),
    'onset at 6, the last step': (
        'PPPPPPE',
        'truncated',
        [5],
        [0, 0, 0, 0, 0, -1, 0],
        [0, 0, 0, 0, 0, -1, X],
    ),
}
ROWS = pytest.mark.parametrize(
    ('who', 'how', 'onsets', 'paper', 'released'), TABLE.values(), ids=TABLE.keys()
)


def labelled(who, how, **config):
    outcome = COLLISION if how == 'terminated' else TIME_LIMIT
    trace = Trace(**config).drive(who)
    return trace.end(how == 'terminated', how == 'truncated', outcome)


@ROWS
def test_the_rule_of_the_paper(who, how, onsets, paper, released):
    """The policy's last step before the take-over; one row later is another label."""
    trace = labelled(who, how)
    assert trace.rewards() == paper and trace.onsets() == onsets


@ROWS
def test_the_rule_of_the_released_code(who, how, onsets, paper, released):
    trace = labelled(who, how, penalise='reference')
    assert trace.rewards() == released and trace.onsets() == onsets


@ROWS
def test_blaming_every_step_of_a_person(who, how, onsets, paper, released):
    """The rule that is there to be compared with; the onsets are counted all the same."""
    trace = labelled(who, how, penalise='every_step')
    assert trace.rewards() == [-1.0 if letter == 'E' else 0.0 for letter in who]
    assert trace.onsets() == onsets


@ROWS
@pytest.mark.parametrize('penalise', ['onset', 'reference', 'every_step'])
def test_the_last_step_carries_the_end(penalise, who, how, onsets, paper, released):
    """And no other."""
    trace = labelled(who, how, penalise=penalise)
    ends = [(label.terminated, label.truncated, label.outcome) for label in trace.known]
    assert set(ends[:-1]) == {(False, False, 0)}
    last = (True, False, COLLISION) if how == 'terminated' else (False, True, TIME_LIMIT)
    assert ends[-1] == last


@pytest.mark.parametrize('penalise', ['onset', 'reference', 'every_step'])
def test_an_onset_never_reaches_into_the_episode_before(penalise):
    """Whether that one's end was told or missed."""
    for told in (True, False):
        trace = Trace(penalise=penalise).drive('PP')
        if told:
            trace.end()
        trace.drive('EP', episode=2).end()
        assert trace.onsets() == []
        expected = {
            'onset': [0, 0, 0, 0],
            'reference': [0, X, 0, X],
            'every_step': [0, 0, -1, 0],
        }
        assert trace.rewards() == expected[penalise]


def test_an_onset_right_after_the_end_of_the_same_number_blames_nobody():
    trace = Trace().drive('PP').end().drive('E').end()
    assert trace.rewards() == [0, 0, 0] and trace.onsets() == []


@pytest.mark.parametrize('break_up', [Trace.skip, Trace.interrupt])
def test_an_onset_never_reaches_across_a_gap(break_up):
    """A step that is missing, or an interruption."""
    trace = break_up(Trace().drive('PP')).drive('EP').end()
    assert trace.rewards() == [0, 0, 0, 0] and trace.onsets() == []


@pytest.mark.parametrize('break_up', [Trace.skip, Trace.interrupt])
def test_the_released_rule_keeps_no_step_whose_successor_is_missing(break_up):
    trace = break_up(Trace(penalise='reference').drive('PP')).drive('PP').end()
    assert trace.rewards() == [0, X, 0, X]


def test_a_hold_is_not_stored_and_parts_policy_and_person():
    """Who takes over a standing robot does not correct the policy."""
    trace = Trace().drive('PPHEHPENP').end()
    assert trace.rewards() == [0, 0, X, 0, X, -1, 0, X, 0]
    assert trace.onsets() == [5]


def test_the_released_rule_keeps_no_step_before_a_hold():
    trace = Trace(penalise='reference').drive('PPHPPEEHP').end()
    assert trace.rewards() == [0, X, X, 0, -1, X, X, X, X]


@pytest.mark.parametrize('penalise', ['onset', 'reference', 'every_step'])
def test_steps_of_no_episode_are_neither_stored_nor_blamed_nor_ended(penalise):
    trace = Trace(penalise=penalise).drive('PPEP', episode=0).end(True, False, COLLISION)
    assert trace.rewards() == [X] * 4 and trace.onsets() == []
    assert all(label.reward == 0.0 for label in trace.known)
    assert not any(label.terminated or label.outcome for label in trace.known)


def test_a_take_over_in_no_episode_does_not_blame_the_one_before():
    trace = Trace().drive('PP').drive('E', episode=0).drive('EP', episode=2).end()
    assert trace.rewards() == [0, 0, X, 0, 0] and trace.onsets() == []


def test_a_label_is_known_with_the_next_step():
    """Not before, and not later."""
    labeller = InterventionLabeller(LabelConfig(), PERIOD_S)
    assert labeller.step(7, Source.POLICY, 1) == []
    assert labeller.step(8, Source.HUMAN, 1) == [Label(7, Source.POLICY, 1, -1.0, onset=True)]
    assert labeller.step(9, Source.HUMAN, 1) == [Label(8, Source.HUMAN, 1)]
    ended = Label(9, Source.HUMAN, 1, terminated=True, outcome=COLLISION)
    assert labeller.end(True, False, COLLISION) == [ended]
    assert labeller.end(True, False, COLLISION) == [] == labeller.interrupt()


@pytest.mark.parametrize(
    ('window_s', 'who', 'rewards'),
    [
        (0.0, 'PPPPE', [0, 0, 0, -1, 0]),
        (0.05, 'PPPPE', [0, 0, 0, -1, 0]),
        (0.1, 'PPPPE', [0, 0, -0.5, -0.5, 0]),
        (0.2, 'PPPPPE', [0, -0.25, -0.25, -0.25, -0.25, 0]),
        (0.2, 'PPE', [-0.5, -0.5, 0]),
        (0.2, 'EPPE', [0, -0.5, -0.5, 0]),
        (0.2, 'PEPE', [-1, 0, -1, 0]),
        (0.2, 'PPHPE', [0, 0, X, -1, 0]),
        (0.2, 'EEPPPPPP', [0] * 8),
    ],
)
def test_a_window_shares_one_label(window_s, who, rewards):
    """Back to its length, to the last of another driver, or to the start of the episode."""
    trace = Trace(window_s=window_s).drive(who).end()
    assert trace.rewards() == rewards
    assert trace.onsets() == [place for place in range(len(who)) if who[place : place + 2] == 'PE']


@pytest.mark.parametrize('break_up', [Trace.skip, Trace.interrupt, Trace.end])
def test_a_window_reaches_neither_across_a_gap_nor_an_end(break_up):
    trace = break_up(Trace(window_s=0.2).drive('PP')).drive('PPE').end()
    assert trace.rewards() == [0, 0, -0.5, -0.5, 0]


def test_a_window_delays_labels_by_its_length():
    """Rounded to whole steps; the end waits for nothing."""
    trace = Trace(window_s=0.16)
    counts = [len(trace.drive('P').known) for _ in range(5)]
    assert counts == [0, 0, 0, 1, 2]
    assert len(trace.end().known) == 5


@pytest.mark.parametrize(
    ('who', 'end', 'rewards'),
    [
        ('PP', (True, False, Outcome.GOAL), [0, 2]),
        ('PP', (True, False, COLLISION), [0, -3]),
        ('PE', (True, False, Outcome.GOAL), [-1, 0]),
        ('PE', (True, False, COLLISION), [-1, 0]),
        ('PH', (True, False, COLLISION), [0, X]),
        ('PP', (False, True, TIME_LIMIT), [0, 0]),
    ],
)
def test_the_outcome_is_added_where_the_policy_drove_to_a_true_end(who, end, rewards):
    config = {'success_reward': 2.0, 'failure_reward': -3.0}
    assert Trace(**config).drive(who).end(*end).rewards() == rewards


def test_an_end_that_is_both_is_a_true_end():
    last = Trace(failure_reward=-1.0).drive('PP').end(True, True, COLLISION).known[-1]
    assert (last.terminated, last.truncated, last.reward) == (True, False, -1.0)


def test_an_end_before_the_first_step_says_nothing():
    """Nor after an interruption: what was before it did not lead there."""
    assert Trace().end().known == []
    trace = Trace().drive('PP').interrupt().end(True, False, COLLISION)
    assert trace.rewards() == [0, 0] and not any(label.terminated for label in trace.known)


@pytest.mark.parametrize('sequence', [99, 100])
def test_a_sequence_that_does_not_increase_is_refused_and_changes_nothing(sequence):
    labeller = InterventionLabeller(LabelConfig(), PERIOD_S)
    labeller.step(100, Source.POLICY, 1)
    with pytest.raises(LabelError, match=f'sequence {sequence} follows 100; it must increase'):
        labeller.step(sequence, Source.HUMAN, 1)
    assert [label.reward for label in labeller.step(101, Source.HUMAN, 1)] == [-1.0]


@pytest.mark.parametrize(
    ('config', 'message'),
    [
        ({'penalise': 'offset'}, "penalise is 'offset'; legal: onset, every_step, reference"),
        ({'window_s': -0.1}, 'window_s is -0.1; legal: 0 or more'),
        ({'window_s': math.nan}, 'window_s is nan'),
        ({'window_s': math.inf}, 'window_s is inf'),
        ({'window_s': 0.1, 'penalise': 'reference'}, 'for penalise: onset, not reference'),
        ({'window_s': 0.1, 'penalise': 'every_step'}, 'for penalise: onset, not every_step'),
        ({'success_reward': math.inf}, 'success_reward is inf; legal: a finite number'),
        ({'failure_reward': math.nan}, 'failure_reward is nan; legal: a finite number'),
    ],
)
def test_settings_that_cannot_be_labelled_with_are_refused(config, message):
    with pytest.raises(LabelError, match=message):
        LabelConfig(**config)


@pytest.mark.parametrize('period_s', [0.0, -0.05, math.nan, math.inf])
def test_a_period_that_is_none_is_refused(period_s):
    with pytest.raises(LabelError, match='period_s is .*; legal: positive'):
        InterventionLabeller(LabelConfig(), period_s)


def discounted(rewards, discount):
    """Return the return of every step to the end."""
    returns, value = [], 0.0
    for reward in reversed(rewards):
        value = reward + discount * value
        returns.append(value)
    return returns[::-1]


def test_returns_of_labels_are_bounded():
    """One step of the policy between take-overs of four is the worst that can happen."""
    discount = 0.99
    trace = Trace().drive('PEEEE' * 200).end()
    lowest = min(discounted(trace.rewards(), discount))
    assert lowest >= -1.0 / (1.0 - discount**5)
    assert lowest == pytest.approx(-20.4, abs=0.05)
