"""The rights of every node: what it publishes, subscribes to, serves and calls.

Names are relative to the namespace, `~` stands for the node's own name, `/` begins what has no
namespace. Topics that a task or a robot file names are taken from there. What every ROS node has
(parameters, logs, time) is COMMON, what a managed node has on top of it LIFECYCLE.
"""

from dataclasses import dataclass

from takeover.arm_spec import ArmSpec
from takeover.command_topics import command_topics
from takeover.robot import RobotSpec
from takeover.specs import TaskSpec


@dataclass(frozen=True)
class NodeRights:
    """Names by what a node may do with them."""

    publishes: frozenset[str] = frozenset()
    subscribes: frozenset[str] = frozenset()
    serves: frozenset[str] = frozenset()
    calls: frozenset[str] = frozenset()

    def __or__(self, other: 'NodeRights') -> 'NodeRights':
        """Return the rights of both."""
        return NodeRights(
            self.publishes | other.publishes,
            self.subscribes | other.subscribes,
            self.serves | other.serves,
            self.calls | other.calls,
        )


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


def rights(
    publishes: str = '', subscribes: str = '', serves: str = '', calls: str = ''
) -> NodeRights:
    """Return rights from names that spaces separate."""
    return NodeRights(_names(publishes), _names(subscribes), _names(serves), _names(calls))


# Every node may hear the clock; only the simulation publishes it.
COMMON = rights(
    publishes='/rosout /parameter_events',
    subscribes='/clock',
    serves='~/describe_parameters ~/get_parameters ~/get_parameter_types ~/list_parameters '
    '~/set_parameters ~/set_parameters_atomically ~/get_type_description',
)
DIAGNOSED = rights(publishes='/diagnostics')
MANAGED = DIAGNOSED | rights(
    publishes='~/transition_event',
    serves='~/change_state ~/get_state ~/get_available_states ~/get_available_transitions '
    '~/get_transition_graph',
)
MOTION_NODES = ('safety_node', 'intervention_node', 'policy_node')
DEVICES = 'joy spacenav/twist spacenav/joy'
EVENTS = 'episode intervention/state policy/version safety/state'


def node_rights(task: TaskSpec, robot: RobotSpec) -> dict[str, NodeRights]:
    """Return the rights of every node of the stack that works on `task` with `robot`, by name."""
    own = {
        **_motion_rights(task, robot),
        **_recording_rights(task),
        **_camera_rights(task, robot),
        **_simulation_rights(task, robot),
        **_device_rights(),
        **_watching_rights(task, robot),
    }
    return {name: COMMON | own[name] for name in sorted(own)}


def renamed(nodes: dict[str, NodeRights], names: dict[str, str]) -> dict[str, NodeRights]:
    """Return the rights with topics and services under other names, as a launch file remaps them.

    :param names: old to new, both relative to the namespace, or both with a slash in front.
    """

    def rename(given: frozenset[str]) -> frozenset[str]:
        return frozenset(names.get(name, name) for name in given)

    return {
        node: NodeRights(
            rename(own.publishes), rename(own.subscribes), rename(own.serves), rename(own.calls)
        )
        for node, own in nodes.items()
    }


def cameras(task: TaskSpec) -> tuple[str, ...]:
    """Return the names of the cameras: those the task sees, else the one that shows the robot."""
    topics = (topic for topic, spec in task.inputs.items() if spec.type == 'image')
    seen = {topic.partition('/resize/')[0] for topic in topics}
    return tuple(sorted(seen)) or ('front_camera' if task.episode.kind != 'path' else 'camera',)


def manager_rights(*managed: str) -> NodeRights:
    """Return the rights of a lifecycle manager of these nodes."""
    calls = ' '.join(f'{name}/change_state {name}/get_state' for name in managed)
    return DIAGNOSED | rights(serves='~/startup ~/shutdown', calls=calls)


def _arm_sensors(robot: RobotSpec) -> str:
    """Return what an arm says of itself; nothing of a rover."""
    if not isinstance(robot, ArmSpec):
        return ''
    return f'joint_states {robot.wrench.topic if robot.wrench else ""}'


def _motion_rights(task: TaskSpec, robot: RobotSpec) -> dict[str, NodeRights]:
    arm = isinstance(robot, ArmSpec)
    return {
        'safety_node': MANAGED
        | rights(
            publishes=f'safety/executed_command safety/state {"tool_state" if arm else ""} '
            + ' '.join(command_topics(task.action, robot)),
            subscribes='control/command e_stop '
            + (f'robot_ready {_arm_sensors(robot)}' if arm else ''),
            serves='~/reset',
        ),
        'intervention_node': MANAGED
        | rights(
            publishes='control/command intervention/state intervention/reward intervention/undo '
            + ('episode_start' if 'episode_start' in task.inputs else ''),
            subscribes=f'policy/command safety/state episode {DEVICES} '
            + ('tool_state' if arm else ''),
        ),
        'policy_node': MANAGED
        | rights(
            publishes='policy/command policy/version '
            + ('policy/observation' if task.images else ''),
            subscribes=f'intervention/state learner/policy {" ".join(task.inputs)}',
            serves='~/rollback',
        ),
        'lifecycle_manager_node': manager_rights(*MOTION_NODES),
    }


def _recording_rights(task: TaskSpec) -> dict[str, NodeRights]:
    inputs = [topic for topic, spec in task.inputs.items() if spec.type != 'image']
    pictures = 'policy/observation' if task.images else ''
    return {
        'recorder_node': DIAGNOSED
        | rights(
            publishes='recorder/state',
            subscribes='policy/command safety/executed_command intervention/reward '
            f'intervention/undo {EVENTS} {pictures} {" ".join(inputs)}',
        ),
        'learner_node': DIAGNOSED | rights(publishes='learner/policy learner/status'),
    }


def _camera_rights(task: TaskSpec, robot: RobotSpec) -> dict[str, NodeRights]:
    streams = (
        'image_raw camera_info resize/image_raw resize/camera_info depth/image_rect_raw'.split()
    )
    truth = 'ground_truth/joints' if isinstance(robot, ArmSpec) else 'ground_truth/odom'
    topics = ' '.join(f'{camera}/{stream}' for camera in cameras(task) for stream in streams)
    # A camera that is a topic of its own driver is heard under the same name.
    drivers = ' '.join(f'{camera}/image_raw {camera}/camera_info' for camera in cameras(task))
    return {
        'camera_node': MANAGED | rights(publishes=topics, subscribes=f'episode {truth} {drivers}'),
        'camera_manager_node': manager_rights('camera_node'),
    }


def _simulation_rights(task: TaskSpec, robot: RobotSpec) -> dict[str, NodeRights]:
    commands = ' '.join(command_topics(task.action, robot))
    views = 'wrist_camera front_camera' if isinstance(robot, ArmSpec) else 'camera'
    pictures = ' '.join(f'{view}/image_raw {view}/camera_info' for view in views.split())
    if isinstance(robot, ArmSpec):
        says = (
            f'robot_ready {_arm_sensors(robot)} ground_truth/tool ground_truth/goal '
            f'ground_truth/joints {"target" if task.episode.kind == "reach" else ""}'
        )
        if robot.controller.gripper_topic:
            commands += f' {robot.controller.gripper_topic}'
        seen, drives = (
            f'ground_truth/tool ground_truth/goal safety/state {_arm_sensors(robot)}',
            'spacenav/twist spacenav/joy',
        )
        calls = 'safety_node/reset'
    else:
        says = 'odom scan path obstacles ground_truth/odom'
        seen, drives, calls = 'ground_truth/odom odom path obstacles', 'joy', ''
    return {
        'sim_node': DIAGNOSED
        | rights(
            publishes=f'/clock episode {says} {pictures}', subscribes=commands, serves='~/reset'
        ),
        'course_node': rights(publishes='path obstacles'),
        'operator_node': DIAGNOSED
        | rights(publishes=drives, subscribes=f'episode {seen}', calls=calls),
    }


def _device_rights() -> dict[str, NodeRights]:
    return {
        'joystick_node': DIAGNOSED | rights(publishes='joy'),
        'keyboard_node': DIAGNOSED | rights(publishes='joy'),
        'spacemouse_node': DIAGNOSED
        | rights(
            publishes='spacenav/twist spacenav/joy spacenav/offset spacenav/rot_offset',
        ),
    }


def _watching_rights(task: TaskSpec, robot: RobotSpec) -> dict[str, NodeRights]:
    pictures = ' '.join(f'{camera}/image_raw' for camera in cameras(task))
    return {
        'monitor_node': rights(
            subscribes=f'/diagnostics {EVENTS} path obstacles ground_truth/odom odom scan '
            f'policy/command control/command safety/executed_command {pictures}',
        ),
        'learning_monitor_node': rights(
            subscribes=f'/diagnostics {EVENTS} ground_truth/odom learner/status recorder/state',
        ),
        'view_node': rights(
            subscribes='policy/observation policy/command control/command '
            'safety/executed_command intervention/state intervention/reward episode '
            f'policy/version {pictures}',
        ),
    }
