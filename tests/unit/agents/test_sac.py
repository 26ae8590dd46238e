"""Every learner finds the best action of a task of one step, and says what SAC is made of."""

from dataclasses import asdict

import numpy as np
import pytest
from takeover.agents.dsact import DsactConfig, DsactLearner
from takeover.agents.rlpd import RlpdConfig, RlpdLearner
from takeover.agents.sac import SacConfig, SacLearner
from takeover.agents.tensor_batch import TensorBatch
import torch

pytestmark = pytest.mark.usefixtures('one_thread')
SETTINGS = {
    'hidden': (32, 32),
    'batch_size': 64,
    'critic_learning_rate': 3e-3,
    'actor_learning_rate': 3e-3,
    'alpha_learning_rate': 3e-3,
    'initial_log_alpha': -3.0,
}
RLPD = {'utd_ratio': 2, 'members': 5}


@pytest.mark.parametrize(
    ('kind', 'config'),
    [
        (SacLearner, SacConfig(**SETTINGS)),
        (DsactLearner, DsactConfig(**SETTINGS, delay=1)),
        (RlpdLearner, RlpdConfig(**SETTINGS, **RLPD)),
        (RlpdLearner, RlpdConfig(**SETTINGS, **RLPD, critic='dsact')),
    ],
    ids=['sac', 'dsact', 'rlpd', 'rlpd-dsact'],
)
def test_it_learns_to_do_as_asked(kind, config):
    """The observation names the action; its squared error is taken from the reward."""
    learner = kind(config, 1, 1, seed=0)
    generator = torch.Generator().manual_seed(0)
    rows = learner.batch_rows
    asked = np.linspace(-0.8, 0.8, 33, dtype=np.float32)[:, None]
    before = np.abs(learner.act(asked, deterministic=True) - asked).mean()
    for _ in range(500):
        wanted = 1.6 * torch.rand(rows, 1, generator=generator) - 0.8
        action = 2.0 * torch.rand(rows, 1, generator=generator) - 1.0
        reward = -(action - wanted).square()[:, 0]
        learner.update(TensorBatch(wanted, action, reward, torch.zeros(rows), wanted))
    after = np.abs(learner.act(asked, deterministic=True) - asked).mean()
    assert after < 0.1 < before


def test_the_defaults_are_those_in_common_use():
    assert asdict(SacConfig()) == {
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
        'largest_value': 1e7,
    }


def test_two_critics_without_layer_norm_make_the_target():
    learner = SacLearner(SacConfig(), 3, 2, seed=0)
    assert (learner.critic.members, learner.critic.subset) == (2, 2)
    assert not learner.critic.online.mlp.norms
    assert learner.target_entropy == -2.0
    assert learner.uniform_warm_up
