"""How an episode ended decides whether the future counts: gamma 0.9, reward 1, 10 steps.

Around a ring of 10 places, so that a time limit leads to a place the learner knows. With a time
limit every place is worth 1 / (1 - gamma) = 10; when the tenth step is a failure, the first place
is worth the finite sum 1 + ... + gamma^9 = 6.51.
"""

import numpy as np
import pytest
from takeover.agents.dsact import DsactConfig, DsactLearner
from takeover.agents.sac import SacConfig, SacLearner
from takeover.agents.tensor_batch import TensorBatch
from tests.unit.agents import conformance
from tests.unit.agents.conformance import ring_replay, ring_values
import torch

pytestmark = pytest.mark.usefixtures('one_thread')


def test_time_limits_are_bootstrapped_through_and_failures_are_not():
    conformance.check_ends()


@pytest.mark.parametrize('kind', ['ensemble', 'distributional'])
def test_the_first_place_is_worth_what_is_left(kind):
    assert float(ring_values(False, kind)[0]) == pytest.approx(10.0, abs=1e-3)
    assert float(ring_values(True, kind)[0]) == pytest.approx(6.5132, abs=1e-3)


def test_the_mask_is_of_the_failures():
    rng = np.random.default_rng(0)
    for terminated in (False, True):
        batch = TensorBatch.of(ring_replay(terminated).sample(2000, rng))
        last = batch.observation.argmax(dim=1) == 9
        assert last.any() and not last.all()
        assert torch.equal(batch.mask, 1.0 - last.float() * float(terminated))


@pytest.mark.parametrize(('terminated', 'value'), [(False, 10.0), (True, 6.51)])
@pytest.mark.parametrize('kind', [DsactLearner, SacLearner])
def test_learners_come_near(kind, terminated, value):
    settings = {
        'hidden': (32,),
        'batch_size': 64,
        'discount': 0.9,
        'target_rate': 0.1,
        'critic_learning_rate': 1e-2,
        'initial_log_alpha': -10.0,
        'alpha_learning_rate': 0.0,
    }
    if kind is DsactLearner:
        config = DsactConfig(**settings, delay=1)
    else:
        config = SacConfig(**settings)
    learner = kind(config, 10, 1, 0)
    replay, rng = ring_replay(terminated), np.random.default_rng(0)
    for _ in range(600):
        learner.update(TensorBatch.of(replay.sample(64, rng)))
    with torch.no_grad():
        start = learner.critic.pessimistic_mean(torch.eye(10)[:1], torch.zeros(1, 1))
    assert float(start) == pytest.approx(value, abs=0.4)
