"""What is trained behind a frozen encoder, and the whole of it as one policy file."""

import numpy as np
import onnx
import pytest
from safetensors.numpy import save_file
from takeover.networks.actor import TanhNormalActor
from takeover.networks.encoder import EncoderError
from takeover.networks.pretrained import FeatureEncoder, FeatureEncoderConfig, SpatialEmbedding
from takeover.policy.frozen_encoder import FrozenEncoder
from takeover.policy.frozen_graph import PixelScale
from takeover.policy.onnx_policy import PARITY_TOLERANCE, start_session
from takeover.policy.vision_export import export_vision
from takeover.policy.vision_weights import VisionWeights
import torch

# The exporter that needs no further package says that it will go.
pytestmark = pytest.mark.filterwarnings(
    'ignore::DeprecationWarning', 'ignore::torch.jit.TracerWarning'
)
CONFIG = FeatureEncoderConfig(spatial_features=3, image_latent=6, vector_latent=4)
LOW, HIGH = np.array([0.0, -1.5]), np.array([0.6, 1.5])
MEAN, SCALE = np.array([0.2, -0.1]), np.array([0.5, 2.0])


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def encoder(seed=0):
    return FeatureEncoder(2, {'forward': (5, 4, 3), 'wrist': (7,)}, CONFIG, seeded(seed))


def features(count=3, seed=1):
    generator = seeded(seed)
    return torch.randn(count, 2, generator=generator), {
        'wrist': torch.randn(count, 7, generator=generator),
        'forward': torch.randn(count, 5, 4, 3, generator=generator),
    }


def test_an_embedding_sums_over_the_places_of_each_map():
    embedding = SpatialEmbedding((5, 4, 3), 2, seeded())
    _, given = features()
    maps, kernel = given['forward'].numpy(), embedding.weight.detach().numpy()
    wanted = np.zeros((3, 5, 2))
    for row in range(3):
        for channel in range(5):
            for k in range(2):
                wanted[row, channel, k] = (maps[row, channel] * kernel[channel, k]).sum()
    found = embedding(given['forward']).detach().numpy()
    assert found == pytest.approx(wanted.reshape(3, 10), abs=1e-5)


def test_heads_lie_side_by_side_and_every_weight_is_trained():
    network, (vector, given) = encoder(), features()
    latent = network(vector, given)
    assert latent.shape == (3, network.size) == (3, 16)
    assert latent.abs().max() <= 1.0
    other = network(vector, given | {'wrist': -given['wrist']})
    assert torch.equal(latent[:, :10], other[:, :10])
    assert not torch.equal(latent[:, 10:], other[:, 10:])
    latent.square().sum().backward()
    assert all(parameter.grad.abs().sum() > 0.0 for parameter in network.parameters())


def test_weights_come_from_the_generator_alone():
    torch.manual_seed(1)
    first = encoder()
    torch.manual_seed(2)
    for name, value in first.state_dict().items():
        assert torch.equal(value, encoder().state_dict()[name])
    assert not torch.equal(first.vector.linear.weight, encoder(3).vector.linear.weight)


@pytest.mark.parametrize(
    'changes', [{'spatial_features': 0}, {'image_latent': 1}, {'vector_latent': 1}]
)
def test_a_configuration_that_is_no_network_is_refused(changes):
    with pytest.raises(EncoderError, match=f'{next(iter(changes))} is . ?; legal: . or more'):
        FeatureEncoderConfig(**changes)


@pytest.mark.parametrize('shape', [(), (4, 3), (5, 0, 3)])
def test_features_of_another_form_are_refused(shape):
    with pytest.raises(EncoderError, match=r'legal: \[c, h, w\] or \[d\]'):
        FeatureEncoder(2, {'forward': shape}, CONFIG, seeded())


@pytest.mark.parametrize(('size', 'shapes'), [(0, {'forward': (7,)}), (2, {})])
def test_an_encoder_of_nothing_is_refused(size, shapes):
    with pytest.raises(EncoderError, match='legal: at least one of each'):
        FeatureEncoder(size, shapes, CONFIG, seeded())


def frozen_encoders(folder):
    """Return one encoder that gives a map and one, of a file from torch, that gives a vector."""
    rng = np.random.default_rng(0)
    path = folder / 'map.safetensors'
    arrays = {
        'conv.0.weight': rng.normal(0.0, 0.2, (5, 3, 4, 4)).astype(np.float32),
        'conv.0.bias': rng.normal(0.0, 0.2, 5).astype(np.float32),
    }
    save_file(arrays, path, {'stride': '3', 'activation': 'gelu'})
    scale = PixelScale((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    forward = FrozenEncoder.load(path, (14, 11, 3), scale)
    torch.manual_seed(0)
    network = torch.nn.Sequential(
        torch.nn.Conv2d(1, 4, 3, 2, 1),
        torch.nn.GroupNorm(2, 4),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(2),
        torch.nn.Flatten(),
        torch.nn.Linear(4 * 2 * 3, 7),
    ).eval()
    path = folder / 'vector.onnx'
    torch.onnx.export(
        network,
        (torch.zeros(2, 1, 8, 12),),
        path,
        dynamo=False,
        opset_version=17,
        input_names=['x'],
        dynamic_axes={'x': {0: 'N'}},
    )
    return {'forward': forward, 'wrist': FrozenEncoder.load(path, (8, 12, 1))}, network


def test_the_whole_policy_is_one_file(tmp_path):
    frozen, network = frozen_encoders(tmp_path)
    shapes = {name: encoder.feature_shape for name, encoder in frozen.items()}
    assert shapes == {'forward': (5, 4, 3), 'wrist': (7,)}
    trained = FeatureEncoder(2, shapes, CONFIG, seeded())
    actor = TanhNormalActor(trained.size, 2, (32,), 'gelu', seeded(1))
    head = actor.weights(np.zeros(trained.size), np.ones(trained.size), LOW, HIGH)
    model = export_vision(VisionWeights(trained.weights(MEAN, SCALE, frozen), head))
    onnx.checker.check_model(model, full_check=True)
    assert sorted(port.name for port in model.graph.input) == ['forward', 'observation', 'wrist']
    rng = np.random.default_rng(3)
    feed = {
        'observation': rng.normal(MEAN, SCALE, (20, 2)).astype(np.float32),
        'forward': rng.integers(0, 256, (20, 14, 11, 3), np.uint8),
        'wrist': rng.integers(0, 256, (20, 8, 12, 1), np.uint8),
    }
    given = {name: encoder.features(feed[name]) for name, encoder in frozen.items()}
    planes = torch.from_numpy(feed['wrist']).permute(0, 3, 1, 2).float() / 255.0
    vector = torch.from_numpy(((feed['observation'] - MEAN) / SCALE).astype(np.float32))
    with torch.no_grad():
        assert given['wrist'] == pytest.approx(network(planes).numpy(), abs=1e-5)
        tensors = {name: torch.from_numpy(value) for name, value in given.items()}
        mean = actor(trained(vector, tensors))[0].double().numpy()
    expected = (HIGH + LOW) / 2.0 + (HIGH - LOW) / 2.0 * np.tanh(mean)
    (found,) = start_session(model.SerializeToString(), 'policy').run(['action'], feed)
    assert (np.abs(found - expected) / ((HIGH - LOW) / 2.0)).max() <= PARITY_TOLERANCE
    assert np.ptp(found, axis=0).min() > 1e-3


def test_training_the_heads_leaves_the_features_as_they_are(tmp_path):
    frozen, _ = frozen_encoders(tmp_path)
    pictures = np.random.default_rng(4).integers(0, 256, (6, 14, 11, 3), np.uint8)
    before = frozen['forward'].features(pictures)
    trained = FeatureEncoder(2, {'forward': (5, 4, 3)}, CONFIG, seeded())
    optimiser = torch.optim.Adam(trained.parameters(), lr=0.1)
    weight = trained.cameras[0].embedding.weight.detach().clone()
    for _ in range(3):
        optimiser.zero_grad()
        latent = trained(torch.zeros(6, 2), {'forward': torch.from_numpy(before)})
        latent.sum().backward()
        optimiser.step()
    assert not torch.equal(weight, trained.cameras[0].embedding.weight)
    assert frozen['forward'].features(pictures).tobytes() == before.tobytes()
