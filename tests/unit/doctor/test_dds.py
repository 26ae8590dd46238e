"""DDS on this machine, as doctor tells it; takeover.dds_check has tests of its own."""

from types import SimpleNamespace

import pytest
from takeover import dds_check
from takeover.dds_check import PROFILE_VARIABLE
from takeover.doctor.dds import check
from takeover.doctor.finding import Severity
from tests.unit.doctor.healthy import setting_of, worst


@pytest.fixture
def look(tmp_path, monkeypatch):
    """Return a function that checks on a machine with what is given."""

    def look(task='rover_lane', free=10**9, rmem=2**26, **env):
        status = SimpleNamespace(f_bavail=free, f_frsize=1)
        monkeypatch.setattr(dds_check.os, 'statvfs', lambda _: status)
        buffer = tmp_path / 'rmem_max'
        buffer.write_text(str(rmem))
        return check(setting_of(task, **env), tmp_path, buffer)

    return look


def test_our_profile_is_well(look, repository):
    file = repository / 'config' / 'fastdds_profile.xml'
    assert [f.severity for f in look(**{PROFILE_VARIABLE: str(file)})] == [Severity.OK]


def test_without_a_profile_whoever_starts_a_driver_by_hand_is_told(look):
    finding = worst(look())
    assert finding.severity is Severity.INFO and 'fastdds_profile.xml' in finding.remedy
    assert worst(look('rover_path')).severity is Severity.OK


def test_a_profile_without_shared_memory_loses_pictures(look, repository):
    file = repository / 'config' / 'fastdds_control.xml'
    finding = worst(look(**{PROFILE_VARIABLE: str(file)}))
    assert finding.severity is Severity.WARNING and 'no shared memory' in finding.found
    assert worst(look('rover_path', **{PROFILE_VARIABLE: str(file)})).severity is Severity.INFO


def test_a_full_shared_memory_names_what_helps(look):
    finding = worst(look(free=10**6))
    assert finding.severity is Severity.WARNING and 'shm-size' in finding.remedy


def test_a_small_receive_buffer_matters_between_machines_only(look):
    finding = next(f for f in look(rmem=212992) if 'rmem_max' in f.found + f.remedy)
    assert finding.severity is Severity.INFO and 'sysctl -w' in finding.remedy


def test_another_dds_is_named_and_left_alone(look):
    (finding,) = look(RMW_IMPLEMENTATION='rmw_zenoh_cpp')
    assert finding.severity is Severity.INFO and 'rmw_zenoh_cpp' in finding.found
