"""intervention_node tells where the tool of an arm was when an episode began."""

from geometry_msgs.msg import PoseStamped
from nav_msgs.msg import Odometry
import pytest
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.node import Node
from sensor_msgs.msg import Joy
from takeover_msgs.msg import EpisodeState, InterventionState
from takeover_nodes import arm_messages, conversions, qos
from takeover_nodes.intervention_node import InterventionNode
from tests import arm_samples
from tests.stack import wait_until

MAPPING = """
deadman_button: 4
estop_button: 1
axes:
  linear.x: {axis: 1}
"""
MS = 1_000_000


class Peers(Node):
    """Says where the tool is, which episode runs, what a person holds; hears of starts."""

    def __init__(self):
        super().__init__('peers')
        self.tool = self.create_publisher(Odometry, 'tool_state', qos.SENSOR)
        self.episode = self.create_publisher(EpisodeState, 'episode', qos.LATCHED)
        self.joy = self.create_publisher(Joy, 'joy', qos.INPUT)
        self.starts, self.late_starts, self.modes = [], [], []
        self.create_subscription(PoseStamped, 'episode_start', self.starts.append, qos.RECORD)
        self.create_subscription(
            InterventionState,
            'intervention/state',
            lambda state: self.modes.append(state.mode),
            qos.LATCHED,
        )

    def hear_late(self):
        """Begin to listen as a policy that is started later does."""
        self.create_subscription(
            PoseStamped, 'episode_start', self.late_starts.append, qos.LATCHED
        )


class Bench:
    """An active intervention_node and its peers in one executor."""

    def __init__(self):
        self.node, self.peers = InterventionNode(), Peers()
        self.executor = SingleThreadedExecutor()
        for node in (self.node, self.peers):
            self.executor.add_node(node)
        assert self.node.trigger_configure() is TransitionCallbackReturn.SUCCESS
        assert self.node.trigger_activate() is TransitionCallbackReturn.SUCCESS
        peers = self.peers
        publishers = (peers.tool, peers.episode, peers.joy)
        self.until(lambda: all(p.get_subscription_count() for p in publishers), 'discovery')
        self.until(lambda: peers.count_publishers('episode_start'), 'it tells of starts')
        self.until(lambda: peers.modes, 'it is active')
        self.begin_ns = self.node.now_ns()
        self.heard = []
        start = self.node.starts._start
        take = start.on_tool
        start.on_tool = lambda *tool: (self.heard.append(tool), take(*tool))[1]

    def until(self, condition, what):
        """Spin until something holds."""

        def look():
            self.executor.spin_once(timeout_sec=0.01)
            return condition()

        return wait_until(look, what)

    def be_at(self, x_m, after_ms):
        """Say where the tool is at a time of the test; wait until that is heard."""
        stamp_ns = self.begin_ns + after_ms * MS
        sample = arm_samples.tool(stamp_ns, (x_m, 0.0, 0.3))
        message = arm_messages.tool_message(sample, arm_samples.TOOL_FRAME, stamp_ns)
        heard = len(self.heard)
        self.peers.tool.publish(message)
        self.until(lambda: len(self.heard) > heard, 'the tool')

    def report(self, episode, after_ms, outcome=EpisodeState.RUNNING):
        """Report an episode; wait until the arbiter has heard it."""
        state = EpisodeState(episode=episode, outcome=outcome, terminated=outcome != 0)
        state.header.stamp = conversions.ns_to_stamp(self.begin_ns + after_ms * MS)
        self.peers.episode.publish(state)
        running = 0 if outcome else episode
        self.until(lambda: self.node.episodes.tracker.episode == running, 'the report')

    def press(self, held, mode):
        """Hold the dead-man, or let go, until the arbiter has heard it and is in a mode."""
        heard = self.node.arbiter.device_messages

        def press_and_look():
            joy = Joy(axes=[0.0] * 8, buttons=[int(held and i == 4) for i in range(8)])
            joy.header.stamp = conversions.ns_to_stamp(self.node.now_ns())
            self.peers.joy.publish(joy)
            return self.node.arbiter.device_messages > heard and self.peers.modes[-1] == mode

        self.until(press_and_look, f'mode {mode}')

    def started_at(self, count):
        """Return x of every start, of which there are so many."""
        self.until(lambda: len(self.peers.starts) >= count, f'{count} starts')
        return [start.pose.position.x for start in self.peers.starts]

    def close(self):
        """Leave."""
        self.executor.shutdown()
        self.node.destroy_node()
        self.peers.destroy_node()


@pytest.fixture
def make_bench(ros, repository, tmp_path):
    """Return a function that starts a bench with parameters."""
    (tmp_path / 'mapping.yaml').write_text(MAPPING)
    benches = []

    def make(**parameters):
        given = {
            'task_file': repository / 'config' / 'tasks' / 'arm_peg.yaml',
            'robot_file': repository / 'config' / 'robots' / 'franka.yaml',
            'input_file': tmp_path / 'mapping.yaml',
            'input_kind': 'joystick',
            **parameters,
        }
        ros(*(word for name, value in given.items() for word in ('-p', f'{name}:={value}')))
        benches.append(Bench())
        return benches[-1]

    yield make
    for bench in benches:
        bench.close()


def test_an_episode_of_the_topic_starts_where_the_tool_is_then(make_bench):
    bench = make_bench()
    bench.be_at(0.1, 0)
    bench.report(1, 100)
    bench.be_at(0.2, 99)
    bench.be_at(0.3, 100)
    assert bench.started_at(1) == [0.3]
    bench.be_at(0.4, 150)
    bench.report(1, 190, EpisodeState.GOAL)
    bench.be_at(0.5, 195)
    bench.report(2, 200)
    bench.be_at(0.6, 210)
    assert bench.started_at(2) == [0.3, 0.6]
    start = bench.peers.starts[-1]
    assert start.header.frame_id == arm_samples.BASE_FRAME
    assert conversions.stamp_to_ns(start.header.stamp) == bench.begin_ns + 210 * MS
    bench.peers.hear_late()
    bench.until(lambda: bench.peers.late_starts, 'who comes late hears it too')
    assert bench.peers.late_starts == [start]


def test_between_episodes_of_the_operator_the_start_follows_a_tool_that_nobody_drives(make_bench):
    bench = make_bench(episodes='operator')
    bench.be_at(0.1, 0)
    assert bench.started_at(1) == [0.1]
    bench.be_at(0.2, 20)
    assert bench.started_at(2) == [0.1, 0.2]
    bench.press(False, InterventionState.MODE_HOLD)
    bench.press(True, InterventionState.MODE_HUMAN)
    bench.be_at(0.3, 40)
    bench.press(False, InterventionState.MODE_HOLD)
    bench.be_at(0.4, 60)
    assert bench.started_at(3) == [0.1, 0.2, 0.4]
