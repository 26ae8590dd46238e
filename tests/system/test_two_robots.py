"""Two rovers in one graph, each in its namespace, and one learner that learns from both logs."""

import signal

import pytest
from std_srvs.srv import Trigger
from takeover.data.log_reader import log_files, read_steps
from takeover.data.log_scan import LogScan
from takeover.specs import spec_hash
from takeover.training.log_order import FILE
from takeover.training.log_training import LogTraining
from takeover_msgs.msg import LearnerStatus, PolicyCandidate, PolicyState
from takeover_nodes import qos
from tests.policy_candidates import constant, write
from tests.stack import DEADLINE_S, Launch, running, wait_until
from tests.takeover_logs import demonstration, settings_file, TINY, write_log

ROBOTS = ('one', 'two')
NODES = ('sim_node', 'safety_node', 'intervention_node', 'policy_node', 'recorder_node')
# What belongs to the whole graph; everything else of a robot is in its namespace.
COMMON = {'/clock', '/diagnostics', '/parameter_events', '/rosout', '/tf', '/tf_static'}
# Two stacks and a learner on a machine that is busy.
LONG_S = 4.0 * DEADLINE_S
STEPS = 40


@pytest.fixture(scope='module')
def session(tmp_path_factory, task):
    """Drive both, learn from both, kill the learner on the way, stop; return what was seen."""
    folder = tmp_path_factory.mktemp('two')
    write_log(folder / 'shown', task, demonstration())
    # In circles: what drives without being corrected and without failing is not replaced.
    policy = folder / 'circles.onnx'
    write(policy, constant(0.5, 0.5))
    launches = [
        (
            'sim.launch.xml',
            f'namespace:={name}',
            f'record:={folder / name}',
            f'policy:={policy}',
            'camera:=false',
        )
        for name in ROBOTS
    ]
    learner = (
        'learner.launch.xml',
        f'log_dir:={folder / "one"}',
        f'other_log_dirs:={folder / "two"}',
        f'learner_dir:={folder / "learner"}',
        f'demonstrations:={folder / "shown"}',
        f'learner_config:={settings_file(folder / "settings.yaml")}',
        'robots:=one,two',
        'publish_period_s:=1.0',
    )
    with running(*launches, folder=folder) as (started, observer):
        observer.hear(LearnerStatus, 'learner/status', qos.LATCHED)
        for name in ROBOTS:
            observer.hear(PolicyState, f'{name}/policy/version', qos.LATCHED)
            observer.hear(PolicyCandidate, f'{name}/learner/policy', qos.LATCHED)

        def learned() -> int:
            status = observer.last('learner/status')
            return status.transitions if status else 0

        wait_until(lambda: all(up(observer, name) for name in ROBOTS), 'both are up', LONG_S)
        log = folder / 'learner.log'
        started.append(Launch(*learner, domain=started[0].domain, log=log))
        wait_until(lambda: learned() > STEPS, 'it learns', LONG_S)
        graph = look(observer)
        offers = {name: offered(observer, name) for name in ROBOTS}
        before = (folder / 'learner' / FILE).read_bytes()
        started[2].kill('learner_node')
        observer.heard['learner/status'].clear()
        wait_until(lambda: learned() > 2 * STEPS, 'it goes on', LONG_S)
        codes = [launch.stop(signal.SIGINT) for launch in reversed(started)]
    return folder, graph, offers, before, codes


def up(observer, name) -> bool:
    """Tell whether a robot takes commands; one that a busy machine took down is asked again."""
    if observer.lifecycle_state(f'{name}/policy_node') == 'active':
        return True
    observer.call(Trigger, f'{name}/lifecycle_manager_node/startup')
    return False


def look(observer) -> dict:
    """Return what the nodes of each robot publish and hear, and who commands it."""
    node, seen = observer.node, {}
    for name in ROBOTS:
        space = f'/{name}'
        topics = {
            topic
            for each in NODES
            for names in (
                node.get_publisher_names_and_types_by_node(each, space),
                node.get_subscriber_names_and_types_by_node(each, space),
            )
            for topic, _ in names
        }
        commanding = node.get_publishers_info_by_topic(f'{space}/cmd_vel')
        seen[name] = topics, [(info.node_name, info.node_namespace) for info in commanding]
    return seen


def offered(observer, name) -> set[str]:
    """Return versions that a robot was offered and has looked at, at least one."""

    def judged() -> set[str]:
        # There may be newer ones before the first has been looked at.
        offers = {said.version for _, said in observer.heard[f'{name}/learner/policy']}
        state = observer.last(f'{name}/policy/version')
        return offers & {state.version, state.refused_version} if state else set()

    return wait_until(judged, f'{name} has judged what it was offered', LONG_S)


@pytest.mark.parametrize('name', ROBOTS)
def test_the_nodes_of_a_robot_speak_and_listen_in_its_namespace_alone(session, name):
    topics, _ = session[1][name]
    assert {f'/{name}/cmd_vel', f'/{name}/policy/command', f'/{name}/odom'} <= topics
    assert {topic for topic in topics if not topic.startswith(f'/{name}/')} <= COMMON


@pytest.mark.parametrize('name', ROBOTS)
def test_each_robot_is_commanded_by_its_own_gate_alone(session, name):
    assert session[1][name][1] == [('safety_node', f'/{name}')]


def test_both_robots_are_offered_the_same_policies(session):
    assert all(session[2].values())


def test_each_log_holds_one_robot(session, task):
    folder = session[0]
    sequences = []
    for name in ROBOTS:
        for file in log_files([folder / name]):
            scan = LogScan(file)
            assert sum(map(len, scan.blocks())) > 0
            topics = {topic for topic, _ in scan.known.channels.values()}
            assert all(topic.startswith(f'/{name}/') for topic in topics)
        steps = list(read_steps([folder / name], spec_hash(task)))
        assert any(step.episode for step in steps)
        sequences.append({step.sequence for step in steps})
    assert not sequences[0] & sequences[1]


def test_a_killed_learner_reads_again_what_it_read_in_the_order_it_had(session, task):
    folder, _, _, before, _ = session
    assert (folder / 'learner' / FILE).read_bytes().startswith(before)
    assert before.count(b'\n0,') and before.count(b'\n1,')
    training = LogTraining(
        task,
        folder / 'one',
        folder / 'learner',
        [folder / 'shown'],
        TINY,
        other_logs=[folder / 'two'],
    )
    # A checkpoint is refused unless exactly its events came before, in its order.
    assert training.start().startswith('goes on from')


def test_all_end_as_asked(session):
    assert session[4] == [0, 0, 0]
