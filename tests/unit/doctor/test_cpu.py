"""Time for the ticks, on a clock that the test turns."""

import numpy as np
import pytest
from takeover.doctor import cpu
from takeover.doctor.cpu import check, judge, look_at_machine, Machine, Trial, trial
from takeover.doctor.finding import Severity
from tests.unit.doctor.healthy import setting_of, worst

PERIOD_S = 0.05


class Clock:
    """Time that passes only in sleep and in work."""

    def __init__(self):
        self.now_s = 0.0

    def __call__(self):
        return self.now_s

    def sleep(self, seconds):
        self.now_s += seconds


def tried(work_s, seconds=5.0, oversleep_s=0.0):
    """Return a trial whose tick `n` takes `work_s(n)`, and the shares of progress."""
    clock, told = Clock(), []

    def act(tick):
        clock.now_s += work_s(tick)

    def sleep(wait_s):
        clock.sleep(wait_s + oversleep_s)

    return trial(act, PERIOD_S, seconds, told.append, clock, sleep), told


def test_quick_ticks_are_all_in_time():
    found, told = tried(lambda tick: 0.002)
    assert found.missed == 0 and len(found.late_s) == 100 and told[-1] == 1.0
    assert judge(found).severity is Severity.OK


def test_ticks_that_take_longer_than_the_period_are_missed():
    found, _ = tried(lambda tick: 0.12)
    assert found.missed + len(found.late_s) == 100 and found.missed > 50
    finding = judge(found)
    assert finding.severity is Severity.ERROR and 'of 100 ticks missed' in finding.found


def test_one_slow_tick_of_many_is_a_warning():
    found, _ = tried(lambda tick: 0.12 if tick == 50 else 0.002, seconds=20.0)
    assert 0 < found.missed <= 2
    assert judge(found).severity is Severity.WARNING


def test_a_timer_that_wakes_late_is_a_warning():
    found, _ = tried(lambda tick: 0.002, oversleep_s=0.02)
    finding = judge(found)
    assert finding.severity is Severity.WARNING and '20.0 ms late' in finding.found


def on(machine, monkeypatch):
    monkeypatch.setattr(cpu, 'look_at_machine', lambda: machine)
    monkeypatch.setattr(
        cpu, 'trial', lambda *given: Trial(PERIOD_S, np.zeros(10), np.zeros(10), missed=0)
    )
    return worst(check(setting_of(policy='none'), lambda share: None))


@pytest.mark.parametrize(
    ('machine', 'severity'),
    [(Machine(4, 0.5, ''), Severity.OK), (Machine(4, 0.5, 'performance'), Severity.OK),
     (Machine(2, 5.0, ''), Severity.WARNING), (Machine(4, 0.5, 'powersave'), Severity.WARNING)],
)  # fmt: skip
def test_load_and_governor_are_judged(machine, severity, monkeypatch):
    assert on(machine, monkeypatch).severity is severity


@pytest.mark.parametrize(
    ('driver', 'governor'), [('acpi-cpufreq', 'powersave'), ('intel_pstate', '')]
)
def test_the_governor_counts_where_the_processor_does_not_choose(tmp_path, driver, governor):
    (tmp_path / 'policy0').mkdir()
    (tmp_path / 'policy0' / 'scaling_driver').write_text(f'{driver}\n')
    (tmp_path / 'policy0' / 'scaling_governor').write_text('powersave\n')
    assert look_at_machine(tmp_path).governor == governor


def test_without_a_governor_there_is_none(tmp_path):
    assert look_at_machine(tmp_path).governor == ''


def test_the_real_policy_ticks():
    act = cpu.acting(setting_of())
    assert act(3).shape == (2,)


def test_a_policy_that_cannot_be_loaded_is_left_to_its_own_check(tmp_path):
    findings = check(setting_of(policy=str(tmp_path / 'x.onnx')), lambda share: None)
    assert 'no trial' in findings[0].found and findings[0].severity is Severity.INFO
