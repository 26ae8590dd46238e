"""`takeover policy rollback`: let the policy that drove before drive again, on a running robot."""

import subprocess
import sys

from takeover.errors import TakeoverError

PROGRAM = 'takeover_nodes.policy_rollback'


def rollback(*, namespace: str = '', timeout: float = 5.0) -> int:
    """Go back to the policy that drove before, at once; exit 1 when there is none.

    The policy it goes back from stays refused until a newer one is announced. Talks to the running
    policy_node in the ROS domain of this terminal (ROS_DOMAIN_ID).

    Args:
        namespace: ROS namespace of the robot, as given to the launch file.
        timeout: seconds to wait for policy_node and its answer.
    """
    if not timeout > 0.0:
        raise TakeoverError(f'--timeout is {timeout:g}; it must be more than 0 seconds')
    from takeover.workspace import node_environment

    command = [sys.executable, '-m', PROGRAM, f'{timeout:g}']
    if namespace.strip('/'):
        command += ['--ros-args', '-r', f'__ns:=/{namespace.strip("/")}']
    return subprocess.run(command, env=node_environment()).returncode
