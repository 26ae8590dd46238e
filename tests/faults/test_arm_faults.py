"""An arm that loses its camera, its person, its policy: it holds, and goes on without a jump.

One stack for all three. The policy turns the tool about its axis, slowly and without an end, so
there is always a motion to be stopped.
"""

import re
import signal
import threading
import time

from geometry_msgs.msg import Twist
import numpy as np
import pytest
from sensor_msgs.msg import JointState, Joy
from std_srvs.srv import Trigger
from takeover.action import ActionContract
from takeover.intervention.device_choice import load_mapping
from takeover.safety.arm_gate import ArmGate
from takeover.simulation.arm.simulation import ArmSimulation
from takeover.simulation.hand import SpaceMouseHand
from takeover.simulation.offscreen import CameraUnavailable
from takeover.task import load_task_and_robot
from takeover_msgs.msg import InterventionState
from takeover_nodes import qos
from tests.stack import running, wait_until
from tests.stack_topics import hear_all, mode
from tests.vision_policies import write_vision
from trajectory_msgs.msg import JointTrajectory

COMMANDS = 'joint_trajectory_controller/joint_trajectory'
# The policy turns the tool by this, the person moves it up, tool axes, in the order of the action.
TURN_RAD_S = 0.12
TURN = '    - {name: angular.z, unit: rad/s, low: -0.5, high: 0.5}'
LIFT = (0.0, 0.0, -0.03, 0.0)
MOVES_RAD_S, STANDS_RAD_S = 0.05, 0.02
# For a machine that is busy with other things; without a time-out the arm would go on for good.
SLACK_S = 1.0
# Between two commands that follow each other; a return to where it was commanded before is more.
JUMP_RAD = 0.01


@pytest.fixture(scope='module')
def peg(tmp_path_factory, repository):
    """Return a task like arm_peg whose episodes last, in which the tool turns, and its robot."""
    path = tmp_path_factory.mktemp('task') / 'arm_peg.yaml'
    text = (repository / 'config' / 'tasks' / 'arm_peg.yaml').read_text()
    text = re.sub('time_limit_s: .*', 'time_limit_s: 600.0', text)
    path.write_text(re.sub('(    - {name: linear.z, .*)', rf'\1\n{TURN}', text))
    return path, *load_task_and_robot(path)


class Puck:
    """A SpaceMouse at 20 Hz, as spacemouse_node repeats it."""

    def __init__(self, observer, task, robot):
        """Publish a puck at rest."""
        action = ActionContract(task.action)
        self.hand = SpaceMouseHand(load_mapping(action, robot), action, robot.base_frame)
        self.rotation = np.array([1.0, 0.0, 0.0, 0.0])
        self.node = observer.node
        self.twists = self.node.create_publisher(Twist, 'spacenav/twist', qos.INPUT)
        self.joys = self.node.create_publisher(Joy, 'spacenav/joy', qos.INPUT)
        self.asked, self.there = None, True
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.repeat, daemon=True)
        self.thread.start()

    def repeat(self):
        """Publish until closed."""
        while not self.over.wait(0.05):
            if self.there:
                axes, buttons = self.hand.message(self.asked, self.rotation)
                twist = Twist()
                for value, axis in zip(axes, 'xyz'):
                    setattr(twist.linear, axis, value)
                self.twists.publish(twist)
                joy = Joy(axes=axes, buttons=buttons)
                joy.header.stamp = self.node.get_clock().now().to_msg()
                self.joys.publish(joy)

    def close(self):
        """Stop publishing."""
        self.over.set()
        self.thread.join()


@pytest.fixture(scope='module')
def stack(tmp_path_factory, peg):
    """Start everything once for this file."""
    path, task, robot = peg
    simulation = ArmSimulation(robot, task.episode)
    try:
        simulation.render('wrist')
    except CameraUnavailable as error:
        pytest.skip(str(error))
    finally:
        simulation.close()
    folder = tmp_path_factory.mktemp('arm')
    bound = task.action.components[-1].high
    bias = (0.0, 0.0, 0.0, np.arctanh(TURN_RAD_S / bound))
    policy = write_vision(folder / 'turns.onnx', task, bias=bias, spread=0.0)
    arguments = (f'task:={path}', f'policy:={policy.file}')
    with running(('sim.launch.xml', *arguments), folder=folder) as ((launch,), observer):
        hear_all(observer)
        observer.hear(JointState, 'joint_states', qos.SENSOR)
        observer.hear(JointTrajectory, COMMANDS, qos.RECORD)
        puck = Puck(observer, task, robot)
        yield launch, observer, puck
        puck.close()


def speed(observer) -> float:
    """Return how fast the fastest joint turns."""
    state = observer.last('joint_states')
    return float(np.abs(state.velocity[:7]).max()) if state else 0.0


def wait_until_the_policy_turns_the_tool(observer):
    wait_until(
        lambda: (
            mode(observer) == InterventionState.MODE_AUTONOMOUS and speed(observer) > MOVES_RAD_S
        ),
        'the policy turns the tool',
        60.0,
    )


def stood_after_s(observer, lost_s: float) -> float:
    """Wait until the arm has stood for half a second; return when it began to, after the loss."""

    def stands():
        moving = [
            at
            for at, state in observer.since('joint_states', lost_s - 0.1)
            if np.abs(state.velocity[:7]).max() > STANDS_RAD_S
        ]
        since_s = moving[-1] if moving else lost_s
        newest_s = observer.heard['joint_states'][-1][0]
        return newest_s - since_s > 0.5 and since_s

    return wait_until(stands, 'the arm stands') - lost_s


def largest_step(observer, since_s: float) -> float:
    """Return by how much the command of a joint changed at most from one message to the next."""
    sent = [list(each.points[0].positions) for _, each in observer.since(COMMANDS, since_s)]
    return float(np.abs(np.diff(sent, axis=0)).max()) if len(sent) > 1 else 0.0


def bound_s(peg, timeout_s: float) -> float:
    """Return how long the arm may go on after a loss that is noticed after `timeout_s`."""
    _, task, robot = peg
    gate = ArmGate(task.action, robot)
    stop_s = gate.stop_bound_s() - robot.timeouts.gate_s
    return timeout_s + 1.5 / task.rate_hz + stop_s + SLACK_S


@pytest.fixture
def turning(stack):
    """Wait until the policy turns the tool; at the end no step of a command was a jump."""
    launch, observer, puck = stack
    puck.asked, puck.there = None, True
    wait_until_the_policy_turns_the_tool(observer)
    began_s = time.monotonic()
    yield launch, observer, puck
    assert largest_step(observer, began_s) < JUMP_RAD


def test_a_frozen_camera_holds_the_arm_until_there_are_pictures_again(turning, peg):
    launch, observer, _ = turning
    (image,) = (spec for spec in peg[1].inputs.values() if spec.type == 'image')
    launch.send('camera_node', signal.SIGSTOP)
    lost_s = time.monotonic()
    try:
        stood_s = stood_after_s(observer, lost_s)
        assert mode(observer) == InterventionState.MODE_HOLD
    finally:
        launch.send('camera_node', signal.SIGCONT)
    print(f'frozen camera: stood after {stood_s:.2f} s')
    assert stood_s < bound_s(peg, image.max_age_s + peg[2].timeouts.policy_s)
    # Its manager has missed it, too.
    wait_until(
        lambda: observer.call(Trigger, 'camera_manager_node/startup').success,
        'a person brings the camera up again',
    )
    wait_until_the_policy_turns_the_tool(observer)


def test_a_spacemouse_that_is_lost_while_the_person_drives_holds_the_arm(turning, peg):
    launch, observer, puck = turning
    puck.asked = LIFT
    wait_until(
        lambda: mode(observer) == InterventionState.MODE_HUMAN and speed(observer) > MOVES_RAD_S,
        'the person lifts the tool',
    )
    puck.there, lost_s = False, time.monotonic()
    stood_s = stood_after_s(observer, lost_s)
    print(f'lost SpaceMouse: stood after {stood_s:.2f} s')
    assert stood_s < bound_s(peg, peg[2].timeouts.input_device_s)
    assert 'lost while a person drove' in observer.last('intervention/state').reason
    puck.asked, puck.there = None, True
    wait_until_the_policy_turns_the_tool(observer)


def test_a_killed_policy_leaves_the_arm_holding_and_another_goes_on_from_there(turning, peg):
    launch, observer, _ = turning
    argv = launch.kill('policy_node')
    killed_s = time.monotonic()
    stood_s = stood_after_s(observer, killed_s)
    print(f'killed policy: stood after {stood_s:.2f} s')
    assert stood_s < bound_s(peg, peg[2].timeouts.policy_s)
    held = np.array(observer.last('joint_states').position[:7])
    wait_until(lambda: 'policy_node does not answer' in launch.text(), 'the manager names it')
    launch.revive(argv)
    wait_until(lambda: observer.startup().success, 'a person brings the nodes up again')
    wait_until_the_policy_turns_the_tool(observer)
    moved = np.abs(np.array(observer.last('joint_states').position[:7]) - held)
    assert moved[:6].max() < JUMP_RAD, 'only the last joint turns'
