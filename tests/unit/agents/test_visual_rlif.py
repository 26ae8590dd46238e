"""RLIF with an encoder: who teaches it, when it rests, and what follows it at which rate."""

from copy import deepcopy

import numpy as np
import pytest
from takeover.agents.learner_config import LearnerError
from takeover.agents.rlif import cloning_loss, CloningBatch, RlifConfig
from takeover.agents.tensor_batch import observations_of, Seen, TensorBatch
from takeover.agents.visual_rlif import VisionConfig, VisualRlifLearner
from takeover.networks.encoder import EncoderConfig, ObservationEncoder
from tests.state_difference import difference
import torch

SHAPE = (8, 6, 3)
ENCODER = EncoderConfig((4,), (3,), (2,), image_latent=4, vector_latent=4)
ROWS = 8
RATES = {'target_rate': 0.25, 'average_rate': 0.125}


@pytest.fixture(autouse=True)
def one_thread():
    """Let small networks learn on one thread: more only wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def learner_of(seed=0, learning_rate=1e-2, critic='dsact', cloning_rate=0.0, **settings):
    generator = torch.Generator().manual_seed(seed)
    encoder = ObservationEncoder(3, {'forward': SHAPE}, ENCODER, generator)
    config = RlifConfig(hidden=(8,), batch_size=ROWS, critic=critic, **RATES | settings)
    vision = VisionConfig(learning_rate=learning_rate, cloning_learning_rate=cloning_rate)
    return VisualRlifLearner(config, encoder, 2, seed, vision)


def seen(count, seed):
    generator = torch.Generator().manual_seed(seed)
    pictures = torch.randint(0, 256, (count, *SHAPE), generator=generator, dtype=torch.uint8)
    return Seen(torch.rand(count, 3, generator=generator), {'forward': pictures})


def batch(learner, seed=0):
    generator = torch.Generator().manual_seed(seed)
    rows = learner.batch_rows
    return TensorBatch(
        seen(rows, seed),
        2.0 * torch.rand(rows, 2, generator=generator) - 1.0,
        -torch.rand(rows, generator=generator),
        torch.ones(rows),
        seen(rows, seed + 1),
    )


def cloning(seed=2, count=16):
    generator = torch.Generator().manual_seed(seed)
    return CloningBatch(seen(count, seed), torch.rand(count, 2, generator=generator) - 0.5)


def weights(module):
    values = [*module.parameters(), *module.buffers()]
    return torch.cat([each.detach().flatten() for each in values]).clone()


def parameters(module):
    return torch.cat([each.detach().flatten() for each in module.parameters()])


@pytest.mark.parametrize('critic', ['dsact', 'ensemble'])
def test_only_the_critics_teach_the_encoder(critic):
    still, one, other = (learner_of(critic=critic, learning_rate=r) for r in (0.0, 1e-2, 1e-2))
    before = weights(still.encoder)
    for learner, seed in ((still, 2), (one, 2), (other, 3)):
        learner.learn(batch(learner), cloning(seed))
    assert torch.equal(before, weights(still.encoder))
    assert not torch.equal(before, weights(one.encoder))
    assert torch.equal(weights(one.encoder), weights(other.encoder))
    assert not torch.equal(weights(one.actor), weights(other.actor))


def test_the_actors_loss_gives_the_encoder_no_gradient():
    learner = learner_of()
    before = [each.clone() for each in learner.encoder.parameters()]
    part = learner.perceived(batch(learner).rows(slice(0, ROWS))).detached()
    assert not part.observation.requires_grad and not part.next_observation.requires_grad
    latent = learner.latent(cloning().observation)
    assert latent.shape == (16, learner.encoder.size) and not latent.requires_grad
    actor = weights(learner.actor)
    for parameter in learner.encoder.parameters():
        parameter.grad = None
    learner.update_actor(part, latent.square().mean())
    assert not torch.equal(actor, weights(learner.actor))
    assert all(parameter.grad is None for parameter in learner.encoder.parameters())
    assert all(map(torch.equal, before, learner.encoder.parameters()))


def test_the_gradient_of_the_critics_loss_is_the_right_one():
    learner = learner_of(learning_rate=0.0, critic='ensemble', utd_ratio=1)
    whole = batch(learner)
    state = learner.generator.get_state()
    learner.update_critics(whole)
    found = [each.grad.clone() for each in learner.encoder.parameters()]
    again = learner_of(learning_rate=0.0, critic='ensemble', utd_ratio=1)
    again.generator.set_state(state)
    part = again.perceived(whole)
    loss, _ = again.critic.loss(part, lambda o: again.sample(again.actor, o), torch.zeros(()))
    expected = torch.autograd.grad(loss, list(again.encoder.parameters()))
    assert all(map(torch.equal, found, expected)) and any(each.any() for each in found)


def test_what_comes_next_is_seen_by_the_encoder_that_follows():
    learner = learner_of()
    with torch.no_grad():
        for parameter in learner.target_encoder.parameters():
            parameter.mul_(0.5)
    whole = batch(learner)
    found = learner.perceived(whole)
    after = whole.next_observation
    assert torch.equal(found.next_observation, learner.target_encoder(after.vector, after.images))
    now = learner.encoder(whole.observation.vector, whole.observation.images)
    assert torch.equal(found.observation, now) and found.observation.requires_grad


def test_while_the_actor_rests_the_encoder_rests():
    learner = learner_of()
    before = {name: weights(each) for name, each in learner.modules().items()}
    for seed in range(3):
        learner.learn(batch(learner, seed))
    after = {name: weights(each) for name, each in learner.modules().items()}
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert {name for name in changed if 'encoder' in name or 'actor' in name} == set()
    assert changed, 'the critics learn'
    assert not learner.perceived(batch(learner)).observation.requires_grad
    learner.learn(batch(learner), cloning())
    assert not torch.equal(before['encoder'], weights(learner.encoder))


def test_copies_follow_at_their_rates():
    learner = learner_of(utd_ratio=1)
    start = weights(learner.encoder)
    learner.learn(batch(learner), cloning())
    step = weights(learner.encoder) - start
    for copy, rate in ((learner.target_encoder, 0.25), (learner.averaged_encoder, 0.125)):
        assert weights(copy) - start == pytest.approx(rate * step, abs=1e-7)
    twice = learner_of(utd_ratio=2)
    twice.update_critics(batch(twice))
    assert not torch.equal(weights(twice.target_encoder), start)
    assert torch.equal(weights(twice.averaged_encoder), start), 'once for each step of the actor'


def test_what_drives_is_the_averages():
    learner = learner_of()
    learner.learn(batch(learner), cloning())
    observation = seen(5, 7)
    with torch.no_grad():
        latent = learner.averaged_encoder(observation.vector, observation.images)
        expected = torch.tanh(learner.averaged(latent)[0])
        assert torch.equal(learner.answer(observation), expected)
        for module in (learner.encoder, learner.target_encoder, learner.actor):
            for parameter in module.parameters():
                parameter.zero_()
        assert torch.equal(learner.answer(observation), expected)


def test_cloning_teaches_encoder_and_actor_and_is_what_all_copies_start_from():
    learner = learner_of(pretraining_steps=60, pretraining_learning_rate=1e-2)
    before = weights(learner.encoder)
    shown, drawn = seen(32, 2), []
    data = CloningBatch(shown, shown.vector[:, :2] - 0.5)

    def draw(rows):
        drawn.append(rows)
        return data

    loss = learner.pretrain(draw)
    assert len(drawn) == 60 and set(drawn) == {128}
    with torch.no_grad():
        distance = (learner.answer(data.observation) - data.action).square().sum(dim=1).mean()
    assert loss < 0.2 * float(data.action.square().sum(dim=1).mean())
    assert float(distance) == pytest.approx(loss, rel=0.1)
    assert not torch.equal(before, weights(learner.encoder))
    for copy in (learner.target_encoder, learner.averaged_encoder):
        assert torch.equal(weights(copy), weights(learner.encoder))
    assert torch.equal(weights(learner.averaged), weights(learner.actor))


def test_what_is_cloned_teaches_the_encoder_too_where_it_may():
    learner = learner_of(learning_rate=0.0, cloning_rate=1e-2)
    shown = cloning()
    loss = cloning_loss(
        learner.actor,
        learner.encoder(shown.observation.vector, shown.observation.images),
        shown.action,
    )
    slopes = torch.autograd.grad(loss, list(learner.encoder.parameters()))
    slope = torch.cat([each.flatten() for each in slopes])
    before = parameters(learner.encoder)
    learner._see_what_is_cloned(shown)
    moved = parameters(learner.encoder) - before
    steep = slope.abs() > 1e-4
    # The first step of Adam goes down every slope.
    assert steep.any() and (moved[steep] * slope[steep] < 0.0).all()
    kept = parameters(learner.encoder)
    learner.learn(batch(learner), cloning=None)
    assert torch.equal(kept, parameters(learner.encoder))


def test_copies_have_no_gradient_and_share_nothing():
    learner = learner_of()
    for copy in (learner.target_encoder, learner.averaged_encoder):
        assert not any(parameter.requires_grad for parameter in copy.parameters())
        pointers = {parameter.data_ptr() for parameter in copy.parameters()}
        assert not pointers & {each.data_ptr() for each in learner.encoder.parameters()}


def test_a_state_that_was_read_back_goes_on_bit_for_bit():
    learner = learner_of()
    for seed in range(2):
        learner.learn(batch(learner, seed), cloning(seed))
    learner.learn(batch(learner, 5))
    state = deepcopy(learner.state_dict())
    other = learner_of(seed=3)
    other.load_state_dict(state)
    for each in (learner, other):
        each.learn(batch(each, 9))
        each.learn(batch(each, 10), cloning(10))
    assert difference(learner.state_dict(), other.state_dict()) is None
    assert 'averaged_encoder' in state['modules'] and 'encoder' in state['optimisers']


def test_a_batch_is_cut_with_its_pictures():
    whole = seen(6, 0)
    part = whole[2:4]
    assert len(part) == 2 and torch.equal(part.vector, whole.vector[2:4])
    assert torch.equal(part.images['forward'], whole.images['forward'][2:4])


def test_arrays_become_tensors_without_a_copy():
    arrays = {'vector': np.zeros((2, 3), np.float32), 'forward': np.zeros((2, *SHAPE), np.uint8)}
    found = observations_of(arrays)
    arrays['forward'][1, 2, 3, 0] = 7
    assert isinstance(found, Seen) and found.images['forward'][1, 2, 3, 0] == 7
    alone = observations_of({'vector': arrays['vector']})
    assert torch.is_tensor(alone) and alone.shape == (2, 3)


@pytest.mark.parametrize('rate', [-1e-3, float('nan'), float('inf')])
def test_a_learning_rate_that_is_none_is_refused(rate):
    with pytest.raises(LearnerError, match='learning_rate is .*; legal: 0 or more'):
        VisionConfig(learning_rate=rate)
