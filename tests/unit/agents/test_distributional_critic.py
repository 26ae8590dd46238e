"""Distributional critics: the gradients and targets of DSAC-T, number by number."""

import pytest
from takeover.agents.learner_config import DistributionalConfig, LearnerError
from tests.unit.agents import conformance
from tests.unit.agents.conformance import (
    BOTH_LOSSES,
    distributional,
    head_gradients,
    learn_tables,
    near,
    random_batch,
)
import torch

pytestmark = pytest.mark.usefixtures('one_thread')


def test_gradients_of_the_papers_loss():
    conformance.check_gaussian_gradients()


def test_gradients_of_the_later_loss():
    conformance.check_huber_gradients()


def test_when_all_sigmas_equal_their_average_the_mean_learns_as_by_least_squares():
    for sigma in (0.01, 1.0, 30.0):
        by_mean, _ = conformance.gradients_of((1.0, sigma, 4.5, 0.0, sigma))
        near(by_mean, -3.5)


def test_gradients_follow_the_scale_of_the_rewards():
    conformance.check_scale()


def test_the_mean_learns_from_the_mean_and_sigma_from_the_sample():
    conformance.check_mean_and_sample_stay_apart()
    conformance.check_sample_reaches_only_sigma()


def test_nothing_but_the_online_critics_learns():
    conformance.check_detachment()


def test_omega_and_bound_are_constants_of_the_batchs_mean_sigma():
    conformance.check_omega_is_a_number()


def test_the_lower_mean_makes_the_targets_of_both():
    conformance.check_minimum_by_mean()
    conformance.check_targets_in_the_loss()


def test_the_average_starts_with_the_first_batch_and_counts_at_once():
    conformance.check_average()


def test_sigma_has_no_floor():
    conformance.check_no_floor()


def test_a_bandits_reward_is_learnt_with_its_spread_at_any_scale():
    seeds = 8
    scale = torch.tensor([1.0, 0.01]).repeat_interleave(seeds)
    start, reward = ((5.0 * scale - 5.0).clamp(min=0.0), 0.69 * scale), (5.0 * scale, 2.0 * scale)
    q, sigma = learn_tables(BOTH_LOSSES, start, reward, 1000, 1e-2, mask=0.0)
    small_q, small_sigma = q[:, seeds:].mean(dim=1), sigma[:, seeds:].mean(dim=1)
    q, sigma = q[:, :seeds].mean(dim=1), sigma[:, :seeds].mean(dim=1)
    near(q, 5.0, 0.01)  # +- 0.05
    assert 1.97 <= sigma[0] <= 2.01
    assert 1.35 <= sigma[1] <= 1.37
    near(small_q, 0.05, 0.002)
    assert float(small_sigma[0]) == pytest.approx(0.02, abs=0.0005)


def test_ten_times_the_reward_has_ten_times_the_spread():
    start = (torch.full((3,), 45.0), torch.full((3,), 6.9))
    reward = (torch.full((3,), 50.0), torch.full((3,), 20.0))
    q, sigma = learn_tables(BOTH_LOSSES[:1], start, reward, 3500, 1e-2, mask=0.0)
    assert float(q.mean()) == pytest.approx(50.0, abs=0.5)
    assert float(sigma.mean()) == pytest.approx(19.9, abs=0.1)


def test_spread_adds_up_over_time():
    start, reward = (torch.zeros(3), torch.full((3,), 0.69)), (torch.ones(3), torch.ones(3))
    q, sigma = learn_tables(BOTH_LOSSES, start, reward, 20_000, 3e-3)
    assert q.mean(dim=1).tolist() == pytest.approx([9.9, 9.9], abs=0.05)
    assert 2.24 <= sigma[0].mean() <= 2.26
    assert 0.86 <= sigma[1].mean() <= 0.87


def test_without_a_sample_in_the_target_only_the_last_rewards_spread_is_seen():
    start = (torch.full((2,), 9.0), torch.full((2,), 0.69))
    reward = (torch.ones(2), torch.tensor([0.0, 1.0]))
    _, sigma = learn_tables(BOTH_LOSSES[:1], start, reward, 6000, 3e-3, noise_scale=0.0)
    assert float(sigma[0, 0]) < 0.1
    assert float(sigma[0, 1]) == pytest.approx(1.0, abs=0.05)


def test_without_expected_value_substitution_the_mean_learns_from_the_sample():
    heads = ((0.0, 1.0), (0.0, 1.0)), ((1.0, 1.0), (2.0, 1.0))
    first, second = (distributional(*heads, expected_value_substitution=False) for _ in range(2))
    second.generator.manual_seed(1)
    one, other = (head_gradients(critics, random_batch(8)) for critics in (first, second))
    assert (one[:, 0] != other[:, 0]).all()


def test_without_twin_distributions_there_is_one_critic():
    critics = distributional(((0.0, 2.0),), ((3.0, 0.0),), twin_distributions=False, discount=0.9)
    assert critics.online.mlp.members == critics.target.mlp.members == 1
    batch = random_batch(4, reward=1.0)
    gradients = head_gradients(critics, batch)
    assert gradients.shape == (1, 2)
    near(gradients[0, 0], -3.7)
    near(critics.pessimistic_mean(batch.observation, batch.action), 0.0)


@pytest.mark.parametrize(('td_bound', 'clipped'), [(10.0, 10.0), (20.0, 20.0), (200.0, 100.0)])
def test_without_variance_based_adjustment_the_clip_is_fixed_and_nothing_is_scaled(
    td_bound, clipped
):
    critics = distributional(
        ((0.0, 2.0), (0.0, 2.0)), variance_based_adjustment=False, td_bound=td_bound
    )
    gradients = head_gradients(critics, random_batch(4, reward=100.0, mask=0.0))
    near(gradients[:, 0], -100.0 / 4.1)
    near(gradients[:, 1], -(clipped**2 - 4.0) / 8.1)


def test_the_bound_is_that_many_sigmas():
    critics = distributional(((0.0, 2.0), (0.0, 2.0)), bound_sigmas=2.0)
    gradients = head_gradients(critics, random_batch(4, reward=100.0, mask=0.0))
    near(gradients[:, 1], -4.1 * (16.0 - 4.0) / 8.1)


def test_the_later_loss_bounds_ratio_and_error():
    by_mean, by_std = conformance.gradients_of(
        (0.0, 0.1, 80.0, 80.0, 40.0), critic_loss='huber_ratio'
    )
    near(by_mean, -10.0 * 50.0)
    near(by_std, 10.0 * (0.01 - 50.0 * (80.0 - 25.0)) / 0.2)
    by_mean, _ = conformance.gradients_of((0.0, 9.0, 3.0, 3.0, 0.5), critic_loss='huber_ratio')
    near(by_mean, -0.1 * 3.0)


def test_numbers_to_log_are_what_they_are_called():
    critics = distributional(((3.0, 2.0), (5.0, 4.0)))
    batch = random_batch(4)
    loss, numbers = critics.loss(batch, lambda _: (batch.action, torch.zeros(4)), torch.zeros(()))
    near(numbers['q'], 4.0)
    near(numbers['sigma'], 2.0)
    near(numbers['critic_loss'], loss.detach())


@pytest.mark.parametrize(
    ('change', 'words'),
    [
        ({'critic_loss': 'mse'}, "critic_loss is 'mse'; legal: gaussian, huber_ratio"),
        (
            {'critic_loss': 'huber_ratio', 'variance_based_adjustment': False},
            'legal: gaussian when',
        ),
        ({'bound_sigmas': 1.0}, 'bound_sigmas is 1.0; legal: above 1'),
        ({'average_rate': 0.0}, 'average_rate is 0.0; legal: above 0'),
        ({'td_bound': 0.0}, 'td_bound is 0.0; legal: positive'),
        ({'discount': 1.1}, 'discount is 1.1; legal: from 0 to 1'),
        ({'activation': 'swish'}, "activation is 'swish'; legal: one of gelu"),
        ({'min_log_std': 2.0}, 'min_log_std is 2.0; legal: less than'),
    ],
)
def test_a_configuration_that_cannot_train_is_refused(change, words):
    with pytest.raises(LearnerError, match=words):
        DistributionalConfig(**change)
