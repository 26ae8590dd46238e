"""A run small enough to train within a second, and a way to compare states bit for bit."""

from dataclasses import replace

import numpy as np
import pytest
from takeover.agents.dsact import DsactConfig
from takeover.agents.rlpd import RlpdConfig
from takeover.agents.sac import SacConfig
from takeover.training.config import config_values, TrainConfig
from takeover.training.run_folder import RunFolder
from takeover.training.trainer import Trainer
import torch

TINY = TrainConfig(
    env='Pendulum-v1',
    steps=120,
    warm_up_steps=40,
    evaluation_interval=1000,
    evaluation_episodes=1,
    checkpoint_interval=30,
    log_interval=20,
    dsact=DsactConfig(hidden=(8, 8), batch_size=8),
    sac=SacConfig(hidden=(8, 8), batch_size=8),
    rlpd=RlpdConfig(hidden=(8, 8), batch_size=8, utd_ratio=2, members=3),
)


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def make(tmp_path):
    """Return a function that makes a trainer of the tiny run, in a folder by name."""

    def trainer(name='run', **changes) -> Trainer:
        config = replace(TINY, **changes)
        folder = RunFolder(tmp_path / name)
        if not folder.config_file.exists():
            folder.create(config_values(config))
        return Trainer(config, folder)

    return trainer


def difference(one, other, where='state'):
    """Return where two states differ first, or None."""
    if type(one) is not type(other):
        return f'{where}: {type(one).__name__} and {type(other).__name__}'
    if isinstance(one, dict):
        if one.keys() != other.keys():
            return f'{where}: keys {sorted(one)} and {sorted(other)}'
        parts = ((f'{where}.{key}', one[key], other[key]) for key in one)
    elif isinstance(one, (list, tuple)):
        if len(one) != len(other):
            return f'{where}: length {len(one)} and {len(other)}'
        parts = ((f'{where}[{i}]', a, b) for i, (a, b) in enumerate(zip(one, other)))
    elif isinstance(one, torch.Tensor):
        same = one.dtype == other.dtype and np.array_equal(
            one.numpy().view(np.uint8) if one.dim() else one.numpy(),
            other.numpy().view(np.uint8) if other.dim() else other.numpy(),
        )
        return None if same else where
    else:
        return None if one == other else f'{where}: {one!r} and {other!r}'
    return next((found for part in parts if (found := difference(*part[1:], part[0]))), None)


@pytest.fixture(name='difference')
def _difference():
    return difference
