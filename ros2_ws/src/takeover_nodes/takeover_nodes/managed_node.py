"""The base class of every node that owns motion: a lifecycle node with rclpy's traps fixed once.

What it fixes (rclpy 7.1.6):
* timers keep firing while INACTIVE: timers made with `every` exist only while ACTIVE;
* an exception in a transition callback vanishes without a log: here it is logged, and a
  `TakeoverError` (a mistake of the user) fails the transition with its one sentence;
* subscriptions deliver while INACTIVE: those made with `hear` are silent unless ACTIVE;
* a transition that is not legal in the present state raises out of the executor and kills the
  node: here the service answers `success: false`.

A subclass implements `configure`, `activate`, `deactivate` and `cleanup` as plain methods.
"""

from collections.abc import Callable
import time
import traceback
from typing import Any, ClassVar

from lifecycle_msgs.msg import State
from rclpy._rclpy_pybind11 import RCLError
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.qos import QoSProfile
from rclpy.subscription import Subscription
from takeover.errors import TakeoverError
from takeover_nodes import parameters
from takeover_nodes.diagnostics import Diagnostics

SUCCESS = TransitionCallbackReturn.SUCCESS
FAILURE = TransitionCallbackReturn.FAILURE
ERROR = TransitionCallbackReturn.ERROR


class ManagedNode(LifecycleNode):
    """A lifecycle node with parameters from a dataclass and resources tied to its states."""

    NAME: ClassVar[str]
    PARAMETERS: ClassVar[type]

    def __init__(self) -> None:
        """Declare the parameters and start `/diagnostics`; everything else waits for configure."""
        super().__init__(self.NAME)
        parameters.declare(self, self.PARAMETERS)
        self.parameters: Any = None
        self.active = False
        self._steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._active_timers: list = []
        self._configured_entities: list[tuple[Callable, Any]] = []
        self.diagnostics = Diagnostics(self)
        self._refuse_illegal_transitions()

    # What a subclass implements.

    def configure(self) -> None:
        """Validate parameters, load files, make publishers and subscriptions."""
        raise NotImplementedError

    def activate(self) -> None:
        """Make timers, start acting."""

    def deactivate(self) -> None:
        """Stop acting; publishers still work."""

    def cleanup(self) -> None:
        """Release what configure acquired; entities made through this class go by themselves."""

    # What a subclass calls.

    def hear(
        self,
        message: type,
        topic: str,
        callback: Callable,
        profile: QoSProfile,
        while_inactive: bool = False,
    ) -> Subscription:
        """Subscribe until cleanup; `callback` runs only while ACTIVE unless `while_inactive`."""

        def deliver(sample: Any) -> None:
            if self.active or while_inactive:
                callback(sample)

        subscription = self.create_subscription(message, topic, deliver, profile)
        self._configured_entities.append((self.destroy_subscription, subscription))
        return subscription

    def speak(self, message: type, topic: str, profile: QoSProfile) -> Any:
        """Make a publisher that lives until cleanup and publishes in every state."""
        publisher = self.create_publisher(message, topic, profile)
        self._configured_entities.append((self.destroy_publisher, publisher))
        return publisher

    def serve(self, service: type, name: str, callback: Callable) -> Any:
        """Make a service that lives until cleanup."""
        server = self.create_service(service, name, callback)
        self._configured_entities.append((self.destroy_service, server))
        return server

    def every(self, period_s: float, callback: Callable[[], None]) -> None:
        """Call `callback` every `period_s` on the steady clock until deactivation."""
        self._active_timers.append(self.create_timer(period_s, callback, clock=self._steady))

    def now_ns(self) -> int:
        """ROS time in nanoseconds: for stamps."""
        return self.get_clock().now().nanoseconds

    @staticmethod
    def now_s() -> float:
        """Steady time in seconds: for ages, periods and time-outs."""
        return time.monotonic()

    @staticmethod
    def new_sequence() -> int:
        """First sequence number of an activation: later than any of an earlier process."""
        return time.time_ns() // 1000

    # The transitions.

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Read the parameters, then `configure`; on failure nothing stays behind."""

        def act() -> None:
            self.parameters = parameters.read(self, self.PARAMETERS)
            self.configure()

        result = self._attempt('configure', act)
        if result is SUCCESS:
            return super().on_configure(state)
        self._release()
        return result

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Go ACTIVE; when `activate` fails the timers it made are removed."""
        result = self._attempt('activate', self.activate)
        if result is not SUCCESS:
            self._stop_timers()
            return result
        self.active = True
        return super().on_activate(state)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop the timers, then `deactivate`."""
        self._stop_timers()
        result = self._attempt('deactivate', self.deactivate)
        self.active = False
        super().on_deactivate(state)
        return result

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Undo configure."""
        result = self._attempt('clean up', self.cleanup)
        self._release()
        super().on_cleanup(state)
        return result

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Deactivate if need be, then undo configure."""
        if state.state_id == State.PRIMARY_STATE_ACTIVE:
            self.on_deactivate(state)
        if state.state_id != State.PRIMARY_STATE_UNCONFIGURED:
            return self.on_cleanup(state)
        return SUCCESS

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Release everything and return to UNCONFIGURED."""
        self._stop_timers()
        self.active = False
        self._release()
        self.get_logger().error(f'back to unconfigured after an error in {state.label}')
        return SUCCESS

    def on_stop_requested(self) -> None:
        """Leave in order when the process is asked to stop: the last chance to publish."""
        if self.active:
            self.trigger_deactivate()

    def _attempt(self, what: str, act: Callable[[], None]) -> TransitionCallbackReturn:
        try:
            act()
        except TakeoverError as error:
            self.get_logger().error(f'cannot {what}: {error}')
            return FAILURE
        except Exception:  # noqa: BLE001 rclpy would swallow it without a word
            self.get_logger().error(f'cannot {what}:\n{traceback.format_exc()}')
            return ERROR
        return SUCCESS

    def _stop_timers(self) -> None:
        while self._active_timers:
            self.destroy_timer(self._active_timers.pop())

    def _release(self) -> None:
        while self._configured_entities:
            destroy, entity = self._configured_entities.pop()
            destroy(entity)
        self.parameters = None

    def _refuse_illegal_transitions(self) -> None:
        service = self._service_change_state
        change_state = service.callback

        def guarded(request: Any, response: Any) -> Any:
            try:
                return change_state(request, response)
            except RCLError as error:
                self.get_logger().warning(
                    f"transition '{request.transition.label or request.transition.id}' refused: "
                    f'{error}'
                )
                response.success = False
                return response

        service.callback = guarded
