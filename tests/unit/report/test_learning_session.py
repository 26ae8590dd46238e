import shutil

import numpy as np
import pytest

pytest.importorskip('torch')

from takeover.policy.evidence import VersionEvidence
from takeover.policy.store import PolicyStore
from takeover.report.learning_session import read_session
from tests.learning_folders import FIRST, session_folder
from tests.takeover_logs import episode, undo, write_log


@pytest.fixture
def policy_file(repository):
    return repository / 'models/demo/rover_path.onnx'


@pytest.fixture
def folder(task, policy_file, tmp_path):
    return session_folder(tmp_path / 'session', task, policy_file)


def test_the_numbers_are_those_of_the_log(folder):
    session = read_session(folder)
    assert session.problems == []
    assert [e.outcome for e in session.episodes] == ['collision', 'goal']
    assert (session.steps, session.takeovers, session.goals) == (60, 1, 1)
    assert session.driven_s == pytest.approx(3.0)
    assert session.person_share == pytest.approx(4 / 60)
    assert [e.rewards.sum() for e in session.episodes] == [-1.0, 0.0]
    assert [len(e.sources) for e in session.demonstrations] == [40]
    assert session.curves['q'].tolist() == [-0.5, -0.25]
    assert np.isnan(session.curves['alpha'][0])


def test_each_version_has_its_own_evidence(folder):
    second = PolicyStore(folder / 'learner/policies').pinned().version
    first, last = read_session(folder).versions
    assert first.evidence == VersionEvidence(FIRST, pytest.approx(26 * 0.05), 1, 1, 0)
    assert last.evidence == VersionEvidence(second, pytest.approx(30 * 0.05), 0, 0, 1)
    assert (first.start, first.pinned, first.deployed) == (True, False, False)
    assert (last.start, last.pinned, last.deployed) == (False, True, True)


def test_an_empty_folder_is_an_empty_session(tmp_path):
    session = read_session(tmp_path)
    assert session.episodes == session.versions == session.evaluations == session.problems == []
    assert (session.driven_s, session.person_share, session.curves) == (0.0, 0.0, {})


def test_a_headless_run_has_its_policies_beside_the_log(folder):
    shutil.move(folder / 'learner/policies', folder / 'policies')
    shutil.rmtree(folder / 'learner')
    (folder / 'session.json').unlink()
    (folder / 'evaluations.json').unlink()
    deployed = PolicyStore(folder / 'policies').pinned()
    shutil.copy(deployed.path, folder / 'deployed.onnx')
    (folder / 'episodes.csv').write_text(
        'episode,steps,outcome,updates\n1,30,COLLISION,12\n2,60,GOAL,40\n3,'
    )
    session = read_session(folder)
    assert session.problems == []
    assert session.curves['step'].tolist() == [30.0, 60.0]
    assert session.curves['updates'].tolist() == [12.0, 40.0]
    assert [v.evidence.version for v in session.versions if v.deployed] == [deployed.version]
    assert [v.evidence.version for v in session.versions if v.pinned] == [deployed.version]
    assert [v.evidence.version for v in session.versions if v.start] == [FIRST]


def test_an_episode_that_was_taken_back_does_not_count(folder, task):
    steps = episode(3)
    write_log(folder / 'log', task, [*steps, undo(steps)])
    session = read_session(folder)
    assert [e.number for e in session.episodes] == [1, 2]
    assert (session.takeovers, session.taken_back) == (1, 1)
    assert sum(v.evidence.takeovers for v in session.versions) == 1


def test_an_episode_goes_on_in_the_next_file(task, tmp_path):
    steps = episode(4, length=30, taken_over_at=20)
    write_log(tmp_path / 'log', task, steps[:12])
    write_log(tmp_path / 'log', task, steps[12:])
    (found,) = read_session(tmp_path).episodes
    assert (len(found.sources), found.outcome, found.onsets.sum()) == (30, 'goal', 1)
    assert found.times_s[-1] == pytest.approx(29 * 0.05)


def test_episodes_that_are_numbered_from_one_again_go_on(task, tmp_path):
    write_log(tmp_path / 'log', task, episode(1) + episode(2))
    write_log(tmp_path / 'log', task, episode(1, first=9000))
    assert [e.number for e in read_session(tmp_path).episodes] == [1, 2, 3]


def test_steps_outside_of_episodes_do_not_count(task, tmp_path):
    write_log(tmp_path / 'log', task, episode(0, first=10) + episode(1))
    session = read_session(tmp_path)
    assert (session.steps, session.takeovers) == (30, 1)


def test_a_torn_log_is_read_as_far_as_it_goes(folder):
    (file,) = (folder / 'log').glob('*.mcap')
    file.write_bytes(file.read_bytes()[:-2000])
    session = read_session(folder)
    assert any(file.name in problem for problem in session.problems)
    assert [e.outcome for e in session.episodes[:1]] in ([], ['collision'])


@pytest.mark.parametrize(
    ('name', 'content'),
    [
        ('session.json', '{'),
        ('session.json', '[1]'),
        ('evaluations.json', '{}'),
        ('learner/progress.csv', 'step,q\n1,high\n'),
        ('log/0.mcap', 'no log at all'),
        ('demonstrations/0.mcap', 'no log at all'),
    ],
)
def test_a_damaged_file_is_named_and_the_rest_is_read(name, content, folder):
    (folder / name).write_text(content)
    session = read_session(folder)
    (problem,) = session.problems
    assert name.rpartition('/')[2] in problem
    assert session.versions or name.startswith('log')
    assert session.evaluations or name.startswith('evaluations')
