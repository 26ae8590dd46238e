"""What a simulation opens to the network by default: nothing; and what the health check says."""

from pathlib import Path
import subprocess
import sys

import psutil
import pytest
from takeover.workspace import node_environment
from tests.processes import Command
from tests.stack import MOTION_NODES, Observer, wait_until

REPOSITORY = Path(__file__).resolve().parents[2]
HEALTH = REPOSITORY / 'docker' / 'health.py'
MANAGER = 'lifecycle_manager_node: motion nodes'
DEADLINE_S = 180.0
# RTPS 2.5, 9.6.2.3: multicast group and ports of domain d and participant p.
GROUP = '239.255.0.1'
PORT_BASE, DOMAIN_GAIN, PARTICIPANT_GAIN = 7400, 250, 2
# Fast DDS 2.14 opens one more port for each participant, counted from here (measured).
EXTRA_BASE = 7000
PARTICIPANTS = 100


@pytest.fixture(scope='module')
def simulation(tmp_path_factory):
    """Start the simulation as a user would, who has set nothing."""
    patch = pytest.MonkeyPatch()
    for name in ('ROS_AUTOMATIC_DISCOVERY_RANGE', 'FASTRTPS_DEFAULT_PROFILES_FILE'):
        patch.delenv(name, raising=False)
    command = Command(tmp_path_factory.mktemp('listening'), 'launch', 'sim.launch.xml')
    observer = Observer(command.domain)
    try:
        wait_until(
            lambda: (
                {*MOTION_NODES, 'sim_node', 'camera_node'} <= set(observer.node.get_node_names())
            ),
            'the nodes are there',
            DEADLINE_S,
        )
        for name in MOTION_NODES:
            wait_until(
                lambda name=name: observer.lifecycle_state(name) == 'active',
                f'{name} is active',
                DEADLINE_S,
            )
        yield command
    finally:
        command.process.terminate()
        command.process.wait(DEADLINE_S)
        observer.close()
        patch.undo()


def nodes(command: Command) -> dict[str, psutil.Process]:
    """Return the process of every node by its name."""
    found = {}
    for process in psutil.Process(command.process.pid).children(recursive=True):
        names = [word.removeprefix('__node:=') for word in process.cmdline() if '__node:=' in word]
        found |= {name: process for name in names}
    return found


def expected_ports(domain: int) -> set[int]:
    """Return every port that DDS may open in a domain, by the formula of docs/security.md."""
    first = PORT_BASE + DOMAIN_GAIN * domain
    unicast = {
        first + offset + PARTICIPANT_GAIN * participant
        for offset in (10, 11)
        for participant in range(PARTICIPANTS)
    }
    return {first, *unicast, *range(EXTRA_BASE, EXTRA_BASE + PARTICIPANTS)}


def test_every_socket_is_one_of_dds_on_the_loopback_interface(simulation):
    processes = nodes(simulation)
    assert set(MOTION_NODES) | {'sim_node', 'camera_node'} <= set(processes)
    lowest = int(Path('/proc/sys/net/ipv4/ip_local_port_range').read_text().split()[0])
    for name, process in processes.items():
        sockets = process.net_connections(kind='inet')
        assert sockets, name
        for socket in sockets:
            assert socket.type.name == 'SOCK_DGRAM', (name, socket)
            assert socket.laddr.ip in ('127.0.0.1', GROUP), (name, socket)
            # Those it only sends from have any free port.
            if socket.laddr.port < lowest:
                assert socket.laddr.port in expected_ports(simulation.domain), (name, socket)


def test_nodes_that_own_motion_share_no_memory(simulation):
    processes = nodes(simulation)
    shared = {
        name
        for name, process in processes.items()
        if '/dev/shm/fastrtps_' in Path(f'/proc/{process.pid}/maps').read_text()
    }
    assert shared.isdisjoint(MOTION_NODES)
    assert 'camera_node' in shared


def health(domain: int, *names: str) -> subprocess.CompletedProcess:
    env = node_environment() | {'ROS_DOMAIN_ID': str(domain)}
    command = [sys.executable, HEALTH, *names]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=DEADLINE_S)


def test_the_health_check_says_that_the_stack_is_well(simulation):
    result = health(simulation.domain, MANAGER, 'sim_node: simulation')
    assert result.returncode == 0, result.stdout + result.stderr
    assert f'{MANAGER}: ok: 3 motion nodes active' in result.stdout


def test_the_health_check_fails_for_what_is_not_there(simulation):
    result = health(simulation.domain, MANAGER, 'learner_node: learning')
    assert result.returncode == 1
    assert 'learner_node: learning: not heard' in result.stdout


def test_the_health_check_fails_when_a_motion_node_is_lost(simulation):
    nodes(simulation)['policy_node'].kill()
    wait_until(
        lambda: health(simulation.domain, MANAGER).returncode == 1,
        'the health check fails',
        DEADLINE_S,
    )
    assert 'motion nodes are down' in health(simulation.domain, MANAGER).stdout
