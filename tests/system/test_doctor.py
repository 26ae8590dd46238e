"""`takeover doctor` over real DDS: a simulated rover that is well, and a robot with defects."""

import json
import subprocess
import sys

from geometry_msgs.msg import TwistStamped
from nav_msgs.msg import Odometry, Path
import pytest
from sensor_msgs.msg import Image, Joy, LaserScan
from takeover.workspace import node_environment
from takeover_nodes import qos
from takeover_nodes.conversions import ns_to_stamp
from tests.stack import running, wait_until

# Generous: it ends a hung command, and says nothing of how long one takes.
PATIENCE_S = 180.0
AHEAD_NS = 400_000_000
ROBOT = 'left'
# rover_path, and a camera beside the lidar.
IMAGE_INPUT = '  picture: {type: image, max_age_s: 0.15}\n'
IMAGE_FEATURE = (
    "  - {name: ahead, kind: image, inputs: [picture], size: 192, unit: '1', low: 0.0, "
    'high: 255.0,\n     shape: [8, 8, 3], form: {encoding: rgb8}}\n'
)


def examine(domain, *options):
    """Run the command; return its exit code and its findings."""
    env = node_environment() | {
        'ROS_DOMAIN_ID': str(domain),
        'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST',
    }
    words = [sys.executable, '-m', 'takeover.cli.main', 'doctor', '--json', '--seconds', '3']
    done = subprocess.run(
        [*words, *map(str, options)], env=env, capture_output=True, text=True, timeout=PATIENCE_S
    )
    return done.returncode, json.loads(done.stdout)['findings']


def errors(findings):
    return {(f['check'], f['found']) for f in findings if f['severity'] == 'error'}


def say(observer, topic, message, profile, period_s, fill):
    """Publish on a topic again and again."""
    publisher = observer.node.create_publisher(message, topic, profile)

    def publish():
        publisher.publish(fill(observer.node.get_clock().now().nanoseconds))

    observer.node.create_timer(period_s, publish)


def stamped(message, now_ns, frame=''):
    message.header.stamp, message.header.frame_id = ns_to_stamp(now_ns), frame
    return message


@pytest.fixture
def joystick():
    """Return what a joystick that nobody touches says."""
    return lambda now_ns: stamped(Joy(axes=[0.0] * 8, buttons=[0] * 11), now_ns)


def test_a_rover_that_is_well_is_a_go_until_somebody_else_commands_it(tmp_path, joystick):
    launch = ('robot_sim.launch.xml', 'camera:=false', f'namespace:={ROBOT}')
    with running(launch, folder=tmp_path) as (_, observer):
        say(observer, f'{ROBOT}/joy', Joy, qos.INPUT, 0.05, joystick)
        observer.hear(Odometry, f'{ROBOT}/odom', qos.SENSOR)
        wait_until(lambda: observer.last(f'{ROBOT}/odom'), 'the rover runs', PATIENCE_S)
        options = ('--skip', 'cpu', '--record', tmp_path / 'logs', '--namespace', ROBOT)
        code, findings = examine(observer.context.get_domain_id(), *options)
        assert (code, errors(findings)) == (0, set())
        told = ' '.join(finding['found'] for finding in findings)
        for text in ('/left/odom: ', '/left/scan: ', '/left/path: there', 'zeros are heard'):
            assert text in told
        assert '/left/sim_node takes /left/cmd_vel and stops after 0.5 s' in told

        observer.node.create_publisher(TwistStamped, f'{ROBOT}/cmd_vel', qos.command())
        domain = observer.context.get_domain_id()
        code, findings = examine(domain, '--namespace', ROBOT, '--only', 'domain')
        assert code == 1
        assert errors(findings) == {('domain', '/left/cmd_vel is published by /observer')}


def test_a_robot_with_four_defects_has_each_of_them_named(tmp_path, repository):
    task = tmp_path / 'tasks' / 'seen.yaml'
    task.parent.mkdir()
    text = (repository / 'config' / 'tasks' / 'rover_path.yaml').read_text()
    text = text.replace('task: rover_path', 'task: seen')
    text = text.replace('  path: {', f'{IMAGE_INPUT}  path: {{')
    task.write_text(text.replace('\naction:\n', f'{IMAGE_FEATURE}\naction:\n'))
    with running(folder=tmp_path) as (_, observer):

        def odometry(now_ns):
            return stamped(Odometry(), now_ns + AHEAD_NS, 'odom')

        def picture(now_ns):
            pixels = Image(height=8, width=8, encoding='rgb8', step=24, data=[7] * 192)
            return stamped(pixels, now_ns)

        say(observer, 'odom', Odometry, qos.SENSOR, 0.05, odometry)
        say(observer, 'scan', LaserScan, qos.SENSOR, 0.5, lambda now: stamped(LaserScan(), now))
        say(observer, 'path', Path, qos.INPUT, 0.5, lambda now: stamped(Path(), now, 'odom'))
        say(observer, 'picture', Image, qos.SENSOR, 0.05, picture)
        code, findings = examine(
            observer.context.get_domain_id(),
            *('--task', task, '--robot', repository / 'config' / 'robots' / 'rover.yaml'),
            *('--only', 'topics', 'clocks', 'images'),
        )
    assert code == 1
    named = {check: text for check, text in sorted(errors(findings)) if check != 'topics'}
    assert set(named) == {'clocks', 'images'}
    assert '/odom: stamped up to' in named['clocks'] and 'in the future' in named['clocks']
    assert '/picture' in named['images'] and 'same to the last bit' in named['images']
    topics = ' '.join(text for check, text in errors(findings) if check == 'topics')
    assert '/scan: ' in topics and ' Hz, longest pause' in topics
    assert '/path: policy_node does not hear /observer' in topics
