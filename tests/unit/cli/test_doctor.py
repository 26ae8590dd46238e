"""`takeover doctor`: what it refuses, prints and returns; the graph is a stand-in."""

import json

import pytest
from takeover import workspace
from takeover.cli import doctor
from takeover.cli.main import main
from takeover.command_topics import command_topics
from takeover.doctor.graph import GraphFacts
from takeover.doctor.needs import device_needs, sensor_needs
from tests.unit.doctor.healthy import graph_of, setting_of

WITHOUT_TRIAL = ('--skip', 'cpu')


@pytest.fixture
def domain(monkeypatch):
    """Choose a domain, as a terminal of a robot does."""
    monkeypatch.setenv('ROS_DOMAIN_ID', '7')
    monkeypatch.delenv('ROS_AUTOMATIC_DISCOVERY_RANGE', raising=False)
    monkeypatch.delenv('FASTRTPS_DEFAULT_PROFILES_FILE', raising=False)


@pytest.fixture
def looked(monkeypatch, domain):
    """Put a healthy graph in place of the node; return what it was asked for."""
    asked = []

    def look(setting, namespace, renamed, use_sim_time):
        asked.append((namespace, renamed, use_sim_time))
        return graph_of(setting)

    monkeypatch.setattr(doctor, 'look', look)
    return asked


def test_a_healthy_chain_is_a_go(looked, capsys):
    assert (
        main(['doctor', '--namespace', 'left', '--remap', 'odom:=base/odom', *WITHOUT_TRIAL]) == 0
    )
    out = capsys.readouterr().out
    assert out.splitlines()[-1].startswith('go: ')
    assert 'rover_path on rover' in out and '/scan' in out
    assert looked == [('left', {'odom': 'base/odom'}, False)]


def test_an_error_is_a_no_go_with_cause_and_remedy(looked, capsys):
    assert main(['doctor', '--policy', 'nowhere.onnx', *WITHOUT_TRIAL]) == 1
    out = capsys.readouterr().out
    assert out.splitlines()[-1].startswith('no go: 1 error')
    assert out.index('nowhere.onnx') < out.index('/scan')
    assert 'cause: ' in out and 'remedy: ' in out


def test_json_is_one_object_and_nothing_else_on_stdout(looked, capsys):
    assert main(['doctor', '--json', '--seconds', '1']) in (0, 1)
    captured = capsys.readouterr()
    said = json.loads(captured.out)
    assert said['format'] == 'takeover.doctor/1' and said['task'] == 'rover_path'
    assert {'cpu', 'topics'} <= {finding['check'] for finding in said['findings']}
    assert 'ticking for 1 s' in captured.err


@pytest.mark.parametrize(
    ('argv', 'message'),
    [(['--seconds', '0'], '--seconds is 0'), (['--task', 'rover_pth'], 'rover_path'),
     (['--remap', 'odom'], 'name:=value'),
     (['--only', 'cpu', '--skip', 'cpu'], 'no check is left')],
)  # fmt: skip
def test_wrong_usage_is_refused(argv, message, looked, capsys):
    assert main(['doctor', *argv]) == 2
    assert message in capsys.readouterr().err
    assert not looked


def test_without_the_workspace_it_says_so_and_what_helps(monkeypatch, domain, capsys):
    def nothing_built():
        raise workspace.WorkspaceError('takeover_nodes not built: run `make setup`')

    monkeypatch.setattr(workspace, 'node_environment', nothing_built)
    assert main(['doctor', '--only', 'topics', 'policy', '--json']) == 1
    findings = json.loads(capsys.readouterr().out)['findings']
    assert findings[0]['found'] == 'not checked' and 'make setup' in findings[0]['cause']
    assert {finding['check'] for finding in findings} == {'topics', 'policy'}


@pytest.mark.parametrize('task', ['rover_lane', 'arm_peg'])
def test_a_graph_comes_through_json_as_it_was(task):
    setting = setting_of(task)
    graph = graph_of(setting)
    assert GraphFacts.model_validate_json(graph.model_dump_json()) == graph
    needed = {need.topic for need in sensor_needs(setting.task, setting.robot)}
    needed |= {need.topic for need in device_needs(setting.device)}
    assert set(graph.topics) == needed | set(command_topics(setting.task.action, setting.robot))
