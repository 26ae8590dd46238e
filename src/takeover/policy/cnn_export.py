"""Build the ONNX graph of a CNN policy by hand: pixels to [0, 1], convolutions, then the MLP.

Input `observation` uint8 [batch, height, width, channels] as cameras and Gymnasium give it, output
`action` float32 [batch, m] in SI.
"""

from collections.abc import Sequence
from dataclasses import dataclass
import math

import numpy as np
import onnx
from onnx import helper, TensorProto
from takeover.policy.onnx_export import (
    ACTIVATIONS,
    ExportError,
    finish_model,
    mlp_nodes,
    MlpWeights,
)


@dataclass(frozen=True, eq=False)
class Convolution:
    """One layer as torch.nn.Conv2d keeps it, no padding: `weight` [out, in, kh, kw], `bias` [out].

    `stride` is that of both directions.
    """

    weight: np.ndarray
    bias: np.ndarray
    stride: int = 1


@dataclass(frozen=True, eq=False)
class CnnWeights:
    """A trained network: action = head(flatten(relu(conv(... relu(conv(image / 255)))))).

    A ReLU follows every convolution, the last one too. The features are flattened as torch.flatten
    does, [channels, height, width] in C order. `head` is an MLP of them, its observation mean and
    scale are those of the features: zeros and ones where the network has no normaliser there.
    """

    image_shape: tuple[int, int, int]
    """Height, width, channels."""
    convolutions: tuple[Convolution, ...]
    head: MlpWeights

    def __post_init__(self) -> None:
        """Check that the layers fit together and that all numbers are usable."""
        channels, height, width = map_shape(self.image_shape, self.convolutions)
        size, needed = math.prod((channels, height, width)), len(self.head.observation_mean)
        if size != needed:
            raise ExportError(
                f'the convolutions give {channels} x {height} x {width} = {size} features, the '
                f'head takes {needed}'
            )


def export_cnn(cnn: CnnWeights) -> onnx.ModelProto:
    """Return the checked ONNX model of a network.

    :raises ExportError: the graph does not pass onnx.checker.
    """
    layers, constants = convolution_nodes(cnn.convolutions)
    constants['largest_pixel'] = np.array(255.0)
    nodes = [
        helper.make_node('Transpose', ['observation'], ['channels_first'], perm=[0, 3, 1, 2]),
        helper.make_node('Cast', ['channels_first'], ['pixels'], to=TensorProto.FLOAT),
        helper.make_node('Div', ['pixels', 'largest_pixel'], ['map_0']),
    ]
    nodes += layers
    nodes.append(helper.make_node('Flatten', [f'map_{len(cnn.convolutions)}'], ['features']))
    head_nodes, head_constants = mlp_nodes(cnn.head, 'features')
    observation = helper.make_tensor_value_info(
        'observation', TensorProto.UINT8, ['batch', *cnn.image_shape]
    )
    return finish_model(
        nodes + head_nodes, constants | head_constants, [observation], len(cnn.head.action_low)
    )


def map_shape(
    image_shape: tuple[int, int, int], convolutions: Sequence[Convolution]
) -> tuple[int, int, int]:
    """Return channels, height and width of what convolutions make of an image.

    :param image_shape: height, width, channels.
    :raises ExportError: there are no layers, they do not fit together, or a number is not finite.
    """
    if not convolutions:
        raise ExportError('no convolutions; at least one is needed')
    if len(image_shape) != 3 or min(image_shape) < 1:
        raise ExportError(
            f'image_shape is {list(image_shape)}, must be [height, width, channels], '
            'each 1 or more'
        )
    height, width, channels = image_shape
    for index, layer in enumerate(convolutions):
        _check(layer, index, channels)
        channels = layer.weight.shape[0]
        height = (height - layer.weight.shape[2]) // layer.stride + 1
        width = (width - layer.weight.shape[3]) // layer.stride + 1
        if height < 1 or width < 1:
            raise ExportError(
                f'convolution {index}: the kernel {list(layer.weight.shape[2:])} is larger '
                'than what it slides over'
            )
    return channels, height, width


def convolution_nodes(
    convolutions: Sequence[Convolution], prefix: str = '', activation: str = 'relu'
) -> tuple[list[onnx.NodeProto], dict[str, np.ndarray]]:
    """Return the nodes from the tensor map_0 to map_N, N convolutions later, and their constants.

    :param prefix: before the name of every tensor.
    :param activation: after every convolution, the last one too.
    """
    nodes, constants = [], {}
    for index, layer in enumerate(convolutions):
        kernel, bias = f'{prefix}kernel_{index}', f'{prefix}kernel_bias_{index}'
        constants[kernel], constants[bias] = layer.weight, layer.bias
        convolved = f'{prefix}convolved_{index}'
        nodes += [
            helper.make_node(
                'Conv',
                [f'{prefix}map_{index}', kernel, bias],
                [convolved],
                strides=[layer.stride, layer.stride],
            ),
            helper.make_node(ACTIVATIONS[activation], [convolved], [f'{prefix}map_{index + 1}']),
        ]
    return nodes, constants


def _check(layer: Convolution, index: int, channels: int) -> None:
    weight, bias = layer.weight, layer.bias
    if weight.ndim != 4 or weight.shape[1] != channels or bias.shape != weight.shape[:1]:
        raise ExportError(
            f'convolution {index}: weight {list(weight.shape)} and bias {list(bias.shape)}, needs '
            f'[out, {channels}, height, width] and [out]'
        )
    if layer.stride < 1:
        raise ExportError(f'convolution {index}: stride is {layer.stride}, must be 1 or more')
    if not (np.isfinite(weight).all() and np.isfinite(bias).all()):
        raise ExportError(f'convolution {index}: weight and bias must be finite')
