"""The README tells the truth about the nodes."""

import subprocess
import sys


def test_the_parameter_table_is_that_of_the_nodes(repository):
    check = subprocess.run(
        [sys.executable, repository / 'tools' / 'readme_parameters.py', '--check'],
        capture_output=True,
        text=True,
    )
    assert check.returncode == 0, check.stdout + check.stderr
