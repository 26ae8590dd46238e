"""Behaviour cloning: it fits, it repeats itself, and what it exports is what it trained."""

import numpy as np
import pytest
from takeover.action import ActionContract
from takeover.agents.bc import BcConfig, BcError, cloning_loss, concatenate, Demonstrations, train
import torch

TINY = BcConfig(hidden=(16, 16), steps=300, batch_size=64)


@pytest.fixture
def action(task):
    return ActionContract(task.action)


@pytest.fixture
def data(action):
    rng = np.random.default_rng(0)
    observations = rng.normal(2.0, 3.0, (2000, 4)).astype(np.float32)
    actions = np.stack(
        [0.3 + 0.2 * np.tanh(observations[:, 0] - 2.0), np.sin(0.3 * observations[:, 1])], axis=1
    ).astype(np.float32)
    return Demonstrations(observations, actions)


def same(one, other):
    return all(
        (a == b).all() for a, b in zip(one.weights + one.biases, other.weights + other.biases)
    )


def test_it_learns_what_was_demonstrated(data, action):
    policy = train(BcConfig(hidden=(32, 32), steps=1500, batch_size=128), data, action)
    error = np.sqrt(np.mean((policy.act(data.observations) - data.actions) ** 2, axis=0))
    assert (error < 0.2 * data.actions.std(axis=0)).all()
    assert policy.losses[-1] < 0.5 * policy.losses[0]


def test_two_runs_give_equal_weights_and_another_seed_does_not(data, action):
    one, again = (train(TINY, data, action).weights() for _ in range(2))
    other = train(BcConfig(**{**vars(TINY), 'seed': 1}), data, action).weights()
    assert same(one, again)
    assert not same(one, other)


def test_training_leaves_the_number_of_threads_alone(data, action):
    threads = torch.get_num_threads()
    train(TINY, data, action)
    assert torch.get_num_threads() == threads


def test_the_weights_compute_what_the_policy_does(data, action):
    policy = train(TINY, data, action)
    assert policy.weights().forward(data.observations) == pytest.approx(
        policy.act(data.observations), abs=1e-5
    )


def test_actions_stay_within_the_bounds(data, action):
    actions = train(TINY, data, action).act(1e6 * data.observations)
    assert (actions >= action.low - 1e-6).all() and (actions <= action.high + 1e-6).all()


def test_one_observation_gives_one_action(data, action):
    policy = train(TINY, data, action)
    assert policy.act(data.observations[3]).shape == (action.size,)


def test_a_component_that_never_varies_does_no_harm(data, action):
    flat = Demonstrations(data.observations * np.float32([1, 1, 1, 0]), data.actions)
    assert np.isfinite(train(TINY, flat, action).act(data.observations)).all()


def test_the_loss_is_zero_when_right_and_counts_both_ways():
    right = torch.tensor([[0.5, -0.5]])
    assert float(cloning_loss(torch.atanh(right), right)) == pytest.approx(0.0, abs=1e-9)
    assert float(cloning_loss(torch.zeros(1, 2), right)) == pytest.approx(0.25)


def test_progress_is_told(data, action):
    told = []
    train(TINY, data, action, lambda step, loss: told.append((step, loss)))
    assert [step for step, _ in told] == [100, 200, 300]
    assert all(np.isfinite(loss) for _, loss in told)


@pytest.mark.parametrize(
    'change, words',
    [
        ({'activation': 'swish'}, "activation is 'swish'; legal: relu, gelu, tanh"),
        ({'steps': 0}, 'steps must be positive'),
        ({'learning_rate': -1.0}, 'learning_rate must be positive'),
        ({'hidden': ()}, 'hidden must hold at least one'),
    ],
)
def test_a_configuration_that_cannot_train_is_refused(change, words):
    with pytest.raises(BcError, match=words):
        BcConfig(**change)


def test_pairs_that_do_not_match_are_refused():
    with pytest.raises(BcError, match='3 observations and 2 actions'):
        Demonstrations(np.zeros((3, 4)), np.zeros((2, 2)))
    with pytest.raises(BcError, match='finite'):
        Demonstrations(np.full((2, 4), np.nan), np.zeros((2, 2)))


def test_sets_are_joined_in_order(data):
    both = concatenate([data, data])
    assert len(both) == 2 * len(data)
    assert (both.actions[len(data) :] == data.actions).all()
