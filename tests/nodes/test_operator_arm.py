"""The simulated person before an arm: what it sees, its SpaceMouse, and what it resets."""

from dataclasses import replace

import pytest
from takeover.simulation.arm.simulation import ArmSimulation
from takeover.task import load_task_and_robot
from takeover_msgs.msg import SafetyState
from takeover_nodes import arm_messages
from takeover_nodes.operator_arm import RESET_PERIOD_S, WRENCH_STOP
from takeover_nodes.operator_seat import take_seat
from tests.arm_rig import ArmRig, ROBOT
from tests.nodes.wire import Wire

DEADMAN = 24


class Room:
    """An arm that stands still, and a person who watches it."""

    def __init__(self):
        task, robot = load_task_and_robot('arm_reach')
        self.wire = Wire()
        self.node = self.wire.node()
        self.seat = take_seat(self.node, task, robot, '', skill=1.0, seed=0)
        self.simulation = ArmSimulation(robot, task.episode)
        self.frame = robot.tool_frame
        self.say('ground_truth/goal', arm_messages.pose_message, self.simulation.goal())

    def say(self, topic, convert, sample, *more):
        self.wire.say(topic, convert(sample, *more, self.node.now_ns()))

    def watch(self, duration_s, attending=True):
        """Let the person look at 10 Hz; return whether the dead-man was held, each time."""
        held = []
        for _ in range(round(duration_s / 0.1)):
            self.wire.now_s += 0.1
            self.say('ground_truth/tool', arm_messages.tool_message, self.tool(), self.frame)
            self.say('joint_states', arm_messages.joint_state_message, self.simulation.joints())
            self.say('wrench', arm_messages.wrench_message, self.simulation.wrench())
            assert self.seat.view.look(self.now_s()) is None
            self.seat.send(*self.seat.operator.joy(self.seat.view, attending))
            held.append(bool(self.wire.last('spacenav/joy').buttons[DEADMAN]))
        return held

    def now_s(self):
        return self.wire.now_s

    def tool(self):
        return replace(self.simulation.true_tool(), stamp_ns=self.node.now_ns())


@pytest.fixture
def room(monkeypatch):
    room = Room()
    monkeypatch.setattr('takeover_nodes.managed_node.time.monotonic', room.now_s)
    room.seat.operator.reset()
    return room


def test_an_arm_that_makes_no_way_is_taken_over_by_spacemouse(room):
    assert not any(room.watch(1.0))
    assert any(room.watch(0.1)[0] for _ in range(30)), 'it takes over'
    twist = room.wire.last('spacenav/twist')
    pushed = [getattr(v, axis) for v in (twist.linear, twist.angular) for axis in 'xyz']
    assert max(map(abs, pushed)) > 0.1
    joy = room.wire.last('spacenav/joy')
    assert list(joy.axes) == pytest.approx(pushed), 'as spacenav_node has it'
    assert joy.header.stamp.sec == int(room.wire.now_s)
    said = {topic for topic, messages in room.wire.said.items() if messages}
    assert {topic for topic in said if topic.startswith('spacenav')} == {
        'spacenav/twist',
        'spacenav/joy',
    }


def test_between_episodes_the_hands_are_off(room):
    assert not any(room.watch(6.0, attending=False))


def test_only_a_stop_by_the_wrench_is_left_and_only_between_episodes(room):
    stopped = SafetyState(state=SafetyState.STATE_ESTOPPED)
    stopped.reason = 'e-stop: pressed'
    room.wire.say('safety/state', stopped)
    room.seat.rest(100.0)
    assert room.node.requests == []
    stopped.reason = 'e-stop: wrench: force is 41.0 N, at most 40 N'
    room.wire.say('safety/state', stopped)
    room.seat.rest(100.0)
    room.seat.rest(100.0 + 0.5 * RESET_PERIOD_S)
    assert room.node.requests == ['safety_node/reset']
    room.seat.rest(100.0 + 1.1 * RESET_PERIOD_S)
    assert len(room.node.requests) == 2
    room.wire.say('safety/state', SafetyState(state=SafetyState.STATE_STOPPED))
    room.seat.rest(200.0)
    assert len(room.node.requests) == 2


def test_the_gate_says_what_the_person_looks_for():
    """The words by which a stop of the wrench is known are those of the gate."""
    rig = ArmRig()
    rig.force_n = 2.0 * ROBOT.wrench.max_force_n
    rig.wait(0.02).sense()
    assert rig.tick(0.02).reason.startswith(WRENCH_STOP)
