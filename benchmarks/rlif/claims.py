"""What is claimed of learning from take-overs, and whether a table of results bears it out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

# In points of percent.
BELOW_OWN_BEST = 5.0
# Differences of shares of 150 courses; what is equal may differ by rounding.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Goals:
    """What an experiment is to reach."""

    deployed: float = 85.0
    """Success alone, percent."""
    above_start: float = 30.0
    """Points of percent above the converged start."""


@dataclass(frozen=True)
class SeedResult:
    """How often the policies of one run reach the goal alone, in percent."""

    seed: int
    policies: Mapping[str, float]
    """start, deployed and hg_dagger; start_longer and hg_dagger_longer."""
    newest: Mapping[int, float]
    """After so many steps what had been learned."""
    trusted: Mapping[int, float]
    """After so many steps the version to trust by the evidence of its own driving."""

    @property
    def own_best(self) -> float:
        """The best that this run ever had, chosen in hindsight."""
        had = (self.policies['start'], self.policies['deployed'])
        return max(*had, *self.newest.values(), *self.trusted.values())

    @property
    def newest_at_end(self) -> float:
        """What had been learned at the end."""
        return self.newest[max(self.newest)]


@dataclass(frozen=True)
class Claim:
    """A claim, what was found, and whether it holds."""

    claim: str
    found: str
    holds: bool


def claims(results: Sequence[SeedResult], goals: Goals = Goals()) -> list[Claim]:
    """Hold the results of all seeds of one experiment against what is claimed.

    A clone counts as the better of the two that were made, by their medians.
    """
    deployed = median_of(results, 'deployed')
    start, answer = (
        max(median_of(results, name), median_of(results, f'{name}_longer'))
        for name in ('start', 'hg_dagger')
    )
    above = [each.policies['deployed'] - each.policies['start'] for each in results]
    below = [each.own_best - each.policies['deployed'] for each in results]
    return [
        Claim(
            f'the median of the deployed policies is at least {goals.deployed:g} %',
            f'{deployed:.1f} %',
            deployed >= goals.deployed - _ROUNDING,
        ),
        Claim(
            f'it is at least {goals.above_start:g} points above that of the converged start',
            f'{deployed - start:+.1f} points ({start:.1f} %)',
            deployed - start >= goals.above_start - _ROUNDING,
        ),
        Claim(
            'it is above that of HG-DAgger on the same operator steps',
            f'{deployed - answer:+.1f} points ({answer:.1f} %)',
            deployed > answer + _ROUNDING,
        ),
        Claim(
            'no seed ends below its start',
            f'the worst {min(above):+.1f} points',
            min(above) >= -_ROUNDING,
        ),
        Claim(
            f'no seed ends more than {BELOW_OWN_BEST:g} points below its own best',
            f'the worst {max(below):.1f} points',
            max(below) <= BELOW_OWN_BEST + _ROUNDING,
        ),
    ]


def median_of(results: Sequence[SeedResult], policy: str) -> float:
    """Return the median over seeds, in percent."""
    return median(each.policies[policy] for each in results)
