"""Node parameters as frozen dataclasses: declared once, read once, leftovers refused.

Every field carries its description, unit and legal range, which become the ROS
ParameterDescriptor. A field made with `required` has no default and is declared by type only, so
that an unset one fails at configure. Overrides that no field claims (a misspelt key in a YAML
file, which rclpy ignores silently) are an error that names the nearest legal parameter.
"""

import dataclasses
import difflib
from typing import Any, TypeVar

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.exceptions import ParameterUninitializedException
from rclpy.node import Node
from rclpy.parameter import Parameter
from takeover.errors import TakeoverError

ParametersT = TypeVar('ParametersT')

TYPES = {
    bool: Parameter.Type.BOOL,
    int: Parameter.Type.INTEGER,
    float: Parameter.Type.DOUBLE,
    str: Parameter.Type.STRING,
    list[str]: Parameter.Type.STRING_ARRAY,
}

# Declared by rclpy itself or by the topics of a node, never by our dataclasses.
FOREIGN_PREFIXES = ('use_sim_time', 'qos_overrides.', 'start_type_description_service')


class ParameterError(TakeoverError):
    """A parameter is missing, unknown or outside its legal range."""


def parameter(
    default: Any,
    description: str,
    at_least: float | None = None,
    at_most: float | None = None,
    dynamic: bool = False,
) -> Any:
    """Describe one optional parameter.

    Args:
        default: value used when nothing overrides it.
        description: what it does, with its unit.
        at_least: smallest legal value, for numbers.
        at_most: largest legal value, for numbers.
        dynamic: may be set while the node runs; all others are read-only.
    """
    metadata = {
        'description': description,
        'at_least': at_least,
        'at_most': at_most,
        'dynamic': dynamic,
    }
    if isinstance(default, list):
        return dataclasses.field(default_factory=lambda: list(default), metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def required(description: str) -> Any:
    """Describe one parameter that must be given: it has no default."""
    metadata = {'description': description, 'at_least': None, 'at_most': None, 'dynamic': False}
    return dataclasses.field(metadata=metadata)


def declare(node: Node, parameters: type) -> None:
    """Declare every field of the dataclass `parameters` on `node`.

    Raises:
        ParameterError: an override has another type or lies outside the field's range.
    """
    for field in dataclasses.fields(parameters):
        default = _default(field)
        descriptor = _descriptor(field)
        # An empty list has no type for rclpy: declared by type, and `read` gives the default.
        value = TYPES[field.type] if default in (dataclasses.MISSING, []) else default
        try:
            node.declare_parameter(field.name, value, descriptor)
        except Exception as error:  # rclpy raises a dozen unrelated classes here
            raise ParameterError(
                f"{node.get_name()}: parameter '{field.name}' refused: {error} "
                f'({field.metadata["description"]})'
            ) from error
    refuse_unknown(node, parameters)


def read(node: Node, parameters: type[ParametersT]) -> ParametersT:
    """Return the declared parameters as one frozen dataclass.

    Raises:
        ParameterError: a required parameter was not given.
    """
    values, missing = {}, []
    for field in dataclasses.fields(parameters):
        try:
            values[field.name] = node.get_parameter(field.name).value
        except ParameterUninitializedException:
            if _default(field) == []:
                values[field.name] = []
                continue
            missing.append(f"'{field.name}' ({field.metadata['description']})")
    if missing:
        raise ParameterError(f'{node.get_name()}: parameters not given: {", ".join(missing)}')
    return parameters(**values)


def refuse_unknown(node: Node, parameters: type) -> None:
    """Raise ParameterError when an override was given that no field of `parameters` claims."""
    known = [field.name for field in dataclasses.fields(parameters)]
    for name in sorted(node._parameter_overrides):
        if name in known or name.startswith(FOREIGN_PREFIXES):
            continue
        nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
        hint = f"; did you mean '{nearest[0]}'?" if nearest else ''
        raise ParameterError(
            f"{node.get_name()}: unknown parameter '{name}'{hint} "
            f'(legal: {", ".join(known) or "none"})'
        )


def _default(field: dataclasses.Field) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


def _descriptor(field: dataclasses.Field) -> ParameterDescriptor:
    low, high = field.metadata['at_least'], field.metadata['at_most']
    descriptor = ParameterDescriptor(
        name=field.name,
        description=field.metadata['description'],
        read_only=not field.metadata['dynamic'],
        type=TYPES[field.type].value,
    )
    if low is None and high is None:
        return descriptor
    if field.type is int:
        low = -(2**63) if low is None else int(low)
        high = 2**63 - 1 if high is None else int(high)
        descriptor.integer_range = [IntegerRange(from_value=low, to_value=high)]
    else:
        low = -1e308 if low is None else float(low)
        high = 1e308 if high is None else float(high)
        descriptor.floating_point_range = [FloatingPointRange(from_value=low, to_value=high)]
    return descriptor
