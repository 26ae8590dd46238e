#!/usr/bin/env python3
"""Ask the running stack how it is: exit 0 when every named component says that it is well.

A component is named as in `/diagnostics`: '<node>: <component>'. It is well when its newest status
is OK or WARN. The statuses come once a second; one that is not heard in time is not well.

    docker/health.py 'lifecycle_manager_node: motion nodes' ...
"""

import sys
import time

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
import rclpy
from rclpy.qos import QoSProfile

# From the first status on, after finding the nodes; Docker's own limit is longer.
PATIENCE_S = 8.0
LEVELS = {
    DiagnosticStatus.OK: 'ok',
    DiagnosticStatus.WARN: 'warning',
    DiagnosticStatus.ERROR: 'error',
    DiagnosticStatus.STALE: 'not started',
}
WELL = (DiagnosticStatus.OK, DiagnosticStatus.WARN)


def listen(names: list[str]) -> dict[str, DiagnosticStatus]:
    """Return the first status of each name that is heard within the patience."""
    heard: dict[str, DiagnosticStatus] = {}

    def keep(array: DiagnosticArray) -> None:
        heard.update((each.name, each) for each in array.status if each.name in names)

    rclpy.init()
    node = rclpy.create_node('health')
    node.create_subscription(DiagnosticArray, '/diagnostics', keep, QoSProfile(depth=20))
    end_s = time.monotonic() + PATIENCE_S
    while len(heard) < len(names) and time.monotonic() < end_s:
        rclpy.spin_once(node, timeout_sec=0.2)
    node.destroy_node()
    rclpy.shutdown()
    return heard


def main(names: list[str]) -> int:
    """Print one line per component and return the exit code."""
    if not names:
        sys.stderr.write("usage: health.py 'NODE: COMPONENT' ...\n")
        return 2
    heard = listen(names)
    for name in names:
        status = heard.get(name)
        text = f'{LEVELS[status.level]}: {status.message}' if status else 'not heard'
        sys.stdout.write(f'{name}: {text}\n')
    return 0 if all(name in heard and heard[name].level in WELL for name in names) else 1


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
