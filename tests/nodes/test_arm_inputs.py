"""From an arm's topics to commands, and from the log back to what the policy saw."""

import itertools
import threading

import numpy as np
import pytest
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.node import Node
from rclpy.serialization import deserialize_message
from scipy.spatial.transform import Rotation
from takeover.data.log_reader import log_files
from takeover.data.log_scan import LogScan
from takeover.data.step_codec import StepDecoder
from takeover.observation import ObservationBuilder
from takeover.policy.onnx_policy import OnnxPolicy
from takeover.specs import spec_hash
from takeover.task import load_task
from takeover_msgs.msg import Command, ExecutedCommand, StepReward
from takeover_nodes import arm_messages, conversions, qos
from takeover_nodes.input_messages import INPUT_MESSAGES, input_profile
from takeover_nodes.policy_node import PolicyNode
from takeover_nodes.recorder_node import RecorderNode
from tests import arm_samples
from tests.arm_policies import write_reach
from tests.stack import wait_until

PERIOD_S = 0.04
STEPS = 10
# On a loaded machine a tick may come long after the joints and before the tool of a moment.
NEAR_NS = 1_000_000_000
# Longer than any pause of a loaded machine: this is not about time-outs.
SLOW = {
    'max_age_s: 0.15': 'max_age_s: 5.0',
    'observation_s: 0.15': 'observation_s: 5.0',
    'policy_s: 0.25': 'policy_s: 10.0',
    'input_device_s: 0.30': 'input_device_s: 20.0',
    'gate_s: 0.35': 'gate_s: 30.0',
    'controller_s: 0.5': 'controller_s: 40.0',
}


class Arm(Node):
    """Publishes what an arm measures, and plays arbiter and gate for the recorder."""

    def __init__(self, task):
        super().__init__('arm')
        self.task, self.commands = task, []
        self.rng = np.random.default_rng(3)
        self.inputs = {
            name: self.create_publisher(INPUT_MESSAGES[spec.type][0], name, input_profile(spec))
            for name, spec in task.inputs.items()
        }
        self.executed = self.create_publisher(
            ExecutedCommand, 'safety/executed_command', qos.RECORD
        )
        self.reward = self.create_publisher(StepReward, 'intervention/reward', qos.RECORD)
        self.create_subscription(Command, 'policy/command', self.on_command, qos.RECORD)
        self.create_timer(PERIOD_S, self.sense)

    def now_ns(self):
        """Return ROS time."""
        return self.get_clock().now().nanoseconds

    def aim(self, position):
        """Publish the target."""
        now_ns = self.now_ns()
        target = arm_samples.pose(now_ns, position, Rotation.from_euler('x', 0.4).as_quat())
        self.inputs['target'].publish(arm_messages.pose_message(target, now_ns))

    def sense(self):
        """Publish joints and tool of one moment, both with the same stamp."""
        now_ns = self.now_ns()
        joints = arm_samples.joints(now_ns, positions=self.rng.uniform(0.0, 0.04, 9))
        tool = arm_samples.tool(
            now_ns,
            self.rng.uniform(0.3, 0.6, 3),
            Rotation.random(rng=self.rng).as_quat(),
            self.rng.uniform(-0.2, 0.2, 6),
        )
        self.inputs['joint_states'].publish(arm_messages.joint_state_message(joints, now_ns))
        self.inputs['tool_state'].publish(
            arm_messages.tool_message(tool, arm_samples.TOOL_FRAME, now_ns)
        )

    def on_command(self, command):
        """Say that the policy drove, and that it was done."""
        self.commands.append(command)
        sequence = command.sequence
        self.executed.publish(
            ExecutedCommand(policy_sequence=sequence, on_arrival=True, executed=command.values)
        )
        self.reward.publish(StepReward(sequence=sequence, commanded=command.values, stored=True))


class Bench:
    """policy_node, recorder_node and an arm in one executor."""

    def __init__(self, task):
        self.policy, self.recorder, self.arm = PolicyNode(), RecorderNode(), Arm(task)
        self.executor = SingleThreadedExecutor()
        for node in (self.policy, self.recorder, self.arm):
            self.executor.add_node(node)
        assert self.policy.trigger_configure() is TransitionCallbackReturn.SUCCESS
        self.spinning = threading.Thread(target=self.executor.spin, daemon=True)
        self.spinning.start()
        heard = [*self.arm.inputs.values(), self.arm.executed, self.arm.reward]
        wait_until(lambda: all(p.get_subscription_count() for p in heard), 'discovery')
        assert self.policy.trigger_activate() is TransitionCallbackReturn.SUCCESS

    def close(self):
        """Leave."""
        self.executor.shutdown()
        self.spinning.join()
        self.recorder.on_stop_requested()
        for node in (self.policy, self.recorder, self.arm):
            node.destroy_node()


@pytest.fixture
def bench(ros, repository, tmp_path):
    """Return policy, recorder and arm, the policy active and without a target.

    The task is that of reaching a target, which has no pictures.
    """
    files = {}
    for folder, name in (('robots', 'franka.yaml'), ('tasks', 'arm_reach.yaml')):
        text = (repository / 'config' / folder / name).read_text()
        for old, new in SLOW.items():
            text = text.replace(old, new)
        files[folder] = tmp_path / name
        files[folder].write_text(text)
    task = load_task(files['tasks'])
    given = {
        'policy_node:task_file': files['tasks'],
        'policy_node:robot_file': files['robots'],
        'policy_node:policy_file': write_reach(tmp_path / 'policy.onnx', task),
        'recorder_node:task_file': files['tasks'],
        'recorder_node:log_dir': tmp_path / 'log',
    }
    ros(*(word for name, value in given.items() for word in ('-p', f'{name}:={value}')))
    bench = Bench(task)
    yield bench
    bench.close()


def read_log(folder):
    """Return the recorded samples by topic, and the steps."""
    messages = [
        message
        for file in log_files([folder])
        for block in LogScan(file).blocks()
        for message in block
    ]
    decoder = StepDecoder()
    steps = [decoder.decode(m.data) for m in messages if m.type == 'takeover_msgs/msg/Step']
    return messages, steps


def samples_of(messages, topic, kind):
    """Return what was recorded of one input, by stamp."""
    message, convert = INPUT_MESSAGES[kind]
    samples = (convert(deserialize_message(m.data, message)) for m in messages if m.topic == topic)
    return {sample.stamp_ns: sample for sample in samples}


def test_an_arm_is_driven_and_what_its_policy_saw_is_rebuilt_from_the_log(bench, tmp_path):
    arm, task = bench.arm, bench.arm.task
    wait_until(lambda: bench.policy.skipped['target'] > 0, 'it waits for a target')
    assert not arm.commands
    arm.aim((0.5, 0.1, 0.3))
    wait_until(lambda: len(arm.commands) >= STEPS, 'commands')
    target = arm.now_ns()
    arm.aim((0.4, -0.1, 0.2))
    wait_until(
        lambda: sum(conversions.stamp_to_ns(c.tick_stamp) > target for c in arm.commands) > STEPS,
        'commands for the new target',
    )
    sequence = arm.commands[-1].sequence
    wait_until(lambda: bench.recorder.log.state.last_sequence >= sequence, 'it is on the disk')

    policy = OnnxPolicy.load(tmp_path / 'policy.onnx', task)
    for command in arm.commands:
        assert command.spec_hash == spec_hash(task) and len(command.values) == 7
        assert command.header.frame_id == arm_samples.TOOL_FRAME
        wanted = policy.act(np.array(command.observation, np.float32))
        assert np.array(command.values) == pytest.approx(wanted)

    messages, steps = read_log(tmp_path / 'log')
    assert len(steps) > STEPS and len({step.observation.tobytes() for step in steps}) > STEPS
    joints, tools, targets = (
        samples_of(messages, f'/{name}', task.inputs[name].type)
        for name in ('joint_states', 'tool_state', 'target')
    )
    assert len(targets) == 2
    ticks = {c.sequence: conversions.stamp_to_ns(c.tick_stamp) for c in arm.commands}
    rebuilt = [
        any(
            step.observation.tobytes() == observation.tobytes()
            for observation in possible(task, step, ticks[step.sequence], joints, tools, targets)
        )
        for step in steps
    ]
    # Best effort: the recorder may have missed what the policy has heard.
    assert sum(rebuilt) > 0.8 * len(steps)


def possible(task, step, tick_ns, joints, tools, targets):
    """Yield what a policy may have seen whose oldest timed input has the stamp of the step."""
    oldest_ns = step.observation_stamp_ns
    near = [
        [sample for stamp_ns, sample in samples.items() if 0 <= stamp_ns - oldest_ns < NEAR_NS]
        for samples in (joints, tools)
    ]
    for joint, tool, target in itertools.product(*near, targets.values()):
        if min(joint.stamp_ns, tool.stamp_ns) != oldest_ns:
            continue
        builder = ObservationBuilder(task)
        for name, sample in (('joint_states', joint), ('tool_state', tool), ('target', target)):
            assert builder.update(name, sample)
        yield builder.build(tick_ns).vector
