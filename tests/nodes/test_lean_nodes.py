"""Nodes that drive or record load nothing that renders, decodes or learns, at any remove."""

import subprocess
import sys

import pytest

HEAVY = ('cv2', 'matplotlib', 'mujoco', 'torch')


@pytest.mark.parametrize(
    'node', ['intervention_node', 'policy_node', 'recorder_node', 'safety_node']
)
def test_a_node_loads_nothing_heavy(node):
    code = f'import sys, takeover_nodes.{node}; print(*sorted({{*{HEAVY}}} & set(sys.modules)))'
    loaded = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)
    assert (loaded.returncode, loaded.stdout.split()) == (0, []), loaded.stderr
