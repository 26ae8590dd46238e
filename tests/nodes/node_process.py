"""One node as a process of its own, in a domain that the test has chosen."""

from collections.abc import Iterable
import contextlib
import subprocess

from takeover.workspace import node_environment, package_prefix
from tests.stack import DEADLINE_S


def start_node(
    package: str, name: str, domain: int, given: Iterable[str], **options
) -> subprocess.Popen:
    """Start a node; `given` are parameters as name:=value, `options` those of Popen."""
    env = node_environment() | {
        'ROS_DOMAIN_ID': str(domain),
        'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST',
    }
    program = package_prefix(package, env) / 'lib' / package / name
    words = [word for item in given for word in ('-p', item)]
    return subprocess.Popen([program, '--ros-args', *words], env=env, **options)


@contextlib.contextmanager
def killed_at_the_end(process: subprocess.Popen):
    """Give a process; kill it at the end if it still runs."""
    try:
        yield process
    finally:
        process.kill()
        process.wait(DEADLINE_S)
