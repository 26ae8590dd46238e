"""Frozen encoders from files: what they compute, what they are, which files are refused."""

import numpy as np
import onnx
from onnx import helper, numpy_helper, TensorProto
import pytest
from safetensors.numpy import save_file
from takeover.policy.frozen_encoder import FrozenEncoder
from takeover.policy.frozen_graph import FrozenEncoderError, PixelScale
import torch

SHAPE, HALF = (12, 10, 3), TensorProto.FLOAT16
KERNEL = np.random.default_rng(0).normal(0.0, 0.2, (5, 3, 3, 3)).astype(np.float32)
BIAS = np.linspace(-0.1, 0.1, 5).astype(np.float32)
SCALE = PixelScale((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def images(count=4, shape=SHAPE):
    return np.random.default_rng(1).integers(0, 256, (count, *shape), np.uint8)


def model(kind=TensorProto.FLOAT, dims=('N', 3, 12, 10), vector=False, opset=17, ir_version=8):
    """Return a small encoder as a user would export one; dims of 3 last: channels are last."""
    nodes, source = [], 'pixels'
    if kind == TensorProto.UINT8:
        nodes.append(helper.make_node('Cast', [source], ['float'], to=TensorProto.FLOAT))
        source = 'float'
    if dims[1] != 3:
        nodes.append(helper.make_node('Transpose', [source], ['first'], perm=[0, 3, 1, 2]))
        source = 'first'
    nodes += [
        helper.make_node('Conv', [source, 'kernel', 'bias'], ['map'], strides=[2, 2]),
        helper.make_node('Relu', ['map'], ['active']),
    ]
    if vector:
        nodes += [
            helper.make_node('GlobalAveragePool', ['active'], ['pooled']),
            helper.make_node('Flatten', ['pooled'], ['flat']),
        ]
    output, form = ('flat', ['N', 'd']) if vector else ('active', ['N', 'c', 'h', 'w'])
    graph = helper.make_graph(
        nodes,
        'user',
        [helper.make_tensor_value_info('pixels', kind, dims)],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, form)],
        [numpy_helper.from_array(KERNEL, 'kernel'), numpy_helper.from_array(BIAS, 'bias')],
    )
    opsets = [helper.make_opsetid('', opset)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=ir_version)


def expected(pictures, mean=0.0, deviation=1.0, largest=255.0):
    """Return the features of the encoder of `model`, by torch."""
    pixels = (pictures.astype(np.float64) / largest - mean) / deviation
    planes = torch.from_numpy(pixels).permute(0, 3, 1, 2).float()
    maps = torch.nn.functional.conv2d(planes, torch.tensor(KERNEL), torch.tensor(BIAS), 2)
    return maps.relu().numpy()


def load(tmp_path, proto, scale=PixelScale(), shape=SHAPE):
    path = tmp_path / 'encoder.onnx'
    onnx.save(proto, path)
    return FrozenEncoder.load(path, shape, scale)


@pytest.mark.parametrize('opset', [11, 17, 20, 21])
@pytest.mark.parametrize(
    'dims', [('N', 3, 12, 10), ('N', 12, 10, 3), (None, 3, 'h', 'w'), ('N', 'h', 'w', 3)]
)
def test_an_encoder_of_floats_gets_scaled_pixels(tmp_path, dims, opset):
    encoder = load(tmp_path, model(dims=dims, opset=opset), SCALE)
    found = encoder.features(images())
    assert found.dtype == np.float32 and encoder.feature_shape == found.shape[1:] == (5, 5, 4)
    assert found == pytest.approx(expected(images(), SCALE.mean, SCALE.deviation), abs=1e-5)


def test_without_a_scale_floats_reach_from_0_to_1(tmp_path):
    found = load(tmp_path, model()).features(images())
    assert found == pytest.approx(expected(images()), abs=1e-5)


@pytest.mark.parametrize('dims', [('N', 3, 12, 10), ('N', 12, 10, 3)])
def test_an_encoder_of_bytes_gets_them_as_they_are(tmp_path, dims):
    encoder = load(tmp_path, model(TensorProto.UINT8, dims))
    wanted = expected(images(), largest=1.0)
    assert encoder.features(images()) == pytest.approx(wanted, rel=1e-5, abs=1e-3)
    with pytest.raises(FrozenEncoderError, match=r'encoder.onnx: takes bytes, .* legal: no mean'):
        load(tmp_path, model(TensorProto.UINT8, dims), SCALE)


def test_a_vector_of_features_is_legal_too(tmp_path):
    encoder = load(tmp_path, model(vector=True))
    assert encoder.feature_shape == (5,)
    wanted = expected(images()).mean(axis=(2, 3))
    assert encoder.features(images()) == pytest.approx(wanted, abs=1e-5)


def test_the_same_file_gives_the_same_features_to_the_bit_and_the_same_digest(tmp_path):
    first, second = load(tmp_path, model(), SCALE), load(tmp_path, model(), SCALE)
    assert first.features(images()).tobytes() == second.features(images()).tobytes()
    assert first.digest == second.digest != load(tmp_path, model()).digest
    assert first.features(images(0)).shape == (0, 5, 5, 4)


def test_constants_that_are_listed_as_inputs_are_none(tmp_path):
    proto = model(ir_version=3, opset=9)
    for name, value in (('kernel', KERNEL), ('bias', BIAS)):
        port = helper.make_tensor_value_info(name, TensorProto.FLOAT, value.shape)
        proto.graph.input.append(port)
    assert load(tmp_path, proto).features(images()) == pytest.approx(expected(images()), abs=1e-5)


@pytest.mark.parametrize('shape', [(12, 10), (12, 10, 3)])
def test_images_of_another_form_are_refused(tmp_path, shape):
    encoder = load(tmp_path, model())
    wrong = np.zeros((2, *shape), np.uint8 if len(shape) == 2 else np.float32)
    with pytest.raises(FrozenEncoderError, match=r'legal: uint8 \[N, 12, 10, 3\]'):
        encoder.features(wrong)


def two_inputs():
    proto = model()
    proto.graph.input.append(helper.make_tensor_value_info('more', TensorProto.FLOAT, ['N', 1]))
    return proto


def with_operator(domain, kind):
    proto = model()
    proto.opset_import.append(helper.make_opsetid(domain, 1))
    proto.graph.node.append(helper.make_node(kind, ['active'], ['custom'], domain=domain))
    proto.graph.output[0].name = 'custom'
    return proto


def with_output(kind, source, elem_type=TensorProto.FLOAT, rank=4, **attributes):
    proto = model()
    proto.graph.node.append(helper.make_node(kind, [source], ['last'], **attributes))
    del proto.graph.output[:]
    form = ['N', 'c', 'h', 'w'][:rank]
    proto.graph.output.append(helper.make_tensor_value_info('last', elem_type, form))
    return proto


@pytest.mark.parametrize(
    ('proto', 'said'),
    [
        (model(dims=(1, 3, 12, 10)), r'input pixels is float \[1, 3, 12, 10\]; legal: uint8 or'),
        (model(dims=('N', 3, 12, 11)), r'float \[free, 3, 12, 11\]; legal'),
        (model(dims=('N', None, None, None)), r'float \[free, free, free, free\]; legal'),
        (model(TensorProto.DOUBLE), r'input pixels is double .* legal: uint8 or float'),
        (two_inputs(), 'has 2 inputs and 1 outputs; legal: one image in'),
        (with_operator('com.microsoft', 'Gelu'), 'operator com.microsoft.Gelu is not of a policy'),
        (
            with_output('ReduceMean', 'active', rank=3, axes=[1], keepdims=0),
            r'become float32 \[2, 5, 4\]; legal: float32, a map \[2, c, h, w\]',
        ),
        (with_output('Cast', 'active', HALF, to=HALF), 'output last is float16; legal: float, '),
        (model(opset=99), 'valid ONNX model|opset 99'),
    ],
)
def test_a_graph_of_another_form_is_refused(tmp_path, proto, said):
    with pytest.raises(FrozenEncoderError, match=f'encoder.onnx: .*({said})'):
        load(tmp_path, proto)


def test_features_that_are_not_finite_are_refused(tmp_path):
    with pytest.raises(FrozenEncoderError, match='of a black or a white picture are not finite'):
        load(tmp_path, with_output('Log', 'map'))


def test_a_scale_that_does_not_fit_is_refused(tmp_path):
    with pytest.raises(FrozenEncoderError, match='mean has 2 numbers; legal: 1, or 3, one for'):
        load(tmp_path, model(), PixelScale((0.4, 0.5)))
    for wrong in ({'mean': ()}, {'mean': (np.nan,)}, {'deviation': (0.0,)}):
        with pytest.raises(FrozenEncoderError, match='legal: (finite|positive) numbers'):
            PixelScale(**wrong)


@pytest.mark.parametrize('name', ['encoder.onnx', 'encoder.safetensors'])
def test_a_file_that_is_none_is_refused(tmp_path, name):
    path = tmp_path / name
    with pytest.raises(FrozenEncoderError, match=f'{name}: cannot be read: No such file'):
        FrozenEncoder.load(path, SHAPE)
    path.write_bytes(b'\x80\x04no weights')
    with pytest.raises(FrozenEncoderError, match=f'{name}: is no '):
        FrozenEncoder.load(path, SHAPE)


def test_a_pickle_is_not_even_opened(tmp_path):
    with pytest.raises(FrozenEncoderError, match='legal: a name that ends in .onnx, .safetensors'):
        FrozenEncoder.load(tmp_path / 'encoder.pt', SHAPE)


ARRAYS = {
    'conv.0.weight': KERNEL,
    'conv.0.bias': BIAS,
    'conv.1.weight': np.random.default_rng(2).normal(0.0, 0.2, (4, 5, 2, 2)).astype(np.float32),
    'conv.1.bias': np.zeros(4, np.float32),
}
METADATA = {'stride': '2,1', 'activation': 'relu'}


def load_convolutions(tmp_path, arrays=None, metadata=METADATA, scale=SCALE):
    path = tmp_path / 'encoder.safetensors'
    save_file(ARRAYS if arrays is None else arrays, path, metadata)
    return FrozenEncoder.load(path, SHAPE, scale)


def test_convolutions_of_a_safetensors_file_are_computed(tmp_path):
    encoder = load_convolutions(tmp_path)
    first = torch.from_numpy(expected(images(), SCALE.mean, SCALE.deviation))
    kernel = torch.from_numpy(ARRAYS['conv.1.weight'])
    wanted = torch.nn.functional.conv2d(first, kernel).relu().numpy()
    assert encoder.feature_shape == wanted.shape[1:] == (4, 4, 3)
    assert encoder.features(images()) == pytest.approx(wanted, abs=1e-5)


@pytest.mark.parametrize(
    ('arrays', 'metadata', 'said'),
    [
        ({}, METADATA, 'holds nothing; legal: conv.<i>.weight and conv.<i>.bias'),
        ({'conv.0.weight': KERNEL}, METADATA, 'holds conv.0.weight; legal'),
        ({'a': KERNEL, 'b': BIAS}, METADATA, 'holds a, b; legal'),
        (ARRAYS | {'conv.1.weight': KERNEL}, METADATA, r'convolution 1: weight .* needs \[out, 5'),
        (
            ARRAYS,
            METADATA | {'stride': '2,1,1'},
            r"'2,1,1' .* or 2 of them, as in '2,2'",
        ),
        (ARRAYS, METADATA | {'stride': '0'}, "stride is '0' in its metadata"),
        (ARRAYS, METADATA | {'stride': 'two'}, "stride is 'two' in its metadata"),
        (ARRAYS, METADATA | {'stride': '8'}, 'convolution 1: the kernel .* is larger than'),
        (ARRAYS, {'stride': '2'}, "activation is '' in its metadata; legal: relu, gelu, tanh"),
        (ARRAYS, None, "stride is '' in its metadata"),
        (ARRAYS | {'conv.0.bias': BIAS * np.nan}, METADATA, 'must be finite'),
    ],
)
def test_a_safetensors_file_of_something_else_is_refused(tmp_path, arrays, metadata, said):
    with pytest.raises(FrozenEncoderError, match=f'encoder.safetensors: .*{said}'):
        load_convolutions(tmp_path, arrays, metadata)
