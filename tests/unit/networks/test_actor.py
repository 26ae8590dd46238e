"""The actor: its density is a density, and what it exports is its deterministic policy."""

import math

import numpy as np
import pytest
from takeover.networks.actor import squash, TanhNormalActor
import torch
from torch import nn
from torch.distributions import Normal

MEAN, STD, DRAWN = 0.3, 0.8, 0.5


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def column(value):
    return torch.tensor([[value]])


def test_the_density_is_as_worked_out():
    arguments = column(MEAN), column(math.log(STD)), column((DRAWN - MEAN) / STD)
    action, log_prob = squash(*arguments)
    assert float(action) == pytest.approx(0.462117, abs=1e-6)
    assert float(log_prob) == pytest.approx(-0.486817, abs=2e-6)
    action, log_prob = squash(*arguments, math.log(2.0))
    assert 2.0 * float(action) == pytest.approx(0.924234, abs=1e-6)
    assert float(log_prob) == pytest.approx(-1.179964, abs=2e-6)


@pytest.mark.parametrize('half_range', [1.0, 2.0])
@pytest.mark.parametrize(('mean', 'std'), [(0.3, 0.8), (-1.0, 0.2), (0.0, 1.6)])
def test_the_density_integrates_to_1(mean, std, half_range):
    noise = torch.linspace(-6.0, 6.0, 20_001, dtype=torch.float64)[:, None]
    action, log_prob = squash(
        torch.full_like(noise, mean),
        torch.full_like(noise, math.log(std)),
        noise,
        math.log(half_range),
    )
    mass = torch.trapezoid(log_prob.exp(), half_range * action[:, 0])
    assert float(mass) == pytest.approx(1.0, abs=1e-3)


def test_components_are_independent_and_their_densities_multiply():
    generator = seeded()
    mean, log_std, noise = 0.5 * torch.randn(3, 7, 2, generator=generator)
    action, log_prob = squash(mean, log_std, noise)
    parts = [squash(mean[:, [j]], log_std[:, [j]], noise[:, [j]]) for j in range(2)]
    torch.testing.assert_close(log_prob, parts[0][1] + parts[1][1])
    drawn = mean + log_std.exp() * noise
    normal = Normal(mean, log_std.exp()).log_prob(drawn)
    expected = (normal - torch.log(1.0 - torch.tanh(drawn) ** 2 + 1e-6)).sum(dim=1)
    torch.testing.assert_close(log_prob, expected, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(action, torch.tanh(drawn))


def test_an_action_at_the_bound_has_a_finite_density():
    for sign in (-1.0, 1.0):
        action, log_prob = squash(column(sign * 40.0), column(0.0), column(0.0))
        assert float(action) == sign and math.isfinite(float(log_prob))


def test_gradients_reach_mean_and_deviation_through_the_draw():
    mean, log_std = column(MEAN).requires_grad_(), column(math.log(STD)).requires_grad_()
    action, _ = squash(mean, log_std, column(0.25))
    by_mean, by_log_std = torch.autograd.grad(action, (mean, log_std), torch.ones(1, 1))
    slope = 1.0 - 0.462117**2
    assert float(by_mean) == pytest.approx(slope, rel=1e-5)
    assert float(by_log_std) == pytest.approx(slope * STD * 0.25, rel=1e-5)


@pytest.mark.parametrize('bounds', [(-20.0, 0.5), (-20.0, 2.0), (-1.0, -0.5)])
def test_the_logarithm_of_the_deviation_is_clamped(bounds):
    actor = TanhNormalActor(3, 2, (4,), 'gelu', seeded(), log_std=bounds)
    for raw, expected in ((-100.0, bounds[0]), (100.0, bounds[1]), (-0.7, -0.7)):
        with torch.no_grad():
            actor.layers[-1].weight.zero_()
            actor.layers[-1].bias.copy_(torch.tensor([9.0, -9.0, raw, raw]))
        mean, log_std = actor(torch.ones(5, 3))
        assert mean.tolist() == [[9.0, -9.0]] * 5
        torch.testing.assert_close(log_std.detach(), torch.full((5, 2), expected))


@pytest.mark.parametrize(
    ('activation', 'layer'), [('gelu', nn.GELU), ('relu', nn.ReLU), ('tanh', nn.Tanh)]
)
def test_it_is_a_plain_network(activation, layer):
    actor = TanhNormalActor(3, 2, (6, 5), activation, seeded(), log_std=(-50.0, 50.0))
    first, second, last = actor.layers
    plain = nn.Sequential(first, layer(), second, layer(), last)
    observations = torch.randn(7, 3, generator=seeded(1))
    mean, log_std = actor(observations)
    torch.testing.assert_close(torch.cat((mean, log_std), dim=1), plain(observations))


@pytest.mark.parametrize('initialisation', ['torch', 'xavier'])
def test_weights_are_uniform_within_the_usual_bounds(initialisation):
    actor = TanhNormalActor(40, 2, (60,), 'relu', seeded(), initialisation=initialisation)
    again, other = (
        TanhNormalActor(40, 2, (60,), 'relu', seeded(seed), initialisation=initialisation)
        for seed in (0, 1)
    )
    for layer in actor.layers:
        inputs, outputs = layer.in_features, layer.out_features
        xavier = initialisation == 'xavier'
        bound = (6.0 / (inputs + outputs)) ** 0.5 if xavier else inputs**-0.5
        assert 0.95 * bound < float(layer.weight.detach().abs().max()) <= bound
        assert bool(layer.bias.any()) != xavier
    assert all(map(torch.equal, actor.parameters(), again.parameters()))
    assert not torch.equal(actor.layers[0].weight, other.layers[0].weight)


@pytest.mark.parametrize('activation', ['gelu', 'relu', 'tanh'])
def test_what_it_exports_is_its_deterministic_policy(activation):
    actor = TanhNormalActor(3, 2, (16, 16), activation, seeded())
    rng = np.random.default_rng(0)
    centre, scale = rng.normal(size=3), rng.uniform(0.5, 2.0, 3)
    low, high = np.array([-2.0, 0.0]), np.array([1.0, 0.4])
    exported = actor.weights(centre, scale, low, high)
    observations = rng.normal(size=(50, 3))
    with torch.no_grad():
        mean, _ = actor(torch.from_numpy(((observations - centre) / scale).astype(np.float32)))
    expected = (high + low) / 2.0 + (high - low) / 2.0 * torch.tanh(mean).numpy()
    assert exported.activation == activation
    assert exported.forward(observations) == pytest.approx(expected, abs=1e-5)
    assert [weight.shape for weight in exported.weights] == [(16, 3), (16, 16), (2, 16)]
    assert [bias.shape for bias in exported.biases] == [(16,), (16,), (2,)]


def test_what_was_exported_does_not_change_with_training():
    actor = TanhNormalActor(3, 2, (4,), 'relu', seeded())
    exported = actor.weights(np.zeros(3), np.ones(3), -np.ones(2), np.ones(2))
    before = [array.copy() for array in (*exported.weights, *exported.biases)]
    with torch.no_grad():
        for parameter in actor.parameters():
            parameter.add_(1.0)
    after = (*exported.weights, *exported.biases)
    assert all(np.array_equal(*arrays) for arrays in zip(before, after))
