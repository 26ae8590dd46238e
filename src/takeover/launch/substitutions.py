"""What each `$(...)` stands for, and the strict truth values of conditions."""

from collections.abc import Callable
import math

from takeover.launch.document import HINT, SubstitutionError
from takeover.launch.scope import Scope
from takeover.launch.template import Call, parse_template, Template
from takeover.workspace import package_share
import yaml


def expand(template: Template | str, scope: Scope) -> str:
    """Return the text of a template; a str is parsed first."""
    pieces = parse_template(template) if isinstance(template, str) else template
    return ''.join(p if isinstance(p, str) else _perform(p, scope) for p in pieces)


def check(template: Template) -> None:
    """Raise SubstitutionError for an unknown substitution or a wrong number of arguments."""
    for piece in template:
        if isinstance(piece, str):
            continue
        if piece.name not in SUBSTITUTIONS:
            raise SubstitutionError(f'`$({piece.name} ...)` is {HINT}')
        low, high, _ = SUBSTITUTIONS[piece.name]
        if not low <= len(piece.arguments) <= high:
            expected = str(low) if low == high else f'{low} or {high}'
            raise SubstitutionError(
                f'`$({piece.name} ...)` takes {expected} arguments, not {len(piece.arguments)}'
            )
        if piece.name in ('equals', 'not-equals') and () in piece.arguments:
            # Jazzy compares an empty quoted text as the two characters [].
            raise SubstitutionError(f'`$({piece.name} ...)` cannot compare with an empty text')
        for argument in piece.arguments:
            check(argument)


def is_true(text: str) -> bool:
    """Return the value of an `if` or `unless`: true, 1, false or 0, in any case."""
    word = text.strip().lower()
    if word not in ('true', '1', 'false', '0'):
        raise SubstitutionError(f"'{text}' is not a condition: it must be true, 1, false or 0")
    return word in ('true', '1')


def to_bool(text: str) -> bool:
    """Return a truth value by YAML's rules (true, yes, on ...), or of 1 and 0."""
    try:
        value = {'1': True, '0': False}.get(text, yaml.safe_load(text) if text else None)
    except yaml.YAMLError:
        value = None
    if not isinstance(value, bool):
        raise SubstitutionError(f"'{text}' is neither true nor false")
    return value


def _perform(call: Call, scope: Scope) -> str:
    function = SUBSTITUTIONS[call.name][2]
    return function(scope, *(expand(argument, scope) for argument in call.arguments))


def _word(value: bool) -> str:
    return 'true' if value else 'false'


def _var(scope: Scope, name: str, default: str | None = None) -> str:
    value = scope.configurations.get(name, default)
    if value is None:
        known = ', '.join(sorted(scope.configurations)) or 'none'
        raise SubstitutionError(
            f"launch configuration '{name}' does not exist; those that do: {known}"
        )
    return value


def _env(scope: Scope, name: str, default: str | None = None) -> str:
    value = scope.environment.get(name, default)
    if value is None:
        raise SubstitutionError(
            f"environment variable '{name}' is not set and has no default here"
        )
    return value


def _find_pkg_share(scope: Scope, package: str) -> str:
    return str(package_share(package, scope.environment))


def _dirname(scope: Scope) -> str:
    if scope.jazzy_directory != scope.directory:
        raise SubstitutionError(
            'after an <include> from another directory `ros2 launch` takes $(dirname) '
            'from that one; put it in a <let> before the include'
        )
    return str(scope.directory)


def _equal(left: str, right: str) -> bool:
    truth = {'true': True, '1': True, 'false': False, '0': False}
    if left.lower() in truth and right.lower() in truth:
        return truth[left.lower()] == truth[right.lower()]
    try:
        return math.isclose(float(left), float(right))
    except ValueError:
        return left == right


# Name: fewest arguments, most arguments, function of the scope and the expanded arguments.
SUBSTITUTIONS: dict[str, tuple[int, int, Callable[..., str]]] = {
    'var': (1, 2, _var),
    'env': (1, 2, _env),
    'find-pkg-share': (1, 1, _find_pkg_share),
    'dirname': (0, 0, _dirname),
    'not': (1, 1, lambda scope, value: _word(not to_bool(value))),
    'and': (2, 2, lambda scope, a, b: _word(to_bool(a) & to_bool(b))),
    'or': (2, 2, lambda scope, a, b: _word(to_bool(a) | to_bool(b))),
    'equals': (2, 2, lambda scope, a, b: _word(_equal(a, b))),
    'not-equals': (2, 2, lambda scope, a, b: _word(not _equal(a, b))),
}
