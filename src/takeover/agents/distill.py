"""From the scripted expert to a policy file: clone it, export the network, write the bundle."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import mujoco
import numpy as np
from takeover.agents.dagger import DaggerConfig, FIRST_TRAINING_SEED, Progress, run
from takeover.policy import provenance
from takeover.policy.bundle import PolicyBundle
from takeover.policy.bundle_writer import write_bundle
from takeover.policy.onnx_export import export_mlp
from takeover.robot import RobotSpec
from takeover.specs import TaskSpec
import torch

PARITY_VECTORS = 64


def distill(
    task: TaskSpec,
    robot: RobotSpec,
    config: DaggerConfig,
    out: Path,
    command: str | Sequence[str],
    progress: Progress = Progress(),
) -> PolicyBundle:
    """Make a policy that drives like `PathExpert`, and write its bundle.

    The parity vectors are observations the learner met while driving and what the trained network
    itself answers, so that loading the bundle proves the export.

    :param command: what was typed, for the provenance.
    :raises BundleError: the bundle cannot be written.
    """
    policy, data = run(task, robot, config, progress)
    rows = np.linspace(len(data) // 2, len(data) - 1, PARITY_VECTORS).astype(int)
    inputs = data.observations[rows]
    first = FIRST_TRAINING_SEED * (1 + config.seed)
    last = first + config.courses + config.rounds * config.episodes - 1
    described = (
        f'{len(data)} places labelled by PathExpert on courses {first} to {last}; '
        f'mujoco {mujoco.__version__}, torch {torch.__version__}'
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    return write_bundle(
        export_mlp(policy.weights()),
        task,
        provenance.describe(command, asdict(config), described),
        inputs,
        out,
        policy.act(inputs),
    )
