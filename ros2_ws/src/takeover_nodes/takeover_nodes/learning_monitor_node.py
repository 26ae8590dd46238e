"""learning_monitor_node: watches a robot learn from take-overs; one live screen.

It only listens. On a terminal it shows the screen of `takeover.report.learning_screen`, elsewhere
one plain line every ten seconds and one for each episode that has ended. It ends by itself when
the wanted time is over or nothing has moved for too long; the last line says why.
"""

from dataclasses import dataclass, fields
import sys
import time

from nav_msgs.msg import Odometry
from takeover.outcome import OUTCOMES
from takeover.report.learning_lines import episode_line, plain_line
from takeover.report.learning_observer import LearningObserver
from takeover.report.learning_screen import LearningPanel
from takeover.report.learning_state import (
    DrivenEpisode,
    LEARNER_STATES,
    LearnerNews,
    PolicyNews,
    RECORDER_STATES,
    RecorderNews,
)
from takeover.report.record import GATE_STATES, MODES
from takeover_msgs.msg import (
    EpisodeState,
    InterventionState,
    LearnerStatus,
    PolicyState,
    RecorderState,
    SafetyState,
)
from takeover_nodes import qos
from takeover_nodes.parameters import parameter
from takeover_nodes.status_display import Looks
from takeover_nodes.watching import watch, WatchingNode

LOOKS = Looks(LearningPanel, plain_line, episode_line, line_period_s=10.0)


@dataclass(frozen=True)
class LearningMonitorParameters:
    """Parameters of learning_monitor_node."""

    duration_s: float = parameter(
        0.0,
        'seconds from the first motion after which to end; 0.0: watch without end',
        at_least=0.0,
    )
    max_wait_s: float = parameter(
        60.0,
        'seconds without any motion after which to give up; 0.0: wait forever',
        at_least=0.0,
        at_most=3600.0,
    )


class LearningMonitorNode(WatchingNode):
    """Feeds what it hears to a LearningObserver."""

    def __init__(self) -> None:
        """Subscribe to all that tells of learning."""
        super().__init__('learning_monitor_node', LearningMonitorParameters)
        self.begin(LearningObserver(self.given.duration_s, time.monotonic()), LOOKS)
        self.hear(
            (
                (EpisodeState, 'episode', self.on_episode, qos.LATCHED),
                (Odometry, 'ground_truth/odom', self.on_truth, qos.SENSOR),
                (InterventionState, 'intervention/state', self.on_mode, qos.LATCHED),
                (SafetyState, 'safety/state', self.on_gate, qos.LATCHED),
                (PolicyState, 'policy/version', self.on_policy, qos.LATCHED),
                (LearnerStatus, 'learner/status', self.on_learner, qos.LATCHED),
                (RecorderState, 'recorder/state', self.on_recorder, qos.LATCHED),
            )
        )

    def on_episode(self, state: EpisodeState) -> None:
        """Follow the episodes."""
        ended = self.observer.on_episode(
            DrivenEpisode(
                number=state.episode,
                seed=state.seed,
                outcome=OUTCOMES[state.outcome],
                elapsed_s=state.elapsed_s,
                progress=state.progress,
            ),
            state.last,
            time.monotonic(),
        )
        if ended is not None:
            self.display.episode(ended)

    def on_truth(self, message: Odometry) -> None:
        """Note whether the robot moves."""
        self.observer.on_motion(message.twist.twist.linear.x, time.monotonic())

    def on_mode(self, state: InterventionState) -> None:
        """Follow who drives."""
        self.observer.on_mode(
            MODES[state.mode], state.reason, state.takeovers, state.episode, time.monotonic()
        )

    def on_gate(self, state: SafetyState) -> None:
        """Follow the gate."""
        self.observer.on_gate(GATE_STATES[state.state], state.reason, time.monotonic())

    def on_policy(self, state: PolicyState) -> None:
        """Note which policy drives."""
        news = PolicyNews(
            version=state.version,
            swaps=state.swaps,
            previous=state.previous_version,
            refused_version=state.refused_version,
            refused_reason=state.refused_reason,
        )
        self.observer.on_policy(state.task, news, time.monotonic())

    def on_learner(self, status: LearnerStatus) -> None:
        """Note how the learner goes on."""
        told = {field.name: getattr(status, field.name) for field in fields(LearnerNews)}
        news = LearnerNews(**{**told, 'state': LEARNER_STATES[status.state]})
        self.observer.on_learner(news, time.monotonic())

    def on_recorder(self, state: RecorderState) -> None:
        """Note what is on disk."""
        self.observer.on_recorder(
            RecorderNews(RECORDER_STATES[state.state], state.reason, state.steps, state.incomplete)
        )

    def ends_because(self, now_s: float) -> str:
        """Return why there is nothing more to watch, or ''."""
        if self.observer.complete(now_s):
            return f'watched for {self.given.duration_s:g} s'
        return 'the last episode ended' if self.observer.last else ''

    def finish(self) -> int:
        """Leave the last state and the reason behind; return the exit code."""
        now_s = time.monotonic()
        self.display.close()
        self.display.say(plain_line(self.observer.screen(now_s)))
        self.display.say(self.ended_because or 'stopped by request')
        wanted = self.given.duration_s > 0.0
        return 0 if self.observer.complete(now_s) or (self.observer.last and not wanted) else 1


def main() -> None:
    """Run learning_monitor_node until its time is over or a signal comes."""
    sys.exit(watch(LearningMonitorNode))
