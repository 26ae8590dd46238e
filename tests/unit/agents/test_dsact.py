"""DSAC-T: its order of steps, its defaults, its temperature; states, seeds and divergence."""

from dataclasses import asdict, replace
import math

import numpy as np
import pytest
from takeover.agents.actor_critic import DivergedError
from takeover.agents.dsact import DsactConfig, DsactLearner
from takeover.agents.learner_config import LearnerError
from takeover.agents.rlpd import RlpdLearner
from takeover.agents.sac import SacLearner
from takeover.training.config import TrainConfig
from takeover.training.run_folder import RunFolder
from takeover.training.trainer import Trainer
from tests.unit.agents import conformance
from tests.unit.agents.conformance import near, random_batch, same, tiny, weights
import torch

pytestmark = pytest.mark.usefixtures('one_thread')
LEARNERS = {DsactLearner: {}, SacLearner: {}, RlpdLearner: {'utd_ratio': 2}}
EVERY_LEARNER = pytest.mark.parametrize('kind', LEARNERS, ids=lambda kind: kind.__name__)


def test_the_defaults_are_the_published_ones():
    assert asdict(DsactConfig()) == {
        'hidden': (256, 256, 256),
        'activation': 'gelu',
        'batch_size': 256,
        'discount': 0.99,
        'critic_learning_rate': 1e-4,
        'actor_learning_rate': 1e-4,
        'alpha_learning_rate': 3e-4,
        'target_rate': 0.005,
        'initial_log_alpha': 1.0,
        'target_entropy': None,
        'min_log_std': -20.0,
        'max_log_std': 0.5,
        'largest_value': 1e7,
        'critic_loss': 'gaussian',
        'expected_value_substitution': True,
        'twin_distributions': True,
        'variance_based_adjustment': True,
        'bound_sigmas': 3.0,
        'average_rate': 0.005,
        'td_bound': 10.0,
        'delay': 2,
        'warm_up_actions': 'policy',
        'entropy_in_action_units': False,
    }


def test_a_learner_is_built_as_the_defaults_say():
    learner = DsactLearner(DsactConfig(), 3, 2, seed=0)
    assert float(learner.alpha) == pytest.approx(2.71828, abs=1e-5)
    assert learner.target_entropy == -2.0
    assert learner.batch_rows == 256
    assert not learner.uniform_warm_up
    rates = {name: opt.param_groups[0]['lr'] for name, opt in learner.optimisers().items()}
    assert rates == {'actor': 1e-4, 'alpha': 3e-4, 'critic': 1e-4}
    for optimiser in learner.optimisers().values():
        group = optimiser.param_groups[0]
        assert (group['betas'], group['weight_decay']) == ((0.9, 0.999), 0)
    critics = learner.critic.online.mlp
    assert [tuple(layer.weight.shape) for layer in critics.layers] == [
        (2, 5, 256),
        (2, 256, 256),
        (2, 256, 256),
        (2, 256, 2),
    ]
    assert not critics.norms
    assert [(layer.in_features, layer.out_features) for layer in learner.actor.layers] == [
        (3, 256),
        (256, 256),
        (256, 256),
        (256, 4),
    ]
    assert learner.actor.log_std == learner.target_actor.log_std == (-20.0, 0.5)
    for name in ('critics', 'actor'):
        online, target = learner.modules()[name], learner.modules()[f'target_{name}']
        assert all(map(torch.equal, online.parameters(), target.parameters()))
        assert not any(parameter.requires_grad for parameter in target.parameters())


def test_too_random_a_policy_lowers_the_temperature():
    conformance.check_temperature()


def test_all_but_the_critics_move_in_every_second_update():
    conformance.check_delay()


def test_a_delay_of_1_moves_all_in_every_update():
    learner = tiny(DsactLearner, delay=1)
    before = weights(learner)
    learner.update(random_batch(16))
    after = weights(learner)
    assert all(
        not same(before, after, part) for part in ('actor', 'target_actor', 'target_critics')
    )


def test_targets_follow_by_one_two_hundredth():
    conformance.check_polyak()


def test_the_next_action_is_the_target_policys():
    conformance.check_next_action_is_the_target_policys()


def test_all_gradients_are_taken_before_the_first_step():
    conformance.check_gradients_come_before_steps()


def test_the_actor_maximises_the_lower_mean():
    conformance.check_actor_takes_the_lower_mean()


def test_entropy_in_action_units_shifts_the_density_and_not_the_action():
    plain, scaled = (tiny(DsactLearner, delay=1) for _ in range(2))
    scaled.log_half_range = 2.0 * math.log(2.0)
    batch = random_batch(16)
    action, log_prob = plain.sample(plain.actor, batch.observation)
    same_action, shifted = scaled.sample(scaled.actor, batch.observation)
    assert torch.equal(action, same_action)
    near(shifted.detach(), (log_prob - 2.0 * math.log(2.0)).detach())
    one, other = plain.update(batch), scaled.update(batch)
    assert other['entropy'] == pytest.approx(one['entropy'] + 2.0 * math.log(2.0), abs=1e-5)
    # More entropy in every next state is worth alpha * gamma * its difference.
    assert not same(weights(plain), weights(scaled), 'critics')


@pytest.mark.parametrize(('switch', 'shift'), [(False, 0.0), (True, math.log(2.0))])
def test_the_action_units_are_those_of_the_environment(switch, shift, tmp_path):
    """The torque of Pendulum-v1 is within +-2."""
    config = TrainConfig(
        env='Pendulum-v1',
        replay_capacity=10,
        dsact=DsactConfig(hidden=(4,), entropy_in_action_units=switch),
    )
    learner = Trainer(config, RunFolder(tmp_path)).learner
    assert learner.log_half_range == pytest.approx(shift, abs=1e-6)


def test_the_policy_acts_at_random_or_not_as_asked():
    learner = tiny(DsactLearner)
    observations = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    certain = learner.act(observations, deterministic=True)
    assert certain.shape == (5, 2) and certain.dtype == np.float32
    assert (certain == learner.act(observations, deterministic=True)).all()
    mean, _ = learner.actor(torch.from_numpy(observations))
    near(certain, torch.tanh(mean).detach())
    drawn = [learner.act(observations) for _ in range(2)]
    assert (drawn[0] != drawn[1]).all() and np.abs(drawn).max() <= 1.0


@EVERY_LEARNER
def test_a_learner_goes_on_bit_for_bit_from_its_state(kind):
    learner = tiny(kind, **LEARNERS[kind])
    rows = learner.batch_rows
    for seed in range(3):
        learner.update(random_batch(rows, seed))
    twin = tiny(kind, seed=7, **LEARNERS[kind])
    assert not same(weights(learner), weights(twin))
    twin.load_state_dict(learner.state_dict())
    assert twin.updates == 3
    for seed in range(3, 7):
        one, other = (each.update(random_batch(rows, seed)) for each in (learner, twin))
        assert one == other
    assert same(weights(learner), weights(twin))
    observations = random_batch(4).observation.numpy()
    assert (learner.act(observations) == twin.act(observations)).all()


@EVERY_LEARNER
def test_a_state_is_not_changed_by_what_comes_after(kind):
    learner = tiny(kind, **LEARNERS[kind])
    rows = learner.batch_rows
    learner.update(random_batch(rows, 0))
    state = learner.state_dict()
    twins = [tiny(kind, seed=7, **LEARNERS[kind]) for _ in range(2)]
    twins[0].load_state_dict(state)
    for seed in range(1, 4):
        for each in (learner, twins[0]):
            each.update(random_batch(rows, seed))
    assert same(weights(learner), weights(twins[0]))
    twins[1].load_state_dict(state)
    assert not same(weights(learner), weights(twins[1]))
    for seed in range(1, 4):
        twins[1].update(random_batch(rows, seed))
    assert same(weights(learner), weights(twins[1]))


@EVERY_LEARNER
def test_seeds_decide_everything(kind):
    learners = [tiny(kind, seed, **LEARNERS[kind]) for seed in (5, 5, 6)]
    observations = random_batch(4).observation.numpy()
    actions = []
    for learner in learners:
        for seed in range(4):
            learner.update(random_batch(learner.batch_rows, seed))
        actions.append(learner.act(observations))
    one, again, other = map(weights, learners)
    assert same(one, again) and (actions[0] == actions[1]).all()
    assert not same(one, other, 'critics') and not same(one, other, 'actor')
    assert (actions[0] != actions[2]).all()


def test_the_state_of_another_learner_is_refused_by_name():
    state = tiny(SacLearner).state_dict()
    learner = tiny(DsactLearner)
    before = weights(learner)
    with pytest.raises(LearnerError, match="of 'SacLearner', this learner is DsactLearner"):
        learner.load_state_dict(state)
    assert same(before, weights(learner))


@pytest.mark.parametrize(('change', 'name'), [({'hidden': (9,)}, 'actor'), ({}, 'critics')])
def test_the_state_of_other_networks_is_refused_by_name(change, name):
    state = tiny(DsactLearner, **(change or {'twin_distributions': False})).state_dict()
    with pytest.raises(LearnerError, match=f'the state is of other networks: {name}: '):
        tiny(DsactLearner).load_state_dict(state)


@EVERY_LEARNER
def test_a_reward_that_is_no_number_stops_with_all_weights_as_they_were(kind):
    learner = tiny(kind, **LEARNERS[kind])
    rows = learner.batch_rows
    for seed in range(3):
        learner.update(random_batch(rows, seed))
    before = weights(learner)
    with pytest.raises(DivergedError, match='update 4: critic_loss is nan'):
        learner.update(random_batch(rows, reward=math.nan))
    assert same(before, weights(learner))
    assert learner.updates == 3


@pytest.mark.parametrize(
    ('kind', 'changes'),
    [(DsactLearner, {}), (SacLearner, {}), (RlpdLearner, {'utd_ratio': 1})],
    ids=['dsact', 'sac', 'rlpd'],
)
def test_one_bad_reward_at_the_end_of_a_batch_changes_no_weight(kind, changes):
    learner = tiny(kind, **changes)
    batch = random_batch(learner.batch_rows)
    reward = batch.reward.clone()
    reward[-1] = math.inf
    before = weights(learner)
    with pytest.raises(DivergedError, match='update 1: critic_loss is'):
        learner.update(replace(batch, reward=reward))
    assert same(before, weights(learner))


def test_an_actor_that_is_no_number_is_named():
    learner = tiny(DsactLearner, delay=1)
    batch = random_batch(16)
    with torch.no_grad():
        learner.actor.layers[-1].bias[0] = math.nan
    before = weights(learner)
    with pytest.raises(DivergedError, match='update 1: actor_loss is nan'):
        learner.update(batch)
    after = weights(learner)
    assert same(before, after, 'critics') and same(before, after, 'target_')


def test_a_value_beyond_all_measure_is_named():
    learner = tiny(DsactLearner, largest_value=100.0)
    conformance.set_heads(learner.critic.online, [(101.0, 0.0), (101.0, 0.0)])
    with pytest.raises(DivergedError, match='update 1: q is 101, beyond largest_value 100'):
        learner.update(random_batch(16))


@pytest.mark.parametrize(
    ('change', 'words'),
    [
        ({'delay': 0}, 'delay is 0; legal: 1 or more'),
        ({'warm_up_actions': 'none'}, "warm_up_actions is 'none'; legal: policy, uniform"),
        ({'hidden': ()}, 'hidden is'),
        ({'batch_size': 0}, 'batch_size is 0'),
        ({'actor_learning_rate': math.inf}, 'actor_learning_rate is inf; legal: positive'),
        ({'alpha_learning_rate': -1.0}, 'alpha_learning_rate is -1.0; legal: 0'),
        ({'target_rate': 0.0}, 'target_rate is 0.0; legal: above 0'),
    ],
)
def test_a_configuration_that_cannot_train_is_refused(change, words):
    with pytest.raises(LearnerError, match=words):
        DsactConfig(**change)
