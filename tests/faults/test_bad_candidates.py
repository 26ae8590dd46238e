"""Fifty bad policies offered to a node that drives: each refused with its reason, none drives."""

import re

import numpy as np
from takeover_nodes.conversions import stamp_to_ns
from tests.policy_alone import policy_alone
from tests.policy_candidates import BAD, base, good
from tests.stack import DEADLINE_S, wait_until

OF_EACH = 5
# Only a machine that stands still explains a gap like this; a check takes up to several seconds.
LONGEST_GAP_S = 1.0
INPUTS = {'odom', 'scan', 'path'}


def warned(node, version: str, word: str) -> bool:
    """Tell whether /diagnostics warned of a version with a reason that says the word."""
    return any(
        status.level == status.WARN
        and status.message.startswith(f'{version} refused: ')
        and re.search(word, status.message)
        for status in list(node.diagnostics)
        if status.name == 'policy_node: candidates'
    )


def skipped(node) -> set[str]:
    """Return the causes of skipped ticks that /diagnostics named."""
    return {
        entry.key.removeprefix('skipped: ')
        for status in list(node.diagnostics)
        for entry in status.values
        if entry.key.startswith('skipped: ')
    }


def test_fifty_bad_candidates_are_refused_with_the_reason_and_the_old_policy_drives(tmp_path):
    with policy_alone(tmp_path / 'node.log') as node:
        node.start()
        count = 0
        for number in range(OF_EACH):
            for kind, (make, word) in BAD.items():
                candidate = make(tmp_path, number)
                node.announce(candidate)
                state = node.wait_until_refused(candidate.version)
                assert re.search(word, state.refused_reason), f'{kind}: {state.refused_reason}'
                wait_until(
                    lambda: warned(node, candidate.version, word),  # noqa: B023 called at once
                    f'{kind} is in /diagnostics',
                    DEADLINE_S,
                )
                count += 1
        assert count == 50
        assert node.state.swaps == 0
        commands = node.commands()
        assert {command.policy_version for command in commands} == {base().version}
        assert skipped(node) <= INPUTS
        ticks_s = 1e-9 * np.array([stamp_to_ns(command.tick_stamp) for command in commands])
        assert np.diff(ticks_s).max() < LONGEST_GAP_S
        candidate = good(tmp_path, 0)
        node.announce(candidate)
        node.wait_until_driven_by(candidate.version)
    assert 'Traceback' not in node.log.read_text()
