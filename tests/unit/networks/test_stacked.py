"""Stacked networks compute what as many plain ones do."""

import pytest
from takeover.networks.stacked import (
    ACTIVATIONS,
    StackedLayerNorm,
    StackedLinear,
    StackedMlp,
)
from tests.unit.agents.conformance import plain
import torch
from torch import nn

PLAIN = {'gelu': nn.GELU, 'relu': nn.ReLU, 'tanh': nn.Tanh}


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def shaken(module):
    """Return the module with every weight moved, so that no scale is 1 and no offset 0."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape, generator=generator(1)))
    return module


@pytest.mark.parametrize('layer_norm', [False, True])
@pytest.mark.parametrize('activation', PLAIN)
def test_each_member_is_a_plain_network_with_its_weights(activation, layer_norm):
    mlp = shaken(StackedMlp(3, (5, 8, 7, 2), activation, generator(), layer_norm))
    values = torch.randn(6, 5, generator=generator(2))
    computed = mlp(values)
    assert computed.shape == (3, 6, 2)
    for member in range(3):
        expected = plain(mlp, member, PLAIN[activation])(values)
        torch.testing.assert_close(computed[member], expected, rtol=1e-5, atol=1e-5)


def test_each_member_has_the_gradients_of_a_plain_network():
    mlp = shaken(StackedMlp(2, (3, 6, 1), 'gelu', generator(), layer_norm=True))
    members = [plain(mlp, member, nn.GELU) for member in range(2)]
    values = torch.randn(4, 3, generator=generator(2))
    mlp(values).square().mean(dim=(1, 2)).sum().backward()
    for member, alone in enumerate(members):
        alone(values).square().mean().backward()
        for index, layer in ((0, mlp.layers[0]), (3, mlp.layers[1])):
            torch.testing.assert_close(layer.weight.grad[member].T, alone[index].weight.grad)
            torch.testing.assert_close(layer.bias.grad[member, 0], alone[index].bias.grad)
        torch.testing.assert_close(mlp.norms[0].weight.grad[member, 0], alone[1].weight.grad)


def test_a_single_layer_has_no_activation():
    mlp = StackedMlp(2, (3, 4), 'relu', generator())
    values = mlp(torch.randn(50, 3, generator=generator(1)))
    assert (values < 0.0).any()


def test_a_linear_stack_takes_other_values_for_each_member():
    layer = StackedLinear(2, 3, 4, generator())
    values = torch.randn(2, 5, 3, generator=generator(1))
    computed = layer(values)
    for member in range(2):
        expected = values[member] @ layer.weight[member] + layer.bias[member, 0]
        torch.testing.assert_close(computed[member], expected)


def test_layer_norm_has_a_scale_and_an_offset_for_each_member():
    norm = StackedLayerNorm(2, 4)
    values = 5.0 + 3.0 * torch.randn(2, 6, 4, generator=generator())
    normalised = norm(values)
    torch.testing.assert_close(normalised.mean(dim=2), torch.zeros(2, 6), rtol=0, atol=1e-5)
    torch.testing.assert_close(
        normalised.var(dim=2, unbiased=False), torch.ones(2, 6), rtol=0, atol=1e-4
    )
    with torch.no_grad():
        norm.weight[1] = 2.0
        norm.bias[1] = -1.0
    changed = norm(values)
    torch.testing.assert_close(changed[0], normalised[0])
    torch.testing.assert_close(changed[1], 2.0 * normalised[1] - 1.0)


@pytest.mark.parametrize('initialisation', ['torch', 'xavier'])
def test_weights_are_uniform_within_the_usual_bounds(initialisation):
    layer = StackedLinear(4, 40, 60, generator(), initialisation)
    bound = 40**-0.5 if initialisation == 'torch' else (6.0 / 100.0) ** 0.5
    weight = layer.weight.detach()
    assert 0.99 * bound < float(weight.abs().max()) <= bound
    assert float(weight.mean()) == pytest.approx(0.0, abs=0.03 * bound)
    assert float(weight.std()) == pytest.approx(bound / 3.0**0.5, rel=0.03)
    bias = layer.bias.detach()
    if initialisation == 'xavier':
        assert not bias.any()
    else:
        assert 0.9 * bound < float(bias.abs().max()) <= bound


@pytest.mark.parametrize('initialisation', ['torch', 'xavier'])
def test_the_bounds_are_those_of_torch(initialisation):
    linear = nn.Linear(40, 600)
    if initialisation == 'xavier':
        nn.init.xavier_uniform_(linear.weight, generator=generator())
    layer = StackedLinear(1, 40, 600, generator(), initialisation)
    ours, torchs = (float(w.detach().abs().max()) for w in (layer.weight, linear.weight))
    assert ours == pytest.approx(torchs, rel=0.01)


def test_members_start_on_their_own_and_as_the_seed_says():
    one, again, other = (StackedMlp(3, (4, 8, 1), 'relu', generator(seed)) for seed in (0, 0, 1))
    for layer in one.layers:
        for first, second in ((0, 1), (0, 2), (1, 2)):
            assert (layer.weight[first] != layer.weight[second]).any()
            assert (layer.bias[first] != layer.bias[second]).any()
    assert all(map(torch.equal, one.parameters(), again.parameters()))
    assert not any(map(torch.equal, one.parameters(), other.parameters()))


def test_there_is_a_norm_for_every_hidden_layer_and_no_other():
    assert len(StackedMlp(2, (4, 8, 9, 1), 'relu', generator(), layer_norm=True).norms) == 2
    assert len(StackedMlp(2, (4, 8, 9, 1), 'relu', generator()).norms) == 0


def test_every_activation_is_torchs():
    values = torch.linspace(-3.0, 3.0, 50)
    assert ACTIVATIONS.keys() == PLAIN.keys()
    for name, function in ACTIVATIONS.items():
        torch.testing.assert_close(function(values), PLAIN[name]()(values))
