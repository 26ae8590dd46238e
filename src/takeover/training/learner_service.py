"""A learner beside a robot that drives: reads, learns, offers policies, keeps checkpoints.

One call, `run`, made for a thread of its own; others only look at `report` and `offer`, which are
replaced as a whole. What goes wrong with the disk is said and tried again; what makes learning
impossible ends it, and is said until the process ends.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import replace
import threading
import time
import traceback

from takeover.data.errors import LogError
from takeover.errors import TakeoverError
from takeover.training import compute
from takeover.training.learner_report import LearnerReport, LearnerState, Offer, ServiceConfig
from takeover.training.log_events import TrainingStopped
from takeover.training.log_training import LogTraining

# A slice of learning, so that requests to stop and the clock are looked at.
SLICE_S = 0.1
POLL_S = 0.25
# Events that may wait in memory; what is in the log beyond them is read when they were learned.
MOST_WAITING = 200_000
# How long ago an event may have been learned for learning to be under way, and the time over
# which the rate of updates is taken.
RECENT_S, RATE_S = 3.0, 10.0
CLONING_STEPS_TOLD = 50


class LearnerService:
    """Runs a LogTraining by the clock."""

    def __init__(
        self,
        training: LogTraining,
        config: ServiceConfig,
        say: Callable[[str], None],
        stopping: threading.Event,
    ) -> None:
        """Prepare.

        :param say: told each thing that is worth a line in a log.
        :param stopping: set, it ends `run`.
        """
        self.training, self.config = training, config
        self.report = LearnerReport()
        self.offer: Offer | None = None
        self.stopping = stopping
        self._say = say
        self._trouble: dict[str, str] = {}
        self._rates: deque[tuple[float, int]] = deque()
        self._learned_s = -RECENT_S
        self._poll_s = self._publish_s = self._checkpoint_s = 0.0

    def run(self) -> None:
        """Learn until `stopping` is set, and leave a checkpoint; never raises."""
        try:
            compute.prepare()
            with self.training.held():
                self.start()
                while not self.stopping.is_set():
                    self.step(time.monotonic())
                self._checkpoint()
        except TrainingStopped:
            self._say('stopped before learning had begun')
        except TakeoverError as error:
            self._fail(str(error))
        except Exception as error:  # noqa: BLE001 a thread that dies must not do so in silence
            self._fail(f'{type(error).__name__}: {error}', traceback.format_exc())
        finally:
            self.training.close()

    def step(self, now_s: float) -> None:
        """Do what is due at a time of the steady clock, and learn for a slice, or wait."""
        if now_s >= self._poll_s:
            self._poll_s = now_s + POLL_S
            self._poll()
        if now_s >= self._publish_s:
            self._publish_s = now_s + self.config.publish_period_s
            self._attempt('publish', self._publish)
        if now_s >= self._checkpoint_s:
            self._checkpoint_s = now_s + self.config.checkpoint_period_s
            self._checkpoint()
        if self.training.learn(SLICE_S, self.stopping.is_set):
            self._learned_s = time.monotonic()
        else:
            self.stopping.wait(POLL_S)
        self._tell(*self._state())

    def start(self) -> None:
        """Go on from a checkpoint or clone, and read what the log has."""
        training = self.training
        steps = training.config.learner.pretraining_steps

        def cloning(step: int) -> None:
            if step % CLONING_STEPS_TOLD == 1:
                share = 100.0 * step / steps
                self._tell(LearnerState.WAITING, f'clones the demonstrations: {share:.0f} %')

        self._tell(LearnerState.WAITING, 'reads demonstrations and log')
        began = training.start(self.stopping.is_set, cloning)
        self._say(f'{began}; follows {training.place}')
        stored = training.stored()
        if stored is not None:
            self.offer = Offer(stored, 'the newest one when the learner began again')
        # A resumed learner made its updates before: they say nothing of its rate.
        self._rates.clear()
        # Cloning is not to be done twice, and the first policy is to be offered at once.
        self._publish_s = self._checkpoint_s = time.monotonic()
        # Who drives now must be known before another policy is offered.
        while not self.stopping.is_set() and training.behind < MOST_WAITING and self._poll():
            self._tell(LearnerState.WAITING, 'reads the log')

    def _poll(self) -> int:
        """Read on; return how many events came."""
        found = 0
        if self.training.behind < MOST_WAITING:
            try:
                found = self.training.poll()
                self._well('log')
            except LogError as error:
                self._unwell('log', str(error))
        return found

    def _publish(self) -> None:
        training = self.training
        training.pin()
        if self._held() or not training.news:
            return
        counts, updates = training.learner.counts, training.learner.learner.updates
        reason = (
            f'{updates} updates, {counts.takeovers} take-overs in {counts.transitions} transitions'
            if updates
            else 'a clone of the demonstrations'
        )
        stored = training.publish(reason)
        self.offer = Offer(stored, reason)
        self._say(f'policy {stored.version}: {reason}')

    def _held(self) -> str:
        """Return the version that is left to drive, or ''."""
        return self.training.events.driven.clean if self.config.hold_clean else ''

    def _checkpoint(self) -> None:
        if self.training.saved_events != self.training.learner.counts.events:
            self._attempt('checkpoint', self.training.checkpoint)

    def _attempt(self, what: str, act: Callable[[], object]) -> None:
        """Do what may fail for want of a disk; it is tried again at its next time."""
        try:
            act()
        except (TakeoverError, OSError) as error:
            self._unwell(what, f'{what}: {error}; tried again later')
        else:
            self._well(what)

    def _unwell(self, what: str, sentence: str) -> None:
        if self._trouble.get(what) != sentence:
            self._trouble[what] = sentence
            self._say(sentence)

    def _well(self, what: str) -> None:
        if self._trouble.pop(what, None) is not None:
            self._say(f'{what}: works again')

    def _fail(self, sentence: str, trace: str = '') -> None:
        self._say(f'learning has ended: {trace or sentence}')
        self._trouble.clear()
        self._tell(LearnerState.FAILED, sentence)

    def _state(self) -> tuple[LearnerState, str]:
        """Return how things stand, in a sentence."""
        training = self.training
        behind, counts = training.behind, training.learner.counts
        missing = training.config.critic_from - counts.transitions
        if 'log' in self._trouble and not behind:
            return LearnerState.FAILED, f'cannot read on: {self._trouble["log"]}'
        if not counts.events and not behind:
            state, message = (
                LearnerState.WAITING,
                f'waits for the first steps in {training.place}',
            )
        elif missing > 0 and not behind:
            state = LearnerState.WAITING
            message = f'waits for {missing} more transitions before the first update'
        elif behind or time.monotonic() - self._learned_s < RECENT_S:
            state, message = LearnerState.TRAINING, f'learns from the log, {behind} steps behind'
        else:
            state, message = LearnerState.IDLE, 'everything in the log has been learned from'
        held = self._held()
        if held:
            message += f'; holding {held}: not corrected since it drives'
        return state, message

    def _tell(self, state: LearnerState, message: str) -> None:
        """Replace the report."""
        training, now_s = self.training, time.monotonic()
        learner, counts = training.learner, training.learner.counts
        updates = learner.learner.updates
        rates = self._rates
        rates.append((now_s, updates))
        while rates[0][0] < now_s - RATE_S and len(rates) > 2:
            rates.popleft()
        seconds = now_s - rates[0][0]
        rate = max(0, updates - rates[0][1]) / seconds if seconds > 0.0 else 0.0
        known = {name: learner.numbers.get(name, 0.0) for name in ('q', 'sigma', 'alpha')}
        self.report = replace(
            self.report,
            state=state,
            message=message,
            transitions=counts.transitions,
            interventions=counts.interventions,
            takeovers=counts.takeovers,
            behind=training.behind,
            updates=updates,
            updates_per_s=rate,
            warning='; '.join(self._trouble.values()),
            damaged=training.events.damaged,
            **known,
        )
