"""A pretrained encoder from a user's file in one form: uint8 pictures in, features out.

An `.onnx` file holds a graph with one input, uint8 or float32, [N, height, width, channels] or
[N, channels, height, width], and one output float32, a map [N, c, h, w] or a vector [N, d]. N must
be free. Bytes are taken as they are. Floats get (pixel / 255 - mean) / deviation: what the encoder
was trained with, unless its file does that itself.

A `.safetensors` file holds convolutions without padding, `conv.<i>.weight` [out, in, kh, kw] and
`conv.<i>.bias` [out] for i = 0, 1, ...; its metadata says `stride` ('4,2,1': of each; '2': of all)
and `activation` (relu, gelu, tanh), which follows every convolution. Its pixels are as those of
floats. Neither form can hold code.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from google.protobuf.message import DecodeError
import numpy as np
import onnx
from onnx import compose, helper, inliner, numpy_helper, TensorProto, version_converter
from safetensors import safe_open, SafetensorError
from takeover.errors import TakeoverError
from takeover.policy.cnn_export import Convolution, convolution_nodes, map_shape
from takeover.policy.onnx_export import ACTIVATIONS, ExportError, IR_VERSION, OPSET
from takeover.policy.vision_export import FROZEN_INPUT, FROZEN_OUTPUT, pixel_nodes

_INSIDE = 'encoder/'


class FrozenEncoderError(TakeoverError):
    """A pretrained encoder cannot be used; names the file and the legal form."""


@dataclass(frozen=True)
class PixelScale:
    """What an encoder was trained with: (pixel / 255 - mean) / deviation, each of one channel.

    Of ImageNet's encoders: mean (0.485, 0.456, 0.406), deviation (0.229, 0.224, 0.225), in the
    order red, green, blue. A single number holds for all channels.
    """

    mean: tuple[float, ...] = (0.0,)
    """Subtracted from pixels that reach from 0 to 1."""
    deviation: tuple[float, ...] = (1.0,)
    """They are divided by this after that."""

    def __post_init__(self) -> None:
        """Refuse what cannot be computed with."""
        for name in ('mean', 'deviation'):
            values = getattr(self, name)
            if not values or not np.isfinite(values).all():
                raise FrozenEncoderError(f'{name} is {values!r}; legal: finite numbers')
        if not min(self.deviation) > 0.0:
            raise FrozenEncoderError(f'deviation is {self.deviation!r}; legal: positive numbers')


def read_onnx(path: Path, shape: Sequence[int], scale: PixelScale) -> onnx.ModelProto:
    """Return the model of an `.onnx` file with `image` and `features` as its only ports.

    :param shape: height, width, channels of the pictures it will see.
    :raises FrozenEncoderError: the file cannot be read, or its graph has another form.
    """
    try:
        model = onnx.load(path)
        onnx.checker.check_model(model)
    except OSError as error:
        raise FrozenEncoderError(f'{path}: cannot be read: {error.strerror or error}') from None
    except (DecodeError, onnx.checker.ValidationError) as error:
        raise FrozenEncoderError(f'{path}: is no valid ONNX model: {error}') from None
    model = _plain(model, path)
    constants = {tensor.name for tensor in model.graph.initializer}
    inputs = [port for port in model.graph.input if port.name not in constants]
    if len(inputs) != 1 or len(model.graph.output) != 1:
        raise FrozenEncoderError(
            f'{path}: has {len(inputs)} inputs and {len(model.graph.output)} outputs; legal: one '
            'image in, one tensor of features out'
        )
    kind, channels_first = _form(inputs[0], shape, path)
    source, output = inputs[0].name, model.graph.output[0].name
    gives = model.graph.output[0].type.tensor_type.elem_type
    if gives != TensorProto.FLOAT:
        raise FrozenEncoderError(
            f'{path}: output {output} is {_type_name(gives)}; legal: float, [free, c, h, w] or '
            '[free, d]'
        )
    inside = compose.add_prefix(model, _INSIDE)
    nodes, tensors = _front(kind, channels_first, scale, shape, f'{_INSIDE}{source}', path)
    back = helper.make_node('Identity', [f'{_INSIDE}{output}'], [FROZEN_OUTPUT])
    nodes = [*nodes, *inside.graph.node, back]
    return _model(nodes, [*tensors, *inside.graph.initializer], shape)


def read_safetensors(path: Path, shape: Sequence[int], scale: PixelScale) -> onnx.ModelProto:
    """Return the convolutions of a `.safetensors` file as a model; see `read_onnx`.

    :raises FrozenEncoderError: the file cannot be read, or does not hold convolutions that fit.
    """
    try:
        with safe_open(path, 'numpy') as file:
            metadata = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}
    except OSError as error:
        raise FrozenEncoderError(f'{path}: cannot be read: {error.strerror or error}') from None
    except (SafetensorError, TypeError) as error:
        raise FrozenEncoderError(
            f'{path}: is no safetensors file of numbers that can be read: {error}'
        ) from None
    convolutions = _convolutions(arrays, metadata, path)
    activation = metadata.get('activation', '')
    if activation not in ACTIVATIONS:
        raise FrozenEncoderError(
            f'{path}: activation is {activation!r} in its metadata; legal: '
            f'{", ".join(ACTIVATIONS)}'
        )
    try:
        map_shape(tuple(shape), convolutions)
    except ExportError as error:
        raise FrozenEncoderError(f'{path}: {error}') from None
    layers, constants = convolution_nodes(convolutions, _INSIDE, activation)
    nodes, tensors = _front(TensorProto.FLOAT, True, scale, shape, f'{_INSIDE}map_0', path)
    last = f'{_INSIDE}map_{len(convolutions)}'
    nodes += [*layers, helper.make_node('Identity', [last], [FROZEN_OUTPUT])]
    tensors += [_tensor(name, value) for name, value in constants.items()]
    return _model(nodes, tensors, shape)


def _convolutions(
    arrays: dict[str, np.ndarray], metadata: dict[str, str], path: Path
) -> tuple[Convolution, ...]:
    count = len(arrays) // 2
    names = {f'conv.{i}.{part}' for i in range(count) for part in ('weight', 'bias')}
    if not count or arrays.keys() != names:
        raise FrozenEncoderError(
            f'{path}: holds {", ".join(sorted(arrays)) or "nothing"}; legal: conv.<i>.weight and '
            'conv.<i>.bias for i = 0, 1, ...'
        )
    stride = metadata.get('stride', '')
    strides = [int(word) if word.strip().isdecimal() else 0 for word in stride.split(',')]
    strides = strides * count if len(strides) == 1 else strides
    if len(strides) != count or min(strides) < 1:
        raise FrozenEncoderError(
            f'{path}: stride is {stride!r} in its metadata; legal: one number of 1 or more, or '
            f'{count} of them, as in {",".join(["2"] * count)!r}'
        )
    return tuple(
        Convolution(arrays[f'conv.{i}.weight'], arrays[f'conv.{i}.bias'], strides[i])
        for i in range(count)
    )


def _plain(model: onnx.ModelProto, path: Path) -> onnx.ModelProto:
    """Return the model as a policy may hold it: without functions, in the opset of policies."""
    model = inliner.inline_local_functions(model)
    for node in model.graph.node:
        graphs = any(a.HasField('g') or a.graphs for a in node.attribute)
        if graphs or node.domain not in ('', 'ai.onnx'):
            raise FrozenEncoderError(
                f'{path}: operator {node.domain}.{node.op_type} is not of a policy; legal: those '
                'of standard ONNX without control flow'
            )
    version = max(e.version for e in model.opset_import if e.domain in ('', 'ai.onnx'))
    if version == OPSET:
        return model
    try:
        return version_converter.convert_version(model, OPSET)
    except Exception as error:  # noqa: BLE001 the converter raises classes without a common base
        raise FrozenEncoderError(
            f'{path}: is written in opset {version} and cannot be brought to {OPSET}: {error}'
        ) from None


def _form(port: onnx.ValueInfoProto, shape: Sequence[int], path: Path) -> tuple[int, bool]:
    """Return the type of the input, and whether its channels come first."""
    tensor = port.type.tensor_type
    dims = [dim.dim_value or None for dim in tensor.shape.dim]
    height, width, channels = shape
    fits = [
        all(found in (None, needed) for found, needed in zip(dims[1:], form))
        for form in ((height, width, channels), (channels, height, width))
    ]
    known = tensor.elem_type in (TensorProto.UINT8, TensorProto.FLOAT)
    if not known or len(dims) != 4 or dims[0] is not None or fits[0] == fits[1]:
        kind = _type_name(tensor.elem_type)
        words = ', '.join('free' if dim is None else str(dim) for dim in dims)
        raise FrozenEncoderError(
            f'{path}: input {port.name} is {kind} [{words}]; legal: uint8 or float, [free, '
            f'{height}, {width}, {channels}] or [free, {channels}, {height}, {width}], of which '
            'only height and width may be free too'
        )
    return tensor.elem_type, fits[1]


def _front(
    kind: int, channels_first: bool, scale: PixelScale, shape: Sequence[int], to: str, path: Path
) -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
    """Return what turns `image` into the tensor `to` that an encoder takes, and its constants."""
    if kind == TensorProto.UINT8:
        if scale != PixelScale():
            raise FrozenEncoderError(
                f'{path}: takes bytes, so pixels cannot be scaled for it; legal: no mean and no '
                'deviation, or an encoder that takes float'
            )
        if channels_first:
            return [helper.make_node('Transpose', [FROZEN_INPUT], [to], perm=[0, 3, 1, 2])], []
        return [helper.make_node('Identity', [FROZEN_INPUT], [to])], []
    numbers = {'mean': scale.mean, 'deviation': scale.deviation}
    for name, values in numbers.items():
        if len(values) not in (1, shape[2]):
            raise FrozenEncoderError(
                f'{path}: {name} has {len(values)} numbers; legal: 1, or {shape[2]}, one for each '
                'channel'
            )
    tensors = [_tensor('largest_pixel', np.array(255.0))]
    tensors += [_tensor(name, np.reshape(values, (-1, 1, 1))) for name, values in numbers.items()]
    scaled = to if channels_first else 'scaled'
    nodes = [
        *pixel_nodes(FROZEN_INPUT, ''),
        helper.make_node('Div', ['pixels', 'largest_pixel'], ['share']),
        helper.make_node('Sub', ['share', 'mean'], ['centred']),
        helper.make_node('Div', ['centred', 'deviation'], [scaled]),
    ]
    if not channels_first:
        nodes.append(helper.make_node('Transpose', [scaled], [to], perm=[0, 2, 3, 1]))
    return nodes, tensors


def _model(
    nodes: list[onnx.NodeProto], tensors: list[onnx.TensorProto], shape: Sequence[int]
) -> onnx.ModelProto:
    image = helper.make_tensor_value_info(FROZEN_INPUT, TensorProto.UINT8, ['batch', *shape])
    features = helper.make_tensor_value_info(FROZEN_OUTPUT, TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, 'encoder', [image], [features], tensors)
    opset = [helper.make_opsetid('', OPSET)]
    return helper.make_model(graph, ir_version=IR_VERSION, opset_imports=opset)


def _tensor(name: str, value: np.ndarray) -> onnx.TensorProto:
    return numpy_helper.from_array(np.ascontiguousarray(value, np.float32), name)


def _type_name(elem_type: int) -> str:
    return TensorProto.DataType.Name(elem_type).lower()
