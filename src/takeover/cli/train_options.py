"""The options of `takeover train`: their defaults, what was typed, and settings as options."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
import shlex
from typing import Any

from takeover.training.config import (
    config_from_file,
    config_from_values,
    LEARNERS,
    TrainConfig,
    TrainingError,
)
from takeover.training.run_folder import RunFolder, seed_folders


def baseline(config_file: Path | None, resume: Path | None) -> TrainConfig:
    """Return the settings that hold where the command line says nothing.

    :raises TakeoverError: both are given, or cannot be read.
    """
    if config_file is not None and resume is not None:
        raise TrainingError('--config belongs to a new run; leave it out at --resume')
    if resume is not None:
        return config_in(next(iter(seed_folders(resume)), resume))
    return TrainConfig() if config_file is None else config_from_file(config_file)


def config_in(path: Path) -> TrainConfig:
    """Return the settings of the run in a folder."""
    folder = RunFolder(path)
    return config_from_values(folder.config(), str(folder.config_file))


def refuse_unused(config: TrainConfig, before: TrainConfig) -> None:
    """Refuse settings typed for another agent than the one that is trained."""
    for name in differences(before, config):
        section = name.partition('.')[0]
        if section in LEARNERS and section != config.agent:
            raise TrainingError(
                f'{flag(name)}: the agent is {config.agent!r}; give --agent {section}, or '
                f'{flag(name.replace(section, config.agent, 1))}'
            )


def settings(config: TrainConfig) -> dict[str, Any]:
    """Return the settings by dotted name."""
    flat: dict[str, Any] = {}
    for name, value in asdict(config).items():
        flat |= (
            {f'{name}.{key}': each for key, each in value.items()}
            if isinstance(value, Mapping)
            else {name: value}
        )
    return flat


def differences(before: TrainConfig, after: TrainConfig) -> list[str]:
    """Return the dotted names of the settings that are not the same."""
    old = settings(before)
    return [name for name, value in settings(after).items() if value != old[name]]


def flag(name: str, prefix: str = '') -> str:
    """Return the option of a setting, for example --dsact.batch-size."""
    section, dot, last = name.rpartition('.')
    return f'--{section}{dot}{prefix}{last.replace("_", "-")}'


def command_line(config: TrainConfig) -> str:
    """Return the shortest command that trains with these settings, however they were given."""
    words = ['takeover', 'train', '--env', config.env, '--agent', config.agent]
    words += ['--steps', str(config.steps), '--seed', str(config.seed)]
    values = settings(config)
    for name in differences(TrainConfig(), config):
        value = values[name]
        if name in ('env', 'agent', 'steps', 'seed'):
            continue
        if isinstance(value, bool):
            words.append(flag(name, '' if value else 'no-'))
        else:
            words += [flag(name), *map(str, value if isinstance(value, tuple) else (value,))]
    return shlex.join(words)
