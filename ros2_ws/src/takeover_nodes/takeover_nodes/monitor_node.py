"""monitor_node: watches a run from outside; one live screen, and a report at the end.

It only listens. On a terminal it shows the screen of `takeover.report.screen`, elsewhere one plain
line every two seconds and one per finished episode. It ends by itself after the last episode, or
when nothing has moved for too long; the exit code is 0 when the run was complete.
"""

from dataclasses import dataclass
import os
from pathlib import Path as FilePath
import sys
import time

from nav_msgs.msg import Odometry, Path
import numpy as np
from sensor_msgs.msg import LaserScan
from takeover.outcome import OUTCOMES
from takeover.report.observer import Expectations, RunObserver
from takeover.report.record import EpisodeRecord, GATE_STATES, MODES
from takeover.report.screen import episode_line, plain_line, render
from takeover.task import load_task
from takeover_msgs.msg import (
    Command,
    EpisodeState,
    ExecutedCommand,
    InterventionState,
    PolicyState,
    SafetyState,
)
from takeover_nodes import conversions, qos
from takeover_nodes.parameters import parameter
from takeover_nodes.picture_taker import PictureTaker
from takeover_nodes.status_display import Looks
from takeover_nodes.watching import watch, WatchingNode
from visualization_msgs.msg import MarkerArray

REPORT_NICENESS = 10
LOOKS = Looks(render, plain_line, episode_line, line_period_s=2.0)
SHOWN_INPUTS = (
    'odom',
    'scan',
    'ground_truth/odom',
    'policy/command',
    'control/command',
    'safety/executed_command',
)


@dataclass(frozen=True)
class MonitorParameters:
    """Parameters of monitor_node."""

    task_file: str = parameter('', 'task YAML: rate and corridor for screen and report')
    episodes: int = parameter(
        0, 'episodes after which the run is complete; 0: watch without end', at_least=0
    )
    report_dir: str = parameter('', 'folder for report.html and its data; empty: none')
    max_wait_s: float = parameter(
        30.0,
        'seconds without any motion after which to give up; 0.0: wait forever',
        at_least=0.0,
        at_most=3600.0,
    )
    camera: bool = parameter(True, 'keep a few pictures of camera/image_raw')


class MonitorNode(WatchingNode):
    """Feeds what it hears to a RunObserver."""

    def __init__(self) -> None:
        """Subscribe to everything a run consists of."""
        super().__init__('monitor_node', MonitorParameters)
        self.begin(RunObserver(self.expectations(), time.monotonic()), LOOKS)
        for topic in SHOWN_INPUTS:
            self.observer.expect(topic)
        self.listen()
        self.pictures = PictureTaker(self, self.observer) if self.given.camera else None

    def expectations(self) -> Expectations:
        """Return what is known of the run before it begins."""
        if not self.given.task_file:
            return Expectations(episodes=self.given.episodes)
        task = load_task(self.given.task_file)
        return Expectations(
            episodes=self.given.episodes,
            tick_period_s=1.0 / task.rate_hz,
            corridor_half_width_m=task.episode.corridor_half_width_m,
            goal_tolerance_m=task.episode.goal_tolerance_m,
        )

    def listen(self) -> None:
        """Subscribe to all but the camera."""
        self.hear(
            (
                (EpisodeState, 'episode', self.on_episode, qos.LATCHED),
                (Path, 'path', self.on_path, qos.LATCHED),
                (MarkerArray, 'obstacles', self.on_obstacles, qos.LATCHED),
                (Odometry, 'ground_truth/odom', self.on_truth, qos.SENSOR),
                (Command, 'policy/command', self.on_policy_command, qos.command()),
                (ExecutedCommand, 'safety/executed_command', self.on_executed, qos.RECORD),
                (InterventionState, 'intervention/state', self.on_mode, qos.LATCHED),
                (SafetyState, 'safety/state', self.on_gate, qos.LATCHED),
                (PolicyState, 'policy/version', self.on_policy, qos.LATCHED),
            )
        )
        for message, topic, profile in (
            (Odometry, 'odom', qos.SENSOR),
            (LaserScan, 'scan', qos.SENSOR),
            (Command, 'control/command', qos.command()),
        ):
            self.count(message, topic, profile)

    def count(self, message: type, topic: str, profile: object) -> None:
        """Only note that `topic` is alive; raw, because its content is not looked at."""

        def note(_: bytes) -> None:
            self.observer.heard(topic, time.monotonic())

        self.create_subscription(message, topic, note, profile, raw=True)

    def on_episode(self, state: EpisodeState) -> None:
        """Follow the episodes."""
        ended = self.observer.on_episode(
            EpisodeRecord(
                number=state.episode,
                seed=state.seed,
                outcome=OUTCOMES[state.outcome],
                elapsed_s=state.elapsed_s,
                progress=state.progress,
                mean_speed_m_s=state.mean_speed_m_s,
                mean_cross_track_m=state.mean_cross_track_m,
            ),
            state.last,
            time.monotonic(),
        )
        if ended is not None:
            self.display.episode(ended)

    def on_path(self, path: Path) -> None:
        """Take the path of the episode."""
        self.observer.on_course('path', conversions.path_sample(path).points)

    def on_obstacles(self, markers: MarkerArray) -> None:
        """Take the round obstacles."""
        round_ones = conversions.round_obstacles(markers)
        self.observer.on_course('obstacles', np.array(round_ones).reshape(-1, 3))

    def on_truth(self, message: Odometry) -> None:
        """Follow the true pose."""
        now_s = time.monotonic()
        self.observer.heard('ground_truth/odom', now_s)
        pose, twist = message.pose.pose, message.twist.twist
        self.observer.on_truth(
            pose.position.x,
            pose.position.y,
            conversions.quaternion_to_yaw(pose.orientation),
            twist.linear.x,
            twist.angular.z,
            now_s,
        )

    def on_policy_command(self, command: Command) -> None:
        """Note the policy's tick."""
        self.observer.heard('policy/command', time.monotonic())
        self.observer.jitter.tick(conversions.stamp_to_ns(command.tick_stamp))
        self.observer.latency.on_policy_command(
            command.sequence, conversions.stamp_to_ns(command.header.stamp)
        )

    def on_executed(self, executed: ExecutedCommand) -> None:
        """Note what the gate sent, and when."""
        self.observer.heard('safety/executed_command', time.monotonic())
        self.observer.on_executed(tuple(executed.executed))
        if executed.on_arrival:
            self.observer.latency.on_forwarded(
                executed.policy_sequence,
                conversions.stamp_to_ns(executed.tick_stamp),
                conversions.stamp_to_ns(executed.arbiter_stamp),
                conversions.stamp_to_ns(executed.header.stamp),
                executed.source == Command.SOURCE_POLICY,
            )

    def on_mode(self, state: InterventionState) -> None:
        """Follow who drives."""
        self.observer.on_mode(MODES[state.mode], state.reason, state.takeovers, time.monotonic())

    def on_gate(self, state: SafetyState) -> None:
        """Follow the gate."""
        rejected = dict(zip(state.rejected_reasons, map(int, state.rejected_counts)))
        self.observer.on_gate(
            GATE_STATES[state.state], state.reason, state.stops, rejected, time.monotonic()
        )

    def on_policy(self, state: PolicyState) -> None:
        """Note which policy runs."""
        self.observer.on_policy(
            state.task,
            state.version,
            state.spec_hash,
            state.file,
            state.ticks,
            state.skipped,
            state.skipped_reason,
        )

    def look(self) -> None:
        """Show how things stand; decide whether the run is over."""
        if self.pictures is not None:
            self.pictures.look()
        super().look()

    def ends_because(self, now_s: float) -> str:
        """Return why the run is over, or ''."""
        return 'the last episode ended' if self.observer.complete else ''

    def finish(self) -> int:
        """Write the report and return the exit code."""
        self.display.close()
        if self.given.report_dir:
            self.display.say('writing the report')
            # Only now: what draws the report is slow to import.
            os.nice(REPORT_NICENESS)
            from takeover.report.machine import describe_machine
            from takeover.report.page import write_report

            because = self.ended_because or 'stopped by request'
            run = self.observer.record(time.monotonic(), because, describe_machine())
            write_report(run, FilePath(self.given.report_dir))
        return 0 if self.observer.complete else 1


def main() -> None:
    """Run monitor_node until the run is over or a signal comes."""
    sys.exit(watch(MonitorNode))
