"""The settings of a learner of take-overs in a file: YAML, what is not said has its default."""

from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass
import difflib
import json
from pathlib import Path
from typing import Any, get_type_hints

from pydantic import ConfigDict, RootModel, TypeAdapter, ValidationError
from takeover.agents.rlif import RlifConfig
from takeover.config_file import load_config
from takeover.errors import TakeoverError
from takeover.training.takeover_learner import TakeoverConfig
from takeover.training.takeover_replay import ReplayConfig


class SettingsError(TakeoverError):
    """A file of settings cannot be used, or other settings were asked for than there are."""


# Pydantic reads the strictness of each dataclass from this attribute.
for _config in (TakeoverConfig, RlifConfig, ReplayConfig):
    _config.__pydantic_config__ = ConfigDict(extra='forbid')
_ADAPTER = TypeAdapter(TakeoverConfig)


def config_from_file(path: Path) -> TakeoverConfig:
    """Return the settings in a YAML file, in sections `learner` and `replay` as in the code.

    :raises TakeoverError: no such file, not one mapping, an unknown key or a value that is not
        legal, named.
    """
    values = load_config(path, RootModel[dict[str, Any]]).root
    _refuse_unknown(values, TakeoverConfig, '', str(path))
    try:
        return _ADAPTER.validate_python(values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = '.'.join(map(str, first['loc']))
        raise SettingsError(f'{path}: {key}: {first["msg"]}, is {first["input"]!r}') from None
    except TakeoverError as error:
        raise SettingsError(f'{path}: {error}') from None


def config_values(config: TakeoverConfig) -> dict[str, Any]:
    """Return the settings as JSON values, as they are read back."""
    return json.loads(json.dumps(asdict(config)))


def first_difference(found: Mapping[str, Any], asked: Mapping[str, Any]) -> str:
    """Return which of two sets of JSON values differs first, as `name is A, not B`; or nothing."""
    old, new = _flat(found), _flat(asked)
    for name in [*new, *(name for name in old if name not in new)]:
        if name not in old or name not in new or old[name] != new[name]:
            return f'{name} is {old.get(name)!r}, not {new.get(name)!r}'
    return ''


def _flat(values: Mapping[str, Any], prefix: str = '') -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f'{prefix}{name}.')
        else:
            flat[f'{prefix}{name}'] = value
    return flat


def _refuse_unknown(values: Mapping[str, Any], section: type, prefix: str, where: str) -> None:
    legal = {each.name: get_type_hints(section)[each.name] for each in fields(section)}
    for name, value in values.items():
        if name not in legal:
            near = difflib.get_close_matches(name, legal, n=1)
            hint = f'did you mean {near[0]!r}?' if near else f'legal: {", ".join(legal)}'
            raise SettingsError(f'{where}: {prefix}{name}: unknown key; {hint}')
        if is_dataclass(legal[name]) and isinstance(value, Mapping):
            _refuse_unknown(value, legal[name], f'{prefix}{name}.', where)
