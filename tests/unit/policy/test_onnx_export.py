"""The exported graph computes what the network computes, and bad networks are refused."""

from dataclasses import replace

import numpy as np
import onnx
import pytest
from takeover.policy.onnx_export import export_mlp, ExportError, MlpWeights
from takeover.policy.onnx_policy import start_session


def make(activation='relu', sizes=(5, 16, 16, 2)):
    rng = np.random.default_rng(3)
    return MlpWeights(
        weights=tuple(rng.normal(0.0, 0.5, (m, n)) for n, m in zip(sizes, sizes[1:])),
        biases=tuple(rng.normal(0.0, 0.1, m) for m in sizes[1:]),
        observation_mean=rng.normal(0.0, 1.0, sizes[0]),
        observation_scale=rng.uniform(0.1, 3.0, sizes[0]),
        action_low=np.array([0.0, -1.5]),
        action_high=np.array([0.6, 1.5]),
        activation=activation,
    )


@pytest.mark.parametrize('activation', ['relu', 'gelu', 'tanh'])
@pytest.mark.parametrize('batch', [1, 7])
def test_the_graph_computes_what_the_network_computes(activation, batch):
    mlp = make(activation)
    observations = np.random.default_rng(4).normal(0.0, 2.0, (batch, 5)).astype(np.float32)
    session = start_session(export_mlp(mlp).SerializeToString(), 'policy')
    (found,) = session.run(['action'], {'observation': observations})
    assert found.dtype == np.float32 and found.shape == (batch, 2)
    assert found == pytest.approx(mlp.forward(observations), abs=2e-6)


def test_the_reference_is_what_torch_computes():
    torch = pytest.importorskip('torch')
    mlp = make('gelu')
    observations = np.random.default_rng(4).normal(0.0, 2.0, (9, 5))
    values = torch.from_numpy(observations) - torch.from_numpy(mlp.observation_mean)
    values = values / torch.from_numpy(mlp.observation_scale)
    for index, (weight, bias) in enumerate(zip(mlp.weights, mlp.biases, strict=True)):
        values = torch.nn.functional.gelu(values) if index else values
        values = torch.nn.functional.linear(
            values, torch.from_numpy(weight), torch.from_numpy(bias)
        )
    expected = torch.tanh(values).numpy() * [0.3, 1.5] + [0.3, 0.0]
    assert mlp.forward(observations) == pytest.approx(expected, abs=1e-12)


def test_the_action_stays_within_its_bounds_for_any_observation():
    session = start_session(export_mlp(make()).SerializeToString(), 'policy')
    observations = np.array([[1e6] * 5, [-1e6] * 5], np.float32)
    (found,) = session.run(['action'], {'observation': observations})
    assert np.all(found >= np.array([0.0, -1.5]) - 1e-6)
    assert np.all(found <= np.array([0.6, 1.5]) + 1e-6)


def test_the_graph_is_valid_onnx_with_a_free_batch():
    model = export_mlp(make('gelu'))
    onnx.checker.check_model(model, full_check=True)
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param == 'batch'
    assert model.opset_import[0].version == 20


@pytest.mark.parametrize(
    ('changes', 'said'),
    [
        ({'activation': 'swish'}, "activation 'swish' is not known; legal: relu, gelu, tanh"),
        ({'biases': ()}, '3 weights and 0 biases'),
        ({'observation_mean': np.zeros(6)}, r'layer 0: weight \[16, 5\]'),
        ({'observation_scale': np.zeros(5)}, 'must be positive'),
        ({'observation_scale': np.ones(4)}, 'differ in length'),
        ({'action_low': np.zeros(3)}, '3 action bounds for 2 outputs'),
        ({'observation_mean': np.full(5, np.nan)}, 'must be finite'),
    ],
)
def test_a_network_that_does_not_fit_together_is_refused(changes, said):
    with pytest.raises(ExportError, match=said):
        replace(make(), **changes)
