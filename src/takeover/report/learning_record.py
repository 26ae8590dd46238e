"""What is known of a learning session, and what follows from it minute by minute.

Plain data and arithmetic; `learning_session` reads it from a folder. Times are seconds; the time
driven is the number of steps times their period, so that pauses and stops do not count.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from takeover.command import Source
from takeover.data.log_summary import USUAL_PERIOD_S
from takeover.policy.evidence import VersionEvidence
from takeover.report.learning_evaluation import EvaluatedPolicy

# Lengths of a bar in minutes; the first one that gives few enough bars is taken.
BAR_MINUTES = (1, 2, 5, 10, 30, 60)
MOST_BARS = 45
# A last bar that is shorter than this part of the others joins the one before.
_SHORTEST = 0.4


@dataclass(frozen=True, eq=False)
class LearningEpisode:
    """One episode; arrays have a row for each of its steps, at least one."""

    number: int
    outcome: str
    """Of `takeover.outcome.OUTCOMES`; running: the log does not say how it ended."""
    times_s: np.ndarray
    """Since its first step."""
    sources: np.ndarray
    """Who drove, values of `Source`."""
    rewards: np.ndarray
    onsets: np.ndarray
    """Whether a person took over from the policy after the step."""
    versions: tuple[str, ...]
    """Of the policy that drove, or would have."""

    @property
    def person(self) -> np.ndarray:
        """Whether a person drove, for each step."""
        return self.sources == Source.HUMAN


@dataclass(frozen=True)
class DrivenVersion:
    """A version that drove, and what became of it."""

    evidence: VersionEvidence
    success_bound: float
    """By which the version to trust is chosen; see `takeover.policy.evidence`."""
    pinned: bool
    """Whether the store keeps it as the one to trust."""
    deployed: bool
    start: bool
    """Whether the session began with it."""


@dataclass
class LearningSession:
    """All that is known of a session."""

    folder: Path
    about: dict[str, Any] = field(default_factory=dict)
    """What session.json says."""
    metadata: dict[str, str] = field(default_factory=dict)
    """What the recorder says of itself."""
    period_s: float = USUAL_PERIOD_S
    """Of the steps."""
    episodes: list[LearningEpisode] = field(default_factory=list)
    taken_back: int = 0
    """Episodes that do not count because a person took them back."""
    demonstrations: list[LearningEpisode] = field(default_factory=list)
    versions: list[DrivenVersion] = field(default_factory=list)
    """In the order in which they began to drive."""
    evaluations: list[EvaluatedPolicy] = field(default_factory=list)
    """Before and after, in this order; empty: not evaluated."""
    curves: dict[str, np.ndarray] = field(default_factory=dict)
    """Columns of the learner's progress; `step` counts the steps it has taken."""
    problems: list[str] = field(default_factory=list)
    """What could not be read, in sentences."""

    @property
    def steps(self) -> int:
        """Steps of all episodes."""
        return sum(len(episode.sources) for episode in self.episodes)

    @property
    def driven_s(self) -> float:
        """Time that somebody drove in an episode, person and hold included."""
        return self.steps * self.period_s

    @property
    def takeovers(self) -> int:
        """How often a person took over from the policy."""
        return sum(int(episode.onsets.sum()) for episode in self.episodes)

    @property
    def person_share(self) -> float:
        """Share of the driven time that a person drove; 0 without any."""
        steps = sum(int(episode.person.sum()) for episode in self.episodes)
        return steps / self.steps if self.steps else 0.0

    @property
    def goals(self) -> int:
        """Episodes that ended at the goal, whoever drove."""
        return sum(episode.outcome == 'goal' for episode in self.episodes)


@dataclass(frozen=True)
class Stretch:
    """A part of the driven time."""

    start_s: float
    end_s: float
    takeovers: int
    person_share: float
    """Of the time; 0 to 1."""

    @property
    def takeovers_per_minute(self) -> float:
        """Take-overs per minute driven."""
        return 60.0 * self.takeovers / (self.end_s - self.start_s)


def stretches(session: LearningSession) -> list[Stretch]:
    """Return the driven time in stretches of equal length, a minute if there are not too many."""
    fitting = (m for m in BAR_MINUTES if session.driven_s <= 60.0 * m * MOST_BARS)
    length = round(60.0 * next(fitting, BAR_MINUTES[-1]) / session.period_s)
    edges = [*range(0, session.steps, length), session.steps]
    if len(edges) > 2 and edges[-1] - edges[-2] < _SHORTEST * length:
        del edges[-2]
    return _between(session, edges)


def parts(session: LearningSession, count: int) -> list[Stretch]:
    """Return the driven time in so many equal parts; none of a session with fewer steps."""
    if session.steps < count:
        return []
    return _between(session, [session.steps * part // count for part in range(count + 1)])


def version_spans(session: LearningSession) -> list[tuple[float, float, str]]:
    """Return (start, end, version) in the driven time, of whom would drive or drove."""
    versions = [version for episode in session.episodes for version in episode.versions]
    found: list[tuple[float, float, str]] = []
    begin = 0
    for index in range(1, len(versions) + 1):
        if index == len(versions) or versions[index] != versions[begin]:
            found.append((begin * session.period_s, index * session.period_s, versions[begin]))
            begin = index
    return found


def mean_of_last(values: np.ndarray, count: int) -> np.ndarray:
    """Return for each value the mean of it and of up to `count` - 1 before it."""
    return np.array([values[max(0, i + 1 - count) : i + 1].mean() for i in range(len(values))])


def _between(session: LearningSession, edges: list[int]) -> list[Stretch]:
    """Return the stretches between steps; empty ones are left out."""
    if not session.steps:
        return []
    onsets = np.concatenate([episode.onsets for episode in session.episodes])
    person = np.concatenate([episode.person for episode in session.episodes])
    return [
        Stretch(
            start * session.period_s,
            end * session.period_s,
            int(onsets[start:end].sum()),
            float(person[start:end].mean()),
        )
        for start, end in zip(edges, edges[1:])
        if end > start
    ]
