"""Publishes what a stack does that learns: for the tests of learning_monitor_node.

It runs until it is stopped: each episode is about a second, in the middle of every other one a
person takes over, and with every episode another policy drives.
"""

import time

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from nav_msgs.msg import Odometry
import rclpy
from rclpy.node import Node
from takeover_msgs.msg import (
    EpisodeState,
    InterventionState,
    LearnerStatus,
    PolicyState,
    RecorderState,
    SafetyState,
)
from takeover_nodes import qos

PERIOD_S, EPISODE_S, PAUSE_S = 0.05, 0.8, 0.4
HELPED_S = (0.2, 0.6)


class FakeLearningStack(Node):
    """All publishers in one node, driven by one timer."""

    def __init__(self):
        super().__init__('fake_learning_stack')
        self.number, self.began_s, self.takeovers = 0, float('-inf'), 0
        self.person = False
        self.out = {
            topic: self.create_publisher(message, topic, profile)
            for topic, message, profile in (
                ('episode', EpisodeState, qos.LATCHED),
                ('ground_truth/odom', Odometry, qos.SENSOR),
                ('intervention/state', InterventionState, qos.LATCHED),
                ('safety/state', SafetyState, qos.LATCHED),
                ('policy/version', PolicyState, qos.LATCHED),
                ('learner/status', LearnerStatus, qos.LATCHED),
                ('recorder/state', RecorderState, qos.LATCHED),
                ('/diagnostics', DiagnosticArray, qos.DIAGNOSTICS),
            )
        }
        self.say('safety/state', SafetyState(state=SafetyState.STATE_FORWARDING, reason='ok'))
        self.mode(InterventionState.MODE_AUTONOMOUS)
        self.create_timer(PERIOD_S, self.tick)

    def say(self, topic, message):
        message.header.stamp = self.get_clock().now().to_msg()
        self.out[topic].publish(message)

    def mode(self, mode):
        self.say(
            'intervention/state',
            InterventionState(
                mode=mode, reason='as told', takeovers=self.takeovers, episode=self.number
            ),
        )

    def tick(self):
        # Whoever listens must not miss the beginning.
        if self.out['ground_truth/odom'].get_subscription_count() == 0:
            return
        driven_s = time.monotonic() - self.began_s
        if driven_s > EPISODE_S + PAUSE_S:
            self.begin()
        elif driven_s > EPISODE_S:
            self.episode(EpisodeState.GOAL, EPISODE_S)
        else:
            self.drive(driven_s)

    def begin(self):
        self.number, self.began_s = self.number + 1, time.monotonic()
        self.episode(EpisodeState.RUNNING, 0.0)
        self.mode(InterventionState.MODE_AUTONOMOUS)
        self.tell()

    def drive(self, driven_s):
        odometry = Odometry()
        odometry.twist.twist.linear.x = 0.4
        self.say('ground_truth/odom', odometry)
        self.episode(EpisodeState.RUNNING, driven_s)
        person = self.number % 2 == 0 and HELPED_S[0] < driven_s < HELPED_S[1]
        if person and not self.person:
            self.takeovers += 1
        if person != self.person:
            self.person = person
            self.mode(
                InterventionState.MODE_HUMAN if person else InterventionState.MODE_AUTONOMOUS
            )

    def episode(self, outcome, elapsed_s):
        self.say(
            'episode',
            EpisodeState(
                episode=self.number,
                seed=100 + self.number,
                outcome=outcome,
                elapsed_s=elapsed_s,
                progress=elapsed_s / EPISODE_S,
            ),
        )

    def tell(self):
        number = self.number
        self.say(
            'policy/version',
            PolicyState(
                version=f'{number:012x}',
                task='rover_path',
                swaps=number - 1,
                previous_version=f'{number - 1:012x}',
            ),
        )
        self.say(
            'learner/status',
            LearnerStatus(
                state=LearnerStatus.STATE_TRAINING,
                message=f'learns from the log; holding {number:012x}',
                transitions=20 * number,
                takeovers=self.takeovers,
                behind=3,
                updates=10 * number,
                updates_per_s=12.5,
            ),
        )
        self.say(
            'recorder/state',
            RecorderState(
                state=RecorderState.STATE_NO_IMAGES, reason='disk nearly full', steps=77
            ),
        )
        slow = DiagnosticStatus(
            name='sim_node: simulation', level=DiagnosticStatus.WARN, message='a bit slow'
        )
        self.say('/diagnostics', DiagnosticArray(status=[slow]))


if __name__ == '__main__':
    rclpy.init()
    rclpy.spin(FakeLearningStack())
