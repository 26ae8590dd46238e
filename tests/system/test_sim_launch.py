"""The shipped `sim.launch.xml`, started as a user would: up, driving, taken over, stopped."""

import threading
import time

import pytest
from sensor_msgs.msg import Joy
from std_msgs.msg import Bool
from std_srvs.srv import Trigger
from takeover_msgs.msg import Command, InterventionState, SafetyState
from takeover_msgs.srv import ResetEpisode
from takeover_nodes import qos
from tests.stack import MOTION_NODES, running, wait_until
from tests.stack_topics import (
    drives,
    gate,
    hear_all,
    mode,
    stands,
    twist,
    wait_until_driving,
)

DEADMAN, ESTOP_BUTTON = 4, 1


@pytest.fixture(scope='module')
def stack(tmp_path_factory):
    """Start the simulator and the control stack once for this file."""
    folder = tmp_path_factory.mktemp('sim')
    with running(('sim.launch.xml', 'camera:=false'), folder=folder) as (launches, observer):
        hear_all(observer)
        yield launches[0], observer


class Stick:
    """A joystick at 20 Hz: what `joy_node` publishes with autorepeat."""

    def __init__(self, observer) -> None:
        """Publish a stick at rest."""
        self.publisher = observer.node.create_publisher(Joy, 'joy', qos.INPUT)
        self.clock = observer.node.get_clock()
        self.axes, self.buttons = [0.0] * 6, [0] * 8
        self.sent = 0
        self.silent = threading.Event()
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.repeat, daemon=True)
        self.thread.start()

    def repeat(self) -> None:
        """Publish until closed."""
        while not self.over.wait(0.05):
            if not self.silent.is_set():
                joy = Joy(axes=list(self.axes), buttons=list(self.buttons))
                joy.header.stamp = self.clock.now().to_msg()
                self.publisher.publish(joy)
                self.sent += 1

    def close(self) -> None:
        """Stop publishing, as when unplugged."""
        self.over.set()
        self.thread.join()


@pytest.fixture
def stick(stack):
    """Plug a joystick in for one test."""
    _, observer = stack
    stick = Stick(observer)
    wait_until(lambda: stick.publisher.get_subscription_count() > 0, 'joy is heard')
    # A dead-man counts only after it was seen released.
    sent = stick.sent
    wait_until(lambda: stick.sent > sent + 5, 'the stick was seen at rest')
    yield stick
    stick.close()


@pytest.fixture
def driving(stack):
    """Begin a new episode and wait until the policy drives."""
    _, observer = stack
    wait_until_driving(observer)
    answer = observer.call(ResetEpisode, 'sim_node/reset', ResetEpisode.Request(seed=0))
    assert answer.success
    wait_until_driving(observer)
    return observer


def test_every_motion_node_comes_up_active(driving):
    for node in MOTION_NODES:
        assert driving.lifecycle_state(node) == 'active'


def test_exactly_one_publisher_on_the_robots_command_topic(driving):
    publishers = driving.node.get_publishers_info_by_topic('cmd_vel')
    assert [info.node_name for info in publishers] == ['safety_node']


# Topics of the camera and of tasks with images; tests/system/test_corrected_driving.py has them.
WITH_IMAGES = ('`camera/', '`policy/observation`')
# Topics of nodes that the launch file starts only at wish; tests/system/test_demo.py has them.
PARTS_TO_ASK_FOR = ('`recorder/', '`learner/', *WITH_IMAGES)


def readme_rows(repository, heading: str) -> list[list[str]]:
    """Return the cells of the table under a heading of the README."""
    section = (repository / 'README.md').read_text().split(f'## {heading}\n')[1].split('\n## ')[0]
    rows = [line.strip('| ').split(' | ') for line in section.splitlines() if '|' in line]
    return rows[2:]


def test_every_topic_of_the_readme_is_there_with_its_type(driving, repository):
    there = dict(driving.node.get_topic_names_and_types())
    for topic, kind, *_ in readme_rows(repository, 'Topics'):
        if topic.startswith(PARTS_TO_ASK_FOR):
            continue
        package, message = kind.split('/')
        name = '/' + topic.strip('`').lstrip('/')
        assert there.get(name) == [f'{package}/msg/{message}'], name


def test_every_service_of_the_readme_is_there_with_its_type(driving, repository):
    there = dict(driving.node.get_service_names_and_types())
    for service, kind, *_ in readme_rows(repository, 'Services'):
        package, message = kind.split('/')
        name = '/' + service.strip('`')
        assert there.get(name) == [f'{package}/srv/{message}'], name


def test_the_policy_drives_along_the_path(driving):
    began_s = time.monotonic()
    wait_until(lambda: driving.last('episode').progress > 0.1, 'a tenth of the path')
    sources = {sample.source for _, sample in driving.since('safety/executed_command', began_s)}
    assert sources == {Command.SOURCE_POLICY}
    assert driving.last('episode').mean_cross_track_m < 0.6


def test_each_command_carries_its_policy_step_to_the_robot(driving):
    began_s = time.monotonic()
    wait_until(lambda: len(driving.since('safety/executed_command', began_s)) > 100, 'commands')
    steps = {sample.sequence for _, sample in driving.since('policy/command', began_s - 1.0)}
    executed = [sample for _, sample in driving.since('safety/executed_command', began_s)]
    assert {sample.policy_sequence for sample in executed[:-2]} <= steps


def test_a_person_takes_over_and_releases(driving, stick):
    takeovers = driving.last('intervention/state').takeovers
    stick.buttons[DEADMAN] = 1
    stick.axes[3] = 1.0
    wait_until(lambda: mode(driving) == InterventionState.MODE_HUMAN, 'the person drives')
    wait_until(lambda: twist(driving)[1] > 0.8, 'the robot turns left as the stick says')
    assert driving.last('intervention/state').takeovers == takeovers + 1
    released_s = time.monotonic()
    stick.buttons[DEADMAN] = 0
    wait_until(lambda: mode(driving) == InterventionState.MODE_HOLD, 'hold on release')
    zeros = wait_until(
        lambda: [
            sample
            for _, sample in driving.since('control/command', released_s)
            if sample.source == Command.SOURCE_HOLD
        ],
        'an explicit zero',
    )
    assert list(zeros[0].values) == [0.0, 0.0]
    wait_until_driving(driving)


def test_a_silent_device_holds_and_never_hands_back_to_the_policy(driving, stick):
    stick.buttons[DEADMAN] = 1
    stick.axes[1] = 1.0
    wait_until(lambda: mode(driving) == InterventionState.MODE_HUMAN, 'the person drives')
    stick.silent.set()
    silent_s = time.monotonic()
    wait_until(lambda: mode(driving) == InterventionState.MODE_HOLD, 'hold')
    wait_until(lambda: stands(driving), 'the robot stands')
    wait_until(lambda: time.monotonic() - silent_s > 1.8, 'more than the resume delay')
    assert mode(driving) == InterventionState.MODE_HOLD
    stick.silent.clear()
    later_s = time.monotonic()
    wait_until(lambda: time.monotonic() - later_s > 0.5, 'the device is heard again')
    assert mode(driving) == InterventionState.MODE_HOLD, 'the dead-man is still held'
    stick.buttons[DEADMAN] = 0
    wait_until_driving(driving)


def test_the_e_stop_latches_and_only_a_reset_with_a_neutral_stick_leaves_it(driving, stick):
    e_stop = driving.node.create_publisher(Bool, 'e_stop', qos.INPUT)
    wait_until(lambda: e_stop.get_subscription_count() > 0, 'e_stop is heard')
    e_stop.publish(Bool(data=True))
    wait_until(lambda: gate(driving) == SafetyState.STATE_ESTOPPED, 'latched')
    wait_until(lambda: stands(driving), 'the robot stands')
    refused = driving.call(Trigger, 'safety_node/reset')
    assert not refused.success
    assert 'pressed' in refused.message
    e_stop.publish(Bool(data=False))
    wait_until(lambda: driving.call(Trigger, 'safety_node/reset').success, 'reset')
    wait_until_driving(driving)
    driving.node.destroy_publisher(e_stop)


def test_ctrl_c_stops_the_robot_and_leaves_no_process(stack):
    launch, observer = stack
    wait_until(lambda: drives(observer), 'driving')
    assert launch.stop() == 0
    assert all(launch.pid(node) is None for node in (*MOTION_NODES, 'sim_node'))
    last = observer.last('cmd_vel').twist
    assert (last.linear.x, last.angular.z) == (0.0, 0.0)
