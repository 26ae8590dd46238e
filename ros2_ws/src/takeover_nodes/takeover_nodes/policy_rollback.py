"""Ask a running policy_node to let the policy that drove before drive again; for the command line.

python -m takeover_nodes.policy_rollback SECONDS [--ros-args -r __ns:=/NAMESPACE]

Says on stdout what policy_node answered. Exit code 0: done; 1: refused; 2: no answer in time.
"""

import sys
import time

import rclpy
from rclpy.utilities import remove_ros_args
from std_srvs.srv import Trigger

SERVICE = 'policy_node/rollback'


def main() -> int:
    """Call the service once."""
    timeout_s = float(remove_ros_args(sys.argv)[1])
    rclpy.init()
    node = rclpy.create_node('policy_rollback')
    try:
        end_s = time.monotonic() + timeout_s
        client = node.create_client(Trigger, SERVICE)
        name = node.resolve_service_name(SERVICE)
        if not client.wait_for_service(timeout_s):
            sys.stderr.write(
                f'no {name} within {timeout_s:g} s: is policy_node running in this ROS '
                'domain and namespace?\n'
            )
            return 2
        future = client.call_async(Trigger.Request())
        rclpy.spin_until_future_complete(
            node, future, timeout_sec=max(0.0, end_s - time.monotonic())
        )
        if not future.done():
            sys.stderr.write(f'no answer of {name} within {timeout_s:g} s\n')
            return 2
        answer = future.result()
        sys.stdout.write(f'{answer.message}\n')
        return 0 if answer.success else 1
    finally:
        node.destroy_node()
        rclpy.try_shutdown()


if __name__ == '__main__':
    sys.exit(main())
