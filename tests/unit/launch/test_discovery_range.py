"""Who finds the nodes of a launch file: this machine alone in simulation, else the network."""

from pathlib import Path
import xml.etree.ElementTree as ElementTree

import pytest
from takeover.launch.evaluation import evaluate
from takeover.workspace import node_environment

RANGE, PROFILE = 'ROS_AUTOMATIC_DISCOVERY_RANGE', 'FASTRTPS_DEFAULT_PROFILES_FILE'
SIMULATIONS = ('sim.launch.xml', 'robot_sim.launch.xml')
OF_A_ROBOT = ('control.launch.xml', 'camera.launch.xml', 'record.launch.xml', 'learner.launch.xml')


def settings(repository: Path, file: str, arguments: dict | None = None, **variables: str):
    """Return (discovery range, folder of the Fast DDS profile) of every process."""
    base = node_environment()
    for name in (RANGE, PROFILE, 'RMW_IMPLEMENTATION'):
        base.pop(name, None)
    plan = evaluate(repository / 'launch' / file, arguments or {}, base | variables)
    assert plan.processes
    return {
        (process.environment[RANGE], Path(process.environment[PROFILE]).parent.name)
        for process in plan.processes
    }


@pytest.mark.parametrize('file', SIMULATIONS)
def test_a_simulation_binds_to_the_loopback_interface(repository, file):
    assert settings(repository, file) == {('SYSTEM_DEFAULT', 'loopback')}
    assert settings(repository, file, **{RANGE: 'LOCALHOST'}) == {('SYSTEM_DEFAULT', 'loopback')}


@pytest.mark.parametrize('file', SIMULATIONS)
def test_a_simulation_is_opened_by_argument_or_variable(repository, file):
    assert settings(repository, file, **{RANGE: 'SUBNET'}) == {('SUBNET', 'config')}
    assert settings(repository, file, {'discovery_range': 'SUBNET'}) == {('SUBNET', 'config')}


def test_an_argument_is_worth_more_than_the_variable(repository):
    found = settings(
        repository, 'sim.launch.xml', {'discovery_range': 'LOCALHOST'}, **{RANGE: 'SUBNET'}
    )
    assert found == {('SYSTEM_DEFAULT', 'loopback')}


@pytest.mark.parametrize('file', OF_A_ROBOT)
def test_a_robot_is_found_on_its_network(repository, file):
    assert settings(repository, file) == {('SUBNET', 'config')}
    assert settings(repository, file, **{RANGE: 'LOCALHOST'}) == {('SYSTEM_DEFAULT', 'loopback')}


def test_a_profile_of_the_user_is_kept_with_the_range_that_was_asked_for(repository):
    assert settings(repository, 'sim.launch.xml', **{PROFILE: '/mine/dds.xml'}) == {
        ('LOCALHOST', 'mine')
    }


def test_another_middleware_gets_the_range_that_was_asked_for(repository):
    found = settings(repository, 'sim.launch.xml', RMW_IMPLEMENTATION='rmw_cyclonedds_cpp')
    assert found == {('LOCALHOST', 'config')}


@pytest.mark.parametrize('name', ['fastdds_profile.xml', 'fastdds_control.xml'])
def test_a_loopback_profile_differs_by_the_address_alone(repository, name):
    config = repository / 'config'
    usual = ElementTree.parse(config / name).getroot()
    loopback = ElementTree.parse(config / 'loopback' / name).getroot()
    bound = 0
    for transport in loopback.iterfind('.//{*}transport_descriptor'):
        for addresses in transport.findall('{*}interfaceWhiteList'):
            assert [address.text for address in addresses] == ['127.0.0.1']
            assert transport.find('{*}type').text == 'UDPv4'
            transport.remove(addresses)
            bound += 1
    assert bound == 1
    assert words(loopback) == words(usual)


def words(root: ElementTree.Element) -> list[tuple[str, str]]:
    return [(element.tag, (element.text or '').strip()) for element in root.iter()]
