"""Which episode a step belongs to, and which was its last."""

import pytest
from takeover.command import Source
from takeover.intervention.episode_start import EpisodeStart
from takeover.intervention.episode_tracker import DecidedStep, EpisodeSpan, EpisodeTracker
from takeover.intervention.human_command import Press
from takeover.rewards.rlif import InterventionLabeller, LabelConfig
from tests import arm_samples

PERIOD_S, PERIOD_NS = 0.05, 50_000_000
DRIVERS = {'P': Source.POLICY, 'E': Source.HUMAN, 'H': Source.HOLD}
GOAL, COLLISION, OFF_PATH, TIME_LIMIT, ABORTED = 1, 2, 3, 4, 5


class Track:
    """A tracker, its steps and what came back."""

    def __init__(self, episodes, start=None, **config):
        labeller = InterventionLabeller(LabelConfig(**config), PERIOD_S)
        self.tracker = EpisodeTracker(episodes, labeller, PERIOD_S, start)
        self.sequence, self.now_ns, self.known = 100, 10**18, []

    def drive(self, who, observation_age_ns=0):
        """One step for each letter."""
        for letter in who:
            self.sequence += 1
            self.now_ns += PERIOD_NS
            step = DecidedStep(
                self.sequence,
                DRIVERS[letter],
                (0.1, 0.2),
                self.now_ns,
                self.now_ns + 1000,
                self.now_ns - observation_age_ns,
            )
            self.known += self.tracker.step(step)

    def report(self, episode, outcome=0, moved_m=0.0):
        """One report of the topic."""
        terminated, truncated = outcome in (1, 2, 3), outcome in (4, 5)
        self.known += self.tracker.report(
            episode, terminated, truncated, outcome, self.now_ns, moved_m
        )

    def press(self, press):
        """One button."""
        self.known += self.tracker.press(press, self.now_ns)

    def column(self, name):
        """Return one field of every label."""
        return [getattr(labelled.label, name) for labelled in self.known]


@pytest.fixture
def topic():
    """Return a track that follows the topic."""
    return Track('topic')


@pytest.fixture
def operator():
    """Return a track that follows the buttons."""
    return Track('operator')


def test_a_step_comes_back_with_the_next_one(topic):
    """With its own command."""
    topic.report(1)
    topic.drive('PPE')
    assert topic.column('sequence') == [101, 102] and topic.column('reward') == [0.0, -1.0]
    assert [labelled.step.sequence for labelled in topic.known] == [101, 102]
    assert topic.column('onset') == [False, True]


def test_the_end_tells_the_last_step_at_once(topic):
    """The steps between two episodes belong to none."""
    topic.report(1)
    topic.drive('PP')
    topic.report(1, COLLISION)
    assert topic.column('terminated') == [False, True] and topic.column('outcome') == [0, 2]
    topic.report(1, COLLISION)
    topic.drive('PE')
    topic.report(2)
    topic.drive('PP')
    assert topic.column('episode') == [1, 1, 0, 0, 2]
    assert topic.column('stored') == [True, True, False, False, True]
    assert topic.column('reward') == [0.0] * 5


def test_a_time_limit_truncates(topic):
    """With its outcome."""
    topic.report(4)
    topic.drive('P')
    topic.report(4, TIME_LIMIT)
    label = topic.known[-1].label
    assert (label.terminated, label.truncated, label.outcome) == (False, True, TIME_LIMIT)


def test_a_take_over_does_not_blame_the_episode_before(topic):
    """When its end was missed, and when it was not."""
    topic.report(1)
    topic.drive('PP')
    topic.report(2)
    topic.drive('EE')
    topic.report(2, GOAL)
    topic.report(3)
    topic.drive('EE')
    assert topic.column('reward') == [0.0] * 5 and not any(topic.column('onset'))


def test_what_was_seen_before_the_episode_began_belongs_to_none(topic):
    """The observation may be of the place from before the reset."""
    topic.report(1)
    topic.drive('P', observation_age_ns=60_000_000)
    topic.drive('PP')
    assert topic.column('episode') == [0, 1]


def test_an_episode_that_had_ended_before_it_was_heard_of_has_no_steps(topic):
    """A latched report of the last one."""
    topic.report(7, GOAL)
    topic.drive('PP')
    assert topic.column('episode') == [0] and topic.tracker.episode == 0


@pytest.mark.parametrize(
    ('press', 'terminated', 'truncated', 'outcome'),
    [
        (Press.SUCCESS, True, False, GOAL),
        (Press.FAILURE, True, False, OFF_PATH),
        (Press.ABORT, False, True, ABORTED),
    ],
)
def test_the_buttons_end_the_episode(operator, press, terminated, truncated, outcome):
    """The last step before the press is its last."""
    operator.drive('HPP')
    operator.press(press)
    assert operator.column('episode') == [0, 1, 1]
    label = operator.known[-1].label
    assert (label.terminated, label.truncated, label.outcome) == (terminated, truncated, outcome)
    operator.press(press)
    operator.drive('HHEP')
    assert operator.column('episode') == [0, 1, 1, 0, 0, 2]
    assert operator.tracker.episode == 2


def test_the_buttons_end_an_episode_of_the_topic_too(topic):
    """Until the next number; what the topic says of this one comes too late."""
    topic.report(1)
    topic.drive('PP')
    topic.press(Press.FAILURE)
    topic.report(1)
    topic.drive('P')
    topic.report(1, GOAL)
    topic.report(2)
    topic.drive('PP')
    assert topic.column('episode') == [1, 1, 0, 2]
    assert topic.column('outcome') == [0, OFF_PATH, 0, 0]


def test_the_outcome_is_rewarded_where_the_policy_drove():
    """As configured."""
    track = Track('operator', success_reward=1.0, failure_reward=-0.5)
    track.drive('PP')
    track.press(Press.SUCCESS)
    track.drive('PP')
    track.press(Press.FAILURE)
    track.drive('PE')
    track.press(Press.SUCCESS)
    assert track.column('reward') == [0.0, 1.0, 0.0, -0.5, -1.0, 0.0]


def test_undo_takes_the_last_ended_episode_back_once(operator):
    """Not the one under way, and not the one before."""
    assert operator.tracker.undo() is None
    operator.drive('PP')
    assert operator.tracker.undo() is None
    operator.press(Press.SUCCESS)
    operator.drive('HPEP')
    operator.press(Press.FAILURE)
    operator.drive('P')
    assert operator.tracker.undo() == EpisodeSpan(2, 104, 106)
    assert operator.tracker.undo() is None


def test_an_episode_without_steps_leaves_nothing_to_undo(topic):
    """Nor the one before it."""
    topic.report(1)
    topic.drive('PP')
    topic.report(1, GOAL)
    topic.report(2)
    topic.report(2, GOAL)
    assert topic.tracker.undo() is None


def test_a_policy_that_was_silent_breaks_the_chain(topic):
    """What came after the silence is not what its last step led to."""
    topic.report(1)
    topic.drive('P')
    topic.now_ns += PERIOD_NS
    topic.drive('E')
    topic.drive('E')
    assert topic.column('reward') == [0.0, 0.0] and not any(topic.column('onset'))


def test_a_missed_step_breaks_the_chain(topic):
    """A refused command was one."""
    topic.report(1)
    topic.drive('P')
    topic.sequence += 1
    topic.drive('EE')
    assert topic.column('reward') == [0.0, 0.0]


def test_an_end_long_after_the_last_step_is_not_its_doing(topic):
    """The policy was silent, and somebody else or nobody drove."""
    topic.report(1)
    topic.drive('PP')
    topic.now_ns += 5 * PERIOD_NS
    topic.report(1, COLLISION)
    assert topic.column('terminated') == [False, False]
    assert topic.tracker.episode == 0


def test_stopping_tells_everything_and_ends_an_episode_of_the_operator(topic, operator):
    """One of the topic may go on."""
    topic.report(1)
    for track in (topic, operator):
        track.drive('PP')
        track.known += track.tracker.stop()
        track.drive('PP')
        assert track.column('sequence') == [101, 102, 103]
    assert topic.column('episode') == [1, 1, 1] and operator.column('episode') == [1, 1, 2]


def test_an_operator_ignores_the_topic(operator):
    """And a press without an episode means nothing."""
    operator.press(Press.SUCCESS)
    operator.report(5)
    operator.drive('PP')
    operator.report(5, GOAL)
    assert operator.column('episode') == [1]


class ArmTrack(Track):
    """A track of a task whose observations refer to where the episode began."""

    def __init__(self, episodes):
        self.start = EpisodeStart()
        super().__init__(episodes, self.start)

    def tool(self, follow=False):
        """Say where the tool is now; return whether that is a start."""
        tool = arm_samples.tool(self.now_ns)
        return self.start.on_tool(tool, self.now_ns, follow) is not None


def test_an_episode_of_the_topic_has_the_steps_that_knew_its_start():
    arm = ArmTrack('topic')
    arm.drive('P')
    assert not arm.tool()
    arm.report(1)
    arm.drive('P')
    assert arm.tool()
    arm.drive('P', observation_age_ns=PERIOD_NS + 1)
    arm.drive('PP', observation_age_ns=PERIOD_NS - 1)
    arm.report(1, GOAL)
    assert not arm.tool()
    arm.drive('P')
    arm.report(2)
    assert arm.tool()
    arm.drive('P')
    arm.report(2, TIME_LIMIT)
    assert arm.column('episode') == [0, 0, 0, 1, 1, 0, 2]
    assert arm.column('terminated') == [False] * 4 + [True, False, False]


def test_an_episode_in_which_the_arm_has_moved_before_it_was_heard_of_has_no_start():
    """As for an arbiter that is started anew: nobody is told a wrong one; the next one counts."""
    arm = ArmTrack('topic')
    for moved_m in (0.2, 0.3):
        arm.report(4, moved_m=moved_m)
        assert not arm.tool()
        arm.drive('PP')
    arm.report(4, GOAL, moved_m=0.3)
    arm.report(5, moved_m=0.001)
    assert arm.tool()
    arm.drive('PP')
    arm.report(5, moved_m=0.1)
    arm.drive('P')
    arm.report(5, GOAL, moved_m=0.2)
    assert arm.column('episode') == [0, 0, 0, 0, 5, 5, 5]


def test_where_no_start_is_needed_an_episode_may_be_heard_of_late(topic):
    topic.report(4, moved_m=0.2)
    topic.drive('PP')
    topic.report(4, GOAL, moved_m=0.3)
    assert topic.column('episode') == [4, 4]


def test_an_episode_of_the_operator_begins_with_a_step_that_knows_its_start():
    """Also after the button, while the policy drives on."""
    arm = ArmTrack('operator')
    arm.drive('P')
    assert arm.tracker.episode == 0
    assert arm.tool() and not arm.tool()
    arm.drive('PP')
    assert arm.tracker.episode == 1 and not arm.tracker.between
    arm.press(Press.SUCCESS)
    assert arm.tracker.between
    arm.drive('P')
    assert arm.tracker.episode == 0
    assert arm.tool()
    arm.drive('PP')
    arm.press(Press.ABORT)
    assert arm.column('episode') == [0, 1, 1, 0, 2, 2]


def test_an_interrupted_episode_of_the_operator_needs_a_new_start():
    arm = ArmTrack('operator')
    arm.tool()
    arm.drive('PP')
    arm.known += arm.tracker.stop()
    arm.drive('P')
    assert arm.tool()
    arm.drive('P')
    arm.known += arm.tracker.stop()
    assert arm.column('episode') == [1, 1, 0, 2]


def test_between_episodes_of_the_topic_nothing_is_followed(topic):
    assert not topic.tracker.between
