"""RLPD: many critic steps from half-and-half batches, a large normalised ensemble, one actor."""

from dataclasses import asdict, replace
import math

import pytest
from takeover.agents.actor_critic import DivergedError
from takeover.agents.distributional_critic import DistributionalCritic
from takeover.agents.ensemble_critic import EnsembleCritic
from takeover.agents.learner_config import LearnerError
from takeover.agents.rlpd import RlpdConfig, RlpdLearner
from tests.unit.agents import conformance
from tests.unit.agents.conformance import (
    near,
    normal_head,
    random_batch,
    same,
    set_heads,
    tiny,
    weights,
)

pytestmark = pytest.mark.usefixtures('one_thread')


def test_the_defaults_are_the_published_ones():
    defaults = asdict(RlpdConfig())
    published = {
        'critic': 'ensemble',
        'members': 10,
        'subset': 2,
        'layer_norm': True,
        'utd_ratio': 20,
        'entropy_backup': True,
        'hidden': (256, 256),
        'activation': 'relu',
        'batch_size': 256,
        'discount': 0.99,
        'critic_learning_rate': 3e-4,
        'actor_learning_rate': 3e-4,
        'alpha_learning_rate': 3e-4,
        'target_rate': 0.005,
        'initial_log_alpha': 0.0,
        'target_entropy': None,
        'min_log_std': -20.0,
        'max_log_std': 2.0,
    }
    twins_only = {
        'critic_loss': 'gaussian',
        'expected_value_substitution': True,
        'twin_distributions': True,
        'variance_based_adjustment': True,
        'bound_sigmas': 3.0,
        'average_rate': 0.005,
        'td_bound': 10.0,
    }
    assert defaults == published | twins_only | {'largest_value': 1e7}


def test_a_learner_is_built_as_the_defaults_say():
    learner = RlpdLearner(RlpdConfig(), 3, 2, seed=0)
    assert float(learner.alpha) == 1.0
    assert learner.target_entropy == -1.0
    assert learner.batch_rows == 5120
    assert learner.uniform_warm_up
    assert isinstance(learner.critic, EnsembleCritic)
    mlp = learner.critic.online.mlp
    assert [tuple(layer.weight.shape) for layer in mlp.layers] == [
        (10, 5, 256),
        (10, 256, 256),
        (10, 256, 1),
    ]
    assert len(mlp.norms) == 2
    # Glorot: uniform within sqrt(6 / (in + out)), no bias; in actor and critics.
    for layer in (*mlp.layers, *learner.actor.layers):
        assert not layer.bias.any()
        inputs, outputs = sorted(layer.weight.shape[-2:])
        bound = (6.0 / (inputs + outputs)) ** 0.5
        assert 0.9 * bound < float(layer.weight.detach().abs().max()) <= bound
    assert {type(module).__name__ for module in learner.actor.modules()} == {
        'TanhNormalActor',
        'ModuleList',
        'Linear',
    }


def test_a_target_is_of_two_distinct_members_drawn_anew():
    conformance.check_subset()


def test_a_target_is_by_the_formula():
    conformance.check_ensemble_target()


def test_the_actor_maximises_the_mean_of_all():
    conformance.check_actor_takes_the_mean()


def test_the_actor_moves_once_in_twenty_critic_steps():
    conformance.check_actor_moves_once()


def test_every_slice_is_half_prior_and_half_online():
    conformance.check_slices()


def test_critics_are_normalised_before_their_activation():
    conformance.check_layer_norm()


def test_far_actions_are_not_worth_the_world():
    conformance.check_bounded()


def test_entropy_backup_can_be_switched_off():
    conformance.check_entropy_backup()


def test_distributional_critics_are_twins_with_layer_norm():
    learner = tiny(RlpdLearner, critic='dsact')
    assert isinstance(learner.critic, DistributionalCritic)
    mlp = learner.critic.online.mlp
    assert (mlp.members, len(mlp.norms)) == (2, 2)
    assert mlp.layers[-1].weight.shape[-1] == 2
    assert 'sigma_average' in learner.state_dict()['modules']
    set_heads(learner.critic.online, [normal_head(3.0, 1.0), normal_head(2.0, 5.0)])
    batch = random_batch(4)
    near(learner.objective(batch.observation, batch.action), 2.0)


@pytest.mark.parametrize('critic', ['ensemble', 'dsact'])
def test_one_step_for_each_works_too(critic):
    learner = tiny(RlpdLearner, critic=critic, utd_ratio=1)
    assert learner.batch_rows == 16
    before = weights(learner)
    numbers = learner.update(random_batch(16))
    after = weights(learner)
    for part in ('actor', 'critics', 'target_critics', 'log_alpha'):
        assert not same(before, after, part)
    assert {'q', 'critic_loss', 'actor_loss', 'entropy', 'alpha'} <= numbers.keys()


def test_all_members_may_make_the_target():
    learner = tiny(RlpdLearner, members=3, subset=3)
    set_heads(learner.critic.target, [(3.0,), (1.0,), (2.0,)])
    batch = random_batch(4)
    values = learner.critic.target_values(batch.observation, batch.action)
    near(values.amin(dim=0), 1.0)
    assert values.shape == (3, 4)


@pytest.mark.parametrize(
    ('change', 'words'),
    [
        ({'critic': 'mean'}, "critic is 'mean'; legal: ensemble, dsact"),
        ({'members': 0}, 'members is 0; legal: 1 or more'),
        ({'subset': 11}, r'subset is 11; legal: 1 to members \(10\)'),
        ({'utd_ratio': 0}, 'utd_ratio is 0; legal: 1 or more'),
    ],
)
def test_a_configuration_that_cannot_train_is_refused(change, words):
    with pytest.raises(LearnerError, match=words):
        RlpdConfig(**change)


def test_a_bad_slice_stops_the_update_before_the_actor_learns():
    learner = tiny(RlpdLearner, utd_ratio=3)
    batch = random_batch(48)
    reward = batch.reward.clone()
    reward[20] = math.nan
    before = weights(learner)
    with pytest.raises(DivergedError, match='update 1: critic_loss is nan'):
        learner.update(replace(batch, reward=reward))
    after = weights(learner)
    assert same(before, after, 'actor') and same(before, after, 'log_alpha')
    assert all(value.isfinite().all() for value in after.values())
    assert learner.updates == 0
