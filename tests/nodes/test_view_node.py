"""view_node over real DDS: what is published arrives at the viewer under its name and time."""

import time

import numpy as np
import pytest
import rclpy
from rclpy.executors import SingleThreadedExecutor
from sensor_msgs.msg import Image
from takeover_msgs.msg import (
    Command,
    EpisodeState,
    ExecutedCommand,
    InterventionState,
    PolicyObservation,
    PolicyState,
    StepReward,
)
from takeover_nodes import qos, view_node
from takeover_nodes.camera_messages import image_message
from takeover_nodes.conversions import ns_to_stamp
from tests.pictured_logs import TASK_FILE
from tests.stack import DEADLINE_S

STAMP_NS, AGE_NS = 1_764_000_000_123_456_789, 23_000_000
SEEN = np.full((64, 64, 3), (1, 2, 3), np.uint8)
FULL = np.full((4, 6, 3), (9, 8, 7), np.uint8)
FULL_TOPIC = 'camera/image_raw'
PUBLISHED = {
    'policy/observation': (
        PolicyObservation(images=[image_message(SEEN, 'rgb8', STAMP_NS, 'camera')]),
        qos.RECORD,
    ),
    'policy/command': (
        Command(values=[0.4, -0.2], image_stamps=[ns_to_stamp(STAMP_NS - AGE_NS)]),
        qos.command(),
    ),
    'control/command': (Command(values=[0.3, 0.1]), qos.command()),
    'safety/executed_command': (ExecutedCommand(executed=[0.25, 0.05]), qos.RECORD),
    'intervention/state': (InterventionState(mode=2), qos.LATCHED),
    'intervention/reward': (StepReward(reward=-1.0, onset=True), qos.RECORD),
    'episode': (EpisodeState(episode=4, outcome=1), qos.LATCHED),
    'policy/version': (PolicyState(version='abc'), qos.LATCHED),
    'camera/resize/image_raw': (image_message(SEEN, 'rgb8', STAMP_NS, 'camera'), qos.SENSOR),
    FULL_TOPIC: (image_message(FULL, 'bgr8', STAMP_NS, 'camera'), qos.SENSOR),
}
SHOWN = {
    'command/linear.x/policy': 0.4,
    'command/angular.z/policy': -0.2,
    'command/linear.x/sent': 0.3,
    'command/angular.z/sent': 0.1,
    'command/linear.x/robot': 0.25,
    'command/angular.z/robot': 0.05,
    'driver': 'person',
    'reward': -1.0,
    'frame_age_ms/forward': 23.0,
}


class Shown:
    """A viewer that keeps the newest value of each path, and all words."""

    where = 'kept'

    def __init__(self, layout, target):
        self.layout, self.target = layout, target
        self.values, self.times_ns, self.words, self.closed = {}, set(), set(), False

    def show(self, entries):
        """Keep them."""
        for entry in entries:
            self.values[entry.path] = entry.value
            self.times_ns.add(entry.time_ns)
            if entry.path == 'events':
                self.words.add(entry.value)

    def close(self):
        """Note it."""
        self.closed = True


class Stack:
    """Publishes everything again and again until the viewer has what is waited for."""

    def __init__(self, node):
        self.node, self.shown = node, node.viewer
        self.publisher = rclpy.create_node('stack')
        self.executor = SingleThreadedExecutor()
        self.executor.add_node(node)
        self.executor.add_node(self.publisher)
        self.publishers = {
            topic: (self.publisher.create_publisher(type(message), topic, profile), message)
            for topic, (message, profile) in PUBLISHED.items()
        }
        for _, message in self.publishers.values():
            message.header.stamp = ns_to_stamp(STAMP_NS)

    def publish_until(self, condition):
        """Publish and spin."""
        deadline_s = time.monotonic() + DEADLINE_S
        while not condition():
            assert time.monotonic() < deadline_s, sorted(self.shown.values)
            for publisher, message in self.publishers.values():
                publisher.publish(message)
            for _ in range(2 * len(PUBLISHED)):
                self.executor.spin_once(timeout_sec=0.005)


@pytest.fixture
def start(ros, monkeypatch):
    """Return a function that starts the node with parameters."""
    monkeypatch.setattr(view_node, 'open_viewer', Shown)
    stacks = []

    def start(*given):
        ros(*[word for item in given for word in ('-p', item)])
        stacks.append(Stack(view_node.ViewNode()))
        return stacks[-1]

    yield start
    for stack in stacks:
        stack.executor.shutdown()
        stack.publisher.destroy_node()
        stack.node.destroy_node()


def test_everything_is_shown_under_the_names_of_the_task(start):
    stack = start(f'task_file:={TASK_FILE}', 'camera_full:=true', "save:='a.rrd'")
    shown, full = stack.shown, f'camera/{FULL_TOPIC}'
    pictures = {'sees/forward', 'camera/camera/resize/image_raw', full}
    stack.publish_until(lambda: {*SHOWN, *pictures, 'events'} <= set(shown.values))
    assert {path: shown.values[path] for path in SHOWN} == pytest.approx(SHOWN)
    assert set(shown.values) == {*SHOWN, *pictures, 'events'}
    assert shown.times_ns == {STAMP_NS}
    np.testing.assert_array_equal(shown.values['sees/forward'], SEEN)
    np.testing.assert_array_equal(shown.values[full], FULL[..., ::-1])
    stack.publish_until(lambda: len(shown.words) == 3)
    assert shown.words == {'policy abc', 'take-over', 'episode 4: goal'}
    assert shown.target.save == 'a.rrd' and set(shown.layout.pictures) == pictures
    stack.node.on_stop_requested()
    assert shown.closed


def test_nobody_asks_the_camera_for_full_pictures_unless_told_to(start):
    stack = start()
    wanted = {'camera/camera/resize/image_raw', 'command/action.0/sent'}
    stack.publish_until(lambda: wanted <= set(stack.shown.values))
    assert stack.publisher.count_subscribers('camera/resize/image_raw') == 1
    assert stack.publisher.count_subscribers(FULL_TOPIC) == 0


def test_a_picture_that_cannot_be_shown_is_left_out_with_a_warning(start, capfd):
    stack, said = start(), []
    odd = Image(height=2, width=2, encoding='yuv422', step=4, data=[0] * 8)
    publisher = stack.publisher.create_publisher(Image, 'camera/resize/image_raw', qos.SENSOR)
    deadline_s = time.monotonic() + DEADLINE_S
    while "not shown: encoding is 'yuv422'" not in ''.join(said):
        assert time.monotonic() < deadline_s, said
        publisher.publish(odd)
        stack.executor.spin_once(timeout_sec=0.01)
        said.append(capfd.readouterr().err)
    stack.publish_until(lambda: 'camera/camera/resize/image_raw' in stack.shown.values)
