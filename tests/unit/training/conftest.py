"""A run small enough to train within a second."""

from dataclasses import replace

import pytest
from takeover.agents.dsact import DsactConfig
from takeover.agents.rlpd import RlpdConfig
from takeover.agents.sac import SacConfig
from takeover.training.config import config_values, TrainConfig
from takeover.training.run_folder import RunFolder
from takeover.training.trainer import Trainer
from tests.state_difference import difference
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


@pytest.fixture(name='difference')
def _difference():
    return difference
