"""What is known of each policy version from its own driving, and which of them to trust.

Only what a real robot has: how long a version drove by itself, how often a person had to take
over from it, and how often it failed. No simulator is asked.

Events (take-overs and failures) of one version come at a constant rate, and the rate is unknown:
with n events in T seconds its posterior under Jeffreys' prior is Gamma(n + 1/2, T). Versions are
compared by an upper bound of their rate, so that a version must have driven for a while without
being corrected to be trusted, and luck over a short drive does not count for much.
"""

from collections.abc import Iterable
from dataclasses import dataclass
import math

from takeover.command import Source
from takeover.data.step import Step
from takeover.outcome import Outcome

# Of the normal distribution: the bound holds with a probability of 0.84.
_Z = 1.0


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

    @property
    def rate_bound(self) -> float:
        """Upper bound of the events per second; infinite before it drove.

        The quantile of the gamma distribution by E. B. Wilson and M. M. Hilferty, The Distribution
        of Chi-Square, PNAS 1931.
        """
        if not self.driven_s:
            return math.inf
        shape = self.events + 0.5
        cube = 1.0 - 1.0 / (9.0 * shape) + _Z / (3.0 * math.sqrt(shape))
        return shape * cube**3 / self.driven_s

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

    def best(self) -> VersionEvidence | None:
        """Return the version to trust: the one with the lowest bound; None before any drove."""
        return min(self.versions.values(), key=lambda found: found.rate_bound, default=None)
