"""Which episode a step belongs to, which was its last, and what each step is worth.

Steps come in order; each comes back exactly once, in order, as soon as its label is known: with
the next step, or when the episode has ended. An end arrives by itself, from a topic or from the
person's buttons, and means the last step decided before it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from takeover.command import Source
from takeover.intervention.episode_start import EpisodeStart
from takeover.intervention.human_command import Press
from takeover.outcome import Outcome
from takeover.rewards.rlif import InterventionLabeller, Label

# Steps farther apart than this many periods do not follow each other, as in data/assembler.py.
GAP_PERIODS = 1.5
# An end later than this many periods after the last step is not what that step led to.
END_PERIODS = 4.0
# Farther from where an episode began than an arm strays that nobody moves, m (chosen).
MOVED_M = 5e-3

Episodes = Literal['topic', 'operator']


@dataclass(frozen=True)
class DecidedStep:
    """One policy step, and what the arbiter made of it."""

    sequence: int
    """Of the policy's command."""
    source: Source
    commanded: tuple[float, ...]
    """What was sent to the safety gate, SI."""
    policy_ns: int
    """ROS time of the policy's command."""
    decided_ns: int
    """ROS time of the arbiter's command."""
    observation_ns: int | None = None
    """Capture time of the oldest timed input the policy acted on."""


@dataclass(frozen=True)
class LabelledStep:
    """A step and what is known about it."""

    step: DecidedStep
    label: Label


@dataclass(frozen=True)
class EpisodeSpan:
    """An episode that has ended: its number, and its first and last step."""

    episode: int
    first_sequence: int
    last_sequence: int


class EpisodeTracker:
    """Joins steps, ends of episodes and presses of buttons; see the top of this file.

    topic: a report says which episode runs and how it ended; steps between two episodes belong to
    none. The buttons end an episode too, later steps then belong to none until the next number.
    operator: an episode begins with the first step that somebody drives, and the buttons end it.
    """

    def __init__(
        self,
        episodes: Episodes,
        labeller: InterventionLabeller,
        period_s: float,
        start: EpisodeStart | None = None,
    ) -> None:
        """Start without an episode.

        :param period_s: of the policy's steps.
        :param start: of a task whose observations refer to where an episode began: a step that
            may have been decided without knowing it belongs to no episode.
        """
        self.episode = 0
        """Number of the episode under way; 0: none."""
        self._by_topic = episodes == 'topic'
        self._labeller = labeller
        self._gap_ns = round(1e9 * GAP_PERIODS * period_s)
        self._end_ns = round(1e9 * END_PERIODS * period_s)
        self._waiting: dict[int, DecidedStep] = {}
        self._number = 0  # of the last episode there was
        self._began_ns: int | None = None
        self._span: EpisodeSpan | None = None
        self._last_span: EpisodeSpan | None = None
        self._last_ns: int | None = None
        self._start = start
        self._want_start(by_topic=False)

    @property
    def between(self) -> bool:
        """No episode is under way, and the next begins with a step that somebody drives."""
        return not (self._by_topic or self.episode)

    def step(self, step: DecidedStep) -> list[LabelledStep]:
        """Take the next step; return the steps whose labels are now known.

        :raises LabelError: its sequence did not increase.
        """
        known = []
        if self._last_ns is not None and not 0 < step.policy_ns - self._last_ns <= self._gap_ns:
            known = self._interrupt()
        self._last_ns = step.policy_ns
        seen = self._saw_the_beginning(step)
        if self.between and seen and step.source in (Source.POLICY, Source.HUMAN):
            self._begin(self._number + 1, None)
        episode = self.episode if seen else 0
        if episode:
            first = self._span.first_sequence if self._span else step.sequence
            self._span = EpisodeSpan(episode, first, step.sequence)
        labels = self._labeller.step(step.sequence, step.source, episode)
        self._waiting[step.sequence] = step
        return known + self._join(labels)

    def report(
        self,
        episode: int,
        terminated: bool,
        truncated: bool,
        outcome: int,
        now_ns: int,
        moved_m: float = 0.0,
    ) -> list[LabelledStep]:
        """Take a report of the topic; a repeated one changes nothing.

        An episode that is heard of only after the robot has moved in it, as by an arbiter that is
        started anew, has a start that nobody can tell any more. If it is needed, no step counts.

        :param outcome: of EpisodeState.msg.
        :param now_ns: ROS time of the report.
        :param moved_m: how far the robot has moved in this episode, m.
        """
        if not self._by_topic:
            return []
        known = []
        if episode != self._number:
            # The end of the episode before was missed: nothing is known of how it went on.
            known = self._interrupt()
            self._close()
            if self._start is not None and moved_m > MOVED_M:
                self._number = episode
            else:
                self._begin(episode, now_ns)
        if self.episode and (terminated or truncated):
            known += self._end(terminated, truncated, outcome, now_ns)
        return known

    def press(self, press: Press, now_ns: int) -> list[LabelledStep]:
        """Take a button that ends the episode under way; without one it means nothing.

        :param press: not UNDO, which is `undo`.
        """
        if not self.episode:
            return []
        if press is Press.ABORT:
            return self._end(False, True, Outcome.ABORTED, now_ns)
        # A failure by judgement of the person has no outcome of its own: it is told as the robot
        # having left what it should do.
        outcome = Outcome.GOAL if press is Press.SUCCESS else Outcome.OFF_PATH
        return self._end(True, False, outcome, now_ns)

    def undo(self) -> EpisodeSpan | None:
        """Take back the episode that ended last; None when there is none, or it already was."""
        span, self._last_span = self._last_span, None
        return span

    def stop(self) -> list[LabelledStep]:
        """No more steps for now; return those that still wait.

        An episode of the topic may go on later, one of the operator's is over.
        """
        if not self._by_topic:
            self._close()
        return self._interrupt()

    def _saw_the_beginning(self, step: DecidedStep) -> bool:
        """Tell whether a step was decided on what is of this episode.

        What was seen earlier may be of the place from before the reset.
        """
        if self._start is not None and not self._start.is_known(step.observation_ns):
            return False
        if self._began_ns is None or step.observation_ns is None:
            return True
        return step.observation_ns >= self._began_ns

    def _want_start(self, by_topic: bool, since_ns: int = 0) -> None:
        """Ask for a start, if episodes begin in this way."""
        if self._start is not None and by_topic == self._by_topic:
            self._start.want(since_ns)

    def _begin(self, episode: int, now_ns: int | None) -> None:
        self.episode = self._number = episode
        self._began_ns = now_ns
        self._span = None
        self._want_start(by_topic=True, since_ns=now_ns or 0)

    def _end(
        self, terminated: bool, truncated: bool, outcome: int, now_ns: int
    ) -> list[LabelledStep]:
        late = self._last_ns is None or now_ns - self._last_ns > self._end_ns
        known = self._interrupt() if late else []
        if self._span:
            known += self._join(self._labeller.end(terminated, truncated, outcome))
        self._close()
        return known

    def _interrupt(self) -> list[LabelledStep]:
        self._last_ns = None
        return self._join(self._labeller.interrupt())

    def _close(self) -> None:
        """Let the steps that follow belong to no episode."""
        if self.episode:
            self._last_span = self._span
            self._want_start(by_topic=False)
        self.episode, self._span = 0, None

    def _join(self, labels: Sequence[Label]) -> list[LabelledStep]:
        return [LabelledStep(self._waiting.pop(label.sequence), label) for label in labels]
