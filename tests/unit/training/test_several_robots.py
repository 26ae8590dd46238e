"""Several robots drive at once, one learner learns from their logs: nothing of them is mixed."""

from dataclasses import replace

import pytest
from takeover.data.errors import LogError
from takeover.data.log_messages import headless_channels
from takeover.data.log_writer import LogWriter
from takeover.errors import TakeoverError
from takeover.training.driven_versions import DrivenVersions
from takeover.training.log_order import FILE
from takeover.training.log_training import LogTraining
from takeover.training.takeover_learner import TakeoverLearner
from takeover.training.takeover_replay import MOST_ROBOTS
from tests.state_difference import difference
from tests.takeover_logs import append, demonstration, episode, TINY, undo, write_log

OLD, NEW = 'a' * 12, 'b' * 12
# Both begin their episodes anew with each start, and count steps from nearly the same time on.
ONE = [*episode(1, first=1000), *episode(2, first=1100, outcome=2), *episode(3, first=1200)]
TWO = [*episode(1, first=1005, length=25), *episode(2, first=1105, length=25)]


def of(robot, events):
    """Return events as those of the log of a robot."""
    return [replace(event, robot=robot) for event in events]


def turns(*parts):
    """Return the events of several lists in turns of seven."""
    parts, mixed = [list(part) for part in parts], []
    while any(parts):
        for part in parts:
            mixed += part[:7]
            del part[:7]
    return mixed


def learned(task, events):
    learner = TakeoverLearner(task, TINY)
    learner.demonstrate(demonstration())
    for event in events:
        learner.take(event)
    return learner


@pytest.fixture
def make(tmp_path, task):
    """Return a function that makes a training from the logs of two robots."""
    write_log(tmp_path / 'shown', task, demonstration())

    def training(learner='learner', others=('two',)) -> LogTraining:
        return LogTraining(
            task,
            tmp_path / 'one',
            tmp_path / learner,
            [tmp_path / 'shown'],
            TINY,
            'test',
            other_logs=[tmp_path / name for name in others],
        )

    return training


def read_all(training):
    while training.poll():
        pass
    return training


def begun(training):
    training.folder.path.mkdir(exist_ok=True)
    training.start()
    return read_all(training)


def test_each_robot_has_the_transitions_it_would_have_alone(task):
    both = learned(task, turns(of(0, ONE), of(1, TWO)))
    alone = [learned(task, events) for events in (ONE, TWO)]
    assert both.counts.transitions == sum(each.counts.transitions for each in alone)
    assert both.counts.takeovers == sum(each.counts.takeovers for each in alone)
    assert len(both.replay.online) == sum(len(each.replay.online) for each in alone)
    assert len(both.replay.safe) == sum(len(each.replay.safe) for each in alone)
    observations, _ = both.replay.safe.all()
    expected = [each.replay.safe.all()[0]['vector'] for each in alone]
    assert sorted(map(bytes, observations['vector'])) == sorted(
        bytes(row) for rows in expected for row in rows
    )


def test_what_a_robot_takes_back_is_its_own(task):
    taken_back = undo(ONE[:30])
    both = learned(task, [*of(0, ONE[:30]), *of(1, TWO[:25]), taken_back])
    other = learned(task, TWO[:25])
    assert len(both.replay.online) == len(other.replay.online)
    assert len(both.replay.safe) == len(other.replay.safe)


def test_which_robot_it_was_is_part_of_what_was_learned_from(task):
    states = [learned(task, of(robot, ONE[:20])).state_dict()['digest'] for robot in (0, 1)]
    assert states[0] != states[1]


def test_several_robots_that_drive_one_version_keep_it_clean_only_together():
    driven = DrivenVersions(0.05)
    clean = episode(1, NEW, taken_over_at=None)
    for event in turns(of(0, clean), of(1, clean)):
        driven.take(event)
    assert driven.clean == NEW
    for event in turns(of(0, episode(2, NEW)), of(1, episode(2, NEW, taken_over_at=None))):
        driven.take(event)
    assert driven.clean == '', 'one of them was corrected'
    # A robot that stopped long ago, with another version, says nothing of this one.
    for event in of(1, episode(3, OLD, taken_over_at=None)):
        driven.take(event)
    assert driven.clean == OLD


def test_two_logs_are_learned_from_each_step_once(task, make, tmp_path):
    write_log(tmp_path / 'one', task, [*ONE, undo(ONE[30:60])])
    write_log(tmp_path / 'two', task, TWO)
    training = begun(make())
    training.learn(60.0)
    assert training.learner.counts.events == len(ONE) + 1 + len(TWO)
    assert (training.folder.path / FILE).read_text().startswith('robot,events\n0,')
    again = begun(make('elsewhere'))
    again.learn(60.0)
    assert difference(again.learner.state_dict(), training.learner.state_dict()) is None


@pytest.mark.parametrize('cut', [0, 3, 40])
def test_a_kill_leaves_the_order_in_which_live_logs_came(task, make, tmp_path, cut):
    training = make()
    training.folder.path.mkdir()
    training.start()
    with (
        LogWriter(tmp_path / 'one', headless_channels(), {}) as one,
        LogWriter(tmp_path / 'two', headless_channels(), {}) as two,
    ):
        for part in range(0, 90, 15):
            for log, events in ((two, TWO), (one, ONE)):
                append(log, task, events[part : part + 15])
                expected = training.behind + len(events[part : part + 15])
                while training.behind < expected:
                    training.poll()
    while training.learner.counts.events < cut:
        training.learner.take(training.events.next())
    training.checkpoint()
    order = (training.folder.path / FILE).read_bytes()
    training.learn(60.0)

    killed = begun(make())
    assert killed.learner.counts.events == cut
    killed.learn(60.0)
    assert difference(killed.learner.state_dict(), training.learner.state_dict()) is None
    assert (training.folder.path / FILE).read_bytes() == order, 'nothing was noted twice'
    # In a folder that has the note, and nothing else, the same comes of it.
    copy = make('copy')
    copy.folder.path.mkdir()
    (copy.folder.path / FILE).write_bytes(order)
    begun(copy).learn(60.0)
    assert difference(copy.learner.state_dict(), training.learner.state_dict()) is None


def test_a_second_robot_may_join_what_one_began(task, make, tmp_path):
    write_log(tmp_path / 'one', task, ONE)
    alone = begun(make(others=()))
    alone.learn(60.0)
    alone.checkpoint()
    assert not (alone.folder.path / FILE).exists(), 'one log has one order'
    write_log(tmp_path / 'two', task, TWO)
    joined = begun(make())
    assert joined.learner.counts.events == len(ONE)
    joined.learn(60.0)
    assert joined.learner.counts.events == len(ONE) + len(TWO)


def test_a_torn_note_is_cut_off_and_what_it_told_is_read_again(task, make, tmp_path):
    write_log(tmp_path / 'one', task, ONE)
    write_log(tmp_path / 'two', task, TWO)
    begun(make())
    path = tmp_path / 'learner' / FILE
    path.write_bytes(path.read_bytes() + b'1,')
    training = begun(make())
    assert training.behind == len(ONE) + len(TWO)
    assert path.read_bytes().endswith(b'\n')


def test_a_log_that_is_gone_is_missed_by_name(task, make, tmp_path):
    write_log(tmp_path / 'one', task, ONE)
    write_log(tmp_path / 'two', task, TWO)
    begun(make())
    for path in (tmp_path / 'two').iterdir():
        path.unlink()
    training = make()
    with pytest.raises(LogError, match=f'two: {len(TWO)} events that were read before are not'):
        begun(training)


@pytest.mark.parametrize('line', ['2,5', '-1,5', '0,0', '0', 'x,y'])
def test_what_is_no_note_is_refused_by_its_line(make, tmp_path, line):
    (tmp_path / 'learner').mkdir()
    (tmp_path / 'learner' / FILE).write_text(f'robot,events\n0,3\n{line}\n')
    with pytest.raises(LogError, match=r'order.csv, line 3.*0 to 1'):
        begun(make())


def test_a_folder_twice_or_too_many_are_refused(make):
    with pytest.raises(TakeoverError, match='is given twice'):
        make(others=('two', 'three/../two'))
    with pytest.raises(TakeoverError, match=f'up to {MOST_ROBOTS}'):
        make(others=tuple(map(str, range(MOST_ROBOTS))))


def test_demonstrations_of_two_robots_at_once_are_all_taken(task):
    steps = [*demonstration(), *demonstration(2)[:20], *demonstration()]
    learner = TakeoverLearner(task, TINY)
    learner.demonstrate(steps)
    assert len(learner.replay.prior) > 2 * (len(demonstration()) - 1)
