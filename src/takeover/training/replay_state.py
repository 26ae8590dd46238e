"""The replay in a checkpoint, and the replay of an earlier run as prior data."""

from collections.abc import Mapping
import json
from pathlib import Path
from typing import Any

import numpy as np
from takeover.data.replay_buffer import ReplayBuffer
from takeover.training.checkpoint import newest_checkpoint
from takeover.training.config import TrainingError
from takeover.training.run_folder import RunFolder
import torch


def replay_state(replay: ReplayBuffer) -> dict[str, Any]:
    """Return the state of a replay as tensors and numbers."""
    return {
        name: torch.from_numpy(value) if isinstance(value, np.ndarray) else value
        for name, value in replay.state_dict().items()
    }


def load_replay_state(replay: ReplayBuffer, state: Mapping[str, Any]) -> None:
    """Go on from a state that `replay_state` returned.

    :raises ReplayError: it is of a replay of another form.
    """
    replay.load_state_dict(
        {
            name: value.numpy() if isinstance(value, torch.Tensor) else value
            for name, value in state.items()
        }
    )


def prior_replay(path: Path, env: str, like: ReplayBuffer) -> ReplayBuffer:
    """Return what an earlier run had in its replay at its newest good checkpoint.

    :param path: folder of the run.
    :param like: a replay of the same observations and actions.
    :raises TakeoverError: it has no good checkpoint, or is of another environment.
    """
    checkpoint, state = newest_checkpoint(RunFolder(path).checkpoints, lambda problem: None)
    config = json.loads(state['config'])
    if config['env'] != env:
        raise TrainingError(f'{checkpoint}: prior data of {config["env"]}, this run is of {env}')
    replay = ReplayBuffer(
        config['replay_capacity'], like.observation, like.action_size, config['environments']
    )
    load_replay_state(replay, state['replay'])
    return replay
