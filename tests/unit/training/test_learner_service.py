"""What a learner beside a robot does when, and how it says so."""

import threading
import time

import pytest
from takeover.agents.actor_critic import DivergedError
from takeover.data.log_messages import headless_channels
from takeover.data.log_writer import LogWriter
from takeover.policy.store import StoreError
from takeover.training import learner_service
from takeover.training.checkpoint import CheckpointError, checkpoints
from takeover.training.learner_report import LearnerState, ServiceConfig
from takeover.training.learner_service import LearnerService
from takeover.training.log_training import LogTraining
from tests.stack import wait_until
from tests.takeover_logs import append, demonstration, episode, TINY, write_log

PERIODS = ServiceConfig(publish_period_s=30.0, checkpoint_period_s=60.0)


class Desk:
    """A service that is stepped by hand, on a clock of the test."""

    def __init__(self, folder, task, config=PERIODS):
        self.folder, self.task = folder, task
        if not (folder / 'demonstrations').exists():
            write_log(folder / 'demonstrations', task, demonstration())
        self.said = []
        self.training = LogTraining(
            task, folder / 'log', folder / 'learner', [folder / 'demonstrations'], TINY
        )
        self.service = LearnerService(self.training, config, self.said.append, threading.Event())
        self.now_s = time.monotonic()

    def drive(self, *episodes):
        (self.folder / 'log').mkdir(exist_ok=True)
        with LogWriter(self.folder / 'log', headless_channels(), {}) as log:
            for steps in episodes:
                append(log, self.task, steps)

    def pass_s(self, seconds):
        """Let some time pass, then do what is due until everything is learned."""
        self.now_s += seconds
        while True:
            self.service.step(self.now_s)
            if not self.training.behind:
                return
            self.now_s += 1e-3

    @property
    def report(self):
        return self.service.report

    @property
    def offered(self):
        return self.service.offer.policy.version if self.service.offer else None


@pytest.fixture
def desk(tmp_path, task, monkeypatch):
    monkeypatch.setattr(learner_service, 'POLL_S', 1e-3)
    desk = Desk(tmp_path, task)
    desk.service.start()
    # `start` looks at the clock, too.
    desk.now_s = time.monotonic()
    return desk


def test_the_clone_is_offered_at_once_and_kept(desk):
    assert desk.offered is None
    desk.pass_s(0.0)
    assert desk.service.offer.reason == 'a clone of the demonstrations'
    assert desk.training.saved_events == 0
    assert desk.report.state is LearnerState.WAITING
    assert desk.report.message == f'waits for the first steps in {desk.training.place}'


def test_the_state_says_what_is_missing_and_what_is_done(desk):
    desk.drive(episode(1)[:6])
    desk.pass_s(1.0)
    assert desk.report.state is LearnerState.WAITING
    assert desk.report.message.startswith('waits for 5 more transitions before the first update')
    desk.drive(episode(1)[6:], episode(2))
    desk.pass_s(1.0)
    assert desk.report.state is LearnerState.TRAINING
    assert desk.report.transitions == 60 and desk.report.interventions == 10
    assert desk.report.takeovers == 2 and desk.report.updates == 50
    assert desk.report.updates_per_s > 0 and desk.report.alpha > 0 and desk.report.behind == 0
    desk.service._learned_s -= 10.0
    desk.pass_s(1.0)
    assert desk.report.state is LearnerState.IDLE
    assert desk.report.message == 'everything in the log has been learned from'


def test_a_corrected_version_is_replaced_once_in_a_period(desk):
    desk.pass_s(0.0)
    first = desk.offered
    desk.drive(episode(1, first))
    desk.pass_s(1.0)
    assert desk.offered == first, 'a period has not passed'
    desk.pass_s(30.0)
    second = desk.offered
    assert second != first
    assert desk.service.offer.reason == '20 updates, 1 take-overs in 30 transitions'
    desk.pass_s(30.0)
    assert desk.offered == second, 'nothing was learned since'
    assert len(desk.training.store.policies()) == 2


def test_a_clean_version_is_left_to_drive(desk):
    desk.pass_s(0.0)
    first = desk.offered
    desk.drive(episode(1, first, taken_over_at=None))
    desk.pass_s(31.0)
    assert desk.offered == first and len(desk.training.store.policies()) == 1
    assert desk.report.message.endswith(f'; holding {first}: not corrected since it drives')
    assert desk.training.store.pinned().version == first
    desk.drive(episode(2, first))
    desk.pass_s(31.0)
    assert desk.offered != first and 'holding' not in desk.report.message


def test_who_does_not_hold_offers_every_period(tmp_path, task, monkeypatch):
    monkeypatch.setattr(learner_service, 'POLL_S', 1e-3)
    desk = Desk(tmp_path, task, ServiceConfig(hold_clean=False))
    desk.service.start()
    desk.pass_s(1.0)
    first = desk.offered
    desk.drive(episode(1, first, taken_over_at=None))
    desk.pass_s(31.0)
    desk.pass_s(31.0)
    assert desk.offered != first and 'holding' not in desk.report.message


def test_the_log_of_before_tells_who_drives_before_anything_is_offered(tmp_path, task):
    desk = Desk(tmp_path, task)
    desk.drive(episode(1, 'e' * 12, taken_over_at=None))
    desk.service.start()
    desk.pass_s(1.0)
    assert desk.offered is None and not desk.training.store.policies()
    assert 'holding eeeeeeeeeeee' in desk.report.message


def test_after_a_restart_the_stored_policy_is_offered_again(desk):
    desk.pass_s(0.0)
    again = Desk(desk.folder, desk.task)
    again.service.start()
    assert again.offered == desk.offered
    assert again.report.updates == 0 and again.training.saved_events == 0


def test_checkpoints_are_written_by_the_clock_and_only_with_news(desk):
    desk.pass_s(0.0)
    folder = desk.training.folder.checkpoints
    desk.drive(episode(1))
    desk.pass_s(30.0)
    assert len(checkpoints(folder)) == 1
    desk.pass_s(31.0)
    assert [path.name for path in checkpoints(folder)] == ['step_000000000', 'step_000000030']
    before = checkpoints(folder)[-1].stat().st_mtime_ns
    desk.pass_s(61.0)
    assert checkpoints(folder)[-1].stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ('name', 'error', 'sentence'),
    [
        ('checkpoint', CheckpointError('x: cannot be written: disk full'), 'disk full'),
        ('publish', StoreError('y: cannot be set: No space left'), 'No space left'),
        ('publish', OSError(28, 'No space left on device'), 'No space left on device'),
    ],
)
def test_a_full_disk_is_said_and_tried_again(desk, monkeypatch, name, error, sentence):
    def refuse(*_):
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(desk.training, name, refuse)
        desk.drive(episode(1))
        desk.pass_s(0.0)
        assert sentence in desk.report.warning and 'tried again later' in desk.report.warning
        assert desk.report.state is LearnerState.TRAINING, 'it learns on'
        assert desk.training.learner.counts.events == 30
        desk.pass_s(61.0)
        assert sum(sentence in line for line in desk.said) == 1, 'said once'
    desk.pass_s(61.0)
    assert desk.report.warning == '' and f'{name}: works again' in desk.said
    assert desk.training.saved_events == 30 and desk.offered is not None


def test_a_log_that_cannot_be_read_is_said_until_it_can(desk):
    desk.pass_s(0.0)
    desk.drive(episode(1)[:3])
    foreign = desk.folder / 'log' / '9999.mcap'
    foreign.write_text('this is no log, and it is long enough to be seen to be none')
    desk.pass_s(1.0)
    assert desk.training.learner.counts.events == 3, 'what came before is learned from'
    desk.pass_s(1.0)
    assert desk.report.state is LearnerState.FAILED
    assert 'cannot read on' in desk.report.message and '9999.mcap' in desk.report.message
    foreign.unlink()
    desk.drive(episode(1)[3:])
    desk.pass_s(1.0)
    assert desk.report.state is LearnerState.TRAINING and desk.report.transitions == 30


def started(desk):
    thread = threading.Thread(target=desk.service.run, daemon=True)
    thread.start()
    return thread


def test_run_ends_with_a_checkpoint_when_it_is_asked_to(tmp_path, task):
    desk = Desk(tmp_path, task)
    desk.drive(episode(1))
    thread = started(desk)
    wait_until(lambda: desk.training.learner.counts.events == 30, 'all is learned')
    desk.service.stopping.set()
    thread.join(30.0)
    assert not thread.is_alive()
    assert checkpoints(desk.training.folder.checkpoints)[-1].name == 'step_000000030'


def test_run_ends_while_it_clones(tmp_path, task):
    desk = Desk(tmp_path, task)
    desk.service.stopping.set()
    desk.service.run()
    assert desk.said == ['stopped before learning had begun']
    assert not checkpoints(desk.training.folder.checkpoints)


@pytest.mark.parametrize(
    ('error', 'sentence'),
    [
        (DivergedError('update 7: q is nan'), 'update 7: q is nan'),
        (ZeroDivisionError('no such thing'), 'ZeroDivisionError: no such thing'),
    ],
)
def test_what_ends_learning_is_said_and_keeps_no_checkpoint(
    tmp_path, task, monkeypatch, error, sentence
):
    desk = Desk(tmp_path, task)
    desk.drive(episode(1))

    def diverge(event):
        desk.training.learner.counts.events += 1
        raise error

    real = desk.service.start
    monkeypatch.setattr(
        desk.service,
        'start',
        lambda: (real(), monkeypatch.setattr(desk.training.learner, 'take', diverge)),
    )
    desk.service.run()
    assert desk.report.state is LearnerState.FAILED and desk.report.message == sentence
    assert sentence.split(': ')[-1] in desk.said[-1]
    assert checkpoints(desk.training.folder.checkpoints)[-1].name == 'step_000000000'


def test_another_learner_in_the_folder_is_said(tmp_path, task):
    desk = Desk(tmp_path, task)
    with desk.training.held():
        desk.service.run()
    assert desk.report.state is LearnerState.FAILED
    assert 'another process is training in it' in desk.report.message
