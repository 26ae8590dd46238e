"""policy_node without a policy: every tick is a step that a person may drive, and none moves."""

import pytest
from takeover_msgs.msg import Command
from tests.policy_alone import policy_alone
from tests.policy_candidates import good
from tests.stack import wait_until


@pytest.fixture
def node(tmp_path):
    """Return a node that runs without a policy."""
    with policy_alone(tmp_path / 'node.log') as alone:
        alone.start(policy_file='none')
        yield alone


def test_each_step_shows_what_was_seen_and_asks_for_nothing(node, task):
    wait_until(lambda: len(node.commands()) >= 20, 'commands')
    commands = node.commands()[:20]
    assert {command.source for command in commands} == {Command.SOURCE_NONE}
    assert {command.policy_version for command in commands} == {''}
    assert {tuple(command.values) for command in commands} == {(0.0, 0.0)}
    assert all(len(command.observation) == task.observation_size for command in commands)
    sequences = [command.sequence for command in commands]
    assert sequences == list(range(sequences[0], sequences[0] + 20))
    assert (node.state.version, node.state.file) == ('', 'none')


def test_no_candidate_begins_to_drive(node, tmp_path):
    candidate = good(tmp_path, 0)
    node.announce(candidate)
    refused = node.wait_until_refused(candidate.version)
    assert 'a person drives alone' in refused.refused_reason
    count = len(node.commands())
    wait_until(lambda: len(node.commands()) > count + 5, 'more commands')
    assert node.commands()[-1].source == Command.SOURCE_NONE
