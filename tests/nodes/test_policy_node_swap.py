"""Policies are exchanged while policy_node drives: between two ticks, once each, and back."""

import subprocess
import sys

import numpy as np
import pytest
from std_srvs.srv import Trigger
from takeover_msgs.msg import InterventionState
from takeover_nodes.conversions import stamp_to_ns
from tests.policy_alone import policy_alone
from tests.policy_candidates import base, good, missing
from tests.stack import wait_until

FIRST = base().version
# Far more than a busy machine takes, far less than a tick that waited for a check.
LONGEST_GAP_S = 1.0


@pytest.fixture
def node(tmp_path):
    """Return the surroundings of a node that is not started yet."""
    with policy_alone(tmp_path / 'node.log') as alone:
        yield alone


def rollback(node):
    """Ask for the previous policy."""
    return node.observer.call(Trigger, 'policy_node/rollback')


def changes(versions):
    """Return the versions without repetition of neighbours."""
    return [version for i, version in enumerate(versions) if i == 0 or version != versions[i - 1]]


def test_good_candidates_in_a_row_each_take_over_once_and_no_command_is_missing(node, tmp_path):
    node.start()
    expected = [FIRST]
    for number in range(6):
        candidate = good(tmp_path, number)
        node.announce(candidate)
        node.wait_until_driven_by(candidate.version)
        expected.append(candidate.version)
    commands = node.commands()
    assert changes([command.policy_version for command in commands]) == expected
    assert (np.diff([command.sequence for command in commands]) >= 1).all()
    ticks_s = 1e-9 * np.array([stamp_to_ns(command.tick_stamp) for command in commands])
    assert np.diff(ticks_s).max() < LONGEST_GAP_S
    values = np.array([command.values for command in commands])
    assert (values >= [0.0, -1.5]).all() and (values <= [0.6, 1.5]).all()
    state = wait_until(lambda: node.state.swaps == 6 and node.state, 'six swaps are reported')
    assert (state.version, state.previous_version) == (expected[-1], expected[-2])
    assert state.file == str(tmp_path / 'good_5.onnx')
    assert state.refused_version == ''


def test_a_candidate_heard_again_is_not_loaded_again(node, tmp_path):
    node.start()
    bad, candidate = missing(tmp_path, 0), good(tmp_path, 0)
    for _ in range(3):
        node.announce(bad)
    node.wait_until_refused(bad.version)
    for _ in range(3):
        node.announce(candidate)
    node.wait_until_driven_by(candidate.version)
    node.announce(candidate)
    last = good(tmp_path, 1)
    node.announce(last)
    node.wait_until_driven_by(last.version)
    assert node.state.swaps == 2
    assert node.log.read_text().count(f'{bad.version} refused') == 1


def test_a_candidate_announced_before_the_node_was_there_takes_over(node, tmp_path):
    candidate = good(tmp_path, 0)
    node.announce(candidate)
    node.start()
    node.wait_until_driven_by(candidate.version)
    node.stop()
    node.start()
    node.wait_until_driven_by(candidate.version)
    wait_until(lambda: node.state.swaps == 1, 'swapped once since the restart')


def test_with_swap_at_hold_it_waits_until_the_policy_moves_nothing(node, tmp_path):
    node.say_mode(InterventionState.MODE_AUTONOMOUS)
    node.start(swap_at='hold')
    candidate = good(tmp_path, 0)
    node.announce(candidate)
    wait_until(
        lambda: any(
            status.message == f'{candidate.version} waits for a hold'
            for status in node.diagnostics
        ),
        'the wait is told',
    )
    assert node.observer.last('policy/command').policy_version == FIRST
    node.say_mode(InterventionState.MODE_HUMAN)
    node.wait_until_driven_by(candidate.version)


def test_swap_at_something_else_is_refused_at_configure(node):
    with pytest.raises(AssertionError):
        node.start(swap_at='once')
    assert "swap_at is 'once'; legal: tick, hold" in node.log.read_text()


def test_rollback_is_immediate_and_not_undone_by_the_latched_candidate(node, tmp_path):
    node.start()
    refused = rollback(node)
    assert not refused.success and FIRST in refused.message
    candidate = good(tmp_path, 0)
    node.announce(candidate)
    node.wait_until_driven_by(candidate.version)
    assert rollback(node).success
    node.wait_until_driven_by(FIRST)
    state = node.wait_until_refused(candidate.version)
    assert 'rolled back' in state.refused_reason
    assert (state.version, state.previous_version) == (FIRST, candidate.version)
    node.announce(candidate)
    again = rollback(node)
    assert not again.success and candidate.version in again.message
    newer = good(tmp_path, 1)
    node.announce(newer)
    node.wait_until_driven_by(newer.version)
    assert changes([command.policy_version for command in node.commands()]) == [
        FIRST,
        candidate.version,
        FIRST,
        newer.version,
    ]


def test_the_command_line_rolls_back(node, tmp_path):
    def takeover(*options):
        command = [sys.executable, '-m', 'takeover.cli.main', 'policy', 'rollback', *options]
        return subprocess.run(command, env=node.env, capture_output=True, text=True)

    absent = takeover('--timeout', '0.5', '--namespace', 'elsewhere')
    assert absent.returncode == 2 and '/elsewhere/policy_node/rollback' in absent.stderr
    node.start()
    candidate = good(tmp_path, 0)
    node.announce(candidate)
    node.wait_until_driven_by(candidate.version)
    done = takeover('--timeout', '30')
    assert done.returncode == 0, done.stderr
    assert f'{FIRST} drives again in place of {candidate.version}' in done.stdout
    node.wait_until_driven_by(FIRST)
    assert takeover('--timeout', '30').returncode == 1
