"""Damage of any kind to a policy file is refused; made on purpose, it is refused or harmless."""

from functools import cache
from pathlib import Path
import tempfile

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest
from takeover.policy.bundle import _TAIL_BYTES, parse_bundle, seal
from takeover.policy.bundle_writer import write_bundle
from takeover.policy.errors import BundleError
from takeover.policy.onnx_export import export_mlp, MlpWeights
from takeover.policy.onnx_policy import OnnxPolicy, PARITY_TOLERANCE
from takeover.task import load_task

TASK = load_task(Path(__file__).parents[2] / 'config' / 'tasks' / 'rover_path.yaml')


@cache
def bundle_bytes():
    """Return a good bundle of a network with 48 inputs, 8 hidden units and 2 outputs."""
    rng = np.random.default_rng(0)
    size = TASK.observation_size
    mlp = MlpWeights(
        weights=(rng.normal(0.0, 0.2, (8, size)), rng.normal(0.0, 0.4, (2, 8))),
        biases=(np.zeros(8), np.zeros(2)),
        observation_mean=np.zeros(size),
        observation_scale=np.ones(size),
        action_low=np.array([0.0, -1.5]),
        action_high=np.array([0.6, 1.5]),
    )
    observations = rng.normal(0.0, 1.0, (16, size)).astype(np.float32)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'policy.onnx'
        write_bundle(export_mlp(mlp), TASK, {}, observations, path, mlp.forward(observations))
        return path.read_bytes()


# (what is done, where as a share of the file, with which bytes)
edits = st.lists(
    st.tuples(
        st.sampled_from(['flip', 'insert', 'delete', 'overwrite']),
        st.floats(0.0, 1.0, exclude_max=True),
        st.binary(min_size=1, max_size=8),
    ),
    min_size=1,
    max_size=3,
)


def edited(data, script):
    data = bytearray(data)
    for action, share, payload in script:
        place = int(share * len(data))
        if action == 'flip':
            data[place] ^= payload[0] or 1
        elif action == 'insert':
            data[place:place] = payload
        elif action == 'delete':
            del data[place : place + len(payload)]
        else:
            data[place : place + len(payload)] = payload
    return bytes(data)


@settings(max_examples=300, deadline=None)
@given(edits)
def test_any_damage_is_refused(script):
    damaged = edited(bundle_bytes(), script)
    if damaged != bundle_bytes():
        with pytest.raises(BundleError):
            parse_bundle(damaged, 'policy.onnx')


@settings(max_examples=100, deadline=None)
@given(st.floats(0.0, 1.0, exclude_max=True))
def test_any_truncation_is_refused(share):
    data = bundle_bytes()
    with pytest.raises(BundleError):
        parse_bundle(data[: int(share * len(data))], 'policy.onnx')


@settings(max_examples=150, deadline=None)
@given(edits)
def test_damage_with_a_digest_made_to_fit_is_refused_or_harmless(script):
    body = edited(bundle_bytes()[:-_TAIL_BYTES], script)
    try:
        policy = OnnxPolicy(parse_bundle(seal(body), 'policy.onnx'))
    except BundleError:
        return
    assert policy.parity_error <= PARITY_TOLERANCE
    assert np.isfinite(policy.act(policy.bundle.parity.observations[0])).all()
