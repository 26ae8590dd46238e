"""Noise on the commands of a policy that learns: on the command alone, and off at once."""

from pathlib import Path
import re

import numpy as np
import pytest
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import SetParameters
from takeover.policy.onnx_policy import OnnxPolicy
from tests.policy_alone import policy_alone
from tests.policy_candidates import BUNDLE_FILE, good
from tests.stack import wait_until

LOW, HIGH = np.array([0.0, -1.5]), np.array([0.6, 1.5])


@pytest.fixture
def node(tmp_path: Path):
    """Return the surroundings of a node that is not started yet."""
    with policy_alone(tmp_path / 'node.log') as alone:
        yield alone


def deviations(node, since: int, count: int) -> np.ndarray:
    """Return commands less what the policy wants, [count, 2], in halves of the action range."""
    wait_until(lambda: len(node.commands()) >= since + count, 'commands')
    commands = node.commands()[since : since + count]
    policy = OnnxPolicy.load(BUNDLE_FILE)
    wanted = np.array([policy.act(np.array(c.observation, np.float32)) for c in commands])
    values = np.array([command.values for command in commands])
    assert (values >= LOW).all() and (values <= HIGH).all()
    return (values - wanted) / (0.5 * (HIGH - LOW))


def set_exploration(node, std: float):
    """Set the parameter while the node runs; return the result."""
    value = ParameterValue(type=ParameterType.PARAMETER_DOUBLE, double_value=std)
    request = SetParameters.Request(parameters=[Parameter(name='exploration_std', value=value)])
    return node.observer.call(SetParameters, 'policy_node/set_parameters', request).results[0]


def test_without_exploration_a_command_is_what_the_policy_wants(node):
    node.start()
    assert np.abs(deviations(node, 0, 20)).max() < 1e-6


def test_the_noise_has_its_size_changes_slowly_and_can_be_switched_off(node):
    node.start(exploration_std=0.3)
    noise = deviations(node, 0, 120)[:, 1]
    assert 0.1 < noise.std() < 0.6
    # Drifting, not trembling: each is 0.8 of the one before.
    assert np.corrcoef(noise[:-1], noise[1:])[0, 1] > 0.4
    assert len(set(noise.tolist())) > 100
    assert set_exploration(node, 0.0).successful
    later = len(node.commands()) + 2
    assert np.abs(deviations(node, later, 20)).max() < 1e-6
    assert set_exploration(node, 0.5).successful
    later = len(node.commands()) + 2
    assert np.abs(deviations(node, later, 20)).max() > 0.05


def test_more_noise_than_there_is_action_is_refused_while_it_runs(node):
    node.start()
    refused = set_exploration(node, 1.5)
    assert not refused.successful and 'exploration_std' in refused.reason
    assert np.abs(deviations(node, len(node.commands()), 10)).max() < 1e-6


def test_candidates_are_judged_without_the_noise(node, tmp_path):
    node.start(exploration_std=1.0)
    candidate = good(tmp_path, 0)
    node.announce(candidate)
    node.wait_until_driven_by(candidate.version)
    (jump,) = re.findall(r'jump ([0-9.]+)', node.log.read_text())
    # The candidate turns by a thousandth more; the noise would be a hundred times that.
    assert float(jump) < 0.01
