"""Settings of learning as dataclasses: read from plain values, and compared, without surprises.

An unknown key is refused by name, with the nearest legal one; so is a value of the wrong type.
"""

from collections.abc import Mapping
from dataclasses import fields
import difflib
from functools import cache
from typing import Any, get_type_hints, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError
from takeover.errors import TakeoverError

# Pydantic reads the strictness of a dataclass from its attribute `__pydantic_config__`.
STRICT = ConfigDict(extra='forbid')
Settings = TypeVar('Settings')


def settings_from(
    section: type[Settings], values: Mapping[str, Any], where: str, error: type[TakeoverError]
) -> Settings:
    """Return the settings that plain values give; what they do not name has its default.

    :param section: a dataclass, with sections in it that are dataclasses, all strict.
    :param where: the file the values come from, for messages.
    :raises TakeoverError: of the class `error`: an unknown key or a wrong value, named.
    """
    try:
        return _adapter(section).validate_python(dict(values))
    except ValidationError as problem:
        problems = problem.errors(include_url=False)
        # A name that is wrong explains more than a value that is.
        first = next(filter(_is_unknown, problems), problems[0])
        key = '.'.join(map(str, first['loc']))
        raise error(f'{where}: {key}: {_sentence(section, first)}') from None
    except TakeoverError as problem:
        raise error(f'{where}: {problem}') from None


def flat(values: Mapping[str, Any], prefix: str = '') -> dict[str, Any]:
    """Return settings without sections, under dotted names."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            found |= flat(value, f'{prefix}{name}.')
        else:
            found[prefix + name] = value
    return found


@cache
def _adapter(section: type) -> TypeAdapter:
    return TypeAdapter(section)


def _is_unknown(problem: Mapping[str, Any]) -> bool:
    return problem['type'] in ('unexpected_keyword_argument', 'extra_forbidden')


def _sentence(section: type, problem: Mapping[str, Any]) -> str:
    if not _is_unknown(problem):
        return f'{problem["msg"]}, is {problem.get("input")!r}'
    for step in problem['loc'][:-1]:
        section = get_type_hints(section)[step]
    legal = [each.name for each in fields(section)]
    near = difflib.get_close_matches(str(problem['loc'][-1]), legal, n=1)
    return 'unknown key; ' + (
        f'did you mean {near[0]!r}?' if near else f'legal: {", ".join(legal)}'
    )
