"""The settings of a learner of take-overs in a file: YAML, what is not said has its default."""

from collections.abc import Mapping
from dataclasses import asdict
import json
from pathlib import Path
from typing import Any

from pydantic import RootModel
from takeover.agents.rlif import RlifConfig
from takeover.agents.visual_rlif import VisionConfig
from takeover.config_file import load_config
from takeover.errors import TakeoverError
from takeover.networks.encoder import EncoderConfig
from takeover.networks.pretrained import FeatureEncoderConfig
from takeover.shipped import learner_settings
from takeover.training.replay_config import ReplayConfig
from takeover.training.settings import flat, settings_from, STRICT
from takeover.training.takeover_learner import TakeoverConfig


class SettingsError(TakeoverError):
    """A file of settings cannot be used, or other settings were asked for than there are."""


for _config in (
    TakeoverConfig,
    RlifConfig,
    ReplayConfig,
    VisionConfig,
    EncoderConfig,
    FeatureEncoderConfig,
):
    _config.__pydantic_config__ = STRICT


def config_from_file(path: Path) -> TakeoverConfig:
    """Return the settings in a YAML file; sections `learner`, `replay`, `vision` as in the code.

    :raises TakeoverError: no such file, not one mapping, an unknown key or a value that is not
        legal, named.
    """
    values = load_config(path, RootModel[dict[str, Any]]).root
    return settings_from(TakeoverConfig, values, str(path), SettingsError)


def config_of_task(task: str, path: Path | None = None) -> TakeoverConfig:
    """Return the settings of a file; without one, those shipped for a task of this name.

    :raises TakeoverError: as `config_from_file`.
    """
    path = path or learner_settings(task)
    return TakeoverConfig() if path is None else config_from_file(path)


def config_values(config: TakeoverConfig) -> dict[str, Any]:
    """Return the settings as JSON values, as they are read back."""
    return json.loads(json.dumps(asdict(config)))


def first_difference(found: Mapping[str, Any], asked: Mapping[str, Any]) -> str:
    """Return which of two sets of JSON values differs first, as `name is A, not B`; or nothing."""
    old, new = flat(found), flat(asked)
    for name in [*new, *(name for name in old if name not in new)]:
        if name not in old or name not in new or old[name] != new[name]:
            return f'{name} is {old.get(name)!r}, not {new.get(name)!r}'
    return ''
