import math

import numpy as np
import pytest
from takeover.command import Source
from takeover.data.step import Step
from takeover.policy.evidence import Evidence, VersionEvidence


def step(sequence, source=Source.POLICY, version='a', episode=1, **ends):
    zero = np.zeros(2)
    return Step(
        sequence, 0, episode, source, np.zeros(3, np.float32), zero, zero, zero, 0.0,
        policy_version=version, **ends,
    )  # fmt: skip


def test_only_what_the_policy_drove_counts():
    evidence = Evidence(0.05)
    evidence.take_all(
        [
            step(1),
            step(2, onset=True),
            step(3, Source.HUMAN),
            step(4, Source.HOLD),
            step(5, episode=0),
            step(6, terminated=True, outcome=1),
        ]
    )
    found = evidence.of('a')
    assert (found.takeovers, found.failures, found.goals) == (1, 0, 1)
    assert found.driven_s == pytest.approx(0.15)


def test_every_end_but_the_goal_is_a_failure():
    evidence = Evidence(0.05)
    evidence.take_all([step(1, terminated=True, outcome=2), step(2, truncated=True, outcome=4)])
    assert evidence.of('a').failures == 2


def test_a_short_clean_drive_is_trusted_less_than_a_long_one_with_an_event():
    lucky = VersionEvidence('lucky', driven_s=10.0)
    proven = VersionEvidence('proven', driven_s=400.0, takeovers=1, goals=16)
    assert proven.rate_bound < lucky.rate_bound
    assert VersionEvidence('new').rate_bound == math.inf


@pytest.mark.parametrize(
    ('events', 'exact'),
    # Quantiles of Gamma(n + 1/2, 1) at 0.8413, by integration of its density.
    [(0, 0.9934), (1, 2.5931), (3, 5.2835), (10, 13.6896)],
)
def test_the_bound_is_the_quantile_of_the_posterior(events, exact):
    bound = VersionEvidence('a', driven_s=1.0, takeovers=events).rate_bound
    assert bound == pytest.approx(exact, rel=0.03)


def test_the_best_has_the_lowest_bound():
    evidence = Evidence(0.05)
    assert evidence.best() is None
    evidence.versions = {
        'a': VersionEvidence('a', 100.0, takeovers=4),
        'b': VersionEvidence('b', 100.0, takeovers=1),
    }
    assert evidence.best().version == 'b'
