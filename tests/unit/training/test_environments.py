"""Environments: seeds, ends of episodes, saving by playing again, and what is refused."""

import numpy as np
import pytest
from takeover.training.config import TrainingError
from takeover.training.environments import Environments, episode_seed, scale_action
from takeover.training.returns import episode_returns, evaluation_seeds, FIRST_EVALUATION_SEED


def drive(environments, steps, rng):
    shape = (len(environments.observations()), environments.action_size)
    return [
        environments.step(rng.uniform(-1.0, 1.0, shape).astype(np.float32)) for _ in range(steps)
    ]


@pytest.mark.parametrize('env', ['Pendulum-v1', 'Hopper-v5', 'InvertedDoublePendulum-v5'])
def test_a_restored_environment_goes_on_bit_for_bit(env):
    one, rng = Environments(env, 2, seed=3), np.random.default_rng(0)
    drive(one, 57, rng)
    state, rng_state = one.state_dict(), rng.bit_generator.state
    expected = drive(one, 40, rng)
    other = Environments(env, 2, seed=3)
    other.load_state_dict(state)
    rng.bit_generator.state = rng_state
    found = drive(other, 40, rng)
    assert [step.next_observation.tobytes() for steps in expected for step in steps] == [
        step.next_observation.tobytes() for steps in found for step in steps
    ]


def test_an_environment_that_does_not_repeat_itself_is_noticed():
    environments = Environments('Pendulum-v1', 1, seed=0)
    drive(environments, 5, np.random.default_rng(0))
    state = environments.state_dict()
    state['episodes'][0]['observation'] += 1.0
    with pytest.raises(TrainingError, match='environment 0 does not repeat itself: episode 0'):
        Environments('Pendulum-v1', 1, seed=0).load_state_dict(state)


def test_a_state_of_another_number_of_environments_is_refused():
    state = Environments('Pendulum-v1', 2, seed=0).state_dict()
    with pytest.raises(TrainingError, match='of 2 environments, this run has 1'):
        Environments('Pendulum-v1', 1, seed=0).load_state_dict(state)


def test_a_time_limit_truncates_and_the_last_observation_is_the_episodes_own():
    environments = Environments('Pendulum-v1', 1, seed=0)
    steps = [answers[0] for answers in drive(environments, 201, np.random.default_rng(0))]
    end = steps[199]
    assert end.truncated and not end.terminated
    assert end.episode_return == pytest.approx(sum(step.reward for step in steps[:200]))
    assert all(step.episode_return is None for step in steps[:199])
    # The next episode begins elsewhere, and the last observation is not its first one.
    assert (steps[200].observation != end.next_observation).any()
    assert np.abs(end.next_observation - end.observation).max() < 1.5


def test_a_fall_terminates():
    environments = Environments('Hopper-v5', 1, seed=0)
    steps = [answers[0] for answers in drive(environments, 100, np.random.default_rng(0))]
    assert any(step.terminated and not step.truncated for step in steps)


def test_episodes_have_seeds_of_their_own_that_evaluations_never_use():
    seeds = {episode_seed(s, i, n) for s in range(4) for i in range(4) for n in range(50)}
    assert len(seeds) == 800 and max(seeds) < FIRST_EVALUATION_SEED
    assert min(evaluation_seeds(3)) == FIRST_EVALUATION_SEED
    assert FIRST_EVALUATION_SEED + 1_000_000 < 2**31


def test_actions_are_scaled_to_the_bounds():
    low, high = np.float32([-2.0, 0.0]), np.float32([2.0, 0.6])
    assert scale_action(np.float32([-1, -1]), low, high) == pytest.approx(low)
    assert scale_action(np.float32([1, 1]), low, high) == pytest.approx(high)
    assert scale_action(np.float32([0, 0]), low, high) == pytest.approx([0.0, 0.3])


@pytest.mark.parametrize(
    ('env', 'said'),
    [
        ('NoSuchEnv-v0', "environment 'NoSuchEnv-v0': "),
        ('no_such_module:Env-v0', "environment 'no_such_module:Env-v0': .*no_such_module"),
        ('CartPole-v1', r'actions are Discrete\(2\); legal: a Box of one axis'),
    ],
)
def test_an_environment_that_does_not_fit_is_refused(env, said):
    with pytest.raises(TrainingError, match=said):
        Environments(env, 1, seed=0)


def test_returns_are_sums_of_rewards_on_given_seeds():
    environments = Environments('Pendulum-v1', 1, seed=0)
    env = environments._episodes[0].env

    def act(observation):
        return np.zeros(1, np.float32)

    first = episode_returns(env, act, evaluation_seeds(3))
    assert first.shape == (3,) and (first < 0.0).all()
    assert (episode_returns(env, act, evaluation_seeds(3)) == first).all()
