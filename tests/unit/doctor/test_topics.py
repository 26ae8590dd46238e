"""Topics the task needs: one planted defect each."""

import pytest
from takeover.doctor.finding import Severity
from takeover.doctor.graph import Endpoint
from takeover.doctor.topics import check
from tests.unit.doctor.healthy import (
    changed,
    END_S,
    graph_of,
    samples,
    setting_of,
    topics_of,
    worst,
)


def judged(topic='scan', task='rover_path', **changes):
    setting = setting_of(task)
    facts = changed(topics_of(setting)[topic], **changes)
    return worst(check(setting, graph_of(setting, topics={topic: facts})))


@pytest.mark.parametrize('task', ['rover_path', 'rover_lane', 'arm_reach', 'arm_peg'])
def test_a_robot_that_runs_well_is_well(task):
    setting = setting_of(task)
    findings = check(setting, graph_of(setting))
    assert {finding.severity for finding in findings} == {Severity.OK}
    assert len(findings) >= len(setting.task.inputs)


def test_a_robot_that_is_not_started_is_one_error_that_names_the_launch_file():
    setting = setting_of()
    nothing = {name: changed(facts, publishers=()) for name, facts in topics_of(setting).items()}
    (finding,) = check(setting, graph_of(setting, topics=nothing))
    assert finding.severity is Severity.ERROR
    assert '/odom, /scan, /path' in finding.found and 'robot_sim.launch.xml' in finding.remedy


def test_a_missing_camera_names_its_own_launch_file():
    finding = judged('camera/resize/image_raw', 'rover_lane', publishers=())
    assert finding.severity is Severity.ERROR and 'camera.launch.xml' in finding.remedy


def test_what_the_gate_makes_may_be_missing_before_it_runs():
    assert judged('tool_state', 'arm_reach', publishers=()).severity is Severity.INFO


def test_what_the_gate_makes_may_not_be_missing_while_it_runs():
    setting = setting_of('arm_reach')
    facts = changed(topics_of(setting)['tool_state'], publishers=())
    graph = graph_of(setting, topics={'tool_state': facts}, nodes=('/safety_node',))
    finding = worst(check(setting, graph))
    assert finding.severity is Severity.ERROR and 'not configured' in finding.cause


def test_the_wrench_that_the_gate_must_feel_is_needed_though_the_task_does_not_see_it():
    finding = judged('wrench', 'arm_reach', publishers=())
    assert finding.severity is Severity.ERROR and '/wrench' in finding.found


def test_another_message_type_is_an_error_with_both_names():
    end = Endpoint(node='/lidar', type='sensor_msgs/msg/PointCloud2')
    finding = judged(publishers=(end,), samples=())
    assert finding.severity is Severity.ERROR
    assert 'PointCloud2' in finding.found and 'LaserScan' in finding.cause


def test_a_quality_of_service_that_is_not_heard_gives_the_reason():
    end = Endpoint(node='/map', type='nav_msgs/msg/Path', misfit='Durability: offers less')
    finding = judged('path', publishers=(end,), samples=())
    assert finding.severity is Severity.ERROR
    assert '/map' in finding.found and 'Durability: offers less' in finding.cause


def test_two_publishers_of_one_input_are_a_warning():
    ends = tuple(Endpoint(node=n, type='sensor_msgs/msg/LaserScan') for n in ('/a', '/b'))
    finding = judged(publishers=ends)
    assert finding.severity is Severity.WARNING and '/a, /b' in finding.found


@pytest.mark.parametrize('topic', ['scan', 'path'])
def test_a_publisher_that_says_nothing_is_an_error(topic):
    finding = judged(topic, samples=())
    assert finding.severity is Severity.ERROR and 'silent for 8.0 s' in finding.found


def test_another_frame_is_an_error_with_both_names():
    finding = judged('odom', samples=samples(frame='map'))
    assert finding.severity is Severity.ERROR
    assert "'map'" in finding.found and "'odom'" in finding.cause


def test_too_slow_a_topic_is_an_error_with_both_rates():
    finding = judged(samples=samples(rate_hz=5.0, count=40))
    assert finding.severity is Severity.ERROR
    assert '5.0 Hz' in finding.found and '6.7 Hz' in finding.cause


def test_a_topic_that_fell_silent_is_a_warning():
    said = samples()
    early = tuple(s.model_copy(update={'arrived_s': s.arrived_s - 0.5}) for s in said)
    finding = judged(samples=early)
    assert finding.severity is Severity.WARNING and '500 ms' in finding.found
    assert early[-1].arrived_s < END_S


def test_a_topic_slower_than_the_policy_is_told():
    finding = judged(samples=samples(rate_hz=10.0, count=80))
    assert finding.severity is Severity.INFO and '10.0 Hz' in finding.found
