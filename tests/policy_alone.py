"""policy_node alone in a process of its own, with inputs flowing: for tests of what it does.

The inputs are those of a rover that stands on its path; nobody executes the commands.
"""

from collections.abc import Iterator
import contextlib
from pathlib import Path
import signal
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from nav_msgs.msg import Odometry
from nav_msgs.msg import Path as PathMessage
import numpy as np
from sensor_msgs.msg import LaserScan
from takeover.cli.child_processes import start
from takeover.policy.acceptance import Candidate
from takeover.samples import LaserScanSample, OdometrySample, PathSample
from takeover.workspace import node_environment, package_prefix
from takeover_msgs.msg import Command, InterventionState, PolicyCandidate, PolicyState
from takeover_nodes import conversions, qos, sensor_messages
from tests.policy_candidates import BUNDLE_FILE, TASK_FILE
from tests.stack import DEADLINE_S, new_domain, Observer, REPOSITORY, wait_until

INPUT_PERIOD_S = 0.025
BEAMS = 180


class PolicyAlone:
    """A policy_node, its inputs, and whoever announces policies to it."""

    def __init__(self, domain: int, observer: Observer, log: Path) -> None:
        """Let the inputs flow and listen; the node is started by `start`."""
        self.observer, self.log = observer, log
        self.env = node_environment() | {
            'ROS_DOMAIN_ID': str(domain),
            'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST',
        }
        self.process = None
        self.diagnostics: list[DiagnosticStatus] = []
        node = observer.node
        self.odometry = node.create_publisher(Odometry, 'odom', qos.SENSOR)
        self.scan = node.create_publisher(LaserScan, 'scan', qos.SENSOR)
        self.path = node.create_publisher(PathMessage, 'path', qos.LATCHED)
        self.candidates = node.create_publisher(PolicyCandidate, 'learner/policy', qos.LATCHED)
        self.modes = node.create_publisher(InterventionState, 'intervention/state', qos.LATCHED)
        points = np.stack([np.arange(0.0, 8.0, 0.1), np.zeros(80)], axis=1)
        self.path.publish(sensor_messages.path_message(PathSample(0, points), self.now_ns()))
        node.create_timer(INPUT_PERIOD_S, self.sense)
        node.create_subscription(
            DiagnosticArray,
            '/diagnostics',
            lambda array: self.diagnostics.extend(array.status),
            10,
        )
        observer.hear(Command, 'policy/command', qos.RECORD)
        observer.hear(PolicyState, 'policy/version', qos.LATCHED)

    def now_ns(self) -> int:
        """Return ROS time."""
        return self.observer.node.get_clock().now().nanoseconds

    def sense(self) -> None:
        """Publish one sample of each sensor."""
        now_ns = self.now_ns()
        odometry = OdometrySample(now_ns, 1.0, 0.05, 0.0, 0.0, 0.0, 'odom')
        self.odometry.publish(sensor_messages.odometry_message(odometry, 'base_link', now_ns))
        ranges = np.full(BEAMS, 3.0, np.float32)
        scan = LaserScanSample(now_ns, -1.9, 3.8 / BEAMS, 0.05, 4.0, ranges, 'laser')
        self.scan.publish(sensor_messages.laser_scan_message(scan, INPUT_PERIOD_S, now_ns))

    def start(self, **parameters: Any) -> None:
        """Start the node, configure and activate it, and wait until it drives."""
        given = {
            'task_file': TASK_FILE,
            'robot_file': REPOSITORY / 'config' / 'robots' / 'rover.yaml',
            'policy_file': BUNDLE_FILE,
            **parameters,
        }
        program = package_prefix('takeover_nodes', self.env) / 'lib/takeover_nodes/policy_node'
        words = [word for name, value in given.items() for word in ('-p', f'{name}:={value}')]
        with self.log.open('ab') as output:
            self.process = start(
                [str(program), '--ros-args', *words], self.env, signal.SIGTERM, output
            )
        heard = len(self.observer.heard['policy/command'])
        for transition in (Transition.TRANSITION_CONFIGURE, Transition.TRANSITION_ACTIVATE):
            request = ChangeState.Request(transition=Transition(id=transition))
            assert self.observer.call(ChangeState, 'policy_node/change_state', request).success
        wait_until(lambda: len(self.observer.heard['policy/command']) > heard, 'it drives')

    def stop(self) -> None:
        """End the node."""
        if self.process is not None:
            self.process.terminate()
            assert self.process.wait(DEADLINE_S) == 0, self.log.read_text()
            self.process = None

    def announce(self, candidate: Candidate) -> None:
        """Say that a policy is to drive, as a learner does."""
        message = PolicyCandidate(
            version=candidate.version, spec_hash=candidate.spec_hash, file=candidate.file
        )
        message.header.stamp = conversions.ns_to_stamp(self.now_ns())
        self.candidates.publish(message)

    def say_mode(self, mode: int) -> None:
        """Say who drives, as the arbiter does."""
        self.modes.publish(InterventionState(mode=mode))

    @property
    def state(self) -> PolicyState:
        """The newest report of the node."""
        return wait_until(lambda: self.observer.last('policy/version'), 'policy/version')

    def commands(self) -> list[Command]:
        """Return every command that was heard, in order."""
        return [command for _, command in self.observer.since('policy/command', 0.0)]

    def wait_until_driven_by(self, version: str) -> None:
        """Wait until commands come from a version."""
        wait_until(
            lambda: self.observer.last('policy/command').policy_version == version,
            f'{version} drives',
            2.0 * DEADLINE_S,
        )

    def wait_until_refused(self, version: str) -> PolicyState:
        """Wait until a version is refused, and return the report that says so."""
        return wait_until(
            lambda: self.state.refused_version == version and self.state,
            f'{version} is refused',
            2.0 * DEADLINE_S,
        )


@contextlib.contextmanager
def policy_alone(log: Path) -> Iterator[PolicyAlone]:
    """Make the surroundings of a policy_node; it is stopped at the end."""
    domain = new_domain()
    observer = Observer(domain)
    alone = PolicyAlone(domain, observer, log)
    try:
        yield alone
    finally:
        try:
            alone.stop()
        finally:
            observer.close()
