"""One way to run a node: build, spin until asked to stop, say goodbye, leave nothing behind.

rclpy's own signal handlers shut the context down before any `finally` runs, so that a last
message can no longer be sent, and they behave differently per executor. Here the handlers only
set a flag; the context is alive until the node has done its last act.

The events executor halves the latency of the control path (benchmarks/control_path.py: 2.4 ms
where the single-threaded one took 5.3 ms) because it rebuilds no wait set. Its `spin` hangs in
rclpy 7.1.6; a loop of `spin_once` does not.
"""

import signal
import sys
import traceback

import rclpy
from rclpy.executors import Executor
from rclpy.experimental import EventsExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from takeover.errors import TakeoverError

# How long a stop request may go unnoticed when no timer is running.
WAKE_S = 0.1


def note_stop_signals() -> list[int]:
    """Return a list that SIGINT and SIGTERM are noted in from now on, to the end of the process.

    They are not given back: Ctrl-C in a terminal arrives twice (from the terminal and from the
    launcher), and a KeyboardInterrupt while the executor is torn down aborts the interpreter.
    """
    received: list[int] = []

    def note(number: int, frame: object) -> None:
        received.append(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, note)
    return received


def run(make_node: type[Node], make_executor: type[Executor] = EventsExecutor) -> int:
    """Run one node until SIGINT or SIGTERM and return the exit code of its process.

    A node that defines `on_stop_requested()` has it called once, with the context alive, after a
    requested stop as well as after an error: there it may still publish.
    """
    stopped = note_stop_signals()
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    node, executor, code = None, None, 0
    try:
        node = make_node()
        executor = make_executor()
        executor.add_node(node)
        while not stopped:
            executor.spin_once(timeout_sec=WAKE_S)
    except TakeoverError as error:
        sys.stderr.write(f'{error}\n')
        code = 2
    except Exception:  # noqa: BLE001 whatever ends the node, its last act must run
        traceback.print_exc()
        code = 1
    finally:
        if node is not None:
            _say_goodbye(node, executor)
        rclpy.try_shutdown()
        # The end of the interpreter gives handlers back, but leaves alone what is ignored: else a
        # second Ctrl-C ends a node that has stopped as asked with a failure.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    return code


def _say_goodbye(node: Node, executor: Executor | None) -> None:
    try:
        last_act = getattr(node, 'on_stop_requested', None)
        if last_act is not None:
            last_act()
    finally:
        if executor is not None:
            executor.shutdown()
        node.destroy_node()
