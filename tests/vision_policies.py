"""Bundles for a task with images, with random weights: they load, act and can be told apart."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from takeover.policy.acceptance import Candidate
from takeover.policy.bundle_writer import write_bundle
from takeover.policy.cnn_export import Convolution
from takeover.policy.onnx_export import MlpWeights
from takeover.policy.vision_export import export_vision
from takeover.policy.vision_weights import (
    CameraWeights,
    EncoderWeights,
    LatentWeights,
    VisionWeights,
)
from takeover.specs import TaskSpec, VECTOR_FIELD
from takeover.task import load_task
from tests.stack import REPOSITORY

LANE_FILE = REPOSITORY / 'config' / 'tasks' / 'rover_lane.yaml'
PARITY = 16
# Maps, kernel and stride of each convolution.
CONVOLUTIONS = ((16, 8, 4), (32, 3, 2), (32, 3, 1))
VECTOR_LATENT, IMAGE_LATENT, HIDDEN = 32, 64, 128


def random_records(task: TaskSpec, count: int, seed: int = 0) -> np.ndarray:
    """Return observations as a task with images packs them, [count] records."""
    rng = np.random.default_rng(seed)
    records = np.zeros(count, task.observation_dtype)
    records[VECTOR_FIELD] = rng.uniform(-0.5, 0.5, (count, task.observation_size))
    for image in task.images:
        records[image.name] = rng.integers(0, 256, (count, *image.shape), np.uint8)
    return records


def vision_weights(
    task: TaskSpec, bias: Sequence[float] = (0.0, 0.0), spread: float = 0.2
) -> VisionWeights:
    """Return the weights of a network of the usual size.

    :param bias: what tanh is given of itself, for each action component.
    :param spread: how much it is given of what is seen; 0.0: the same action for every picture.
    """
    rng = np.random.default_rng(4)
    cameras = tuple(_camera(image.name, image.shape, rng) for image in task.images)
    size = task.observation_size
    encoder = EncoderWeights(
        np.zeros(size), np.ones(size), _latent(VECTOR_LATENT, size, rng), cameras
    )
    components = task.action.components
    head = MlpWeights(
        (_matrix(HIDDEN, encoder.size, rng), spread * _matrix(len(components), HIDDEN, rng)),
        (np.zeros(HIDDEN), np.array(bias)),
        np.zeros(encoder.size),
        np.ones(encoder.size),
        np.array([component.low for component in components]),
        np.array([component.high for component in components]),
        'relu',
    )
    return VisionWeights(encoder, head)


def write_vision(
    path: Path, task: TaskSpec | None = None, number: int = 0, **weights: Any
) -> Candidate:
    """Write a bundle; return its announcement. `number` and `weights` make it a different one."""
    task = load_task(LANE_FILE) if task is None else task
    bundle = write_bundle(
        export_vision(vision_weights(task, **weights)),
        task,
        {'number': number},
        random_records(task, PARITY),
        path,
    )
    return Candidate(bundle.version, bundle.spec_hash, str(path))


def good_vision(folder: Path, number: int, task: TaskSpec | None = None) -> Candidate:
    """Turn a little more to one side, a different one for every number."""
    path = folder / f'vision_{number}.onnx'
    return write_vision(path, task, number, bias=(0.0, 1e-3 * (1 + number % 7)))


def _matrix(rows: int, columns: int, rng: np.random.Generator) -> np.ndarray:
    return rng.normal(0.0, columns**-0.5, (rows, columns)).astype(np.float32)


def _latent(rows: int, columns: int, rng: np.random.Generator) -> LatentWeights:
    weight = _matrix(rows, columns, rng)
    return LatentWeights(weight, np.zeros(rows), np.ones(rows), np.zeros(rows), 1e-5)


def _camera(name: str, shape: tuple[int, int, int], rng: np.random.Generator) -> CameraWeights:
    convolutions, (height, width, channels) = [], shape
    for maps, kernel, stride in CONVOLUTIONS:
        kernel = min(kernel, height, width)
        weight = _matrix(maps, channels * kernel * kernel, rng)
        weight = weight.reshape(maps, channels, kernel, kernel)
        convolutions.append(Convolution(weight, np.zeros(maps), stride))
        height, width = ((side - kernel) // stride + 1 for side in (height, width))
        channels = maps
    latent = _latent(IMAGE_LATENT, channels * height * width, rng)
    return CameraWeights(name, shape, tuple(convolutions), latent)
