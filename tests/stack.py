"""The shipped stack under test: real processes, real DDS, a domain of its own.

`Launch` runs one shipped launch file through `takeover launch` and knows the process of every
node, so that a test can kill, freeze and bring back any of them. `Observer` hears and speaks on
the topics of the stack from the test's own process.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Iterator
import contextlib
import os
from pathlib import Path
import signal
import socket
import subprocess
import sys
import threading
import time
from typing import Any

from lifecycle_msgs.srv import GetState
import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from std_srvs.srv import Trigger
from takeover.cli.child_processes import start
from takeover.cli.ros_domain import reserve_domain
from takeover.workspace import node_environment

REPOSITORY = Path(__file__).resolve().parents[1]
MOTION_NODES = ('safety_node', 'intervention_node', 'policy_node')
# Generous: a deadline ends a hung test, it never decides whether code is fast enough.
DEADLINE_S = 30.0
# Of the newest tests: by the time a domain is used again, those who spoke in it are gone.
DOMAINS_HELD = 30
_held: deque[socket.socket] = deque()


def wait_until(condition: Callable[[], Any], what: str, deadline_s: float = DEADLINE_S) -> Any:
    """Return the first truthy value of `condition`; AssertionError naming `what` when late."""
    end_s = time.monotonic() + deadline_s
    while time.monotonic() < end_s:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    raise AssertionError(f'not within {deadline_s:g} s: {what}')


def new_domain() -> int:
    """Return a ROS domain that nobody else on this machine uses."""
    env: dict[str, str] = {}
    _held.append(reserve_domain(env))
    if len(_held) > DOMAINS_HELD:
        _held.popleft().close()
    return int(env['ROS_DOMAIN_ID'])


class Launch:
    """One launch file running as processes of their own."""

    def __init__(self, file: str, *arguments: str, domain: int, log: Path) -> None:
        """Start `takeover launch FILE ARGUMENT...` with its output in `log`."""
        self.domain = domain
        self.log = log
        self.env = node_environment() | {
            'ROS_DOMAIN_ID': str(domain),
            'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST',
        }
        command = [sys.executable, '-m', 'takeover.cli.main', 'launch', file, *arguments]
        with log.open('ab') as output:
            self.process = start(command, self.env, signal.SIGTERM, output)
        self.revived: list[subprocess.Popen] = []

    def pid(self, node: str) -> int | None:
        """Return the process of a node, or None when there is none."""
        for entry in Path('/proc').iterdir():
            if entry.name.isdigit() and self._runs(entry, node):
                return int(entry.name)
        return None

    def _runs(self, entry: Path, node: str) -> bool:
        try:
            argv = (entry / 'cmdline').read_bytes().split(b'\0')
            if f'__node:={node}'.encode() not in argv:
                return False
            state = (entry / 'stat').read_text().rsplit(')', 1)[1].split()[0]
            domain = f'ROS_DOMAIN_ID={self.domain}'.encode()
            return state != 'Z' and domain in (entry / 'environ').read_bytes().split(b'\0')
        except (FileNotFoundError, ProcessLookupError):
            return False

    def send(self, node: str, number: int) -> list[str]:
        """Send a signal to the process of a node; return the argv that started it."""
        pid = self.pid(node)
        assert pid is not None, f'{node} is not running'
        argv = Path(f'/proc/{pid}/cmdline').read_bytes().decode().split('\0')[:-1]
        os.kill(pid, number)
        return argv

    def kill(self, node: str) -> list[str]:
        """SIGKILL a node and wait until it is gone; return the argv that started it."""
        argv = self.send(node, signal.SIGKILL)
        wait_until(lambda: self.pid(node) is None, f'{node} killed')
        return argv

    def revive(self, argv: list[str]) -> None:
        """Start a killed node again, as an operator would in a second terminal."""
        with self.log.open('ab') as output:
            self.revived.append(start(argv, self.env, signal.SIGTERM, output))

    def stop(self, number: int = signal.SIGINT) -> int:
        """Ask the launch to stop and return its exit code."""
        for process in self.revived:
            process.send_signal(number)
        if self.process.poll() is None:
            self.process.send_signal(number)
        for process in self.revived:
            process.wait(DEADLINE_S)
        return self.process.wait(DEADLINE_S)

    def text(self) -> str:
        """Return everything the launch printed so far."""
        return self.log.read_text(errors='replace')


class Observer:
    """A node of the test: keeps what it hears, with the steady time of arrival."""

    def __init__(self, domain: int, name: str = 'observer') -> None:
        """Join the domain and start hearing in a thread."""
        self.context = Context()
        rclpy.init(context=self.context, domain_id=domain)
        self.node = rclpy.create_node(name, context=self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        self.heard: dict[str, list[tuple[float, Any]]] = defaultdict(list)
        self._running = True
        self._thread = threading.Thread(target=self._spin, daemon=True)
        self._thread.start()

    def _spin(self) -> None:
        while self._running:
            self.executor.spin_once(timeout_sec=0.05)

    def close(self) -> None:
        """Leave the domain."""
        self._running = False
        self._thread.join(5.0)
        self.executor.shutdown()
        self.node.destroy_node()
        rclpy.shutdown(context=self.context)

    def hear(self, message: type, topic: str, profile: Any) -> None:
        """Keep every message of a topic."""

        def keep(sample: Any) -> None:
            self.heard[topic].append((time.monotonic(), sample))

        self.node.create_subscription(message, topic, keep, profile)

    def last(self, topic: str) -> Any:
        """Return the newest message of a topic, or None."""
        kept = self.heard[topic]
        return kept[-1][1] if kept else None

    def since(self, topic: str, time_s: float) -> list[tuple[float, Any]]:
        """Return (arrival, message) of a topic that arrived after steady time `time_s`."""
        return [(at, sample) for at, sample in list(self.heard[topic]) if at > time_s]

    def call(
        self, service: type, name: str, request: Any = None, deadline_s: float = DEADLINE_S
    ) -> Any:
        """Call a service and return its answer."""
        client = self.node.create_client(service, name)
        wait_until(client.service_is_ready, f'service {name}', deadline_s)
        future = client.call_async(request or service.Request())
        wait_until(future.done, f'answer of {name}', deadline_s)
        self.node.destroy_client(client)
        return future.result()

    def lifecycle_state(self, node: str) -> str:
        """Return the label of a node's lifecycle state."""
        return self.call(GetState, f'{node}/get_state').current_state.label

    def startup(self) -> Any:
        """Ask the lifecycle manager to bring the motion nodes up."""
        return self.call(Trigger, 'lifecycle_manager_node/startup')


@contextlib.contextmanager
def running(*launches: tuple[str, ...], folder: Path) -> Iterator[tuple[list[Launch], Observer]]:
    """Start launch files in one new domain; stop everything at the end, whatever happened."""
    domain = new_domain()
    observer = Observer(domain)
    started: list[Launch] = []
    try:
        for file, *arguments in launches:
            started.append(Launch(file, *arguments, domain=domain, log=folder / f'{file}.log'))
        yield started, observer
    finally:
        for launch in started:
            launch.stop()
        observer.close()
