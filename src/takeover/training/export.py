"""From a learner to a policy bundle: the deterministic actor, with the normaliser in it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import onnx
from takeover.agents.actor_critic import ActorCritic
from takeover.policy import provenance as origin
from takeover.policy.bundle_writer import write_bundle
from takeover.policy.onnx_export import export_mlp
from takeover.policy.onnx_policy import OnnxPolicy
from takeover.specs import Contract, NamedContract
from takeover.training.config import config_values, TrainConfig
from takeover.training.environments import scale_action
from takeover.training.normaliser import ObservationNormaliser
import torch


def export_policy(
    learner: ActorCritic,
    normaliser: ObservationNormaliser,
    action_bounds: tuple[np.ndarray, np.ndarray],
    contract: NamedContract,
    provenance: Mapping[str, Any],
    observations: np.ndarray,
    path: Path,
) -> OnnxPolicy:
    """Write the policy of a learner as it is now; return it as loaded from the file.

    What the torch network answers to `observations` becomes the parity vectors, with which
    loading compares ONNX Runtime.

    :param action_bounds: low and high of the environment's action, float32 [m] each.
    :param observations: float32 [N, n] that the policy meets, not normalised, N >= 16.
    :raises BundleError: the file cannot be written, or does not compute what the network does.
    """
    actions = scale_action(
        learner.act(normaliser.apply(observations), deterministic=True), *action_bounds
    )
    model = export_mlp(learner.actor.weights(normaliser.mean, normaliser.scale, *action_bounds))
    return write_policy(model, contract, provenance, observations, actions, path)


def write_policy(
    model: onnx.ModelProto,
    contract: Contract,
    provenance: Mapping[str, Any],
    observations: np.ndarray,
    actions: np.ndarray,
    path: Path,
) -> OnnxPolicy:
    """Write a network as a bundle; return it as loaded, verified, from the file.

    :param actions: what the torch network answers to `observations`, [N, m] SI.
    :raises BundleError: the file cannot be written, or does not compute what the network does.
    """
    return OnnxPolicy(write_bundle(model, contract, provenance, observations, path, actions))


def describe_run(command: str, config: TrainConfig, step: int, updates: int) -> dict[str, Any]:
    """Return the provenance of a policy after so many steps and updates of a run."""
    data = (
        f'{step} steps of {config.env}, {updates} updates; '
        f'gymnasium {gymnasium.__version__}, torch {torch.__version__}'
    )
    return origin.describe(command, config_values(config), data) | {'env': config.env}
