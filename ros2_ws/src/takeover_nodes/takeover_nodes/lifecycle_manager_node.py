"""lifecycle_manager_node: ordered bring-up and teardown of the motion nodes, and a health watch.

Bring-up configures all in list order, then activates all in list order, and undoes everything on
the first failure. A motion node that stops answering or leaves ACTIVE takes all the others down,
in reverse order. Nothing comes back by itself: a person calls `~/startup`.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
import sys
import time
from typing import Any

from lifecycle_msgs.msg import State, Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.clock import Clock, ClockType
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.task import Future
from std_srvs.srv import Trigger
from takeover_nodes import diagnostics, parameters
from takeover_nodes.parameters import parameter
from takeover_nodes.spinning import run

UNCONFIGURED = State.PRIMARY_STATE_UNCONFIGURED
INACTIVE = State.PRIMARY_STATE_INACTIVE
ACTIVE = State.PRIMARY_STATE_ACTIVE
# How often a service that is not there yet is looked for.
DISCOVERY_PERIOD_S = 0.05
# Not an error yet: the nodes may still be on their way up.
NOT_STARTED = 'not started'


@dataclass(frozen=True)
class ManagerParameters:
    """Parameters of lifecycle_manager_node."""

    managed_nodes: list[str] = parameter(
        ['safety_node', 'intervention_node', 'policy_node'],
        'names of the managed nodes in the order of bring-up',
    )
    autostart: bool = parameter(True, 'bring the nodes up when this node starts')
    discovery_timeout_s: float = parameter(
        20.0, 'seconds to wait for a managed node to appear', at_least=1.0, at_most=300.0
    )
    transition_timeout_s: float = parameter(
        5.0, 'seconds a transition may take', at_least=0.5, at_most=60.0
    )
    health_period_s: float = parameter(
        0.5, 'seconds between two looks at the health of the nodes', at_least=0.1, at_most=10.0
    )
    health_timeout_s: float = parameter(
        1.0, 'seconds without an answer after which a node is lost', at_least=0.2, at_most=10.0
    )


class LifecycleManagerNode(Node):
    """Drives the lifecycle of the motion nodes."""

    def __init__(self) -> None:
        """Make the clients and, with `autostart`, begin the bring-up."""
        super().__init__('lifecycle_manager_node')
        parameters.declare(self, ManagerParameters)
        self.parameters = parameters.read(self, ManagerParameters)
        self.names = self.parameters.managed_nodes
        # Reentrant: a bring-up waits inside a callback for the answers of these clients.
        self.group = ReentrantCallbackGroup()
        self.steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.change_state = {name: self.client(ChangeState, name) for name in self.names}
        self.get_state = {name: self.client(GetState, name) for name in self.names}
        self.busy = False
        self.up = False
        self.report = NOT_STARTED
        self.create_service(Trigger, '~/startup', self.on_startup, callback_group=self.group)
        self.create_service(Trigger, '~/shutdown', self.on_shutdown, callback_group=self.group)
        self.every(self.parameters.health_period_s, self.check_health)
        diagnostics.Diagnostics(self).add('motion nodes', self.status)
        if self.parameters.autostart:
            self.autostart_timer = self.every(0.0, self.autostart)

    def client(self, service: type, name: str) -> Any:
        """Make the client of one lifecycle service of one managed node."""
        verb = 'change_state' if service is ChangeState else 'get_state'
        return self.create_client(service, f'{name}/{verb}', callback_group=self.group)

    def every(self, period_s: float, callback: Callable[[], Awaitable[None]]) -> Any:
        """Call an async `callback` every `period_s` on the steady clock."""
        return self.create_timer(period_s, callback, callback_group=self.group, clock=self.steady)

    async def autostart(self) -> None:
        """Bring everything up once."""
        self.destroy_timer(self.autostart_timer)
        await self.exclusively(self.bring_up)

    async def on_startup(self, _: Trigger.Request, response: Trigger.Response) -> Any:
        """Serve `~/startup`."""
        response.success = await self.exclusively(self.bring_up)
        response.message = self.report
        return response

    async def on_shutdown(self, _: Trigger.Request, response: Trigger.Response) -> Any:
        """Serve `~/shutdown`: back to UNCONFIGURED."""
        response.success = await self.exclusively(self.clean_up)
        response.message = self.report
        return response

    async def exclusively(self, act: Callable[[], Awaitable[bool]]) -> bool:
        """Run one sequence of transitions; refuse while another is under way."""
        if self.busy:
            self.report = 'refused: another transition is under way'
            return False
        self.busy = True
        try:
            return await act()
        finally:
            self.busy = False

    async def bring_up(self) -> bool:
        """Configure all, then activate all; undo on the first failure."""
        for name in self.names:
            if not await self.appears(name):
                return await self.give_up(name, 'did not appear')
        await self.deactivate_all()
        for name in self.names:
            if await self.state_of(name) == UNCONFIGURED:
                if not await self.transition(name, Transition.TRANSITION_CONFIGURE):
                    return await self.give_up(name, 'could not be configured (see its log)')
        for name in self.names:
            if not await self.transition(name, Transition.TRANSITION_ACTIVATE):
                return await self.give_up(name, 'could not be activated (see its log)')
        self.up = True
        self.report = f'{len(self.names)} motion nodes active'
        self.get_logger().info(self.report)
        return True

    async def give_up(self, name: str, why: str) -> bool:
        """Take down what is up and say which node was the reason."""
        await self.deactivate_all()
        self.up = False
        self.report = f'{name} {why}; motion nodes are down, call ~/startup to try again'
        self.get_logger().error(self.report)
        return False

    async def clean_up(self) -> bool:
        """Deactivate and clean up all, in reverse order."""
        self.up = False
        await self.deactivate_all()
        for name in reversed(self.names):
            if await self.state_of(name) == INACTIVE:
                await self.transition(name, Transition.TRANSITION_CLEANUP)
        self.report = 'shut down'
        self.get_logger().info(self.report)
        return True

    async def deactivate_all(self) -> None:
        """Deactivate every node that answers ACTIVE, in reverse order."""
        for name in reversed(self.names):
            if await self.state_of(name) == ACTIVE:
                await self.transition(name, Transition.TRANSITION_DEACTIVATE)

    async def check_health(self) -> None:
        """Take all motion nodes down when one of them is lost."""
        if self.busy or not self.up:
            return
        for name in self.names:
            state = await self.state_of(name)
            if self.busy or not self.up:
                return
            if state != ACTIVE:
                why = 'does not answer' if state is None else 'is no longer active'
                await self.exclusively(lambda lost=name, why=why: self.give_up(lost, why))
                return

    async def appears(self, name: str) -> bool:
        """Wait until the services of a node are there and it answers: it may still be loading."""
        clients = (self.change_state[name], self.get_state[name])
        end_s = time.monotonic() + self.parameters.discovery_timeout_s
        while time.monotonic() < end_s:
            ready = all(client.service_is_ready() for client in clients)
            if ready and await self.state_of(name) is not None:
                return True
            await self.pause(DISCOVERY_PERIOD_S)
        return False

    async def state_of(self, name: str) -> int | None:
        """Ask a node for its lifecycle state; None when it does not answer in time."""
        answer = await self.call(
            self.get_state[name], GetState.Request(), self.parameters.health_timeout_s
        )
        return answer.current_state.id if answer else None

    async def transition(self, name: str, transition: int) -> bool:
        """Ask a node for a transition."""
        request = ChangeState.Request(transition=Transition(id=transition))
        answer = await self.call(
            self.change_state[name], request, self.parameters.transition_timeout_s
        )
        return bool(answer and answer.success)

    async def call(self, client: Any, request: Any, timeout_s: float) -> Any:
        """Call a service; None when it is not there or does not answer within `timeout_s`."""
        if not client.service_is_ready():
            return None
        answer = client.call_async(request)
        timer = self.create_timer(
            timeout_s,
            lambda: answer.done() or answer.set_result(None),
            callback_group=self.group,
            clock=self.steady,
        )
        result = await answer
        self.destroy_timer(timer)
        if result is None:
            client.remove_pending_request(answer)
        return result

    async def pause(self, duration_s: float) -> None:
        """Wait without blocking the executor."""
        over = Future()
        timer = self.create_timer(
            duration_s,
            lambda: over.done() or over.set_result(None),
            callback_group=self.group,
            clock=self.steady,
        )
        await over
        self.destroy_timer(timer)

    def status(self) -> diagnostics.Status:
        """Report whether the motion nodes are up, and what took them down."""
        level = diagnostics.OK if self.up else diagnostics.ERROR
        if self.report == NOT_STARTED:
            level = diagnostics.STALE
        return level, self.report, {'managed_nodes': ' '.join(self.names), 'up': self.up}


def main() -> None:
    """Run lifecycle_manager_node."""
    # The events executor does not finish a service callback that awaits another service.
    sys.exit(run(LifecycleManagerNode, SingleThreadedExecutor))
