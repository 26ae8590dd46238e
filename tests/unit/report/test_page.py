from dataclasses import replace
import re

import pytest
from takeover.report.page import render_page, write_report
from takeover.report.record import RunRecord
from tests.pages import assert_whole


@pytest.fixture(scope='module')
def page(run):
    return render_page(run)


def test_the_page_is_whole_and_loads_nothing_from_afar(page):
    assert len(assert_whole(page)) == 5 + 5 + 1 + 2


def test_the_page_says_how_the_run_went(page):
    assert '4 of 5 episodes reached the goal' in page
    assert re.search('observation → gate, median', page)
    assert '0123456789ab' in page and 'a' * 16 in page
    assert 'no command for 0.35 s' in page
    assert '2 × command older than 0.35 s' in page
    assert 'Test OS 1' in page


def test_a_run_cut_short_says_why():
    run = RunRecord(ended_because='nothing moved for 30 s: gate <standby>')
    page = render_page(run)
    assert 'No episode was driven: nothing moved for 30 s: gate &lt;standby&gt;' in page


def test_text_from_messages_is_never_markup(run):
    page = render_page(replace(run, episodes=[], frames=[], task='<script>alert(1)</script>'))
    assert '<script' not in page


def test_the_report_is_written_with_its_data_and_made_again_from_them(run, tmp_path):
    short = replace(run, episodes=run.episodes[2:3])
    path = write_report(short, tmp_path / 'new')
    assert path == tmp_path / 'new/report.html'
    assert sorted(file.name for file in path.parent.iterdir()) == [
        'report.html',
        'run.json',
        'run.npz',
    ]
