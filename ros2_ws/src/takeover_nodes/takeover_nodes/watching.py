"""What nodes have in common that only watch: a display, patience, and an end with an exit code."""

from collections.abc import Callable, Iterable
import os
import sys
import time
from typing import Any, Protocol

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
import rclpy
from rclpy.clock import Clock, ClockType
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.signals import SignalHandlerOptions
from takeover.errors import TakeoverError
from takeover_nodes import parameters, qos
from takeover_nodes.parameters import ParametersT
from takeover_nodes.spinning import note_stop_signals, WAKE_S
from takeover_nodes.status_display import Looks, make_display

SCREEN_PERIOD_S = 0.25
# Watching must never delay what is watched.
NICENESS = 5
# A stack that reports an error before anything has moved will hardly move later.
ERROR_PATIENCE_S = 5.0


class Watched(Protocol):
    """What an observer knows about whether anything moves."""

    moved_s: float

    def failing_to_start_s(self, now_s: float) -> float:
        """Return for how long a component reports an error while nothing has moved yet."""

    def why_still(self) -> str:
        """Return in words what is known about why nothing moves."""

    def on_problem(self, component: str, problem: str, error: bool, now_s: float) -> None:
        """Take what is wrong with a component in words; '' when it is well again."""

    def screen(self, now_s: float) -> Any:
        """Return all that the screen shows."""


class WatchingNode(Node):
    """Listens, shows what its observer makes of it, and knows when to give up.

    Whoever derives from it makes an observer, calls `begin` with it, and says when it ends.
    """

    def __init__(self, name: str, given: type[ParametersT]) -> None:
        """Read the parameters."""
        super().__init__(name)
        parameters.declare(self, given)
        self.given = parameters.read(self, given)
        self.ended_because = ''

    def begin(self, observer: Watched, looks: Looks) -> None:
        """Take the terminal and show what the observer knows; only when nothing can be refused."""
        self.observer = observer
        self.display = make_display(sys.stdout, looks)
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(SCREEN_PERIOD_S, self.look, clock=steady)

    def hear(self, rows: Iterable[tuple[type, str, Callable[[Any], None], QoSProfile]]) -> None:
        """Subscribe to topics, and to `/diagnostics`: message, topic, callback, profile."""
        for message, topic, callback, profile in rows:
            self.create_subscription(message, topic, callback, profile)
        self.create_subscription(
            DiagnosticArray, '/diagnostics', self.on_diagnostics, qos.DIAGNOSTICS
        )

    def on_diagnostics(self, array: DiagnosticArray) -> None:
        """Note every component that is not well."""
        for status in array.status:
            problem = '' if status.level == DiagnosticStatus.OK else status.message
            self.observer.on_problem(
                status.name, problem, status.level == DiagnosticStatus.ERROR, time.monotonic()
            )

    def look(self) -> None:
        """Show how things stand; decide whether it is over."""
        now_s = time.monotonic()
        self.display.show(self.observer.screen(now_s), now_s)
        self.ended_because = self.ends_because(now_s) or self.gives_up_because(now_s)

    def ends_because(self, now_s: float) -> str:
        """Return why there is nothing more to watch, or ''."""
        raise NotImplementedError

    def gives_up_because(self, now_s: float) -> str:
        """Return why waiting is of no use any more, or ''."""
        patience_s = self.given.max_wait_s
        if patience_s <= 0.0:
            return ''
        if now_s - self.observer.moved_s > patience_s:
            return f'nothing moved for {patience_s:g} s: {self.observer.why_still()}'
        if self.observer.failing_to_start_s(now_s) > ERROR_PATIENCE_S:
            return f'the stack cannot start: {self.observer.why_still()}'
        return ''

    def finish(self) -> int:
        """Say the last word and return the exit code: 0 complete, 1 cut short."""
        raise NotImplementedError


def watch(make_node: Callable[[], WatchingNode]) -> int:
    """Run a node until it ends or a signal comes.

    Returns:
        The exit code: that of `finish`, or 2 when the node refused to start.
    """
    os.nice(max(0, NICENESS - os.nice(0)))
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    node = None
    stopped = note_stop_signals()
    try:
        node = make_node()
        executor = SingleThreadedExecutor()
        executor.add_node(node)
        while not stopped and not node.ended_because:
            executor.spin_once(timeout_sec=WAKE_S)
        return node.finish()
    except TakeoverError as error:
        sys.stderr.write(f'{error}\n')
        return 2
    finally:
        if node is not None:
            node.display.close()
            node.destroy_node()
        rclpy.try_shutdown()
