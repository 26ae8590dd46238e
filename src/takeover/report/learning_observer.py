"""Watches a robot learn, through plain values, and keeps what the learning screen needs.

It decides nothing about the robot. `now_s` is the steady clock. Memory is bounded but for one
number for each minute of driving.
"""

from collections import deque
from dataclasses import replace

from takeover.report.driven_minutes import DrivenMinutes
from takeover.report.learning_state import (
    DrivenEpisode,
    LearnerNews,
    LearningScreen,
    PolicyNews,
    RecorderNews,
    VersionDrive,
)
from takeover.report.observer import MOVING_M_S
from takeover.report.troubles import standing, Troubles

LAST_EPISODES = 10
MAX_VERSIONS = 20
# The learner tells of itself once a second; it may be slow to do so beside a robot that drives.
LEARNER_SILENT_S = 5.0
DRIVING_MODES = ('autonomous', 'human', 'handover')


class LearningObserver:
    """Takes what is heard, gives a LearningScreen at any time."""

    def __init__(self, wanted_s: float, now_s: float) -> None:
        """Begin to watch; `wanted_s`: how long from the first motion, 0.0 without end."""
        self.wanted_s = wanted_s
        self.moved_s = now_s
        self.first_motion_s: float | None = None
        self.troubles = Troubles()
        self.now = LearningScreen(wanted_s=wanted_s)
        self.driving = DrivenMinutes()
        self.finished = 0
        self.last = False
        self.running: DrivenEpisode | None = None
        self.episodes: deque[DrivenEpisode] = deque(maxlen=LAST_EPISODES)
        self.versions: deque[VersionDrive] = deque(maxlen=MAX_VERSIONS)
        self._arbiter_episode = 0
        self._told: int | None = None
        self._learner_heard_s = now_s
        self._passed_s = now_s

    def on_motion(self, speed_m_s: float, now_s: float) -> None:
        """Take the true forward speed."""
        if abs(speed_m_s) > MOVING_M_S:
            self.moved_s = now_s
            if self.first_motion_s is None:
                self.first_motion_s = now_s

    def on_mode(self, mode: str, reason: str, takeovers: int, episode: int, now_s: float) -> None:
        """Take who drives and why, the arbiter's count of take-overs, and its episode."""
        self._pass(now_s)
        self.now = replace(self.now, mode=mode, mode_reason=reason)
        # What was counted before anybody watched is not ours; a restarted arbiter counts anew.
        before = takeovers if self._told is None else self._told
        new = takeovers - before if takeovers >= before else takeovers
        self._told = takeovers
        if new:
            self.driving.take_over(new)
            if self.versions:
                newest = self.versions[-1]
                self.versions[-1] = replace(newest, takeovers=newest.takeovers + new)
        self._arbiter_episode = episode
        self._help(new)

    def on_gate(self, state: str, reason: str, now_s: float) -> None:
        """Take the state of the safety gate, and why."""
        self._pass(now_s)
        self.now = replace(self.now, gate=state, gate_reason=reason)

    def on_episode(self, heard: DrivenEpisode, last: bool, now_s: float) -> DrivenEpisode | None:
        """Take how an episode stands; return it once, when it has just ended."""
        self._pass(now_s)
        before = self.episodes[-1] if self.episodes else None
        if before is not None and heard.number == before.number:
            return None
        running = self.running
        if running is not None and running.number != heard.number:
            # The word of its end was lost; another one has begun.
            self._end(replace(running, outcome='aborted'))
            running = None
        if running is not None:
            heard = replace(heard, takeovers=running.takeovers, helped=running.helped)
        self.running = heard
        self._help(0)
        if heard.outcome == 'running':
            return None
        self.last = last
        return self._end(self.running)

    def on_policy(self, task: str, news: PolicyNews, now_s: float) -> None:
        """Take which policy drives; `since_s` and `refused` are found here."""
        self._pass(now_s)
        before = self.now.policy
        since_s = before.since_s if news.version == before.version else self._elapsed_s(now_s)
        told = (news.refused_version, news.refused_reason)
        new = told != (before.refused_version, before.refused_reason) and any(told)
        news = replace(news, since_s=since_s, refused=before.refused + new)
        self.now = replace(self.now, task=task, policy=news)
        if news.version and (not self.versions or self.versions[-1].version != news.version):
            self.versions.append(VersionDrive(news.version, since_s))

    def on_learner(self, news: LearnerNews, now_s: float) -> None:
        """Take how the learner goes on."""
        self._learner_heard_s = now_s
        self.now = replace(self.now, learner=news)

    def on_recorder(self, news: RecorderNews) -> None:
        """Take what is on disk."""
        self.now = replace(self.now, recorder=news)

    def on_problem(self, component: str, problem: str, error: bool, now_s: float) -> None:
        """Take what is wrong with a component in words; '' when it is well again."""
        self.troubles.on_problem(component, problem, error, now_s)

    def complete(self, now_s: float) -> bool:
        """Tell whether it was watched for as long as was wanted."""
        return 0.0 < self.wanted_s <= self._elapsed_s(now_s)

    def failing_to_start_s(self, now_s: float) -> float:
        """Return for how long a component reports an error while nothing has moved yet."""
        return self.troubles.failing_s(now_s) if self.first_motion_s is None else 0.0

    def why_still(self) -> str:
        """Return in words what is known about why nothing moves."""
        now = self.now
        return self.troubles.why_still(
            standing(now.mode, now.mode_reason, now.gate, now.gate_reason)
        )

    def screen(self, now_s: float) -> LearningScreen:
        """Return all that the screen shows."""
        self._pass(now_s)
        silent_s = now_s - self._learner_heard_s
        told = self.now.learner is not None
        return replace(
            self.now,
            moved=self.first_motion_s is not None,
            elapsed_s=self._elapsed_s(now_s),
            takeovers=self.driving.takeovers,
            minutes=self.driving.minutes,
            driven_s=self.driving.driven_s,
            recent_s=self.driving.recent_s,
            recent_per_minute=self.driving.recent_per_minute,
            finished=self.finished,
            episodes=tuple(self.episodes),
            running=self.running,
            versions=tuple(self.versions),
            learner_silent_s=silent_s if told and silent_s > LEARNER_SILENT_S else 0.0,
            problems=self.troubles.lines(),
        )

    def _elapsed_s(self, now_s: float) -> float:
        return 0.0 if self.first_motion_s is None else now_s - self.first_motion_s

    def _pass(self, now_s: float) -> None:
        """Let the time since the last look pass, as it stood then."""
        seconds = max(0.0, now_s - self._passed_s)
        self._passed_s = now_s
        driving = self.now.mode in DRIVING_MODES and self.now.gate == 'forwarding'
        if not driving or self.first_motion_s is None:
            return
        self.driving.drive(seconds)
        if self.versions:
            newest = self.versions[-1]
            self.versions[-1] = replace(newest, driven_s=newest.driven_s + seconds)

    def _help(self, takeovers: int) -> None:
        """Note in the episode under way what the person does in it."""
        running = self.running
        # The arbiter's word and that of the episode come in either order; an arbiter that knows
        # of no episode (0) means the one under way.
        if running is None or self._arbiter_episode not in (0, running.number):
            return
        self.running = replace(
            running,
            takeovers=running.takeovers + takeovers,
            helped=running.helped or takeovers > 0 or self.now.mode == 'human',
        )

    def _end(self, episode: DrivenEpisode) -> DrivenEpisode:
        self.episodes.append(episode)
        self.finished += 1
        self.running = None
        return episode
