"""Critics: observation and action in, a value or a normal distribution out."""

import math

import pytest
from takeover.networks.critic import GaussianCritics, ValueCritics
import torch
from torch.nn.functional import softplus

SIZES = (3, 2, (8, 8), 'gelu')


def seeded():
    return torch.Generator().manual_seed(0)


@pytest.fixture
def pair():
    generator = torch.Generator().manual_seed(1)
    return (
        torch.randn(6, 3, generator=generator),
        2.0 * torch.rand(6, 2, generator=generator) - 1.0,
    )


def test_values_are_of_observation_and_action(pair):
    critics = ValueCritics(4, *SIZES, seeded())
    observation, action = pair
    values = critics(observation, action)
    assert values.shape == (4, 6)
    assert torch.equal(values, critics.mlp(torch.cat(pair, dim=1))[..., 0])
    assert (critics(observation + 1.0, action) != values).all()
    assert (critics(observation, -action) != values).all()


def test_a_row_depends_on_itself_alone(pair):
    critics = ValueCritics(2, *SIZES, seeded(), layer_norm=True)
    observation, action = pair
    alone = critics(observation[2:3], action[2:3])
    torch.testing.assert_close(critics(observation, action)[:, 2:3], alone)


def test_a_distribution_is_the_raw_mean_and_the_softplus(pair):
    critics = GaussianCritics(2, *SIZES, seeded())
    mean, std = critics(*pair)
    heads = critics.mlp(torch.cat(pair, dim=1))
    assert mean.shape == std.shape == (2, 6)
    assert torch.equal(mean, heads[..., 0])
    assert torch.equal(std, softplus(heads[..., 1]))
    assert torch.equal(critics.mean(*pair), mean)
    assert (mean < 0.0).any() and (std > 0.0).all()


def test_sigma_has_no_floor(pair):
    critics = GaussianCritics(2, *SIZES, seeded())
    with torch.no_grad():
        critics.mlp.layers[-1].weight.zero_()
        critics.mlp.layers[-1].bias.copy_(torch.tensor([[[0.0, -40.0]], [[0.0, 1.854587]]]))
    std = critics(*pair)[1].detach()
    assert std[0].tolist() == pytest.approx([math.exp(-40.0)] * 6, rel=1e-4)
    assert std[1].tolist() == pytest.approx([2.0] * 6, rel=1e-5)


def test_layer_norm_and_initialisation_reach_the_layers():
    critics = GaussianCritics(2, *SIZES, seeded(), layer_norm=True, initialisation='xavier')
    assert len(critics.mlp.norms) == 2
    assert not any(layer.bias.any() for layer in critics.mlp.layers)
