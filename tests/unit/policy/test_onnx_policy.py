"""A policy acts only after it proved itself, and never gives a number that is none."""

from dataclasses import replace

import numpy as np
import onnx
from onnx import numpy_helper
import pytest
from takeover.policy.bundle import parse_bundle
from takeover.policy.bundle_writer import build_bundle
from takeover.policy.errors import BundleError, NonFiniteAction, ShapeError
from takeover.policy.onnx_export import export_mlp
from takeover.policy.onnx_policy import OnnxPolicy, PARITY_TOLERANCE, start_session


def load(case, model=None, outputs=None):
    """Run a bundle that nobody verified when it was written."""
    outputs = case.mlp.forward(case.observations) if outputs is None else outputs
    data = build_bundle(
        case.model if model is None else model,
        case.task,
        {},
        case.observations,
        'policy.onnx',
        outputs,
    )
    return OnnxPolicy(parse_bundle(data, 'policy.onnx'))


def altered(case, change):
    model = onnx.ModelProto()
    model.CopyFrom(case.model)
    change(model.graph)
    return model


def set_tensor(name, change):
    def apply(graph):
        tensor = next(tensor for tensor in graph.initializer if tensor.name == name)
        value = change(numpy_helper.to_array(tensor).copy())
        tensor.CopyFrom(numpy_helper.from_array(value.astype(np.float32), name))

    return apply


def test_it_acts_as_the_network_does(case):
    policy = OnnxPolicy.load(case.write(), case.task)
    assert policy.parity_error <= PARITY_TOLERANCE
    for observation, expected in zip(
        case.observations, case.mlp.forward(case.observations), strict=True
    ):
        action = policy.act(observation)
        assert action.dtype == np.float64 and action.shape == (2,)
        assert action == pytest.approx(expected, abs=1e-5)


def test_an_action_is_the_callers_to_keep(case):
    policy = load(case)
    first = policy.act(case.observations[0])
    kept = first.copy()
    policy.act(case.observations[1])
    assert first.tolist() == kept.tolist()


def test_the_action_is_within_its_bounds_to_the_last_digit(case):
    saturated = replace(case.mlp, biases=(*case.mlp.biases[:-1], np.array([1e3, -1e3])))
    policy = load(case, export_mlp(saturated), saturated.forward(case.observations))
    assert policy.act(case.observations[0]).tolist() == [0.6, -1.5]


@pytest.mark.parametrize('size', [0, 1, 47, 49])
def test_an_observation_of_the_wrong_length_is_refused(case, size):
    with pytest.raises(ShapeError, match=rf'shape \[{size}\], policy .* needs \[48\]'):
        load(case).act(np.zeros(size, np.float32))


@pytest.mark.parametrize('bad', [np.nan, np.inf, -np.inf, 1e39])
def test_an_observation_that_is_not_finite_is_refused(case, bad):
    observation = case.observations[0].astype(np.float64)
    observation[5] = bad
    policy = load(case)
    with (
        pytest.raises(NonFiniteAction, match='observation is not finite'),
        np.errstate(over='ignore'),
    ):
        policy.act(observation)
    assert np.isfinite(policy.act(case.observations[0])).all()


def test_an_action_that_is_not_finite_is_refused(case):
    # Good on its parity vectors and at its extremes, NaN where an observation overflows float32.
    policy = load(case)
    with pytest.raises(NonFiniteAction, match='action linear.x is not finite'):
        policy.act(np.array([3e38, -3e38] * 24, np.float32))


@pytest.mark.parametrize(
    ('change', 'said'),
    [
        (set_tensor('mean', np.zeros_like), r'parity vector \d+, .*: recorded .*machine computes'),
        (set_tensor('inverse_scale', np.ones_like), 'parity vector'),
        (set_tensor('bias_1', lambda b: b + 1e-3), 'parity vector'),
        (set_tensor('weight_0', lambda w: w[:, [1, 0, *range(2, 48)]]), 'parity vector'),
        (set_tensor('weight_1', lambda w: w[::-1]), 'parity vector'),
        (set_tensor('bias_0', lambda b: b * np.nan), 'parity vector'),
        (set_tensor('half_range', lambda h: h * 1.001), 'parity vector'),
        (set_tensor('weight_0', lambda w: w[:, :-1]), 'ONNX Runtime cannot load|cannot run'),
        (lambda g: setattr(g.input[0], 'name', 'obs'), 'ONNX Runtime cannot load|input must be'),
        (lambda g: setattr(g.node[-1], 'op_type', 'NoSuchOperator'), 'ONNX Runtime cannot load'),
        (
            lambda g: g.output.append(
                onnx.helper.make_tensor_value_info('scaled', 1, ['batch', 2])
            ),
            'output must be',
        ),
    ],
)
def test_a_model_that_is_not_the_recorded_one_is_refused(case, change, said):
    with pytest.raises(BundleError, match=said):
        load(case, altered(case, change))


def test_a_model_of_another_precision_is_refused(case):
    def double(graph):
        for port in (*graph.input, *graph.output):
            port.type.tensor_type.elem_type = onnx.TensorProto.DOUBLE
        for tensor in graph.initializer:
            tensor.CopyFrom(
                numpy_helper.from_array(
                    numpy_helper.to_array(tensor).astype(np.float64), tensor.name
                )
            )

    with pytest.raises(BundleError, match=r'input must be observation tensor\(float\)'):
        load(case, altered(case, double))


def test_a_model_of_another_size_is_refused(case):
    narrow = replace(
        case.mlp,
        weights=(case.mlp.weights[0][:, :47], *case.mlp.weights[1:]),
        observation_mean=np.zeros(47),
        observation_scale=np.ones(47),
    )
    with pytest.raises(BundleError, match=r'\[any, 48\], found observation tensor\(float\)'):
        load(case, export_mlp(narrow))


def test_a_model_that_leaves_its_bounds_is_refused(case):
    wide = replace(case.mlp, action_low=np.array([-5.0, -9.0]), action_high=np.array([5.0, 9.0]))
    with pytest.raises(BundleError, match='bounds are'):
        load(case, export_mlp(wide), wide.forward(case.observations))


def test_a_model_that_fails_only_at_an_extreme_is_refused(case):
    # Square root of (range - 0.3): not a number where the lidar touches something.
    def root(graph):
        graph.initializer.append(numpy_helper.from_array(np.full(48, -2.9, np.float32), 'shift'))
        graph.node.insert(0, onnx.helper.make_node('Sub', ['observation', 'shift'], ['above']))
        graph.node.insert(1, onnx.helper.make_node('Sqrt', ['above'], ['root']))
        graph.node[2].input[0] = 'root'

    inside = np.abs(case.observations)
    model = altered(case, root)
    data = build_bundle(model, case.task, {}, inside, 'policy.onnx')
    with pytest.raises(BundleError, match='is not finite for a legal observation'):
        OnnxPolicy(parse_bundle(data, 'policy.onnx'))


def test_the_session_uses_one_thread(case):
    options = start_session(case.model.SerializeToString(), 'policy').get_session_options()
    assert options.intra_op_num_threads == options.inter_op_num_threads == 1
    assert options.get_session_config_entry('session.intra_op.allow_spinning') == '0'
