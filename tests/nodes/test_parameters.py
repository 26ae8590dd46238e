"""Parameters: declared from a dataclass, read once, leftovers refused."""

from dataclasses import dataclass

import pytest
from rclpy.node import Node
from rclpy.parameter import Parameter
from takeover_nodes import parameters
from takeover_nodes.parameters import parameter, ParameterError, required


@dataclass(frozen=True)
class Example:
    """Parameters of an example."""

    file: str = required('a file')
    rate_hz: float = parameter(20.0, 'Hz', at_least=1.0, at_most=100.0)
    count: int = parameter(3, 'a count', at_least=0)
    names: list[str] = parameter(['a', 'b'], 'names')
    loud: bool = parameter(False, 'may change', dynamic=True)


def test_overrides_and_defaults_are_read(ros):
    ros('-p', 'file:=x.yaml', '-p', 'rate_hz:=10.0', '-p', 'names:=[c]')
    node = Node('example')
    parameters.declare(node, Example)
    assert parameters.read(node, Example) == Example('x.yaml', 10.0, 3, ['c'], False)


def test_a_required_parameter_not_given_is_named_with_its_description(ros):
    ros()
    node = Node('example')
    parameters.declare(node, Example)
    with pytest.raises(ParameterError, match=r"not given: 'file' \(a file\)"):
        parameters.read(node, Example)


def test_an_unknown_parameter_is_refused_with_the_nearest_legal_one(ros):
    ros('-p', 'file:=x', '-p', 'rate_h:=10.0')
    with pytest.raises(ParameterError, match="unknown parameter 'rate_h'; did you mean 'rate_hz'"):
        parameters.declare(Node('example'), Example)


@pytest.mark.parametrize('override', ['rate_hz:=0.5', 'rate_hz:=10', 'count:=-1', 'loud:=maybe'])
def test_a_wrong_type_or_range_is_refused_by_name(ros, override):
    ros('-p', 'file:=x', '-p', override)
    with pytest.raises(ParameterError, match=f"parameter '{override.split(':')[0]}' refused"):
        parameters.declare(Node('example'), Example)


def test_only_dynamic_parameters_can_be_set_while_running(ros):
    ros('-p', 'file:=x')
    node = Node('example')
    parameters.declare(node, Example)
    refused, accepted = node.set_parameters(
        [Parameter('rate_hz', value=30.0), Parameter('loud', value=True)]
    )
    assert not refused.successful
    assert accepted.successful
