from pathlib import Path

import pytest
from takeover.cli.live_stack import RANGE, watching_environment
from takeover.dds_check import PROFILE_VARIABLE

SHARE = Path('/share')


@pytest.mark.parametrize(
    ('given', 'folder', 'wide'),
    [
        ({}, 'config', None),
        ({RANGE: 'SUBNET'}, 'config', 'SUBNET'),
        ({RANGE: 'LOCALHOST'}, 'config/loopback', 'SYSTEM_DEFAULT'),
        ({RANGE: 'LOCALHOST', 'RMW_IMPLEMENTATION': 'other'}, 'config', 'LOCALHOST'),
    ],
)
def test_who_watches_a_local_graph_binds_to_loopback_alone(given, folder, wide):
    env = watching_environment(given, SHARE)
    assert env[PROFILE_VARIABLE] == str(SHARE / folder / 'fastdds_profile.xml')
    assert env.get(RANGE) == wide


def test_a_profile_of_the_users_is_kept_as_it_is():
    given = {PROFILE_VARIABLE: '/mine.xml', RANGE: 'LOCALHOST'}
    assert watching_environment(given, SHARE) == given
