"""What DDS lacks for whole frames is told with what helps."""

from types import SimpleNamespace

import pytest
from takeover import dds_check
from takeover.dds_check import check_dds, PROFILE_VARIABLE

FRAME = 640 * 480 * 3


@pytest.fixture
def look(repository, tmp_path, monkeypatch):
    """Return a function that checks with a profile on a machine that has everything."""
    buffer = tmp_path / 'rmem_max'
    buffer.write_text(f'{64 * FRAME}\n')

    def check(profile='fastdds_profile.xml', frame=FRAME, free=10**9, rmem=None, **env):
        monkeypatch.setattr(
            dds_check.os, 'statvfs', lambda _: SimpleNamespace(f_bavail=free, f_frsize=1)
        )
        if rmem is not None:
            buffer.write_text(str(rmem))
        if profile:
            env[PROFILE_VARIABLE] = str(repository / 'config' / profile)
        return check_dds(frame, env, tmp_path, buffer)

    return check


def test_with_the_shipped_profile_nothing_is_missing(look):
    assert look() == []


def test_without_a_profile_it_says_so_and_what_helps(look):
    (finding,) = look(profile=None)
    assert finding.warn and f'{PROFILE_VARIABLE} is not set' in finding.text
    assert 'launch files' in finding.remedy


@pytest.mark.parametrize('rmw', ['rmw_cyclonedds_cpp', 'rmw_zenoh_cpp'])
def test_another_dds_is_left_alone(look, rmw):
    assert look(profile=None, free=0, rmem=1, RMW_IMPLEMENTATION=rmw) == []
    assert look(profile=None, RMW_IMPLEMENTATION='rmw_fastrtps_cpp')


def test_a_segment_that_is_too_small_names_both_sizes(look):
    (finding,) = look(frame=1920 * 1080 * 3)
    assert finding.warn and '8.4 MB' in finding.text and '6.2 MB' in finding.text
    assert '18662400' in finding.remedy


def test_a_profile_without_shared_memory_is_named(look):
    (finding,) = look(profile='fastdds_control.xml')
    assert 'fastdds_control.xml has no shared memory' in finding.text


@pytest.mark.parametrize(('text', 'message'), [('<a>', 'not valid XML'), (None, 'cannot be read')])
def test_a_profile_that_cannot_be_read_is_named(look, tmp_path, text, message):
    file = tmp_path / 'mine.xml'
    if text is not None:
        file.write_text(text)
    (finding,) = look(profile=None, **{PROFILE_VARIABLE: str(file)})
    assert message in finding.text


def test_a_segment_size_that_is_left_out_is_too_small(look, tmp_path):
    file = tmp_path / 'mine.xml'
    file.write_text('<p><transport_descriptor><type>SHM</type></transport_descriptor></p>')
    (finding,) = look(profile=None, **{PROFILE_VARIABLE: str(file)})
    assert '0.0 MB' in finding.text


def test_shared_memory_that_is_full_is_named(look):
    (finding,) = look(free=1_000_000)
    assert finding.warn and '1.0 MB free' in finding.text and 'shm clean' in finding.remedy


def test_a_small_receive_buffer_is_only_told(look):
    (finding,) = look(rmem=212_992)
    assert not finding.warn and '0.21 MB' in finding.text
    assert 'sysctl -w net.core.rmem_max=8388608' in str(finding)
