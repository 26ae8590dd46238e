"""A small task, a network for it, and its bundle."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import pytest
from takeover.policy.bundle_writer import write_bundle
from takeover.policy.onnx_export import export_mlp, MlpWeights
from takeover.specs import TaskSpec
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
