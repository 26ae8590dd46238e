"""Learning from logs: the same as learning from the steps, however it was interrupted."""

from dataclasses import replace
import shutil

import numpy as np
import pytest
from takeover.command import Source
from takeover.data.errors import LogError
from takeover.data.log_messages import headless_channels
from takeover.data.log_writer import LogWriter
from takeover.data.mixing import symmetric_batch
from takeover.errors import TakeoverError
from takeover.policy.onnx_policy import OnnxPolicy
from takeover.training import log_training
from takeover.training.checkpoint import checkpoints
from takeover.training.log_events import TrainingStopped
from takeover.training.log_training import LogTraining
from takeover.training.run_folder import read_table
from takeover.training.takeover_learner import TakeoverLearner
from tests.state_difference import difference
from tests.takeover_logs import append, demonstration, episode, TINY, undo, write_log

FIRST, SECOND, THIRD = episode(1), episode(2, outcome=2), episode(3)
EVENTS = [*FIRST, *SECOND, undo(SECOND), *THIRD]


@pytest.fixture
def place(tmp_path, task):
    """Return a folder with demonstrations and a log."""
    write_log(tmp_path / 'demonstrations', task, demonstration())
    write_log(tmp_path / 'log', task, EVENTS)
    return tmp_path


@pytest.fixture
def make(place, task):
    """Return a function that makes a training in that folder; `said` keeps its warnings."""

    def training(config=TINY, log='log', learner='learner', demonstrations=('demonstrations',)):
        made = LogTraining(
            task,
            place / log,
            place / learner,
            [place / name for name in demonstrations],
            config,
            'test',
            said.append,
        )
        made.said = said
        return made

    said = []
    return training


def read_all(training):
    while training.poll():
        pass
    return training


def finished(training):
    """Return the training at the end of the log."""
    training.start()
    read_all(training).learn(60.0)
    training.close()
    return training


def state(training):
    return training.learner.state_dict()


@pytest.fixture
def expected(task):
    """Return the state of a learner that was given the steps themselves."""
    learner = TakeoverLearner(task, TINY)
    learner.demonstrate(demonstration())
    for event in EVENTS:
        learner.take(event)
    return learner.state_dict()


def test_a_log_gives_what_its_steps_give(make, expected):
    training = finished(make())
    assert difference(state(training), expected) is None
    assert training.behind == 0 and training.learner.counts.events == len(EVENTS)


def test_publishing_changes_nothing_of_what_is_learned(make, expected):
    training = make()
    training.start()
    training.publish('before')
    read_all(training)
    while training.learn(0.005):
        training.publish('meanwhile')
        training.pin()
        training.checkpoint()
    assert training.learner.counts.events == len(EVENTS)
    assert len(training.store.policies()) > 2
    assert difference(state(training), expected) is None


@pytest.mark.parametrize('cut', [0, 5, 31, 61, len(EVENTS)])
def test_a_resumed_training_ends_as_one_left_alone(make, expected, cut):
    training = make()
    training.start()
    read_all(training)
    while training.learner.counts.events < cut:
        training.learner.take(training.events.next())
    training.checkpoint()
    resumed = make()
    assert resumed.start() == f'goes on from {resumed.folder.checkpoints / f"step_{cut:09d}"}'
    assert resumed.learner.counts.events == resumed.saved_events == cut
    read_all(resumed).learn(60.0)
    assert difference(state(resumed), expected) is None
    # Evidence is of all that was driven, also of what was learned before the kill.
    assert resumed.events.driven.evidence.versions == training.events.driven.evidence.versions


def test_a_log_that_grows_is_followed(make, place, task, expected):
    shutil.rmtree(place / 'log')
    training = make()
    training.start()
    assert read_all(training).behind == 0, 'there is no folder yet'
    with LogWriter(place / 'log', headless_channels(), {}) as log:
        append(log, task, EVENTS[:40])
    assert read_all(training).behind == 40
    training.learn(60.0)
    with LogWriter(place / 'log', headless_channels(), {}) as log:
        append(log, task, EVENTS[40:])
    read_all(training).learn(60.0)
    assert difference(state(training), expected) is None


def test_the_policy_is_stored_with_where_it_comes_from(make, task):
    training = make()
    training.start()
    assert training.news
    first = training.publish('a clone')
    assert not training.news and first.bundle().provenance['updates'] == 0
    read_all(training).learn(60.0)
    assert training.news
    stored = training.publish('for a test')
    found = stored.bundle().provenance
    assert found['reason'] == 'for a test' and found['command'] == 'test'
    assert found['updates'] == training.learner.learner.updates > 0
    assert found['config']['learner']['hidden'] == [8]
    assert training.stored() == stored
    policy = OnnxPolicy.load(stored.path, task)
    observation = FIRST[0].observation
    assert policy.act(observation) == pytest.approx(
        training.learner.act(observation[None])[0], abs=1e-5
    )


def test_while_the_actor_rests_there_is_no_news(make):
    training = make()
    training.start()
    training.publish('a clone')
    read_all(training)
    training.learn(60.0, lambda: training.learner.counts.transitions >= TINY.actor_from - 1)
    assert training.learner.learner.updates == 9 and not training.news
    training.learn(60.0, lambda: training.learner.counts.transitions >= TINY.actor_from)
    assert training.news


def test_after_a_restart_there_is_news_only_after_another_update(make):
    training = finished(make())
    training.publish('the end')
    training.checkpoint()
    resumed = make()
    resumed.start()
    assert not resumed.news and resumed.stored() == training.stored()


def test_a_policy_made_after_the_checkpoint_is_not_made_again(make):
    training = make()
    training.start()
    training.checkpoint()
    finished_updates = finished(make()).learner.learner.updates
    training = finished(make())
    training.publish('the end')
    resumed = make()
    resumed.start()
    assert not resumed.news and resumed.learner.learner.updates == 0
    read_all(resumed).learn(60.0)
    assert resumed.learner.learner.updates == finished_updates and not resumed.news


def test_the_version_to_trust_is_pinned_and_never_pruned(make, place, task):
    training = make(log='driven')
    training.folder.store._keep = 1
    training.start()
    trusted = training.publish('first').version
    training.pin()
    assert training.trusted() is None and training.store.pinned() is None
    drives = episode(11, trusted, taken_over_at=None), episode(12, 'f' * 12)
    write_log(place / 'driven', task, [*drives[0], *drives[1]])
    read_all(training)
    training.pin()
    assert training.trusted().version == training.store.pinned().version == trusted
    training.learn(60.0)
    newest = training.publish('second')
    assert [policy.version for policy in training.store.policies()] == [trusted, newest.version]
    assert str(training.trusted()) == '0 take-overs, 0 failures and 1 goals in 2 s'


def test_a_folder_of_other_settings_is_refused(make, place):
    finished(make()).checkpoint()
    other = replace(TINY, learner=replace(TINY.learner, critic='ensemble'))
    with pytest.raises(
        TakeoverError, match=r"learner\.critic is 'dsact', not 'ensemble'.*another folder"
    ):
        make(other).start()
    (place / 'learner' / 'config.json').unlink()
    with pytest.raises(TakeoverError, match=r'step_\d+: config\.learner\.critic is'):
        make(other).start()
    make().start()


def test_a_folder_of_another_task_is_refused(make, place):
    finished(make())
    file = place / 'learner' / 'config.json'
    file.write_text(file.read_text().replace('rover_path', 'arm_reach'))
    with pytest.raises(TakeoverError, match="task is 'arm_reach', not 'rover_path'"):
        make().start()


def test_one_learner_at_a_time_is_in_a_folder(make):
    with make().held():
        with pytest.raises(TakeoverError, match='another process is training in it'):
            with make().held():
                pass


def test_a_folder_that_cannot_be_made_is_named(make, place):
    (place / 'file').write_text('')
    with pytest.raises(TakeoverError, match='file/learner: cannot be made'):
        make(learner='file/learner').held()


@pytest.mark.parametrize(
    ('given', 'message'),
    [
        ((), 'no demonstrations given; record some first'),
        (('nowhere',), 'nowhere: is not there; record some first'),
        (('driven_by_policy',), 'a person drove no step of the demonstrations.*record some first'),
    ],
)
def test_demonstrations_that_are_none_say_how_to_record_them(make, place, task, given, message):
    write_log(place / 'driven_by_policy', task, episode(1, taken_over_at=None))
    with pytest.raises(TakeoverError, match=message):
        make(demonstrations=given).start()


def test_half_of_every_batch_is_demonstrated_and_earns_nothing(make, task):
    """Even rows, also where a session that began the log stood still without a policy."""
    idle = [replace(step, source=Source.HOLD, stored=False) for step in demonstration(7)]
    write_log(make().log_dirs[0].parent / 'shown', task, [*idle[:10], *demonstration(8)])
    training = make(demonstrations=('shown',))
    training.start()
    read_all(training).learn(1e9)
    replay = training.learner.replay
    shown = {step.commanded.tobytes() for step in demonstration(8)}
    driven = {step.commanded.tobytes() for step in [*FIRST, *THIRD]}
    normalised = {
        replay.action.normalised(np.frombuffer(each)).tobytes(): each in shown
        for each in shown | driven
    }
    assert len(normalised) == len(shown | driven)
    batch = symmetric_batch(*replay._sources, 64, np.random.default_rng(0))
    from_shown = [normalised[action.tobytes()] for action in batch.action]
    assert from_shown == [True, False] * 32
    assert not batch.reward[::2].any() and batch.reward[1::2].any()


def test_demonstrations_may_be_files_and_folders(make, place, task):
    write_log(place / 'more', task, demonstration(2))
    (file,) = (place / 'more').iterdir()
    training = make(demonstrations=('demonstrations', f'more/{file.name}'))
    training.start()
    assert len(training.learner.replay.demonstrated) == 80


def test_another_log_is_refused_and_nothing_is_removed(make, place, task):
    training = finished(make())
    training.checkpoint()
    with pytest.raises(TakeoverError, match='has 0 events, the checkpoint has seen 91'):
        make(log='nowhere').start()
    write_log(place / 'other', task, [step for n in range(4, 8) for step in episode(n)])
    with pytest.raises(TakeoverError, match='differ from those'):
        make(log='other').start()
    assert len(checkpoints(training.folder.checkpoints)) == 1


def test_a_torn_checkpoint_is_named_and_the_one_before_is_used(make, expected):
    training = make()
    training.start()
    training.checkpoint()
    read_all(training).learn(60.0)
    (training.checkpoint() / 'state.pt').write_bytes(b'torn')
    resumed = make()
    assert 'step_000000000' in resumed.start()
    assert 'torn' in resumed.said[-1]
    read_all(resumed).learn(60.0)
    assert difference(state(resumed), expected) is None
    resumed.checkpoint()
    assert make().start().endswith(f'step_{len(EVENTS):09d}')


def test_where_all_checkpoints_are_torn_the_log_is_learned_again(make, expected):
    training = finished(make())
    (training.checkpoint() / 'manifest.json').unlink()
    again = finished(make())
    assert again.saved_events == -1
    assert difference(state(again), expected) is None


def test_a_log_that_lost_what_a_checkpoint_had_seen_fits_an_older_one(make, place, task):
    training = make()
    training.start()
    training.poll()
    while training.learner.counts.events < 50:
        training.learner.take(training.events.next())
    training.checkpoint()
    training.learn(60.0)
    training.checkpoint()
    shutil.rmtree(place / 'log')
    write_log(place / 'log', task, EVENTS[:60])
    resumed = make()
    assert 'step_000000050' in resumed.start()
    read_all(resumed).learn(60.0)
    assert resumed.learner.counts.events == 60
    assert [path.name for path in checkpoints(resumed.folder.checkpoints)] == ['step_000000050']


def test_a_step_of_another_task_ends_the_reading(make, place, task):
    with LogWriter(place / 'foreign', headless_channels(), {}) as log:
        for step in FIRST:
            log.write_step(step, 'f' * 16)
    training = make(log='foreign')
    training.start()
    with pytest.raises(LogError, match='recorded for another task'):
        training.poll()


def test_cloning_tells_where_it_is_and_can_be_stopped(make):
    told = []
    training = make()
    with pytest.raises(TrainingStopped):
        training.start(lambda: len(told) >= 7, told.append)
    assert told == list(range(1, 8))
    assert not training.learner.learner.actor._forward_pre_hooks


def test_learning_stops_when_told_and_when_the_time_is_over(make):
    training = make()
    training.start()
    read_all(training)
    assert training.learn(60.0, lambda: training.learner.counts.events >= 3) == 3
    assert training.learn(0.0) == 0


def test_rows_after_a_checkpoint_are_written_again(make, monkeypatch):
    monkeypatch.setattr(log_training, 'LOG_INTERVAL', 10)
    whole = finished(make(learner='whole'))
    rows = read_table(whole.folder.progress_file)
    assert [row['step'] for row in rows] == [*range(10, len(EVENTS) + 1, 10)]
    assert rows[-1]['updates'] == rows[-1]['transitions'] - TINY.critic_from
    assert rows[-1]['takeovers'] == 3

    training = make()
    training.start()
    read_all(training)
    training.learn(60.0, lambda: training.learner.counts.events >= 34)
    training.checkpoint()
    training.learn(60.0)
    training.close()
    resumed = finished(make())
    assert list((resumed.folder.tensorboard).iterdir())
    timeless = [
        [{k: v for k, v in row.items() if k not in ('wall_s', 'updates_per_s')} for row in table]
        for table in (rows, read_table(resumed.folder.progress_file))
    ]
    assert str(timeless[0]) == str(timeless[1])


def test_progress_that_cannot_be_written_is_said_and_hinders_nobody(make, monkeypatch, expected):
    monkeypatch.setattr(log_training, 'LOG_INTERVAL', 10)
    training = make()
    training.start()
    training.folder.progress_file.mkdir()
    read_all(training).learn(60.0)
    assert 'no progress is written' in training.said[0]
    assert difference(state(training), expected) is None
