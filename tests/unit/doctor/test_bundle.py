"""Policy against task against robot."""

import pytest
from takeover.doctor.bundle import check, judge_latency
from takeover.doctor.finding import Severity
from tests.unit.doctor.healthy import setting_of, worst


@pytest.mark.parametrize('task', ['rover_path', 'rover_lane', 'arm_reach', 'arm_peg'])
def test_what_is_shipped_fits_together(task):
    limits, _ = check(setting_of(task))
    assert limits.severity is Severity.OK
    assert f'{task} is within the limits' in limits.found and 'gate 0.35' in limits.found


def test_a_shipped_policy_proves_itself():
    _, policy = check(setting_of())
    assert 'proves itself' in policy.found and policy.severity < Severity.ERROR


def test_a_policy_of_another_task_is_refused_with_what_differs(repository):
    other = repository / 'models' / 'demo' / 'rover_lane.onnx'
    finding = worst(check(setting_of(policy=str(other))))
    assert finding.severity is Severity.ERROR and 'features' in finding.found


def test_a_damaged_policy_is_refused(tmp_path, repository):
    data = bytearray((repository / 'models' / 'demo' / 'rover_path.onnx').read_bytes())
    data[len(data) // 2] ^= 1
    file = tmp_path / 'damaged.onnx'
    file.write_bytes(data)
    finding = worst(check(setting_of(policy=str(file))))
    assert finding.severity is Severity.ERROR and 'damaged' in finding.found


def test_a_policy_that_is_not_there_is_named(tmp_path):
    finding = worst(check(setting_of(policy=str(tmp_path / 'none_here.onnx'))))
    assert finding.severity is Severity.ERROR and 'none_here.onnx' in finding.found


def test_a_robot_that_allows_less_than_the_task_asks_for_is_an_error(tmp_path, repository):
    text = (repository / 'config' / 'robots' / 'rover.yaml').read_text()
    file = tmp_path / 'slow.yaml'
    file.write_text(text.replace('max_velocity: 0.6', 'max_velocity: 0.3'))
    finding = worst(check(setting_of(robot=str(file))))
    assert finding.severity is Severity.ERROR
    assert 'linear.x' in finding.found and '0.3' in finding.found and 'slow.yaml' in finding.cause


def test_a_task_that_no_policy_comes_with_is_driven_by_a_person(tmp_path, repository):
    text = (repository / 'config' / 'tasks' / 'rover_path.yaml').read_text()
    file = tmp_path / 'own.yaml'
    file.write_text(text.replace('task: rover_path', 'task: own'))
    robot = repository / 'config' / 'robots' / 'rover.yaml'
    _, finding = check(setting_of(str(file), str(robot)))
    assert finding.severity is Severity.INFO and 'no policy' in finding.found


def test_no_policy_is_told():
    _, finding = check(setting_of(policy='none'))
    assert finding.severity is Severity.INFO


@pytest.mark.parametrize(
    ('middle_s', 'late_s', 'severity'),
    [(0.001, 0.002, Severity.OK), (0.001, 0.02, Severity.WARNING), (0.03, 0.03, Severity.ERROR)],
)
def test_latency_is_judged_by_the_period(middle_s, late_s, severity):
    assert judge_latency('it', middle_s, late_s, 0.05).severity is severity
