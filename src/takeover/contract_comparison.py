"""Say in words where two contracts differ: order, shape, unit, bound, rate, name."""

from collections.abc import Sequence
from typing import Any

from takeover.config_file import StrictModel
from takeover.specs import Contract


def compare_contracts(expected: Contract, found: Contract) -> list[str]:
    """Return one sentence for each difference, empty when the contracts agree.

    :param expected: what this side needs, for example the task that runs.
    :param found: what the other side has, for example a policy file.
    """
    problems = []
    if found.rate_hz != expected.rate_hz:
        problems.append(f'rate_hz: {found.rate_hz} Hz, the task needs {expected.rate_hz} Hz')
    problems += _names('inputs', sorted(expected.inputs), sorted(found.inputs))
    for name in sorted(set(expected.inputs) & set(found.inputs)):
        problems += _fields(f'inputs.{name}', expected.inputs[name], found.inputs[name])
    problems += _parts('features', expected.features, found.features)
    for field in ('kind', 'frame'):
        problems += _field(
            f'action.{field}', getattr(expected.action, field), getattr(found.action, field)
        )
    problems += _parts('action.components', expected.action.components, found.action.components)
    return problems


def _parts(where: str, expected: Sequence[Any], found: Sequence[Any]) -> list[str]:
    """Compare named, ordered parts: the names and their order, then the fields of each."""
    problems = _names(where, [part.name for part in expected], [part.name for part in found])
    by_name = {part.name: part for part in found}
    for part in expected:
        if part.name in by_name:
            problems += _fields(f'{where}.{part.name}', part, by_name[part.name])
    return problems


def _names(where: str, expected: list[str], found: list[str]) -> list[str]:
    missing = [name for name in expected if name not in found]
    extra = [name for name in found if name not in expected]
    problems = [f'{where}.{name}: missing, the task needs it' for name in missing]
    problems += [f'{where}.{name}: the task does not have it' for name in extra]
    if not problems and expected != found:
        place = next(i for i, (a, b) in enumerate(zip(expected, found)) if a != b)
        problems.append(
            f'{where}: order differs: number {place + 1} is {found[place]!r}, '
            f'the task needs {expected[place]!r}'
        )
    return problems


def _fields(where: str, expected: Any, found: Any) -> list[str]:
    problems = []
    for field in type(expected).model_fields:
        problems += _field(f'{where}.{field}', getattr(expected, field), getattr(found, field))
    return problems


def _field(where: str, expected: Any, found: Any) -> list[str]:
    if isinstance(expected, StrictModel) and isinstance(found, StrictModel):
        return _fields(where, expected, found)
    return [] if found == expected else [f'{where}: {found!r}, the task needs {expected!r}']
