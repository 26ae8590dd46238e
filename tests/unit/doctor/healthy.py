"""A chain with nothing wrong, as facts, and ways to plant one defect in it."""

from takeover.command_topics import command_topics
from takeover.doctor.graph import (
    ControllerFacts,
    DeviceStatus,
    Endpoint,
    GraphFacts,
    Sample,
    TopicFacts,
)
from takeover.doctor.needs import device_needs, MESSAGE_TYPES, sensor_needs
from takeover.doctor.setting import make_setting, Setting

END_S = 108.0
STAMP_NS = 1_700_000_000_000_000_000
REAL_NODES = ('/base_driver', '/diff_drive_controller', '/joystick_node')


def setting_of(
    task='rover_path', robot='', policy='', device='', mapping='', record=None, learner='', **env
):
    """Return a setting; `env` are the variables of the terminal."""
    env = {'ROS_DOMAIN_ID': '7', **env}
    return make_setting(task, robot, policy, device, mapping, record, learner, 1.0, env)


def samples(rate_hz=20.0, age_s=0.01, count=160, **fields) -> tuple[Sample, ...]:
    """Return messages at a steady rate that end at END_S."""
    fields = {'size': 700, **fields}
    return tuple(
        Sample(
            arrived_s=END_S - (count - 1 - i) / rate_hz,
            age_s=age_s,
            stamp_ns=STAMP_NS + round(1e9 * i / rate_hz),
            digest=f'{i:08x}',
            **fields,
        )
        for i in range(count)
    )


def heard(name, type_, *, by='/base_driver', misfit='', heard=()) -> TopicFacts:
    """Return a topic with one publisher."""
    publishers = (Endpoint(node=by, type=type_, misfit=misfit),)
    return TopicFacts(name=name, publishers=publishers, samples=heard)


def topics_of(setting: Setting) -> dict[str, TopicFacts]:
    """Return every topic as it should be."""
    topics = {}
    for need in sensor_needs(setting.task, setting.robot):
        message = MESSAGE_TYPES[need.kind]
        frame = need.frame or 'a_frame'
        topics[need.topic] = heard(f'/{need.topic}', message, heard=samples(frame=frame))
    for need in device_needs(setting.device):
        message = MESSAGE_TYPES[need.kind]
        said = samples(axes=(0.0,) * 8, buttons=(0,) * 32)
        topics[need.topic] = heard(f'/{need.topic}', message, by='/joystick_node', heard=said)
    for topic, message in command_topics(setting.task.action, setting.robot).items():
        listener = Endpoint(node='/diff_drive_controller', type=message)
        topics[topic] = TopicFacts(name=f'/{topic}', subscriptions=(listener,))
    return topics


def graph_of(setting: Setting, **changes) -> GraphFacts:
    """Return the graph of a real robot that runs well, apart from `changes`.

    Of these `topics` are added to the good ones.
    """
    topics = topics_of(setting) | changes.pop('topics', {})
    parameters = {'cmd_vel_timeout': setting.robot.timeouts.controller_s}
    facts = {
        'measured_s': 8.0,
        'end_s': END_S,
        'rmw': 'rmw_fastrtps_cpp',
        'nodes': REAL_NODES,
        'controllers': (ControllerFacts(node='/diff_drive_controller', parameters=parameters),),
        'devices': (DeviceStatus(name='joystick_node: device', ok=True, message='reading a pad'),),
    }
    return GraphFacts(topics=topics, **(facts | changes))


def changed(facts: TopicFacts, **changes) -> TopicFacts:
    """Return a topic with other facts."""
    return facts.model_copy(update=changes)


def worst(findings):
    """Return the worst finding."""
    return max(findings, key=lambda finding: finding.severity)
