"""The exported vision policy computes what torch computes, as a bundle too."""

from dataclasses import replace

import numpy as np
import onnx
import pytest
from takeover.networks.actor import TanhNormalActor
from takeover.networks.encoder import EncoderConfig, ObservationEncoder
from takeover.policy.bundle_writer import write_bundle
from takeover.policy.cnn_export import Convolution
from takeover.policy.model_inputs import joined
from takeover.policy.onnx_export import ExportError
from takeover.policy.onnx_policy import OnnxPolicy, PARITY_TOLERANCE, start_session
from takeover.policy.vision_export import export_vision
from takeover.policy.vision_weights import VisionWeights
from takeover.specs import NamedContract
from takeover.task import load_task
from tests.conftest import REPOSITORY
import torch

TASK_FILE = REPOSITORY / 'config' / 'tasks' / 'rover_path.yaml'
LOW, HIGH = np.array([0.0, -1.5]), np.array([0.6, 1.5])
MEAN, SCALE = np.array([0.2, -0.1, 3.0]), np.array([0.5, 2.0, 0.1])
# Names that a careless exporter would give to tensors of its own.
CAMERAS = {'forward': (24, 20, 3), 'mean': (16, 16, 1), 'weight_0': (16, 16, 9)}
CONFIG = EncoderConfig((4, 6), (4, 3), (2, 2), image_latent=8, vector_latent=4)


class Policy:
    """A policy in torch, as a learner holds it."""

    def __init__(self, cameras=None, config=CONFIG, seed=0):
        cameras = CAMERAS if cameras is None else cameras
        generator = torch.Generator().manual_seed(seed)
        self.cameras = cameras
        self.encoder = ObservationEncoder(3, cameras, config, generator)
        self.actor = TanhNormalActor(self.encoder.size, 2, (32,), 'gelu', generator)
        with torch.no_grad():
            # As after training: no scale is 1 any more and no offset 0.
            for layer in (self.encoder.vector, *(c.latent for c in self.encoder.cameras)):
                layer.norm.weight.uniform_(0.5, 1.5, generator=generator)
                layer.norm.bias.uniform_(-0.5, 0.5, generator=generator)
            for camera in self.encoder.cameras:
                for layer in camera.convolutions:
                    layer.bias.uniform_(-0.1, 0.1, generator=generator)

    def weights(self):
        size = self.encoder.size
        head = self.actor.weights(np.zeros(size), np.ones(size), LOW, HIGH)
        return VisionWeights(self.encoder.weights(MEAN, SCALE), head)

    def act(self, inputs):
        """Return the deterministic action in SI, [B, 2]."""
        vector = torch.from_numpy(((inputs['observation'] - MEAN) / SCALE).astype(np.float32))
        pictures = {name: torch.from_numpy(inputs[name]) for name in self.cameras}
        with torch.no_grad():
            mean = self.actor(self.encoder(vector, pictures))[0]
        return (HIGH + LOW) / 2.0 + (HIGH - LOW) / 2.0 * np.tanh(mean.double().numpy())


def inputs(policy, count=16, seed=1):
    rng = np.random.default_rng(seed)
    return {
        'observation': rng.normal(MEAN, 2.0 * SCALE, (count, 3)).astype(np.float32),
        **{
            name: rng.integers(0, 256, (count, *shape), np.uint8)
            for name, shape in policy.cameras.items()
        },
    }


def run(model, feed):
    session = start_session(model.SerializeToString(), 'policy')
    (found,) = session.run(['action'], feed)
    return found


def largest_error(found, expected):
    """Return the largest difference as a share of half the range."""
    assert found.shape == expected.shape
    return (np.abs(found - expected) / ((HIGH - LOW) / 2.0)).max()


@pytest.mark.parametrize('count', [1, 16])
@pytest.mark.parametrize('seed', [0, 1, 2])
def test_the_graph_computes_what_torch_computes(count, seed):
    policy = Policy(seed=seed)
    feed = inputs(policy, count, seed)
    found = run(export_vision(policy.weights()), feed)
    assert largest_error(found, policy.act(feed)) <= PARITY_TOLERANCE
    assert np.ptp(found, axis=0).min() > 1e-3 or count == 1


@pytest.mark.parametrize('pixel', [0, 127, 128, 255])
@pytest.mark.parametrize('extreme', [-1e3, 0.0, 1e3])
def test_it_does_so_for_extreme_observations_too(pixel, extreme):
    policy = Policy()
    feed = {name: np.full_like(value, pixel) for name, value in inputs(policy, 3).items()}
    feed['observation'] = np.full((3, 3), extreme, np.float32)
    found = run(export_vision(policy.weights()), feed)
    assert largest_error(found, policy.act(feed)) <= PARITY_TOLERANCE


@pytest.mark.parametrize('count', [1, 5])
def test_keypoints_are_exported_as_exactly(count):
    policy = Policy(config=replace(CONFIG, pooling='keypoints'))
    feed = inputs(policy, count)
    found = run(export_vision(policy.weights()), feed)
    assert largest_error(found, policy.act(feed)) <= PARITY_TOLERANCE


@pytest.mark.parametrize('shape', [(64, 64, 3), (84, 84, 9)])
def test_the_default_network_is_exported_as_exactly(shape):
    policy = Policy({'forward': shape}, EncoderConfig())
    feed = inputs(policy)
    found = run(export_vision(policy.weights()), feed)
    assert largest_error(found, policy.act(feed)) <= PARITY_TOLERANCE


def test_every_input_matters():
    policy = Policy()
    model, feed = export_vision(policy.weights()), inputs(policy)
    before = run(model, feed)
    for name, value in feed.items():
        assert not np.allclose(run(model, feed | {name: value[::-1].copy()}), before, atol=1e-4)


def test_the_graph_is_valid_onnx_with_bytes_in_and_a_free_batch():
    model = export_vision(Policy().weights())
    onnx.checker.check_model(model, full_check=True)
    ports = {
        port.name: (
            port.type.tensor_type.elem_type,
            [dim.dim_param or dim.dim_value for dim in port.type.tensor_type.shape.dim],
        )
        for port in (*model.graph.input, *model.graph.output)
    }
    assert ports == {
        'observation': (onnx.TensorProto.FLOAT, ['batch', 3]),
        **{n: (onnx.TensorProto.UINT8, ['batch', *shape]) for n, shape in CAMERAS.items()},
        'action': (onnx.TensorProto.FLOAT, ['batch', 2]),
    }


def mixed_task():
    """Return the contract of an environment that has a vector and pictures."""
    fields = load_task(TASK_FILE).model_dump()
    task = {name: fields[name] for name in ('task', 'rate_hz', 'inputs', 'action')}
    task['inputs'] = {
        'odom': fields['inputs']['odom'],
        'camera/image_raw': fields['inputs']['odom']
        | {'type': 'image', 'frame': 'camera_optical_frame'},
    }
    speed = next(f for f in fields['features'] if f['kind'] == 'odom.linear_velocity')
    turn = next(f for f in fields['features'] if f['kind'] == 'odom.angular_velocity')
    image = {'kind': 'image', 'inputs': ('camera/image_raw',), 'unit': '1', 'low': 0.0}
    task['features'] = (
        speed,
        *(image | form(name, shape) for name, shape in CAMERAS.items()),
        turn,
        turn | {'name': 'again'},
    )
    return NamedContract.model_validate(task)


def form(name, shape):
    return {'name': name, 'shape': shape, 'size': int(np.prod(shape)), 'high': 255.0}


def test_a_bundle_of_it_loads_and_acts_as_torch_does(tmp_path):
    policy, task = Policy(), mixed_task()
    low, high = (
        np.array([getattr(f, bound) for f in task.vector_features]) for bound in ('low', 'high')
    )
    feed = inputs(policy, 32)
    feed['observation'] = np.random.default_rng(4).uniform(low, high, (32, 3)).astype(np.float32)
    expected, records = policy.act(feed), joined(feed, task)
    path = tmp_path / 'policy.onnx'
    write_bundle(export_vision(policy.weights()), task, {}, records[:16], path, expected[:16])
    loaded = OnnxPolicy.load(path, task)
    found = np.stack([loaded.act(record) for record in records])
    assert largest_error(found, expected) <= PARITY_TOLERANCE


def test_layers_that_do_not_fit_together_are_refused():
    weights = Policy().weights()
    camera, vector = weights.encoder.cameras[0], weights.encoder.vector
    one_camera = replace(weights.encoder, cameras=(camera,))
    nan = np.full_like(vector.weight, np.nan)
    for wrong, said in (
        (lambda: replace(vector, bias=np.zeros(5)), r'\[4, 3\], \[5\], \[4\], \[4\]\], need'),
        (lambda: replace(vector, weight=np.zeros(3)), r'need \[out, in\] and three of \[out\]'),
        (lambda: replace(vector, weight=nan), 'must be finite'),
        (lambda: replace(vector, epsilon=0.0), 'epsilon positive'),
        (lambda: replace(camera, shape=(24, 24, 3)), 'forward: 6 x 5 x 5 = 150 features, its'),
        (lambda: replace(camera, shape=(24, 20, 1)), r'convolution 0: weight \[4, 3, 4, 4\]'),
        (lambda: replace(camera, convolutions=()), 'no convolutions'),
        (lambda: replace(weights.encoder, mean=MEAN[:2]), '2 means and 3 scales for a vector'),
        (lambda: replace(weights.encoder, mean=MEAN * np.inf), 'mean and scale must be finite'),
        (lambda: replace(weights.encoder, scale=SCALE * 0.0), 'scale must be positive'),
        (lambda: replace(weights.encoder, cameras=(camera, camera)), "camera 'forward': legal"),
        (lambda: replace(weights, encoder=one_camera), 'gives 12 numbers, the head takes 28'),
    ):
        with pytest.raises(ExportError, match=said):
            wrong()


@pytest.mark.parametrize('name', ['action', 'observation', 'left/wrist', ''])
def test_a_camera_that_would_be_mistaken_for_something_else_is_refused(name):
    encoder = Policy().weights().encoder
    with pytest.raises(ExportError, match='legal: a name of its own, without a slash'):
        replace(encoder, cameras=(replace(encoder.cameras[0], name=name),))


def test_a_convolution_that_is_not_finite_is_refused():
    camera = Policy().weights().encoder.cameras[0]
    broken = Convolution(np.full((4, 3, 4, 4), np.nan), np.zeros(4), 2)
    with pytest.raises(ExportError, match='must be finite'):
        replace(camera, convolutions=(broken, *camera.convolutions[1:]))
