"""The exported CNN computes what torch computes, and bad networks are refused."""

from dataclasses import replace

import numpy as np
import onnx
import pytest
from takeover.policy.cnn_export import CnnWeights, Convolution, export_cnn
from takeover.policy.onnx_export import ExportError, MlpWeights
from takeover.policy.onnx_policy import start_session
import torch


def run(network, images):
    session = start_session(export_cnn(network).SerializeToString(), 'policy')
    (found,) = session.run(['action'], {'observation': images})
    return found


@pytest.mark.parametrize('batch', [1, 5])
def test_the_graph_computes_what_torch_computes(batch):
    torch.manual_seed(0)
    convolutions = torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, (8, 6), stride=4),
        torch.nn.ReLU(),
        torch.nn.Conv2d(8, 16, 4, stride=2),
        torch.nn.ReLU(),
        torch.nn.Flatten(),
    )
    layers = (torch.nn.Linear(16 * 2 * 3, 32), torch.nn.Linear(32, 2))
    images = np.random.default_rng(1).integers(0, 256, (batch, 32, 40, 3), np.uint8)
    with torch.no_grad():
        features = convolutions(torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255.0)
        hidden = torch.nn.functional.gelu(layers[0](features))
        middle, half = torch.tensor([0.3, 0.0]), torch.tensor([0.3, 1.5])
        expected = (middle + half * torch.tanh(layers[1](hidden))).numpy()
    network = CnnWeights(
        image_shape=(32, 40, 3),
        convolutions=tuple(
            Convolution(
                layer.weight.detach().numpy(), layer.bias.detach().numpy(), layer.stride[0]
            )
            for layer in (convolutions[0], convolutions[2])
        ),
        head=MlpWeights(
            weights=tuple(layer.weight.detach().numpy() for layer in layers),
            biases=tuple(layer.bias.detach().numpy() for layer in layers),
            observation_mean=np.zeros(96),
            observation_scale=np.ones(96),
            action_low=np.array([0.0, -1.5]),
            action_high=np.array([0.6, 1.5]),
            activation='gelu',
        ),
    )
    found = run(network, images)
    assert found.dtype == np.float32 and found.shape == (batch, 2)
    assert np.abs(found - expected).max() <= 1e-5
    assert np.ptp(found, axis=0).max() > 1e-3 or batch == 1


def test_a_normaliser_of_the_features_is_applied(cnn):
    images = np.random.default_rng(2).integers(0, 256, (3, 12, 10, 3), np.uint8)
    plain = replace(cnn.head, observation_mean=np.zeros(18), observation_scale=np.ones(18))
    folded = replace(
        plain,
        weights=(cnn.head.weights[0] / cnn.head.observation_scale, cnn.head.weights[1]),
        biases=(
            cnn.head.biases[0]
            - cnn.head.weights[0] @ (cnn.head.observation_mean / cnn.head.observation_scale),
            cnn.head.biases[1],
        ),
    )
    assert run(cnn, images) == pytest.approx(run(replace(cnn, head=folded), images), abs=1e-5)
    assert run(cnn, images) != pytest.approx(run(replace(cnn, head=plain), images), abs=1e-3)


def test_the_graph_is_valid_onnx_with_bytes_in_and_a_free_batch(cnn):
    model = export_cnn(cnn)
    onnx.checker.check_model(model, full_check=True)
    port = model.graph.input[0].type.tensor_type
    assert port.elem_type == onnx.TensorProto.UINT8
    assert [d.dim_param or d.dim_value for d in port.shape.dim] == ['batch', 12, 10, 3]


def layer(shape, out, stride=1):
    return Convolution(np.zeros(shape), np.zeros(out), stride)


@pytest.mark.parametrize(
    ('changes', 'said'),
    [
        ({'convolutions': ()}, 'no convolutions; at least one is needed'),
        ({'image_shape': (12, 10)}, r'image_shape is \[12, 10\], must be \[height, width'),
        ({'image_shape': (12, 0, 3)}, 'each 1 or more'),
        ({'image_shape': (12, 10, 1)}, r'convolution 0: weight .* needs \[out, 1, height, width'),
        ({'image_shape': (14, 10, 3)}, '3 x 4 x 2 = 24 features, the head takes 18'),
        ({'image_shape': (12, 12, 3)}, '3 x 3 x 3 = 27 features'),
        ({'convolutions': (layer((2, 3, 1, 1), 3),)}, r'bias \[3\]'),
        ({'convolutions': (layer((2, 3, 1), 2),)}, r'convolution 0: weight \[2, 3, 1\]'),
        ({'convolutions': (layer((2, 3, 13, 1), 2),)}, r'the kernel \[13, 1\] is larger'),
        ({'convolutions': (layer((2, 3, 1, 11), 2),)}, r'the kernel \[1, 11\] is larger'),
        ({'convolutions': (layer((2, 3, 1, 1), 2, 0),)}, 'stride is 0, must be 1 or more'),
        (
            {'convolutions': (layer((4, 3, 1, 1), 4), layer((2, 3, 1, 1), 2))},
            r'convolution 1: weight \[2, 3, 1, 1\]',
        ),
        (
            {'convolutions': (Convolution(np.full((2, 3, 1, 1), np.nan), np.zeros(2)),)},
            'must be finite',
        ),
        (
            {'convolutions': (Convolution(np.zeros((2, 3, 1, 1)), np.full(2, np.inf)),)},
            'must be finite',
        ),
    ],
)
def test_a_network_that_does_not_fit_together_is_refused(cnn, changes, said):
    with pytest.raises(ExportError, match=said):
        replace(cnn, **changes)
