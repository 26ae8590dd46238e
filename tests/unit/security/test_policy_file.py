"""The policy file: the structure that SROS 2 reads, and what it says for whom."""

import xml.etree.ElementTree as ElementTree

import pytest
from takeover.cli.security import policy
from takeover.security.node_rights import NodeRights
from takeover.security.policy_file import policy_document, SecurityError, write_policy
from tests.sros2_policy import assert_is_policy, Grant, grants

NODES = {
    'gate': NodeRights(
        publishes=frozenset({'cmd_vel', '/rosout'}),
        subscribes=frozenset({'control/command'}),
        serves=frozenset({'~/reset'}),
    ),
    'manager': NodeRights(calls=frozenset({'gate/change_state'})),
}


def test_each_node_has_an_enclave_of_its_full_name():
    document = policy_document(NODES, 'robot_1')
    assert_is_policy(document)
    assert [enclave.get('path') for enclave in document.iter('enclave')] == [
        '/robot_1/gate',
        '/robot_1/manager',
    ]


def test_one_enclave_holds_the_profiles_of_all_nodes():
    document = policy_document(NODES, enclave='/takeover')
    assert_is_policy(document)
    (enclave,) = document.iter('enclave')
    assert enclave.get('path') == '/takeover'
    assert [profile.get('node') for profile in enclave.iter('profile')] == ['gate', 'manager']


def test_names_are_granted_as_ros_resolves_them():
    assert grants(policy_document(NODES, 'r')) == {
        Grant('/r/gate', 'publish', '/r/cmd_vel'),
        Grant('/r/gate', 'publish', '/rosout'),
        Grant('/r/gate', 'subscribe', '/r/control/command'),
        Grant('/r/gate', 'reply', '/r/gate/reset'),
        Grant('/r/manager', 'request', '/r/gate/change_state'),
    }


@pytest.mark.parametrize('name', ['1robot', 'a-b', 'robot/2', 'röver', 'a b', '*'])
def test_a_name_that_ros_does_not_take_is_refused(name):
    with pytest.raises(SecurityError, match='legal are letters'):
        policy_document(NODES, name)
    with pytest.raises(SecurityError, match='enclave'):
        policy_document(NODES, enclave=name)


def test_a_folder_in_place_of_the_file_is_told(tmp_path):
    with pytest.raises(SecurityError, match='cannot be written'):
        write_policy(policy_document(NODES), tmp_path)


@pytest.mark.parametrize('task', ['rover_path', 'rover_lane', 'arm_reach', 'arm_peg'])
def test_the_command_writes_a_policy_for_each_task(tmp_path, task, capsys):
    file = tmp_path / 'made' / 'policies.xml'
    policy(output=file, task=task, namespace='/robot_1')
    assert 'rights of' in capsys.readouterr().out
    document = ElementTree.parse(file).getroot()
    assert_is_policy(document)
    assert all('*' not in grant.name for grant in grants(document))
    granted = {grant.name for grant in grants(document) if grant.node == '/robot_1/safety_node'}
    assert '/robot_1/control/command' in granted


def test_a_topic_that_is_remapped_is_granted_under_its_new_name(tmp_path):
    file = tmp_path / 'policies.xml'
    policy(output=file, namespace='r', remap=('cmd_vel:=base/cmd_vel', 'odom:=/odometry'))
    names = {grant.name for grant in grants(ElementTree.parse(file).getroot())}
    assert {'/r/base/cmd_vel', '/odometry'} <= names
    assert names.isdisjoint({'/r/cmd_vel', '/r/odom'})
