"""The learner of take-overs is a function of what it was given."""

import numpy as np
import pytest
from takeover.agents.rlif import RlifConfig
from takeover.command import Source
from takeover.data.log_messages import UndoEpisode
from takeover.data.step import Step
from takeover.policy.onnx_policy import OnnxPolicy
from takeover.training.replay_config import ReplayConfig
from takeover.training.safe_steps import safe_steps
from takeover.training.takeover_learner import (
    TakeoverConfig,
    TakeoverLearner,
    TakeoverLearnerError,
)
from tests.state_difference import difference

SMALL = TakeoverConfig(
    critic_from=10,
    actor_from=20,
    learner=RlifConfig(hidden=(8,), batch_size=8, pretraining_steps=20),
    replay=ReplayConfig(capacity=1000, safe_s=0.2, own_from=5),
)


def episode(rng, number, first, length, sources, outcome=1):
    steps = []
    for index in range(length):
        source = sources[index % len(sources)]
        last = index == length - 1
        steps.append(
            Step(
                sequence=first + index,
                stamp_ns=50_000_000 * (first + index),
                episode=number,
                source=source,
                observation=rng.uniform(-0.9, 0.9, 48).astype(np.float32),
                policy_action=np.array([0.3, 0.1]),
                commanded=rng.uniform([0.0, -1.5], [0.6, 1.5]),
                executed=np.zeros(2),
                reward=-1.0 if index == 7 else 0.0,
                onset=index == 7,
                terminated=last,
                outcome=outcome if last else 0,
            )
        )
    return steps


@pytest.fixture
def demonstrations():
    return episode(np.random.default_rng(0), 1, 1, 40, [Source.HUMAN])


@pytest.fixture
def events():
    rng = np.random.default_rng(1)
    first = episode(rng, 1, 1001, 30, [Source.POLICY])
    second = episode(rng, 2, 2001, 30, [Source.POLICY, Source.POLICY, Source.HUMAN], outcome=2)
    third = episode(rng, 3, 3001, 10, [Source.POLICY])
    return [*first, *second, UndoEpisode(0, 2, 2001, 2030), *third]


def learned(task, demonstrations, events):
    learner = TakeoverLearner(task, SMALL)
    learner.demonstrate(demonstrations)
    for event in events:
        learner.take(event)
    return learner


def test_a_resumed_learner_equals_one_that_was_left_alone(task, demonstrations, events):
    whole = learned(task, demonstrations, events)
    for cut in (5, 35, 61, len(events)):
        state = learned(task, demonstrations, events[:cut]).state_dict()
        resumed = TakeoverLearner(task, SMALL)
        resumed.resume(state, demonstrations, events)
        for event in events[cut:]:
            resumed.take(event)
        assert difference(resumed.state_dict(), whole.state_dict()) is None


def test_another_log_is_refused(task, demonstrations, events):
    state = learned(task, demonstrations, events).state_dict()
    for other, message in ((events[:20], 'has 20 events'), (events[::-1], 'differ')):
        other = (
            sorted(other, key=lambda e: getattr(e, 'sequence', 0)) if len(other) > 20 else other
        )
        with pytest.raises(TakeoverLearnerError, match=message):
            TakeoverLearner(task, SMALL).resume(state, demonstrations, other)


def test_updates_follow_transitions(task, demonstrations, events):
    learner = learned(task, demonstrations, events[:30])
    assert learner.counts.transitions == 30 and learner.counts.takeovers == 1
    assert learner.learner.updates == 30 - SMALL.critic_from


def test_an_undone_episode_is_drawn_no_more(task, demonstrations, events):
    learner = learned(task, demonstrations, events[:60])
    before, safe = len(learner.replay.online), len(learner.replay.safe)
    learner.take(events[60])
    assert len(learner.replay.online) == before - 30
    assert 0 < len(learner.replay.safe) < safe


def test_nobody_who_drove_is_nothing_to_clone(task, events):
    with pytest.raises(TakeoverLearnerError, match='a person drove no step'):
        TakeoverLearner(task, SMALL).demonstrate(events[:10])


def test_the_exported_policy_does_what_the_averaged_actor_does(
    task, demonstrations, events, tmp_path
):
    learner = learned(task, demonstrations, events)
    learner.export(tmp_path / 'policy.onnx', {'command': 'test'})
    policy = OnnxPolicy.load(tmp_path / 'policy.onnx', task)
    for step in events[:5]:
        assert policy.act(step.observation) == pytest.approx(
            learner.act(step.observation[None])[0], abs=1e-5
        )


def test_a_gap_is_not_bridged_by_a_robot_that_stands(task, demonstrations):
    rng = np.random.default_rng(2)
    steps = episode(rng, 1, 1001, 12, [Source.POLICY, Source.HOLD, Source.HOLD, Source.POLICY])
    still = [Step(**{**vars(step), 'observation': steps[1].observation}) for step in steps]
    learner = learned(task, demonstrations, still)
    following = learner.replay.online._columns['next'][: 2 * len(still)]
    starts = np.flatnonzero(learner.replay.online._columns['valid'])
    sequence_of = dict(zip(starts.tolist(), [1001, 1004, 1005, 1008, 1009, 1012]))
    for start, sequence in sequence_of.items():
        after = sequence_of.get(int(following[start]))
        assert after is None or after == sequence + 1


def test_safe_is_what_no_take_over_and_no_failure_followed():
    rng = np.random.default_rng(3)
    good = episode(rng, 1, 1, 20, [Source.POLICY])
    assert [step.sequence for step in safe_steps(good, 3)] == [*range(1, 6), *range(9, 21)]
    bad = episode(rng, 1, 1, 20, [Source.POLICY], outcome=2)
    assert [step.sequence for step in safe_steps(bad, 3)] == [*range(1, 6), *range(9, 18)]


def test_what_a_person_drove_may_be_safe_before_a_take_over_too_but_not_before_a_failure():
    rng = np.random.default_rng(3)
    people = [Source.HUMAN, Source.POLICY]  # odd sequences are a person's
    good = [step.sequence for step in safe_steps(episode(rng, 1, 1, 20, people), 3, people=True)]
    assert good == [1, 2, 3, 4, 5, 7, *range(9, 21)]
    bad = safe_steps(episode(rng, 1, 1, 20, people, outcome=2), 3, people=True)
    assert [step.sequence for step in bad] == [1, 2, 3, 4, 5, 7, *range(9, 18)]


def test_other_demonstrations_are_refused(task, demonstrations, events):
    state = learned(task, demonstrations, events[:20]).state_dict()
    first = demonstrations[0]
    changed = Step(**{**vars(first), 'commanded': first.commanded + 0.01})
    with pytest.raises(TakeoverLearnerError, match='differ'):
        TakeoverLearner(task, SMALL).resume(state, [changed, *demonstrations[1:]], events)
