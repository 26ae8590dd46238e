"""The library's own text of the messages is that of the .msg files."""

import subprocess
import sys


def test_the_definitions_in_the_library_are_those_of_the_messages(repository):
    check = subprocess.run(
        [sys.executable, repository / 'tools' / 'message_definitions.py', '--check'],
        capture_output=True,
        text=True,
    )
    assert check.returncode == 0, check.stdout + check.stderr
