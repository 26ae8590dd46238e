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


def test_luck_in_one_episode_is_trusted_less_than_many_goals_with_a_take_over():
    lucky = VersionEvidence('lucky', driven_s=10.0, goals=1)
    proven = VersionEvidence('proven', driven_s=400.0, takeovers=1, goals=16)
    assert proven.success_bound > lucky.success_bound > 0.0
    assert VersionEvidence('new').success_bound == 0.0


def test_hovering_for_long_is_no_better_than_failing_at_once():
    hovers = VersionEvidence('hovers', driven_s=100.0, failures=9, goals=1)
    fails = VersionEvidence('fails', driven_s=10.0, failures=9, goals=1)
    quick = VersionEvidence('quick', driven_s=10.0, takeovers=1, goals=9)
    assert hovers.success_bound == fails.success_bound < quick.success_bound


def test_the_best_has_the_highest_bound_and_of_equals_is_the_newest():
    evidence = Evidence(0.05)
    assert evidence.best() is None
    evidence.versions = {
        'a': VersionEvidence('a', 100.0, takeovers=4, goals=4),
        'b': VersionEvidence('b', 100.0, takeovers=1, goals=4),
        'c': VersionEvidence('c', 90.0, takeovers=1, goals=4),
        'd': VersionEvidence('d', 0.0),
    }
    assert evidence.best().version == 'c'
    assert evidence.best({'a', 'b'}).version == 'b'
