"""The types of parameter values: YAML's own rules, unless `type` says otherwise.

A value is typed as it stands in the file first; only text in it is then searched for
substitutions, and a text that holds one is typed again once it is expanded. So "$(var rate)"
becomes a number if the configuration holds one, and "[1, $(var b)]" a list.
"""

from takeover.launch.document import SubstitutionError
from takeover.launch.scope import Scope
from takeover.launch.substitutions import check, expand
from takeover.launch.template import parse_template
import yaml

Scalar = bool | int | float | str
SCALARS = (bool, int, float, str)
TYPES: dict[str, tuple[type | None, bool]] = {
    'str': (str, False),
    'bool': (bool, False),
    'int': (int, False),
    'float': (float, False),
    'list_of_str': (str, True),
    'list_of_bool': (bool, True),
    'list_of_int': (int, True),
    'list_of_float': (float, True),
    'yaml': (None, False),
}


def parameter_value(text: str, type_name: str, scope: Scope) -> Scalar | list:
    """Return the typed value of `<param value type>`; raises SubstitutionError."""
    kind, is_list = _type(type_name)
    written = _written(text, kind, is_list)
    if isinstance(written, list):
        return _finish_list([_expand_item(item, kind, scope) for item in written], text, kind)
    if not isinstance(written, str):
        return written
    template = parse_template(written)
    if any(not isinstance(piece, str) for piece in template):
        return _typed(expand(template, scope), kind, is_list)
    if is_list or kind not in (None, str):
        raise _mismatch(text, kind, is_list)
    return ''.join(template)


def check_value(text: str, type_name: str) -> None:
    """Raise SubstitutionError for what is wrong with a value whatever the configurations are."""
    kind, is_list = _type(type_name)
    written = _written(text, kind, is_list)
    for item in written if isinstance(written, list) else [written]:
        if isinstance(item, str):
            check(parse_template(item))


def global_value(text: str) -> Scalar:
    """Return the typed value of `<set_parameter value>`, which is one scalar."""
    value = _load(text) if text else ''
    if isinstance(value, SCALARS):
        return value
    raise SubstitutionError(
        f"'{text}' is not one bool, int, float or string; `ros2 launch` passes lists "
        'here in a form that nodes cannot read: use a <param> or a parameter file'
    )


def _type(name: str) -> tuple[type | None, bool]:
    if name not in TYPES:
        raise SubstitutionError(f"type '{name}' is not one of {', '.join(TYPES)}")
    return TYPES[name]


class _YamlError(SubstitutionError):
    """A text that YAML's rules cannot read."""


def _load(text: str) -> object:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        raise _YamlError(f"'{text}' is not a value by YAML's rules") from None


def _written(text: str, kind: type | None, is_list: bool) -> object:
    """Type `text` before expansion: a text may still become something else, so it passes."""
    try:
        return _typed(text, kind, is_list, unexpanded=True)
    except _YamlError:
        if is_list:
            raise
        return text


def _typed(text: str, kind: type | None, is_list: bool, unexpanded: bool = False) -> object:
    """Return `text` as a value of the type; `unexpanded` lets a text stand in for another type."""
    if is_list:
        value = _load(text) if text else text
        allowed = (kind, str) if unexpanded else (kind,)
        if not isinstance(value, list) or not all(isinstance(item, allowed) for item in value):
            raise _mismatch(text, kind, is_list)
        return value
    if kind is str or not text:
        if unexpanded or kind in (None, str):
            return text
        raise _mismatch(text, kind, is_list)
    if kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            if unexpanded:
                return text
            raise _mismatch(text, kind, is_list) from None
    value = _load({'1': 'true', '0': 'false'}.get(text, text) if kind is bool else text)
    if kind is bool and not isinstance(value, (bool, str) if unexpanded else bool):
        raise _mismatch(text, kind, is_list)
    if not isinstance(value, (*SCALARS, list)):
        raise SubstitutionError(f"'{text}' is a {type(value).__name__}, not a parameter value")
    if isinstance(value, list):
        _uniform(value, text, ignore=(str,) if unexpanded else ())
    return value


def _expand_item(item: Scalar, kind: type | None, scope: Scope) -> Scalar:
    if not isinstance(item, str):
        return item
    template = parse_template(item)
    if all(isinstance(piece, str) for piece in template):
        return ''.join(template)
    return _typed(expand(template, scope), kind, False)


def _finish_list(items: list, text: str, kind: type | None) -> list:
    _uniform(items, text)
    if not all(isinstance(item, kind or SCALARS) for item in items) or not (
        items or kind in (None, str)
    ):
        raise _mismatch(text, kind, True)
    return items


def _uniform(items: list, text: str, ignore: tuple[type, ...] = ()) -> None:
    kinds = {type(item) for item in items if not isinstance(item, ignore)}
    if len(kinds) > 1 or not kinds <= set(SCALARS):
        raise SubstitutionError(f"'{text}' is not a list of one type (bool, int, float or str)")


def _mismatch(text: str, kind: type | None, is_list: bool) -> SubstitutionError:
    name = kind.__name__ if kind else 'value'
    return SubstitutionError(f"'{text}' is not a {'list of ' if is_list else ''}{name}")
