"""The table of rights against the graph of the running stack: nothing more, and nothing unused."""

import time

import pytest
from rclpy.node import Node
from takeover.security.node_rights import COMMON, node_rights
from takeover.task import load_task_and_robot
from tests.sros2_policy import full_name
from tests.stack import MOTION_NODES, Observer, running, wait_until

DEADLINE_S = 180.0
OBSERVER = 'observer'
CAMERA = {'camera_node', 'camera_manager_node'}
STACK = {*MOTION_NODES, *CAMERA, 'lifecycle_manager_node', 'sim_node', 'operator_node'}
# Rights that the launch files below have no use for.
UNUSED = {
    'camera_node': {
        # Of a camera that has depth, or whose driver is another node.
        ('publishes', '/camera/depth/image_rect_raw'),
        ('publishes', '/wrist_camera/depth/image_rect_raw'),
        ('publishes', '/camera/resize/image_raw'),
        ('publishes', '/camera/resize/camera_info'),
        ('subscribes', '/camera/image_raw'),
        ('subscribes', '/camera/camera_info'),
        ('subscribes', '/wrist_camera/image_raw'),
        ('subscribes', '/wrist_camera/camera_info'),
    },
    'intervention_node': {
        # Of the other input device.
        ('subscribes', '/joy'),
        ('subscribes', '/spacenav/joy'),
        ('subscribes', '/spacenav/twist'),
    },
    # Of a simulation that renders the cameras by itself.
    'sim_node': {
        ('publishes', f'/{camera}/{stream}')
        for camera in ('camera', 'wrist_camera', 'front_camera')
        for stream in ('image_raw', 'camera_info')
    },
}


def used(node: Node, name: str, namespace: str) -> set[tuple[str, str]]:
    """Return what a node of the graph does: (kind of right, full name)."""
    ask = {
        'publishes': node.get_publisher_names_and_types_by_node,
        'subscribes': node.get_subscriber_names_and_types_by_node,
        'serves': node.get_service_names_and_types_by_node,
        'calls': node.get_client_names_and_types_by_node,
    }
    return {(kind, found) for kind, get in ask.items() for found, _ in get(name, namespace)}


def granted(rights, name: str) -> set[tuple[str, str]]:
    return {
        (kind, full_name(right, '/', name))
        for kind in ('publishes', 'subscribes', 'serves', 'calls')
        for right in getattr(rights, kind)
    }


def present(observer: Observer) -> set[str]:
    return set(observer.node.get_node_names()) - {OBSERVER}


def settled(observer: Observer, names: set[str]) -> dict[str, set[tuple[str, str]]]:
    """Wait until all nodes are up and their endpoints are known; return what each does."""
    wait_until(lambda: names <= present(observer), f'{sorted(names)} are there', DEADLINE_S)
    for name in MOTION_NODES:
        wait_until(
            lambda name=name: observer.lifecycle_state(name) == 'active',
            f'{name} is active',
            DEADLINE_S,
        )
    before: dict = {}

    def unchanged() -> dict:
        nonlocal before
        time.sleep(1.0)
        now = {name: used(observer.node, name, '/') for name in sorted(names)}
        same, before = now == before, now
        return now if same else {}

    return wait_until(unchanged, 'the graph is at rest', DEADLINE_S)


def assert_fits(seen: dict[str, set[tuple[str, str]]], task: str) -> None:
    nodes = node_rights(*load_task_and_robot(task))
    for name, uses in seen.items():
        allowed = granted(nodes[name], name)
        assert uses <= allowed, f'{name} needs more: {sorted(uses - allowed)}'
        idle = allowed - uses - granted(COMMON, name) - UNUSED.get(name, set())
        assert not idle, f'{name} does not use {sorted(idle)}'


@pytest.fixture
def folder(tmp_path):
    return tmp_path


def test_a_rover_that_learns_has_the_rights_it_uses(folder):
    learning = (f'record:={folder}/log', f'learn:={folder}/learner', 'operator:=0.4')
    names = STACK | {'recorder_node', 'learner_node', 'joystick_node', 'spacemouse_node'}
    launches = (('sim.launch.xml', *learning), ('teleop.launch.xml', 'spacemouse:=true'))
    with running(*launches, folder=folder) as (_, observer):
        assert_fits(settled(observer, names), 'rover_path')


def test_an_arm_that_sees_has_the_rights_it_uses(folder):
    options = ('task:=arm_peg', 'operator:=0.4', f'record:={folder}/log')
    with running(('sim.launch.xml', *options), folder=folder) as (_, observer):
        assert_fits(settled(observer, STACK | {'recorder_node'}), 'arm_peg')
