"""Policies of arms written down by hand: proportional to the error of the tool, or constant."""

from pathlib import Path

import numpy as np
from takeover.policy.bundle_writer import write_bundle
from takeover.policy.onnx_export import export_mlp, MlpWeights
from takeover.specs import TaskSpec
from tests.vision_policies import PARITY

# Of the tanh that ends every policy: full speed towards the target, or none.
GAIN_1_S, CLOSE = 2.0, -0.8


def write_reach(path: Path, task: TaskSpec, gain_1_s: float = GAIN_1_S) -> Path:
    """Write a policy of arm_reach that goes to the target and closes the gripper.

    :param gain_1_s: 0: it stands where it is, and closes the gripper.
    """
    sizes = np.array([feature.size for feature in task.vector_features])
    assert [feature.name for feature in task.vector_features[:2]] == [
        'target_position',
        'target_rotation',
    ]
    low = np.array([component.low for component in task.action.components])
    high = np.array([component.high for component in task.action.components])
    weights = np.zeros((len(low), sizes.sum()), dtype=np.float32)
    weights[:6, :6] = np.diag(gain_1_s / high[:6])
    bias = np.append(np.zeros(len(low) - 1), CLOSE)
    count = int(sizes.sum())
    mlp = MlpWeights((weights,), (bias,), np.zeros(count), np.ones(count), low, high)
    shown = np.random.default_rng(0).uniform(-0.3, 0.3, (PARITY, count)).astype(np.float32)
    write_bundle(export_mlp(mlp), task, {'gain_1_s': gain_1_s}, shown, path)
    return path
