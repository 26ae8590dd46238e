"""Domain, range, peers, and who else is there."""

import pytest
from takeover.command_topics import BASE_TOPIC
from takeover.doctor.domain import check, check_environment
from takeover.doctor.finding import Severity
from takeover.doctor.graph import Endpoint
from tests.unit.doctor.healthy import changed, graph_of, REAL_NODES, setting_of, topics_of, worst

LOCALHOST = {'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST'}
TWIST = 'geometry_msgs/msg/TwistStamped'


def refuse(name, _):
    raise OSError(name)


@pytest.mark.parametrize(
    ('domain', 'severity'),
    [('7', Severity.OK), ('0', Severity.OK), ('101', Severity.OK), ('', Severity.INFO),
     ('102', Severity.WARNING), ('233', Severity.ERROR), ('-1', Severity.ERROR),
     ('seven', Severity.ERROR)],
)  # fmt: skip
def test_a_domain_is_judged_by_its_ports(domain, severity):
    (finding,) = check_environment(setting_of(ROS_DOMAIN_ID=domain))
    assert finding.severity is severity
    assert severity is Severity.OK or 'export ROS_DOMAIN_ID' in finding.remedy


@pytest.mark.parametrize('given', ['localhost', 'EVERYWHERE', 'OFF'])
def test_a_range_that_means_nothing_or_nobody_is_an_error(given):
    finding = worst(check_environment(setting_of(ROS_AUTOMATIC_DISCOVERY_RANGE=given)))
    assert finding.severity is Severity.ERROR and given in finding.found


def test_a_learner_elsewhere_is_not_heard_with_localhost():
    finding = worst(check_environment(setting_of(learner='desk', **LOCALHOST)))
    assert finding.severity is Severity.ERROR
    assert 'desk' in finding.found and 'ROS_STATIC_PEERS=desk' in finding.remedy


def test_a_learner_among_the_static_peers_is_heard():
    setting = setting_of(learner='desk', ROS_STATIC_PEERS='a;desk', **LOCALHOST)
    assert worst(check_environment(setting, lambda *_: ())).severity is Severity.OK


def test_a_static_peer_that_nobody_knows_is_an_error():
    finding = worst(check_environment(setting_of(ROS_STATIC_PEERS='dsek'), refuse))
    assert finding.severity is Severity.ERROR and 'dsek' in finding.found


def test_a_robot_alone_in_its_domain_is_well():
    setting = setting_of()
    assert [f.severity for f in check(setting, graph_of(setting))] == [Severity.OK]


def test_a_simulation_that_the_network_hears_is_a_warning():
    setting = setting_of(ROS_AUTOMATIC_DISCOVERY_RANGE='SUBNET')
    (finding,) = check(setting, graph_of(setting, nodes=('/sim_node',)))
    assert finding.severity is Severity.WARNING and 'LOCALHOST' in finding.remedy


@pytest.mark.parametrize('env', [LOCALHOST, {}])
def test_a_simulation_on_this_machine_is_well(env):
    setting = setting_of(**env)
    (finding,) = check(setting, graph_of(setting, nodes=('/sim_node',)))
    assert finding.severity is Severity.OK


def test_a_robot_that_only_this_machine_hears_is_told():
    setting = setting_of(**LOCALHOST)
    (finding,) = check(setting, graph_of(setting))
    assert finding.severity is Severity.INFO


def published_by(setting, *nodes):
    ends = tuple(Endpoint(node=node, type=TWIST) for node in nodes)
    facts = changed(topics_of(setting)[BASE_TOPIC], publishers=ends)
    return check(setting, graph_of(setting, topics={BASE_TOPIC: facts}))


def test_the_gate_may_command_the_robot():
    assert worst(published_by(setting_of(), '/safety_node')).severity is Severity.OK


@pytest.mark.parametrize(
    ('nodes', 'named'),
    [(('/safety_node', '/teleop'), '/teleop'), (('/nav/controller_server',), 'controller_server'),
     (('/safety_node', '/b/safety_node'), '2 nodes named safety_node')],
)  # fmt: skip
def test_anybody_else_on_the_command_topic_is_an_error(nodes, named):
    finding = worst(published_by(setting_of(), *nodes))
    assert finding.severity is Severity.ERROR
    assert named in finding.found and '/cmd_vel' in finding.found


def test_two_nodes_of_one_name_are_a_warning():
    setting = setting_of()
    (finding,) = check(setting, graph_of(setting, nodes=(*REAL_NODES, '/base_driver')))
    assert finding.severity is Severity.WARNING and '/base_driver' in finding.found
