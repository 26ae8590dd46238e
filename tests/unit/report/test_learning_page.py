import html
import json
import re
import shutil

import pytest

pytest.importorskip('torch')

from takeover.policy.store import PolicyStore
from takeover.probability import wilson_interval
from takeover.report.learning_evaluation import write_evaluations
from takeover.report.learning_page import write_learning_report
from tests.learning_folders import evaluated, FIRST, session_folder
from tests.pages import assert_whole
from tests.takeover_logs import episode, write_log


@pytest.fixture(scope='module')
def whole(task, repository, tmp_path_factory):
    return session_folder(
        tmp_path_factory.mktemp('learning') / 'session',
        task,
        repository / 'models/demo/rover_path.onnx',
    )


@pytest.fixture
def folder(whole, tmp_path):
    return shutil.copytree(whole, tmp_path / 'session', symlinks=True)


def text_of(folder):
    """Return the page of a folder, and what a reader sees of it, without tags."""
    page = write_learning_report(folder).read_text()
    body = page[page.index('</style>') :]
    return page, ' '.join(html.unescape(re.sub(r'<[^>]*>', ' ', body)).split())


def test_the_page_is_one_file_beside_what_it_was_made_from(folder):
    before = {file.name for file in folder.iterdir()}
    page, _ = text_of(folder)
    # Rate, time-line, returns, three courses, curves.
    assert len(assert_whole(page)) == 7
    assert {file.name for file in folder.iterdir()} == before | {'report.html'}


def test_the_page_tells_what_the_log_and_the_evaluations_tell(folder):
    page, text = text_of(folder)
    version = PolicyStore(folder / 'learner/policies').pinned().version
    assert 'Alone at the goal: 1 of 3 courses before, 2 of 3 after' in text
    for successes in (1, 2):
        low, high = (100.0 * bound for bound in wilson_interval(successes, 3))
        assert f'95 % interval {low:.0f} to {high:.0f} %' in text
    assert 'Courses at the goal: 1 only after, 0 only before, 1 both times, 1 never.' in text
    assert '1 take-over in 2 episodes' in text
    assert '7 % of the time a person drove' in text
    assert '60.0 → 0.0 /min take-overs' in text
    assert '150 updates of the learner' in text
    assert f'{FIRST} 1.3 s 1 1 0' in text and f'{version} 1.5 s 0 0 1' in text
    assert '% pinned deployed' in text
    assert 'takeover demo --minutes 1' in text and 'Test OS 1' in text
    assert 'ended: one minute was over' in text
    assert [mark for mark in re.findall(r'class="mark (\w+)"', page)] == [
        *('bad', 'good', 'bad'),
        *('good', 'good', 'fair'),
    ]


def test_courses_that_failed_before_are_shown_first(folder):
    _, text = text_of(folder)
    assert re.findall(r'Course (\d+)', text) == ['900000', '900002', '900001']
    assert 'Course 900000 collision → goal' in text
    assert 'Course 900002 left the corridor → time limit' in text


def test_a_course_that_failed_after_is_shown_too(folder):
    # Seven courses that failed before and not after, and one that failed only after.
    before = evaluated('before', FIRST, ('COLLISION',) * 3)
    after = evaluated('after', FIRST, ('GOAL',) * 3)

    def more(policy, outcome, last):
        first = policy.courses[0]
        courses = [
            type(first)(**{**vars(first), 'seed': seed, 'outcome': outcome})
            for seed in range(900_000, 900_007)
        ]
        courses.append(type(first)(**{**vars(first), 'seed': 900_007, 'outcome': last}))
        return type(policy)(**{**vars(policy), 'courses': tuple(courses)})

    evaluations = [more(before, 'COLLISION', 'GOAL'), more(after, 'GOAL', 'COLLISION')]
    write_evaluations(folder / 'evaluations.json', evaluations)
    _, text = text_of(folder)
    shown = re.findall(r'Course (\d+)', text)
    assert shown == [str(seed) for seed in (*range(900_000, 900_005), 900_007)]


@pytest.mark.parametrize(
    ('missing', 'said'),
    [
        ('log', 'Nothing was driven.'),
        ('demonstrations', 'of 0 demonstrations'),
        ('learner', 'The learner left no curves.'),
        ('evaluations.json', '1 take-over in 0.1 minutes of driving; not evaluated'),
        ('session.json', 'no task'),
    ],
)
def test_what_is_missing_is_said(missing, said, folder):
    path = folder / missing
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    page, text = text_of(folder)
    assert_whole(page)
    assert said in text


def test_an_empty_folder_has_a_page(tmp_path):
    page, text = text_of(tmp_path)
    assert assert_whole(page) == []
    assert 'Nothing was driven, nothing was evaluated' in text
    assert 'No version drove.' in text


def test_a_session_without_take_overs_says_so(task, tmp_path):
    write_log(tmp_path / 'log', task, episode(1, taken_over_at=None, length=1))
    page, text = text_of(tmp_path)
    assert len(assert_whole(page)) == 3
    assert '0 take-overs in 0.0 minutes of driving; not evaluated' in text
    assert 'Nobody took over.' in text


def test_one_evaluation_alone_is_not_compared(folder):
    write_evaluations(folder / 'evaluations.json', [evaluated('start', FIRST, ('GOAL',) * 3)])
    page, text = text_of(folder)
    assert_whole(page)
    assert 'start: 3 of 3 courses alone' in text and 'only after' not in text


def test_a_torn_log_has_a_page_that_says_what_is_missing(folder):
    (file,) = (folder / 'log').glob('*.mcap')
    file.write_bytes(file.read_bytes()[:-2000])
    page, text = text_of(folder)
    assert_whole(page)
    assert 'Not everything could be read' in text and file.name in text


def test_many_episodes_and_versions_have_a_page(task, tmp_path):
    steps = [step for n in range(1, 131) for step in episode(n, f'{n:012x}', 12, outcome=n % 5)]
    write_log(tmp_path / 'log', task, steps)
    page, text = text_of(tmp_path)
    assert len(assert_whole(page)) == 3
    assert '110 older versions' in text


def test_text_from_files_is_never_markup(folder):
    about = {'task': '<script>alert(1)</script>', 'ended_because': '<b>', 'note': ['<i>']}
    (folder / 'session.json').write_text(json.dumps(about))
    page, _ = text_of(folder)
    assert_whole(page)
    assert '<b>' not in page.replace('<b>Not', '').split('ended:')[1][:20]
