"""doctor_node: measures the graph for `takeover doctor`, writes what it found, and ends.

It only listens: it publishes nothing and never subscribes to the command topics of the robot. What
it finds is judged by takeover.doctor.
"""

from collections.abc import Callable
from dataclasses import dataclass
import os
from pathlib import Path
import sys
import time
import zlib

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from geometry_msgs.msg import Twist
import rclpy
from rclpy.duration import Infinite
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import qos_check_compatible, QoSCompatibility, QoSProfile
from rclpy.serialization import deserialize_message
from rclpy.signals import SignalHandlerOptions
from rclpy.topic_endpoint_info import TopicEndpointInfo
from sensor_msgs.msg import Image, Joy
from takeover.command_topics import command_topics
from takeover.doctor.graph import DeviceStatus, Endpoint, GraphFacts, Sample, TopicFacts
from takeover.doctor.needs import device_needs, JOY, Need, sensor_needs, TWIST
from takeover.errors import TakeoverError
from takeover.task import load_robot, load_task
from takeover_nodes import parameters, qos
from takeover_nodes.controller_questions import ask_controllers
from takeover_nodes.conversions import stamp_to_ns
from takeover_nodes.input_messages import INPUT_MESSAGES, input_profile
from takeover_nodes.parameters import parameter, required
from takeover_nodes.spinning import note_stop_signals, WAKE_S

# Until publishers are found and the first, late messages are through.
SETTLE_S = 1.5
DRIVERS = ('joystick_node: device', 'spacemouse_node: device')
DEVICE_MESSAGES = {JOY: Joy, TWIST: Twist}


@dataclass(frozen=True)
class DoctorParameters:
    """Parameters of doctor_node."""

    task_file: str = required('task YAML: what is needed')
    robot_file: str = required('robot YAML: what is commanded')
    facts_file: str = required('file that what was found is written to, as JSON')
    device: str = parameter('', 'joystick or spacemouse; anything else: none is listened to')
    seconds: float = parameter(
        8.0, 'seconds of listening, after a moment to find others', at_least=1.0, at_most=600.0
    )


class DoctorNode(Node):
    """Listens to all that a task needs."""

    def __init__(self) -> None:
        """Subscribe."""
        super().__init__('doctor_node')
        parameters.declare(self, DoctorParameters)
        self.given = parameters.read(self, DoctorParameters)
        self.task, self.robot = load_task(self.given.task_file), load_robot(self.given.robot_file)
        self.begin_s = time.monotonic() + SETTLE_S
        self.samples: dict[str, list[Sample]] = {}
        self.profiles: dict[str, QoSProfile] = {}
        self.drivers: dict[str, DeviceStatus] = {}
        for need in sensor_needs(self.task, self.robot):
            self.hear(need, INPUT_MESSAGES[need.kind][0], self.profile_of(need))
        for need in device_needs(self.given.device):
            self.hear(need, DEVICE_MESSAGES[need.kind], qos.INPUT)
        self.create_subscription(
            DiagnosticArray, '/diagnostics', self.on_diagnostics, qos.DIAGNOSTICS
        )

    def profile_of(self, need: Need) -> QoSProfile:
        """Return the profile by which whoever needs a topic of a sensor hears it."""
        spec = self.task.inputs.get(need.topic)
        return qos.SENSOR if spec is None else input_profile(spec)

    def hear(self, need: Need, message: type, profile: QoSProfile) -> None:
        """Keep what there is to know of every message; of a latched one also of the first."""
        self.profiles[need.topic] = profile
        kept = self.samples[need.topic] = []
        latched = profile is qos.LATCHED

        def keep(data: bytes) -> None:
            arrived_s, now_ns = time.monotonic(), self.get_clock().now().nanoseconds
            if latched or arrived_s >= self.begin_s:
                kept.append(sample_of(deserialize_message(data, message), data, arrived_s, now_ns))

        self.create_subscription(message, need.topic, keep, profile, raw=True)

    def on_diagnostics(self, array: DiagnosticArray) -> None:
        """Keep what the drivers of input devices say last."""
        for status in array.status:
            if status.name in DRIVERS:
                self.drivers[status.name] = DeviceStatus(
                    name=status.name,
                    ok=status.level == DiagnosticStatus.OK,
                    message=status.message,
                )

    @property
    def done(self) -> bool:
        """Whether it has listened for long enough."""
        return time.monotonic() >= self.begin_s + self.given.seconds

    def facts(self, spin_once: Callable[[], None]) -> GraphFacts:
        """Return what was found; controllers are asked now, while `spin_once` lets them answer."""
        end_s = time.monotonic()
        commands = command_topics(self.task.action, self.robot)
        topics = {
            topic: self.topic(topic, self.profiles.get(topic))
            for topic in (*self.samples, *commands)
        }
        listeners = {end.node for topic in commands for end in topics[topic].subscriptions}
        return GraphFacts(
            measured_s=self.given.seconds,
            end_s=end_s,
            rmw=rclpy.get_rmw_implementation_identifier(),
            nodes=self.others(),
            topics=topics,
            controllers=ask_controllers(self, sorted(listeners), spin_once),
            devices=tuple(self.drivers.values()),
        )

    def others(self) -> tuple[str, ...]:
        """Return the full names of all other nodes."""
        found = [full_name(name, space) for name, space in self.get_node_names_and_namespaces()]
        found.remove(self.get_fully_qualified_name())
        return tuple(sorted(found))

    def topic(self, topic: str, heard_by: QoSProfile | None) -> TopicFacts:
        """Return who is on a topic.

        Args:
            topic: relative name.
            heard_by: profile of our subscription; None: it is a command topic, where others hear
                the gate.
        """
        name = self.resolve_topic_name(topic)
        publishers, listeners = [], []
        for info in self.get_publishers_info_by_topic(name):
            misfit = '' if heard_by is None else misfit_of(info.qos_profile, heard_by)
            publishers.append(endpoint(info, misfit))
        for info in self.get_subscriptions_info_by_topic(name):
            misfit = '' if heard_by else misfit_of(gate_offer(), info.qos_profile)
            if full_name(info.node_name, info.node_namespace) != self.get_fully_qualified_name():
                listeners.append(endpoint(info, misfit))
        return TopicFacts(
            name=name,
            publishers=tuple(publishers),
            subscriptions=tuple(listeners),
            samples=tuple(self.samples.get(topic, ())),
        )


def full_name(name: str, space: str) -> str:
    """Return a node's full name."""
    return f'{space.rstrip("/")}/{name}'


def endpoint(info: TopicEndpointInfo, misfit: str) -> Endpoint:
    """Return what is told of one end of a topic."""
    node = full_name(info.node_name, info.node_namespace)
    return Endpoint(node=node, type=info.topic_type, misfit=misfit)


def misfit_of(offered: QoSProfile, requested: QoSProfile) -> str:
    """Return why a subscription does not hear a publisher, or ''."""
    compatibility, reason = qos_check_compatible(offered, requested)
    return reason.strip(';') if compatibility == QoSCompatibility.ERROR else ''


def gate_offer() -> QoSProfile:
    """Return the profile of the gate's publishers as it looks from outside: nothing unset."""
    offer = qos.command(1.0)
    offer.deadline = offer.liveliness_lease_duration = Infinite
    return offer


def sample_of(message: object, data: bytes, arrived_s: float, now_ns: int) -> Sample:
    """Return what is kept of a message.

    Args:
        message: what was heard.
        data: the bytes of it.
        arrived_s: steady time.
        now_ns: ROS time.
    """
    header = getattr(message, 'header', None)
    stamp_ns = 0 if header is None else stamp_to_ns(header.stamp)
    axes, buttons, digest = (), (), ''
    if isinstance(message, Image):
        digest = f'{zlib.crc32(message.data):08x}'
    elif isinstance(message, Joy):
        axes, buttons = tuple(message.axes), tuple(message.buttons)
    elif isinstance(message, Twist):
        linear, angular = message.linear, message.angular
        axes = (linear.x, linear.y, linear.z, angular.x, angular.y, angular.z)
    return Sample(
        arrived_s=arrived_s,
        age_s=None if header is None else 1e-9 * (now_ns - stamp_ns),
        stamp_ns=stamp_ns,
        size=len(data),
        frame='' if header is None else header.frame_id,
        digest=digest,
        axes=axes,
        buttons=buttons,
    )


def main() -> None:
    """Run doctor_node: 0 when the facts are written, 1 when it was stopped, 2 when refused."""
    stopped = note_stop_signals()
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    node = None
    try:
        node = DoctorNode()
        executor = SingleThreadedExecutor()
        executor.add_node(node)
        while not (stopped or node.done):
            executor.spin_once(timeout_sec=WAKE_S)
        if not stopped:
            facts = node.facts(lambda: executor.spin_once(timeout_sec=WAKE_S))
            write_whole(Path(node.given.facts_file), facts.model_dump_json())
    except TakeoverError as error:
        sys.stderr.write(f'{error}\n')
        sys.exit(2)
    finally:
        if node is not None:
            node.destroy_node()
        rclpy.try_shutdown()
    sys.exit(1 if stopped else 0)


def write_whole(path: Path, text: str) -> None:
    """Write a file that is either whole or not there."""
    unfinished = path.with_name(f'{path.name}.unfinished')
    unfinished.write_text(text)
    os.replace(unfinished, path)
