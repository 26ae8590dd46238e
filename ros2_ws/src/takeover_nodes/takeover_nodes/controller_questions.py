"""Asks controllers for the parameters that tell when they stop by themselves."""

from collections.abc import Callable, Sequence
import time

from rcl_interfaces.srv import GetParameters, ListParameters
from rclpy.node import Node
from rclpy.parameter import parameter_value_to_python
from takeover.doctor.controller import ASKED, TYPE
from takeover.doctor.graph import ControllerFacts, Parameter

MANAGER = 'controller_manager'
PATIENCE_S = 2.0


def ask_controllers(
    node: Node, names: Sequence[str], spin_once: Callable[[], None]
) -> tuple[ControllerFacts, ...]:
    """Ask the nodes of these full names; a manager beside one knows its type."""
    return tuple(
        ControllerFacts(node=name, parameters=_parameters(node, name, spin_once)) for name in names
    )


def _parameters(
    node: Node, name: str, spin_once: Callable[[], None]
) -> dict[str, Parameter] | None:
    found = _get(node, name, ASKED, spin_once)
    if found is None:
        return None
    space, _, short = name.rpartition('/')
    if (MANAGER, space or '/') in node.get_node_names_and_namespaces():
        asked = f'{short}.{TYPE}'
        told = _get(node, f'{space}/{MANAGER}', (asked,), spin_once) or {}
        found[TYPE] = told.get(asked)
    return found


def _get(
    node: Node, name: str, asked: Sequence[str], spin_once: Callable[[], None]
) -> dict[str, Parameter] | None:
    """Return the parameters that are set of those asked for; None: no answer."""
    # One that is asked for a parameter it has not may answer nothing at all.
    listed = _call(node, ListParameters, f'{name}/list_parameters', spin_once)
    if listed is None:
        return None
    known = [parameter for parameter in asked if parameter in listed.result.names]
    if not known:
        return {}
    answer = _call(node, GetParameters, f'{name}/get_parameters', spin_once, names=known)
    if answer is None:
        return None
    values = map(parameter_value_to_python, answer.values)
    return {key: _plain(value) for key, value in zip(known, values) if value is not None}


def _plain(value: object) -> Parameter:
    return value if isinstance(value, (bool, int, float, str)) else list(map(str, value))


def _call(
    node: Node, service: type, name: str, spin_once: Callable[[], None], **request: object
) -> object | None:
    """Call a service; None when nobody answers in time."""
    client = node.create_client(service, name)
    end_s = time.monotonic() + PATIENCE_S
    try:
        while not client.service_is_ready():
            if time.monotonic() > end_s:
                return None
            spin_once()
        future = client.call_async(service.Request(**request))
        while not future.done():
            if time.monotonic() > end_s:
                return None
            spin_once()
        return future.result()
    finally:
        node.destroy_client(client)
