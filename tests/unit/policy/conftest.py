"""A small task, a network for it, and its bundle; the same for an environment of images."""

from dataclasses import dataclass
from pathlib import Path

import gymnasium
from gymnasium.spaces import Box
import numpy as np
import onnx
import pytest
from takeover.policy.bundle_writer import write_bundle
from takeover.policy.cnn_export import CnnWeights, Convolution, export_cnn
from takeover.policy.environment_contract import environment_contract
from takeover.policy.onnx_export import export_mlp, MlpWeights
from takeover.specs import NamedContract, TaskSpec
from takeover.task import load_task

TASK_FILE = Path(__file__).parents[3] / 'config' / 'tasks' / 'rover_path.yaml'


@dataclass(frozen=True)
class Case:
    """What a bundle is made of."""

    task: TaskSpec
    mlp: MlpWeights
    model: onnx.ModelProto
    observations: np.ndarray
    path: Path

    def write(self, **changes) -> Path:
        """Write the bundle with some parts exchanged."""
        parts = {
            'model': self.model,
            'task': self.task,
            'provenance': {'command': 'by hand'},
            'parity_inputs': self.observations,
            'path': self.path,
            'parity_outputs': self.mlp.forward(self.observations),
            **changes,
        }
        write_bundle(**parts)
        return parts['path']


def network(sizes, activation='relu', seed=0) -> MlpWeights:
    """Return an MLP with random weights of the given layer sizes, bounds of the rover."""
    rng = np.random.default_rng(seed)
    return MlpWeights(
        weights=tuple(
            rng.normal(0.0, 1.0 / np.sqrt(n), (m, n)).astype(np.float32)
            for n, m in zip(sizes, sizes[1:])
        ),
        biases=tuple(rng.normal(0.0, 0.1, m).astype(np.float32) for m in sizes[1:]),
        observation_mean=rng.normal(0.0, 0.5, sizes[0]),
        observation_scale=rng.uniform(0.5, 2.0, sizes[0]),
        action_low=np.array([0.0, -1.5]),
        action_high=np.array([0.6, 1.5]),
        activation=activation,
    )


@pytest.fixture
def case(tmp_path) -> Case:
    """Return a network for the shipped task, small enough to damage byte by byte."""
    task = load_task(TASK_FILE)
    mlp = network([task.observation_size, 4, 2])
    low = np.concatenate([np.full(f.size, f.low) for f in task.features])
    high = np.concatenate([np.full(f.size, f.high) for f in task.features])
    observations = np.random.default_rng(1).uniform(low, high, (16, low.size)).astype(np.float32)
    return Case(task, mlp, export_mlp(mlp), observations, tmp_path / 'policy.onnx')


class Spaces(gymnasium.Env):
    """An environment of which only the spaces are asked for."""

    def __init__(self, observation_space, action_space):
        self.observation_space, self.action_space = observation_space, action_space


@dataclass(frozen=True)
class ImageCase:
    """A network that sees 12 x 10 pixels of 3 colours and commands two numbers."""

    task: NamedContract
    model: onnx.ModelProto
    images: np.ndarray
    path: Path

    def write(self, **changes) -> Path:
        """Write the bundle with some parts exchanged."""
        parts = {
            'model': self.model,
            'task': self.task,
            'provenance': {},
            'parity_inputs': self.images,
            'path': self.path,
            **changes,
        }
        write_bundle(**parts)
        return parts['path']


def cnn_weights() -> CnnWeights:
    """Return a CNN with random weights; its 3 x 3 x 2 features go into one hidden layer."""
    rng = np.random.default_rng(5)
    return CnnWeights(
        image_shape=(12, 10, 3),
        convolutions=(
            Convolution(rng.normal(0.0, 0.3, (4, 3, 4, 3)), rng.normal(0.0, 0.3, 4), stride=2),
            Convolution(rng.normal(0.0, 0.3, (3, 4, 3, 3)), rng.normal(0.0, 0.3, 3)),
        ),
        head=network([18, 8, 2], 'gelu'),
    )


@pytest.fixture
def cnn() -> CnnWeights:
    """Return the network of the image case."""
    return cnn_weights()


@pytest.fixture
def image_case(cnn, tmp_path) -> ImageCase:
    """Return a network for images, small enough to damage byte by byte."""
    spaces = Spaces(
        Box(0, 255, cnn.image_shape, np.uint8),
        Box(np.array([-0.5, -2.0], np.float32), np.array([1.0, 2.0], np.float32)),
    )
    images = np.random.default_rng(6).integers(0, 256, (16, *cnn.image_shape), np.uint8)
    return ImageCase(
        environment_contract(spaces), export_cnn(cnn), images, tmp_path / 'policy.onnx'
    )
