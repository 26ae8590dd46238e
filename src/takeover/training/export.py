"""From a learner to a policy bundle: the deterministic actor, with the normaliser in it.

The parity vectors are observations from the replay, with what the torch network answers; loading
the bundle compares ONNX Runtime with them.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import gymnasium
import numpy as np
from takeover.data.transition import VECTOR
from takeover.policy import provenance
from takeover.policy.bundle_writer import write_bundle
from takeover.policy.onnx_export import export_mlp
from takeover.policy.onnx_policy import OnnxPolicy
from takeover.training.config import config_values
from takeover.training.environments import scale_action
import torch

if TYPE_CHECKING:
    from takeover.training.trainer import Trainer

PARITY_VECTORS = 64


def export_policy(trainer: 'Trainer', path: Path) -> OnnxPolicy:
    """Write the policy of a run as it is now; return it as loaded from the file.

    :raises BundleError: the file cannot be written, or does not compute what the network does.
    """
    config, learner, normaliser = trainer.config, trainer.learner, trainer.normaliser
    environments = trainer.environments
    # A generator of its own: an export changes nothing of the run.
    rng = np.random.Generator(np.random.PCG64(0))
    inputs = trainer.replay.sample(PARITY_VECTORS, rng).observation[VECTOR]
    outputs = scale_action(
        learner.act(normaliser.apply(inputs), deterministic=True),
        environments.action_low,
        environments.action_high,
    )
    bundle = write_bundle(
        export_mlp(
            learner.actor.weights(
                normaliser.mean,
                normaliser.scale,
                environments.action_low,
                environments.action_high,
            )
        ),
        trainer.contract,
        provenance.describe(
            trainer.command,
            config_values(config),
            f'{trainer.progress.step} steps of {config.env}, {learner.updates} updates; '
            f'gymnasium {gymnasium.__version__}, torch {torch.__version__}',
        )
        | {'env': config.env},
        inputs,
        path,
        outputs,
    )
    return OnnxPolicy(bundle)
