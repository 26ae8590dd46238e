"""The Fast DDS profile that the launch files set is read, and its transports are in use."""

import os
import random
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

from takeover.workspace import node_environment

# Prints the size of the largest shared memory segment of Fast DDS that a node of ours has mapped.
PROGRAM = """
import rclpy
rclpy.init()
node = rclpy.create_node('fastdds_profile')
sizes = [0]
for line in open('/proc/self/maps'):
    if '/dev/shm/fastrtps_' in line:
        begin, end = line.split()[0].split('-')
        sizes.append(int(end, 16) - int(begin, 16))
print(max(sizes))
"""


def largest_segment(**variables: str) -> int:
    env = node_environment() | {'ROS_DOMAIN_ID': str(random.SystemRandom().randrange(1, 101))}
    env.pop('FASTRTPS_DEFAULT_PROFILES_FILE', None)
    env['RMW_IMPLEMENTATION'] = 'rmw_fastrtps_cpp'
    env['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
    result = subprocess.run(
        [sys.executable, '-c', PROGRAM],
        env=env | variables,
        capture_output=True,
        text=True,
        timeout=60.0,
        check=True,
    )
    assert 'XML' not in result.stderr, result.stderr
    return int(result.stdout.split()[-1])


def test_the_segment_is_the_size_the_profile_asks_for(repository):
    profile = repository / 'config' / 'fastdds_profile.xml'
    (element,) = ElementTree.parse(profile).iterfind('.//{*}segment_size')
    asked = int(element.text)
    assert largest_segment() < asked
    assert asked <= largest_segment(FASTRTPS_DEFAULT_PROFILES_FILE=os.fspath(profile)) < 2 * asked
