"""The encoder of vectors and pictures: what it computes, what it draws, what it refuses."""

import copy
from dataclasses import replace

import pytest
from takeover.networks.encoder import EncoderConfig, EncoderError, ObservationEncoder
import torch
from torch import nn

SMALL = EncoderConfig((4, 6), (4, 3), (2, 2), image_latent=5, vector_latent=3)
SHAPE = (20, 16, 3)


def encoder(images=None, config=SMALL, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return ObservationEncoder(2, images or {'forward': SHAPE}, config, generator)


def observations(count=3, shape=SHAPE, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return (
        torch.randn(count, 2, generator=generator),
        torch.randint(0, 256, (count, *shape), dtype=torch.uint8, generator=generator),
    )


def test_it_computes_what_plain_layers_compute():
    network, (vector, pictures) = encoder(), observations()
    camera, vector_layer = network.cameras[0], network.vector
    values = pictures.double().permute(0, 3, 1, 2) / 255.0 - 0.5
    for layer in camera.convolutions:
        values = nn.functional.conv2d(values, layer.weight.double(), layer.bias.double(), 2)
        values = values.clamp(min=0.0)
    latents = []
    for inputs, latent in ((vector.double(), vector_layer), (values.flatten(1), camera.latent)):
        linear = inputs @ latent.linear.weight.double().T + latent.linear.bias.double()
        centred = linear - linear.mean(dim=1, keepdim=True)
        variance = centred.square().mean(dim=1, keepdim=True)
        latents.append(torch.tanh(centred / torch.sqrt(variance + 1e-6)))
    expected = torch.cat(latents, dim=1)
    found = network(vector, {'forward': pictures})
    assert found.shape == (3, network.size) == (3, 8)
    torch.testing.assert_close(found, expected.float(), rtol=1e-4, atol=1e-5)


def test_a_keypoint_is_where_a_map_is_strongest():
    network = encoder(config=replace(SMALL, pooling='keypoints'))
    camera = network.cameras[0]
    seen = []
    camera.latent.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    with torch.no_grad():
        for layer in camera.convolutions:
            # Every map is the brightness of what it looks at.
            layer.weight.fill_(1.0)
            layer.bias.zero_()
    pictures = torch.zeros(2, *SHAPE, dtype=torch.uint8)
    pictures[0, 14:, 12:] = 255  # lower right
    pictures[1, :6, 6:10] = 255  # upper middle
    network(torch.zeros(2, 2), {'forward': pictures})
    x, y = seen[0].reshape(2, 6, 2).unbind(dim=2)
    assert (x[0] > 0.9).all() and (y[0] > 0.9).all()
    assert (x[1].abs() < 0.1).all() and (y[1] < -0.9).all()


def test_the_latent_is_bounded_and_every_row_depends_on_its_own_observation_alone():
    network, (vector, pictures) = encoder(), observations(4)
    together = network(1e4 * vector, {'forward': pictures})
    assert together.abs().max() <= 1.0
    for row in range(4):
        alone = network(1e4 * vector[[row]], {'forward': pictures[[row]]})
        torch.testing.assert_close(alone[0], together[row], rtol=1e-4, atol=1e-5)


def test_each_camera_has_a_network_of_its_own_and_its_place_in_the_latent():
    network = encoder({'forward': SHAPE, 'wrist': (12, 12, 1)})
    vector, pictures = observations()
    _, wrist = observations(shape=(12, 12, 1), seed=2)
    before = network(vector, {'forward': pictures, 'wrist': wrist})
    after = network(vector, {'wrist': 255 - wrist, 'forward': pictures})
    assert before.shape == (3, 13)
    assert torch.equal(before[:, :8], after[:, :8])
    assert not torch.equal(before[:, 8:], after[:, 8:])
    assert network.cameras[0].latent.linear.weight is not network.cameras[1].latent.linear.weight


@pytest.mark.parametrize('name', ['forward', 'type', 'camera.left', 'parameters'])
def test_a_camera_may_have_any_name_a_feature_may_have(name):
    network, (vector, pictures) = encoder({name: SHAPE}), observations()
    assert network(vector, {name: pictures}).shape == (3, 8)


def test_weights_come_from_the_generator_alone():
    torch.manual_seed(1)
    first, state = encoder(), torch.get_rng_state()
    torch.manual_seed(2)
    second, other = encoder(), encoder(seed=3)
    for name, value in first.state_dict().items():
        assert torch.equal(value, second.state_dict()[name])
    assert any(
        not torch.equal(value, other.state_dict()[name])
        for name, value in first.state_dict().items()
    )
    torch.manual_seed(1)
    assert torch.equal(state, torch.get_rng_state())


def test_latents_and_gradients_are_the_same_to_the_bit():
    vector, pictures = observations(32)
    found = []
    for network in (original := encoder(), copy.deepcopy(original)):
        latent = network(vector, {'forward': pictures})
        latent.square().sum().backward()
        found.append((latent, [parameter.grad for parameter in network.parameters()]))
    assert torch.equal(found[0][0], found[1][0])
    assert all(torch.equal(*pair) for pair in zip(found[0][1], found[1][1], strict=True))


def test_every_weight_has_a_gradient():
    network, (vector, pictures) = encoder(), observations(16)
    network(vector, {'forward': pictures}).square().sum().backward()
    assert all(parameter.grad.abs().sum() > 0.0 for parameter in network.parameters())


def test_convolutions_keep_the_size_of_what_they_are_given():
    network = encoder({'forward': (64, 64, 3)}, EncoderConfig())
    _, pictures = observations(32, (64, 64, 3))
    values = pictures.float().permute(0, 3, 1, 2) / 255.0 - 0.5
    power = values.square().mean()
    for layer in network.cameras[0].convolutions:
        values = nn.functional.relu(layer(values))
    assert 0.1 * power < values.square().mean() < 10.0 * power


def test_the_pictures_given_are_left_as_they_are():
    network, (vector, pictures) = encoder(), observations()
    before = pictures.clone()
    network(vector, {'forward': pictures})
    assert torch.equal(pictures, before)


@pytest.mark.parametrize(
    ('changes', 'said'),
    [
        ({'channels': ()}, r'channels is \(\); legal: one number of 1 or more for each'),
        ({'channels': (16, 0, 32)}, r'channels is \(16, 0, 32\)'),
        ({'kernels': (8, 3)}, r'kernels is \(8, 3\)'),
        ({'strides': (4, 2, 0)}, r'strides is \(4, 2, 0\)'),
        ({'image_latent': 1}, 'image_latent is 1; legal: 2 or more'),
        ({'vector_latent': 0}, 'vector_latent is 0; legal: 2 or more'),
    ],
)
def test_a_configuration_that_is_no_network_is_refused(changes, said):
    with pytest.raises(EncoderError, match=said):
        EncoderConfig(**changes)


@pytest.mark.parametrize(
    ('shape', 'said'),
    [
        ((3, 16, 3), r'convolution 0: its kernel of 4 is larger than the 3 x 16'),
        ((20, 7, 3), r'convolution 1: its kernel of 3 .* 9 x 2 .* pictures \[20, 7, 3\]; legal:'),
    ],
)
def test_pictures_too_small_for_the_convolutions_are_refused(shape, said):
    with pytest.raises(EncoderError, match=said):
        encoder({'forward': shape})


@pytest.mark.parametrize(('size', 'images'), [(0, {'forward': SHAPE}), (2, {})])
def test_an_encoder_of_nothing_is_refused(size, images):
    with pytest.raises(EncoderError, match='legal: at least one of each'):
        ObservationEncoder(size, images, SMALL, torch.Generator())
