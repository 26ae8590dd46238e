"""Strict YAML files: every key is known, every value has the stated type, nothing is said twice.

A configuration error is found when the file is read and never while the robot moves. All problems
of a file are reported together, each with its line, its dotted key and the legal form.

YAML traps closed here: duplicate keys (PyYAML keeps the last silently), `1e-3` (a string in
YAML 1.1; refused with the spelling that works), dates (stay strings), and `.nan`.
"""

import difflib
import json
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, get_args, get_origin, TypeVar, Union

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from takeover.errors import TakeoverError
import yaml

MAX_FILE_BYTES = 1 << 20

Location = tuple[str | int, ...]
Model = TypeVar('Model', bound=BaseModel)


class ConfigError(TakeoverError):
    """A configuration file cannot be used; `problems` holds one sentence for each fault."""

    def __init__(self, path: str | Path, problems: list[str]):
        self.path = str(path)
        self.problems = tuple(problems)
        super().__init__('\n'.join(problems))


class StrictModel(BaseModel):
    """Base of every configuration section: immutable, no unknown key, no silent conversion."""

    model_config = ConfigDict(frozen=True, extra='forbid', strict=True, allow_inf_nan=False)


class _Loader(yaml.SafeLoader):
    """Safe YAML without the date type, which no configuration uses."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if tag != 'tag:yaml.org,2002:timestamp']
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def load_config(path: str | Path, model: type[Model], text: str | None = None) -> Model:
    """Read a YAML file into a pydantic model.

    :param path: the file; named in every error.
    :param model: the pydantic model the whole document must satisfy, or a union of models that the
        key `kind` tells apart.
    :param text: the content, when the caller has it already; the file is then not opened.
    :raises ConfigError: unreadable file, bad YAML, duplicate, unknown or missing key, wrong type
        or range.
    """
    if text is None:
        text = _read(path)
    root, data = _parse(path, text)
    try:
        return TypeAdapter(model).validate_json(json.dumps(data))
    except ValidationError as error:
        raise ConfigError(path, _sentences(path, root, model, error)) from None


def _read(path: str | Path) -> str:
    try:
        with open(path, 'rb') as file:
            raw = file.read(MAX_FILE_BYTES + 1)
        if len(raw) > MAX_FILE_BYTES:
            raise ConfigError(
                path,
                [
                    f'{path}: larger than {MAX_FILE_BYTES} bytes; no '
                    'configuration file is that large'
                ],
            )
        return raw.decode('utf-8')
    except OSError as error:
        raise ConfigError(path, [f'{path}: cannot be read: {error.strerror}']) from None
    except UnicodeDecodeError as error:
        raise ConfigError(path, [f'{path}: not UTF-8 text (byte {error.start})']) from None


def _parse(path: str | Path, text: str) -> tuple[yaml.Node, Any]:
    loader = None
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
        if not isinstance(root, yaml.MappingNode):
            raise ConfigError(path, [f'{path}: must be a YAML mapping of keys to values'])
        problems = _key_problems(path, root, (), set())
        if problems:
            raise ConfigError(path, problems)
        return root, loader.construct_document(root)
    except yaml.YAMLError as error:
        mark = getattr(error, 'problem_mark', None)
        where = f'{path}:{mark.line + 1}' if mark else f'{path}'
        what = getattr(error, 'problem', None) or str(error).splitlines()[0]
        raise ConfigError(path, [f'{where}: not valid YAML: {what}']) from None
    finally:
        if loader is not None:
            loader.dispose()


def _key_problems(
    path: str | Path, node: yaml.Node, location: Location, seen: set[int]
) -> list[str]:
    """Return a sentence for every duplicate or non-text key below `node`."""
    if id(node) in seen:
        return []
    seen.add(id(node))
    problems, first_lines = [], {}
    if isinstance(node, yaml.SequenceNode):
        for index, child in enumerate(node.value):
            problems += _key_problems(path, child, (*location, index), seen)
    elif isinstance(node, yaml.MappingNode):
        for key, child in node.value:
            line = key.start_mark.line + 1
            if key.tag not in ('tag:yaml.org,2002:str', 'tag:yaml.org,2002:merge'):
                problems.append(
                    f'{path}:{line}: {_dotted(location) or "top level"}: the key '
                    f'{str(key.value)!r} is not text; put it in quotes'
                )
                continue
            here = (*location, key.value)
            if key.value in first_lines:
                problems.append(
                    f'{path}:{line}: {_dotted(here)}: given twice, first in line '
                    f'{first_lines[key.value]}; keep one'
                )
            first_lines.setdefault(key.value, line)
            problems += _key_problems(path, child, here, seen)
    return problems


def _sentences(
    path: str | Path, root: yaml.Node, model: type[BaseModel], error: ValidationError
) -> list[str]:
    sentences = []
    for item in error.errors(include_url=False):
        where = _without_kinds(root, item['loc'])
        sentences.append(
            f'{path}:{_line(root, where)}: {_dotted(where) or "whole file"}: '
            f'{_explain(model, item)}'
        )
    return sentences


def _without_kinds(node: yaml.Node, location: Location) -> Location:
    """Leave out what stands for the kind of a section, which is no key of the file."""
    kept = []
    for index, step in enumerate(location):
        child = _child(node, step)
        if child is None and isinstance(step, str) and index + 1 < len(location):
            continue
        kept.append(step)
        node = child if child is not None else node
    return tuple(kept)


def _child(node: yaml.Node, step: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.SequenceNode):
        return node.value[step] if step in range(len(node.value)) else None
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return next((value for key, value in pairs if key.value == step), None)


def _explain(model: type[BaseModel], item: Any) -> str:
    """Say what is wrong with one value and what would be right."""
    if item['type'] == 'extra_forbidden':
        legal = _legal_keys(model, item['loc'][:-1])
        near = difflib.get_close_matches(str(item['loc'][-1]), legal, n=1, cutoff=0.5)
        return 'unknown key; ' + (
            f'did you mean {near[0]!r}?' if near else f'legal keys: {", ".join(legal)}'
        )
    if item['type'] == 'missing':
        return 'is missing and has no default'
    message = item['msg']
    if item['type'] == 'value_error':
        return message.removeprefix('Value error, ')
    message = message.replace('Input should be', 'must be', 1)
    if item['type'] in ('float_type', 'float_parsing') and _is_exponent(item['input']):
        message += '; YAML needs a dot and a sign in an exponent: 1.0e-3'
    shown = repr(item['input'])
    return f'{message}, got {shown if len(shown) <= 80 else shown[:77] + "..."}'


def _is_exponent(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        float(value)
    except ValueError:
        return False
    return True


def _legal_keys(model: Any, location: Location) -> list[str]:
    """Return the field names of the model that `location` leads to."""
    for step in location:
        members = _members(model)
        if step in members:
            model = members[step]
            continue
        model = members.get(None, model)
        if isinstance(model, type) and issubclass(model, BaseModel):
            field = model.model_fields.get(str(step))
            model = field.annotation if field else None
        else:
            arguments = [kind for kind in get_args(model) if kind is not Ellipsis]
            model = arguments[-1] if arguments else None
    model = _members(model).get(None, model)
    if isinstance(model, type) and issubclass(model, BaseModel):
        return list(model.model_fields)
    return []


def _members(model: Any) -> dict[str | None, Any]:
    """Return the models of a union by their kind; that of an optional section by None."""
    if get_origin(model) is Annotated:
        model = get_args(model)[0]
    if get_origin(model) not in (Union, UnionType):
        return {}
    members = [member for member in get_args(model) if member is not type(None)]
    if len(members) == 1:
        return {None: members[0]}
    return {
        kind: member
        for member in members
        if 'kind' in getattr(member, 'model_fields', {})
        for kind in get_args(member.model_fields['kind'].annotation)
    }


def _line(node: yaml.Node, location: Location) -> int:
    """Return the line of the value at `location`, or of the nearest section around it."""
    line = node.start_mark.line + 1
    for step in location:
        if isinstance(node, yaml.SequenceNode) and step in range(len(node.value)):
            node = node.value[step]
            line = node.start_mark.line + 1
            continue
        pairs = node.value if isinstance(node, yaml.MappingNode) else []
        found = next(((key, value) for key, value in pairs if key.value == step), None)
        if found is None:
            break
        line, node = found[0].start_mark.line + 1, found[1]
    return line


def _dotted(location: Location) -> str:
    return '.'.join(str(step) for step in location)
