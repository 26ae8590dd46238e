import socket

import pytest
from takeover.cli import ros_domain
from takeover.cli.ros_domain import reserve_domain


def test_two_at_a_time_get_different_domains_and_a_closed_one_is_free_again():
    first, second = {}, {}
    held = reserve_domain(first)
    with reserve_domain(second):
        assert first['ROS_DOMAIN_ID'] != second['ROS_DOMAIN_ID']
    held.close()


def test_a_domain_in_which_somebody_listens_is_passed_over(monkeypatch):
    monkeypatch.setattr(ros_domain, 'DOMAINS', [90, 91])
    port = ros_domain.PORT_BASE + 90 * ros_domain.PORT_GAIN + ros_domain.FIRST_PARTICIPANT
    env = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as participant:
        try:
            participant.bind(('', port))
        except OSError:
            pytest.skip(f'port {port} is in use')
        with reserve_domain(env):
            assert env['ROS_DOMAIN_ID'] == '91'


def test_what_the_user_chose_is_kept():
    env = {'ROS_DOMAIN_ID': '0', 'ROS_AUTOMATIC_DISCOVERY_RANGE': 'SUBNET'}
    assert reserve_domain(env) is None
    assert env == {'ROS_DOMAIN_ID': '0', 'ROS_AUTOMATIC_DISCOVERY_RANGE': 'SUBNET'}


def test_discovery_stays_on_this_machine_by_default():
    env = {}
    with reserve_domain(env):
        assert env['ROS_AUTOMATIC_DISCOVERY_RANGE'] == 'LOCALHOST'
