"""Build the ONNX graph of a policy that sees a vector and pictures by hand, all in one file.

Input `observation` float32 [batch, n] in SI and one uint8 [batch, height, width, channels] of each
camera, named after its feature; output `action` float32 [batch, m] in SI. Both normalisers are
inside. A frozen model that the pictures of a camera go through first is merged into the file.
Names of tensors inside have a slash, which names of features cannot have.
"""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import onnx
from onnx import compose, helper, TensorProto
from takeover.policy.cnn_export import convolution_nodes, map_shape
from takeover.policy.onnx_export import ExportError, finish_model, mlp_nodes
from takeover.policy.vision_weights import (
    ACTION,
    CameraWeights,
    EncoderWeights,
    FrozenCameraWeights,
    keypoint_grid,
    KEYPOINT_SHARPNESS,
    LatentWeights,
    VisionWeights,
)
from takeover.specs import VECTOR_FIELD

# Input and output of a frozen model.
FROZEN_INPUT, FROZEN_OUTPUT = 'image', 'features'
_LATENT = '/latent'
# Nodes, and the constants they use, by name.
_Part: TypeAlias = tuple[list[onnx.NodeProto], dict[str, np.ndarray]]


def export_vision(weights: VisionWeights) -> onnx.ModelProto:
    """Return the checked ONNX model of a policy.

    :raises ExportError: the graph does not pass onnx.checker, or a frozen model cannot be merged.
    """
    encoder_nodes, constants = _encoder_nodes(weights.encoder)
    head_nodes, head_constants = mlp_nodes(weights.head, _LATENT)
    for node in head_nodes:
        node.input[:] = [_inside_head(name) for name in node.input]
        node.output[:] = [_inside_head(name) for name in node.output]
    constants |= {_inside_head(name): value for name, value in head_constants.items()}
    inputs = [_port(VECTOR_FIELD, TensorProto.FLOAT, weights.encoder.mean.shape)]
    frozen = []
    for camera in weights.encoder.cameras:
        if isinstance(camera, FrozenCameraWeights):
            inputs.append(_port(_features(camera), TensorProto.FLOAT, camera.feature_shape))
            frozen.append(camera)
        else:
            inputs.append(_port(camera.name, TensorProto.UINT8, camera.shape))
    size = len(weights.head.action_low)
    model = finish_model(encoder_nodes + head_nodes, constants, inputs, size)
    for camera in frozen:
        model = _merged(camera, model)
    return model


def pixel_nodes(source: str, at: str) -> list[onnx.NodeProto]:
    """Return the nodes from uint8 pictures, channels last, to `at`pixels: float, channels first.

    The values stay those of the bytes, 0 to 255.
    """
    return [
        helper.make_node('Transpose', [source], [f'{at}planes'], perm=[0, 3, 1, 2]),
        helper.make_node('Cast', [f'{at}planes'], [f'{at}pixels'], to=TensorProto.FLOAT),
    ]


def _encoder_nodes(encoder: EncoderWeights) -> _Part:
    """Return the nodes from all inputs to the tensor /latent, and their constants."""
    constants = {'/mean': encoder.mean, '/inverse_scale': 1.0 / encoder.scale}
    nodes = [
        helper.make_node('Sub', [VECTOR_FIELD, '/mean'], ['/centred']),
        helper.make_node('Mul', ['/centred', '/inverse_scale'], ['/normalised']),
    ]
    parts = [_latent_nodes(encoder.vector, '/normalised', VECTOR_FIELD)]
    for camera in encoder.cameras:
        frozen = isinstance(camera, FrozenCameraWeights)
        parts.append(_frozen_nodes(camera) if frozen else _camera_nodes(camera))
    for more_nodes, more_constants in parts:
        nodes += more_nodes
        constants |= more_constants
    names = (VECTOR_FIELD, *(camera.name for camera in encoder.cameras))
    nodes.append(
        helper.make_node('Concat', [f'{name}/latent' for name in names], [_LATENT], axis=1)
    )
    return nodes, constants


def _latent_nodes(layer: LatentWeights, source: str, name: str) -> _Part:
    """Return the nodes from the tensor `source` to `name`/latent, and their constants."""
    at = f'{name}/'
    constants = {
        f'{at}weight': layer.weight,
        f'{at}bias': layer.bias,
        f'{at}norm_scale': layer.norm_scale,
        f'{at}norm_offset': layer.norm_offset,
    }
    nodes = [
        helper.make_node('Gemm', [source, f'{at}weight', f'{at}bias'], [f'{at}linear'], transB=1),
        helper.make_node(
            'LayerNormalization',
            [f'{at}linear', f'{at}norm_scale', f'{at}norm_offset'],
            [f'{at}normal'],
            epsilon=layer.epsilon,
        ),
        helper.make_node('Tanh', [f'{at}normal'], [f'{at}latent']),
    ]
    return nodes, constants


def _camera_nodes(camera: CameraWeights) -> _Part:
    """Return the nodes from the pictures of a camera to its latent, and their constants."""
    at = f'{camera.name}/'
    constants = {f'{at}largest_pixel': np.array(255.0), f'{at}middle': np.array(0.5)}
    nodes = [
        *pixel_nodes(camera.name, at),
        helper.make_node('Div', [f'{at}pixels', f'{at}largest_pixel'], [f'{at}share']),
        helper.make_node('Sub', [f'{at}share', f'{at}middle'], [f'{at}map_0']),
    ]
    layers, kernels = convolution_nodes(camera.convolutions, at)
    latent, matrices = _latent_nodes(camera.latent, f'{at}flat', camera.name)
    if camera.keypoints:
        found, places = _keypoint_nodes(camera)
        return [*nodes, *layers[:-1], *found, *latent], constants | kernels | matrices | places
    last = f'{at}map_{len(camera.convolutions)}'
    flatten = helper.make_node('Flatten', [last], [f'{at}flat'])
    return [*nodes, *layers, flatten, *latent], constants | kernels | matrices


def _keypoint_nodes(camera: CameraWeights) -> _Part:
    """Return the nodes from the last convolution of a camera to where each map is strongest."""
    at = f'{camera.name}/'
    channels, height, width = map_shape(camera.shape, camera.convolutions)
    constants = {
        f'{at}sharpness': np.array(KEYPOINT_SHARPNESS),
        f'{at}grid': keypoint_grid(height, width),
        f'{at}places_shape': np.array([0, channels, height * width], dtype=np.int64),
    }
    last = f'{at}convolved_{len(camera.convolutions) - 1}'
    nodes = [
        helper.make_node('Reshape', [last, f'{at}places_shape'], [f'{at}places']),
        helper.make_node('Mul', [f'{at}places', f'{at}sharpness'], [f'{at}sharp']),
        helper.make_node('Softmax', [f'{at}sharp'], [f'{at}weights'], axis=2),
        helper.make_node('MatMul', [f'{at}weights', f'{at}grid'], [f'{at}keypoints']),
        helper.make_node('Flatten', [f'{at}keypoints'], [f'{at}flat']),
    ]
    return nodes, constants


def _frozen_nodes(camera: FrozenCameraWeights) -> _Part:
    """Return the nodes from the features of a camera to its latent, and their constants."""
    features = _features(camera)
    if camera.embedding is None:
        return _latent_nodes(camera.latent, features, camera.name)
    at = f'{camera.name}/'
    channels, count, *places = camera.embedding.shape
    # A weighted sum over all places of each map on its own is a grouped convolution.
    constants = {f'{at}embedding': camera.embedding.reshape(channels * count, 1, *places)}
    nodes = [
        helper.make_node('Conv', [features, f'{at}embedding'], [f'{at}sums'], group=channels),
        helper.make_node('Flatten', [f'{at}sums'], [f'{at}flat']),
    ]
    latent, matrices = _latent_nodes(camera.latent, f'{at}flat', camera.name)
    return nodes + latent, constants | matrices


def _merged(camera: FrozenCameraWeights, model: onnx.ModelProto) -> onnx.ModelProto:
    """Put the frozen model of a camera in front of the model that takes its features."""
    at = f'{camera.name}/frozen/'
    source, features = f'{at}{FROZEN_INPUT}', f'{at}{FROZEN_OUTPUT}'
    try:
        front = compose.add_prefix(camera.frozen, at)
        merged = compose.merge_models(front, model, io_map=[(features, _features(camera))])
        (port,) = (port for port in merged.graph.input if port.name == source)
        port.name = camera.name
        merged.graph.node.insert(0, helper.make_node('Identity', [camera.name], [source]))
        onnx.checker.check_model(merged, full_check=True)
    except (TypeError, ValueError, onnx.checker.ValidationError) as error:
        raise ExportError(f'{camera.name}: the frozen model cannot be merged: {error}') from None
    return merged


def _features(camera: FrozenCameraWeights) -> str:
    return f'{camera.name}/{FROZEN_OUTPUT}'


def _inside_head(name: str) -> str:
    return name if name in (ACTION, _LATENT) else f'/head/{name}'


def _port(name: str, kind: int, shape: Sequence[int]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, ['batch', *shape])
