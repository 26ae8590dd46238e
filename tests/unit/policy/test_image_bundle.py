"""A bundle of a policy that sees images: bytes in, and nothing else."""

from dataclasses import replace

import numpy as np
import onnx
from onnx import TensorProto
import pytest
from takeover.policy.bundle import parse_bundle, read_bundle
from takeover.policy.bundle_writer import build_bundle
from takeover.policy.cnn_export import export_cnn
from takeover.policy.errors import BundleError, ShapeError
from takeover.policy.onnx_policy import OnnxPolicy, PARITY_TOLERANCE, start_session
from takeover.policy.verification import verify


def test_it_acts_as_the_network_does(image_case):
    policy = OnnxPolicy.load(image_case.write(), image_case.task)
    session = start_session(image_case.model.SerializeToString(), 'policy')
    (expected,) = session.run(['action'], {'observation': image_case.images})
    for image, action in zip(image_case.images, expected, strict=True):
        found = policy.act(image)
        assert found.dtype == np.float64 and found.shape == (2,)
        assert found == pytest.approx(action, abs=1e-6)
    assert np.ptp(expected, axis=0).min() > 1e-3


def test_what_is_written_is_what_is_read(image_case):
    bundle = read_bundle(image_case.write())
    assert bundle.contract == image_case.task.contract
    assert bundle.task == 'gymnasium.spaces'
    assert bundle.parity.observations.dtype == np.uint8
    assert np.array_equal(bundle.parity.observations, image_case.images)


def test_one_flipped_bit_in_any_byte_is_refused(image_case):
    data = image_case.write().read_bytes()
    for position in range(0, len(data), 3):
        damaged = bytearray(data)
        damaged[position] ^= 1 << (position % 8)
        with pytest.raises(BundleError):
            parse_bundle(bytes(damaged), 'policy.onnx')


@pytest.mark.parametrize('dtype', [np.float32, np.float64, np.int64, np.int8, np.uint16, bool])
def test_an_image_of_another_type_is_refused(image_case, dtype):
    policy = OnnxPolicy.load(image_case.write())
    with pytest.raises(ShapeError, match='needs uint8: pixels 0 to 255'):
        policy.act(image_case.images[0].astype(dtype))


@pytest.mark.parametrize('shape', [(10, 12, 3), (3, 12, 10), (360,), (1, 12, 10, 3), (12, 10)])
def test_an_image_of_another_shape_is_refused(image_case, shape):
    policy = OnnxPolicy.load(image_case.write())
    with pytest.raises(ShapeError, match=r'needs \[12, 10, 3\]'):
        policy.act(np.zeros(shape, np.uint8))


def test_other_actions_than_the_recorded_are_refused(image_case):
    recorded = read_bundle(image_case.write()).parity.actions
    image_case.write(parity_outputs=recorded + 0.4 * PARITY_TOLERANCE)
    with pytest.raises(BundleError, match='parity vector'):
        image_case.write(parity_outputs=recorded + np.float32(1e-3))


def test_a_model_that_leaves_its_bounds_is_refused(image_case, cnn):
    wide = replace(cnn.head, action_low=np.full(2, -9.0), action_high=np.full(2, 9.0))
    with pytest.raises(BundleError, match='bounds are'):
        image_case.write(model=export_cnn(replace(cnn, head=wide)))


def test_a_model_that_takes_floats_is_refused(image_case):
    model = onnx.ModelProto()
    model.CopyFrom(image_case.model)
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.FLOAT
    outputs = np.zeros((16, 2))
    data = build_bundle(model, image_case.task, {}, image_case.images, 'policy.onnx', outputs)
    with pytest.raises(BundleError, match=r'tensor\(uint8\) \[any, 12, 10, 3\], found .*float'):
        OnnxPolicy(parse_bundle(data, 'policy.onnx'))


def test_a_model_of_another_shape_is_refused(image_case):
    model = onnx.ModelProto()
    model.CopyFrom(image_case.model)
    model.graph.input[0].type.tensor_type.shape.dim[2].dim_value = 11
    data = build_bundle(
        model, image_case.task, {}, image_case.images, 'policy.onnx', np.zeros((16, 2))
    )
    with pytest.raises(BundleError, match=r'\[any, 12, 10, 3\], found|cannot load'):
        OnnxPolicy(parse_bundle(data, 'policy.onnx'))


@pytest.mark.parametrize(
    ('inputs', 'said'),
    [
        (np.zeros((16, 12, 10, 3), np.float32), 'parity inputs are float32, need uint8'),
        (np.zeros((16, 360), np.uint8), r'need \[at least 16, 12, 10, 3\]'),
        (np.zeros((15, 12, 10, 3), np.uint8), r'shape \[15, 12, 10, 3\], need \[at least 16'),
    ],
)
def test_other_parity_images_are_refused(image_case, inputs, said):
    with pytest.raises(BundleError, match=said):
        image_case.write(parity_inputs=inputs)
    assert not image_case.path.exists()


def test_every_check_a_person_sees_passes(image_case):
    passed = dict(verify(image_case.write()))
    assert list(passed) == ['digest', 'contract', 'parity', 'bounds', 'latency']
