"""The blocks of the documents that are marked `run`, run as their reader would, page by page."""

import os
from pathlib import Path
import re
import shlex
import subprocess
import sys

import pytest
from takeover.cli.ros_domain import reserve_domain
from tests.docs.pages import blocks, pages, PRINTS, RUN, write_files

# Ends a hung command; on a machine that is busy learning a page takes a few minutes.
DEADLINE_S = 900.0
PAGES = [page for page in pages() if any(block.mark == RUN for block in blocks(page))]


def test_there_are_pages_to_run():
    assert {'adding', 'bring_up', 'troubleshooting'} <= {page.stem for page in PAGES}


@pytest.mark.parametrize('page', PAGES, ids=[page.stem for page in PAGES])
def test_the_commands_of_a_page_run_and_print_what_it_says(page, tmp_path):
    write_files(page, tmp_path)
    scripts = Path(sys.executable).parent
    env = os.environ | {
        'PATH': f'{scripts}{os.pathsep}{os.environ["PATH"]}',
        'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST',
        'COLUMNS': '160',
    }
    with reserve_domain(env):
        printed = ''
        for block in blocks(page):
            if block.mark == RUN:
                printed = run(block.text, tmp_path, env, str(block))
            elif block.mark == PRINTS:
                assert_prints(printed, block.text, str(block))


def run(script: str, folder: Path, env: dict[str, str], where: str) -> str:
    """Run a script that stops at its first failure; return what it printed."""
    done = subprocess.run(
        ['bash', '-euo', 'pipefail', '-c', script],
        cwd=folder,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=DEADLINE_S,
    )
    assert done.returncode == 0, f'{where}: exit code {done.returncode}\n{done.stdout}'
    return done.stdout


def assert_prints(printed: str, lines: str, where: str) -> None:
    """Check that lines come in this order; … stands for anything within a line."""
    rest = printed.splitlines()
    for line in lines.splitlines():
        pattern = r'\s+'.join('.*'.join(map(re.escape, word.split('…'))) for word in line.split())
        while rest and not re.search(pattern, rest[0]):
            rest.pop(0)
        assert rest, f'{where}: {shlex.quote(line)} is not printed, or not there:\n{printed}'
        rest.pop(0)
