"""Room and speed of the folder of the log."""

import errno
from pathlib import Path
from types import SimpleNamespace

import pytest
from takeover.doctor import disk
from takeover.doctor.disk import check, judge_room, judge_speed, trial_write
from takeover.doctor.finding import Severity
from tests.unit.doctor.healthy import graph_of, setting_of, worst

FOLDER = Path('/logs')
MB = 1e6


def test_a_folder_with_room_is_tried_and_left_as_it_was(tmp_path, monkeypatch):
    monkeypatch.setattr(disk.shutil, 'disk_usage', lambda folder: SimpleNamespace(free=10**12))
    setting = setting_of(record=tmp_path / 'not' / 'made')
    room, speed = check(setting, graph_of(setting))
    assert room.severity is Severity.OK and str(tmp_path) in room.found
    assert 'MB/s' in speed.found
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ('free_mb', 'severity'),
    [(600, Severity.ERROR), (1500, Severity.WARNING), (100_000, Severity.OK)],
)
def test_room_is_judged_in_hours(free_mb, severity):
    finding = judge_room(FOLDER, free_mb * 10**6, needed=200 * MB / 3600)
    assert finding.severity is severity and '200 MB/h' in finding.found


@pytest.mark.parametrize(
    ('written_mb', 'severity'),
    [(1.5, Severity.ERROR), (5.0, Severity.WARNING), (80.0, Severity.OK)],
)
def test_speed_is_judged_by_what_is_needed(written_mb, severity):
    finding = judge_speed(FOLDER, written_mb * MB, 0.02, needed=MB)
    assert finding.severity is severity and '20 ms' in finding.found


def test_a_full_disk_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(disk.shutil, 'disk_usage', lambda folder: SimpleNamespace(free=10**8))
    assert worst(check(setting_of(record=tmp_path), None)).severity is Severity.ERROR


def test_a_slow_disk_ends_the_trial_early(tmp_path):
    times_s = iter(range(0, 1000))
    written, worst_s = trial_write(tmp_path, lambda: float(next(times_s)))
    assert worst_s == 1.0 and written < disk.TRIAL_BYTES
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path, monkeypatch):
    def refuse(fd):
        raise OSError(errno.EROFS, 'Read-only file system')

    monkeypatch.setattr(disk.os, 'fsync', refuse)
    (finding,) = check(setting_of(record=tmp_path), None)
    assert finding.severity is Severity.ERROR and 'Read-only' in finding.found
    assert list(tmp_path.iterdir()) == []


def test_pictures_and_raw_inputs_count(tmp_path):
    path, lane = setting_of(record=tmp_path), setting_of('rover_lane', record=tmp_path)
    steps = disk.bytes_per_s(path, None)
    assert disk.bytes_per_s(path, graph_of(path)) == pytest.approx(steps + 3 * 20 * 700)
    assert disk.bytes_per_s(lane, None) > 20 * 64 * 64 * 3


def test_without_a_folder_it_is_told_that_nothing_was_looked_at():
    (finding,) = check(setting_of(), None)
    assert finding.severity is Severity.INFO and '--record' in finding.remedy
