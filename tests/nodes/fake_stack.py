"""Publishes what a running stack does, two short episodes of it: for the tests of the monitor.

python fake_stack.py [EPISODES]; it runs until it is stopped.
"""

import sys
import time

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from geometry_msgs.msg import PoseStamped
from nav_msgs.msg import Odometry, Path
import rclpy
from rclpy.node import Node
from sensor_msgs.msg import Image, LaserScan
from takeover_msgs.msg import (
    Command,
    EpisodeState,
    ExecutedCommand,
    InterventionState,
    PolicyState,
    SafetyState,
)
from takeover_nodes import conversions, qos
from visualization_msgs.msg import Marker, MarkerArray

PERIOD_S = 0.05
EPISODE_S, PAUSE_S = 1.5, 0.3
FIRST_SEED = 7
POLICY_MS, ARBITER_MS, GATE_MS = 0.5, 0.25, 0.125


class FakeStack(Node):
    """All publishers in one node, driven by one timer."""

    def __init__(self, episodes):
        super().__init__('fake_stack')
        self.episodes, self.number, self.sequence = episodes, 0, 0
        self.out = {
            topic: self.create_publisher(message, topic, profile)
            for topic, message, profile in (
                ('episode', EpisodeState, qos.LATCHED),
                ('path', Path, qos.LATCHED),
                ('obstacles', MarkerArray, qos.LATCHED),
                ('ground_truth/odom', Odometry, qos.SENSOR),
                ('odom', Odometry, qos.SENSOR),
                ('scan', LaserScan, qos.SENSOR),
                ('camera/image_raw', Image, qos.SENSOR),
                ('policy/command', Command, qos.command(PERIOD_S)),
                ('control/command', Command, qos.command(PERIOD_S)),
                ('safety/executed_command', ExecutedCommand, qos.RECORD),
                ('safety/state', SafetyState, qos.LATCHED),
                ('intervention/state', InterventionState, qos.LATCHED),
                ('policy/version', PolicyState, qos.LATCHED),
                ('/diagnostics', DiagnosticArray, qos.DIAGNOSTICS),
            )
        }
        self.say(
            'policy/version',
            PolicyState(
                version='0123456789ab',
                task='rover_path',
                spec_hash='f' * 16,
                file='/m/p.onnx',
                ticks=60,
            ),
        )
        self.say(
            'safety/state',
            SafetyState(
                state=SafetyState.STATE_FORWARDING,
                reason='ok',
                rejected_reasons=['old'],
                rejected_counts=[3],
            ),
        )
        self.say(
            'intervention/state',
            InterventionState(mode=InterventionState.MODE_AUTONOMOUS, reason='policy is healthy'),
        )
        self.create_timer(PERIOD_S, self.tick)
        self.ended_s = self.began_s = float('-inf')

    def say(self, topic, message):
        if hasattr(message, 'header'):
            message.header.stamp = self.get_clock().now().to_msg()
        self.out[topic].publish(message)

    def tick(self):
        now_s = time.monotonic()
        # Whoever listens must not miss the beginning.
        if self.out['safety/executed_command'].get_subscription_count() == 0:
            return
        running = self.began_s > self.ended_s
        if not running and self.number < self.episodes and now_s - self.ended_s > PAUSE_S:
            self.begin(now_s)
        elif running:
            self.drive(now_s)

    def begin(self, now_s):
        self.number, self.began_s = self.number + 1, now_s
        path = Path(poses=[PoseStamped() for _ in range(24)])
        for i, pose in enumerate(path.poses):
            pose.pose.position.x = 0.5 * i
        self.say('path', path)
        marker = Marker(type=Marker.CYLINDER, action=Marker.ADD)
        marker.pose.position.x, marker.pose.position.y, marker.scale.x = 5.0, 0.3, 0.5
        self.out['obstacles'].publish(MarkerArray(markers=[marker]))

    def drive(self, now_s):
        share = min(1.0, (now_s - self.began_s) / EPISODE_S)
        odometry = Odometry()
        odometry.pose.pose.position.x = 10.0 * share
        odometry.twist.twist.linear.x = 0.4
        for topic in ('odom', 'ground_truth/odom'):
            self.say(topic, odometry)
        self.say('scan', LaserScan())
        self.command()
        self.say(
            'camera/image_raw',
            Image(height=6, width=8, step=24, encoding='rgb8', data=bytes(range(144))),
        )
        self.say(
            '/diagnostics',
            DiagnosticArray(
                status=[
                    DiagnosticStatus(
                        name='sim_node: simulation',
                        level=DiagnosticStatus.WARN,
                        message='a bit slow',
                    )
                ]
            ),
        )
        outcome = EpisodeState.GOAL if share >= 1.0 else EpisodeState.RUNNING
        self.say(
            'episode',
            EpisodeState(
                episode=self.number,
                seed=FIRST_SEED + self.number - 1,
                outcome=outcome,
                elapsed_s=now_s - self.began_s,
                progress=share,
                mean_speed_m_s=0.4,
                mean_cross_track_m=0.05,
                last=self.number == self.episodes,
            ),
        )
        if outcome == EpisodeState.GOAL:
            self.ended_s = now_s

    def command(self):
        self.sequence += 1
        tick_ns = self.get_clock().now().nanoseconds
        stamps = [
            conversions.ns_to_stamp(tick_ns + int(1e6 * ms))
            for ms in (0.0, POLICY_MS, POLICY_MS + ARBITER_MS, POLICY_MS + ARBITER_MS + GATE_MS)
        ]
        command = Command(
            sequence=self.sequence,
            policy_sequence=self.sequence,
            source=Command.SOURCE_POLICY,
            tick_stamp=stamps[0],
            values=[0.4, 0.1],
        )
        command.header.stamp = stamps[1]
        self.out['policy/command'].publish(command)
        self.out['control/command'].publish(command)
        executed = ExecutedCommand(
            sequence=self.sequence,
            policy_sequence=self.sequence,
            source=Command.SOURCE_POLICY,
            tick_stamp=stamps[0],
            arbiter_stamp=stamps[2],
            on_arrival=True,
            requested=[0.4, 0.1],
            executed=[0.4, 0.1],
        )
        executed.header.stamp = stamps[3]
        self.out['safety/executed_command'].publish(executed)


if __name__ == '__main__':
    rclpy.init()
    rclpy.spin(FakeStack(int((*sys.argv[1:], '2')[0])))
