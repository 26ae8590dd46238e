"""Watches a run through plain values and keeps what the screen and the report need.

It decides nothing about the robot. Times are seconds of the steady clock (`now_s`); stamps in
nanoseconds are only compared with each other. Memory is bounded: the newest episodes, events and
pictures stay, counters go on.
"""

from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime
import math
from typing import Any

import numpy as np
from takeover.metrics import Hearing, LatencyMeter, TickJitter
from takeover.report.camera_moment import obstacle_ahead
from takeover.report.record import (
    EpisodeRecord,
    Event,
    Frame,
    InputState,
    MODES,
    RunRecord,
    ScreenState,
    TRACK_COLUMNS,
)
from takeover.report.troubles import standing, Troubles

MAX_EPISODES = 100
MAX_EVENTS = 1000
MAX_FRAMES = 6
MAX_TRACK_ROWS = 6000
TRACK_PERIOD_S = 0.1
# Slower than this is standing still, for the question whether anything moves at all.
MOVING_M_S = 0.02
# Without an obstacle ahead a picture is taken at this share of the path.
PICTURE_PROGRESS = 0.5
# The screen of this part of the last episode is kept with the run.
SNAPSHOT_PROGRESS = (0.6, 0.75)
# The screen shows the last minute at 20 Hz; the report has everything.
SHOWN_SAMPLES = 1200


@dataclass(frozen=True)
class Expectations:
    """What the observer knows beforehand of the run it watches; 0 where it does not."""

    episodes: int = 0
    tick_period_s: float = 0.05
    corridor_half_width_m: float = 0.0
    goal_tolerance_m: float = 0.0


class RunObserver:
    """Takes what is heard, gives a ScreenState at any time and a RunRecord at the end."""

    def __init__(self, expected: Expectations, now_s: float) -> None:
        """Begin to watch at `now_s`."""
        self.expected = expected
        self.started = datetime.now().astimezone().isoformat(timespec='seconds')
        self.started_s = self.moved_s = now_s
        self.latency = LatencyMeter()
        self.jitter = TickJitter(expected.tick_period_s)
        self.hearings: dict[str, Hearing] = {}
        self.troubles = Troubles()
        self.ever_moved = False
        self.events: deque[Event] = deque(maxlen=MAX_EVENTS)
        self.frames: deque[Frame] = deque(maxlen=MAX_FRAMES)
        self.finished: deque[EpisodeRecord] = deque(maxlen=MAX_EPISODES)
        self.running: EpisodeRecord | None = None
        self.last_finished: EpisodeRecord | None = None
        self.complete = False
        self.now = ScreenState(episodes_wanted=expected.episodes)
        self.snapshot: ScreenState | None = None
        self.policy: dict[str, str] = {'file': '', 'spec_hash': ''}
        self.rejected_reasons: dict[str, int] = {}
        self._course = {'path': np.zeros((0, 2)), 'obstacles': np.zeros((0, 3))}
        self._track: list[tuple[float, ...]] = []
        self._pose = (0.0, 0.0, 0.0)

    def expect(self, topic: str) -> None:
        """Show `topic` even before anything is heard on it."""
        self.hearings.setdefault(topic, Hearing())

    def heard(self, topic: str, now_s: float) -> None:
        """Note that something came on `topic`."""
        self.hearings.setdefault(topic, Hearing()).heard(now_s)

    def on_course(self, part: str, points: np.ndarray) -> None:
        """Take the 'path' [N, 2] or the 'obstacles' [N, 3] (x, y, radius) of an episode."""
        # It comes before or after the word of the new episode: both may claim it.
        self._course[part] = points
        if self.running is not None:
            setattr(self.running, part, points)

    def on_truth(
        self,
        x_m: float,
        y_m: float,
        yaw_rad: float,
        speed_m_s: float,
        turn_rad_s: float,
        now_s: float,
    ) -> None:
        """Take the true pose and velocity; kept at 10 Hz while an episode is under way."""
        self._pose = (x_m, y_m, yaw_rad)
        self.now.speed_m_s, self.now.turn_rad_s = speed_m_s, turn_rad_s
        if abs(speed_m_s) > MOVING_M_S:
            self.moved_s, self.ever_moved = now_s, True
        if self.running is None or len(self._track) >= MAX_TRACK_ROWS:
            return
        time_s = now_s - self.started_s
        if not self._track or time_s - self._track[-1][0] >= TRACK_PERIOD_S - 0.005:
            self._track.append(
                (
                    time_s,
                    x_m,
                    y_m,
                    speed_m_s,
                    self.now.commanded_m_s,
                    float(MODES.index(self.now.mode)),
                )
            )

    def on_executed(self, values: tuple[float, ...]) -> None:
        """Take what the gate sent to the robot: forward speed, then turn rate."""
        self.now.commanded_m_s, self.now.commanded_rad_s = (*values, 0.0, 0.0)[:2]

    def on_mode(self, mode: str, reason: str, takeovers: int, now_s: float) -> None:
        """Take who drives, and why."""
        if mode != self.now.mode or not self._has('mode'):
            self._note('mode', mode, reason, now_s)
        self.now.mode, self.now.mode_reason, self.now.takeovers = mode, reason, takeovers

    def on_gate(
        self, state: str, reason: str, stops: int, rejected: dict[str, int], now_s: float
    ) -> None:
        """Take the state of the safety gate, and why."""
        if state != self.now.gate or not self._has('gate'):
            self._note('gate', state, reason, now_s)
        self.now.gate, self.now.gate_reason, self.now.stops = state, reason, stops
        self.now.rejected, self.rejected_reasons = sum(rejected.values()), rejected

    def on_policy(
        self,
        task: str,
        version: str,
        spec_hash: str,
        file: str,
        ticks: int,
        skipped: int,
        skipped_reason: str,
    ) -> None:
        """Take which policy is loaded and how its ticks went."""
        self.now.task, self.now.policy_version = task, version
        self.policy = {'file': file, 'spec_hash': spec_hash}
        self.now.ticks, self.now.skipped = ticks, skipped
        if skipped_reason:
            self.now.skipped_reason = skipped_reason

    def on_problem(self, component: str, problem: str, error: bool, now_s: float) -> None:
        """Take what is wrong with a component in words; '' when it is well again."""
        self.troubles.on_problem(component, problem, error, now_s)

    def on_episode(self, heard: EpisodeRecord, last: bool, now_s: float) -> EpisodeRecord | None:
        """Take how an episode stands; return it once, when it has just ended."""
        heard = _finite(heard)
        before = self.last_finished
        if before is not None and heard.number <= before.number:
            return None
        if self.running is None or self.running.number != heard.number:
            self._begin(heard, now_s)
        running = self.running
        for name in ('outcome', 'elapsed_s', 'progress', 'mean_speed_m_s', 'mean_cross_track_m'):
            setattr(running, name, getattr(heard, name))
        if heard.outcome == 'running':
            return None
        running.track = np.array(self._track).reshape(-1, len(TRACK_COLUMNS))
        self.finished.append(running)
        self.running, self.last_finished = None, running
        wanted = self.expected.episodes
        self.complete = last or 0 < wanted <= running.number
        return running

    def wants_picture(self) -> bool:
        """Tell whether the camera would see something worth a picture now."""
        running = self.running
        if running is None or any(frame.episode == running.number for frame in self.frames):
            return False
        if running.progress >= PICTURE_PROGRESS:
            return True
        return obstacle_ahead(self._pose, running.obstacles)

    def on_picture(self, pixels: np.ndarray, now_s: float) -> None:
        """Keep one picture, uint8 [height, width, 3]."""
        number = self.running.number if self.running else 0
        self.frames.append(Frame(now_s - self.started_s, number, pixels))

    def failing_to_start_s(self, now_s: float) -> float:
        """Return for how long a component reports an error while nothing has moved yet."""
        return 0.0 if self.ever_moved else self.troubles.failing_s(now_s)

    def why_still(self) -> str:
        """Return in words what is known about why nothing moves."""
        now = self.now
        if self.running is None and self.last_finished is None:
            return self.troubles.why_still('no episode was heard of')
        return self.troubles.why_still(
            standing(now.mode, now.mode_reason, now.gate, now.gate_reason)
        )

    def screen(self, now_s: float) -> ScreenState:
        """Return all that the status screen shows."""
        ticks = self.hearings.get('policy/command')
        episodes = [*self.finished, *([self.running] if self.running else [])]
        state = replace(
            self.now,
            elapsed_s=now_s - self.started_s,
            jitter_p99_ms=self.jitter.percentiles(SHOWN_SAMPLES).p99,
            tick_rate_hz=ticks.rate_hz(now_s) if ticks else 0.0,
            inputs=[
                InputState(topic, hearing.age_s(now_s), hearing.rate_hz(now_s))
                for topic, hearing in self.hearings.items()
            ],
            hops=self.latency.percentiles(SHOWN_SAMPLES),
            # Copies: the running one changes under a screen that is kept.
            episodes=[
                replace(
                    episode,
                    path=np.zeros((0, 2)),
                    obstacles=np.zeros((0, 3)),
                    track=np.zeros((0, len(TRACK_COLUMNS))),
                )
                for episode in episodes
            ],
            problems=self.troubles.lines(),
        )
        first, last = SNAPSHOT_PROGRESS
        if self.running and first <= self.running.progress <= last:
            self.snapshot = state
        return state

    def record(self, now_s: float, ended_because: str, machine: dict[str, str]) -> RunRecord:
        """Return the run as it is kept; an episode under way counts as aborted."""
        episodes = list(self.finished)
        if self.running is not None:
            track = np.array(self._track).reshape(-1, len(TRACK_COLUMNS))
            episodes.append(replace(self.running, outcome='aborted', track=track))
        return RunRecord(
            started=self.started,
            duration_s=now_s - self.started_s,
            complete=self.complete,
            ended_because=ended_because,
            task=self.now.task,
            policy_version=self.now.policy_version,
            policy_file=self.policy['file'],
            spec_hash=self.policy['spec_hash'],
            corridor_half_width_m=self.expected.corridor_half_width_m,
            goal_tolerance_m=self.expected.goal_tolerance_m,
            tick_period_s=self.expected.tick_period_s,
            rejected_reasons=self.rejected_reasons,
            **{
                name: getattr(self.now, name)
                for name in ('ticks', 'skipped', 'stops', 'rejected', 'takeovers')
            },
            tick_gaps=self.jitter.gaps,
            events=list(self.events),
            hops=self.latency.percentiles(),
            jitter=self.jitter.percentiles(),
            machine=machine,
            screen=self.snapshot,
            episodes=episodes,
            frames=list(self.frames),
            hop_samples_ms={
                hop: np.array(samples) for hop, samples in self.latency.samples_ms.items()
            },
            tick_deviations_ms=np.array(self.jitter.deviations_ms),
        )

    def _begin(self, heard: EpisodeRecord, now_s: float) -> None:
        if self.running is not None:
            # The word of its end was lost; the next one has begun.
            self.running.outcome = 'aborted'
            self.running.track = np.array(self._track).reshape(-1, len(TRACK_COLUMNS))
            self.finished.append(self.running)
        self.running = replace(heard, **self._course)
        self._track = []
        self.moved_s = now_s

    def _has(self, kind: str) -> bool:
        return any(event.kind == kind for event in self.events)

    def _note(self, kind: str, state: str, reason: str, now_s: float) -> None:
        self.events.append(Event(now_s - self.started_s, kind, state, reason))


def _finite(episode: EpisodeRecord) -> EpisodeRecord:
    """Return the record with 0 for numbers that are not: they must survive in JSON."""
    changes: dict[str, Any] = {
        name: 0.0
        for name in ('elapsed_s', 'progress', 'mean_speed_m_s', 'mean_cross_track_m')
        if not math.isfinite(getattr(episode, name))
    }
    return replace(episode, **changes)
