"""What is known of each policy version from its own driving, and which of them to trust.

Only what a real robot has: how often a version came to the goal by itself, how often a person had
to take over from it, and how often it failed. No simulator is asked.

Each drive of a version is an attempt: it ends at the goal, in a take-over or in a failure. Time
does not count: where a good policy is there within seconds, one that hovers until the time limit
would be corrected less often per second.

A version is replaced as soon as it was corrected, so that each has few attempts of its own. It has
learned on from the one before it, and what is known of that one counts for it, too, at a discount
(M. West, J. Harrison, Bayesian Forecasting and Dynamic Models, 1997, section 6.3). The best one is
that of the highest lower bound of its share of goals, so that luck in one episode does not count
for much. Who has learned on is trusted more than that one, unless it is worse beyond doubt: by
what was seen since, its share is below that of the best one with a confidence of 97.5 %.
"""

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass

from takeover.command import Source
from takeover.data.step import Step
from takeover.outcome import Outcome
from takeover.probability import wilson_interval

# What an attempt of the version before counts for; chosen: about ten versions are one estimate.
_DISCOUNT = 0.9


@dataclass
class VersionEvidence:
    """The driving of one version."""

    version: str
    driven_s: float = 0.0
    """Time the policy itself drove."""
    takeovers: int = 0
    failures: int = 0
    """Episodes that ended other than at the goal while it drove; the time limit counts."""
    goals: int = 0
    """Episodes that ended at the goal while it drove."""

    @property
    def events(self) -> int:
        """Take-overs and failures."""
        return self.takeovers + self.failures

    def __str__(self) -> str:
        """Return one line for a person."""
        return (
            f'{self.takeovers} take-overs, {self.failures} failures and {self.goals} goals '
            f'in {self.driven_s:.0f} s'
        )


class Evidence:
    """Of all versions, in the order in which they began to drive."""

    def __init__(self, period_s: float) -> None:
        """Know nothing yet.

        :param period_s: of the steps.
        """
        self._period_s = period_s
        self.versions: dict[str, VersionEvidence] = {}

    def take(self, step: Step) -> None:
        """Count a step; in order, each once."""
        if not step.episode or step.source is not Source.POLICY:
            return
        found = self.of(step.policy_version)
        found.driven_s += self._period_s
        found.takeovers += step.onset
        if step.terminated or step.truncated:
            found.goals += step.outcome == Outcome.GOAL
            found.failures += step.outcome != Outcome.GOAL

    def take_all(self, steps: Iterable[Step]) -> None:
        """Count many steps."""
        for step in steps:
            self.take(step)

    def of(self, version: str) -> VersionEvidence:
        """Return what is known of a version; nothing, if it never drove."""
        return self.versions.setdefault(version, VersionEvidence(version))

    def trusted(self, versions: Container[str] | None = None) -> VersionEvidence | None:
        """Return the version to trust: the newest, or the best one if the newest is worse.

        :param versions: those to choose from; all that drove, if not given.
        :returns: None before any of them drove.
        """
        newest = best = None
        best_record = since = _Record()
        for found, record in self._records():
            since = since.then(found)
            if versions is not None and found.version not in versions:
                continue
            newest = found
            if record.interval[0] >= best_record.interval[0]:
                best, best_record, since = found, record, _Record()
        return best if since.interval[1] < best_record.share else newest

    def success_bounds(self) -> dict[str, float]:
        """Return of each version the lower end of the 95 % interval of its share of goals.

        Of those that drove, in the order in which they began to.
        """
        return {found.version: record.interval[0] for found, record in self._records()}

    def _records(self) -> Iterator[tuple[VersionEvidence, '_Record']]:
        record = _Record()
        for found in self.versions.values():
            if found.driven_s:
                record = record.then(found)
                yield found, record


@dataclass(frozen=True)
class _Record:
    """Goals and attempts of a version and, at a discount, of those before it."""

    goals: float = 0.0
    attempts: float = 0.0

    def then(self, found: VersionEvidence) -> '_Record':
        return _Record(
            _DISCOUNT * self.goals + found.goals,
            _DISCOUNT * self.attempts + found.goals + found.events,
        )

    @property
    def share(self) -> float:
        return self.goals / self.attempts if self.attempts else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        return wilson_interval(self.goals, self.attempts)
