"""What takes the commands of the robot: the right message, and a time-out when they stop.

Without the gate a robot stops only by the time-out of its controller. Names and meaning of the
parameters: documentation of diff_drive_controller, joint_trajectory_controller,
forward_command_controller and MoveIt Servo (ROS 2 Jazzy).
"""

from takeover.arm_spec import ArmSpec
from takeover.command_topics import command_topics
from takeover.doctor.finding import Finding, Severity
from takeover.doctor.graph import ControllerFacts, GraphFacts, Parameter, SIMULATOR, TopicFacts
from takeover.doctor.setting import Setting

CHECK = 'controller'
TIMEOUTS = (
    'cmd_vel_timeout',
    'command_timeout',
    'incoming_command_timeout',
    'moveit_servo.incoming_command_timeout',
)
INTERPOLATE, JOINTS = 'interpolate_from_desired_state', 'joints'
TYPE = 'type'
# What doctor_node asks every controller for; `type` is known to the controller_manager.
ASKED = (*TIMEOUTS, INTERPOLATE, JOINTS)
# These have none: what came last holds.
_WITHOUT_TIMEOUT = {
    'forward_position': 'forward_command_controller holds the last position for ever',
    'joint_trajectory': 'a trajectory ends two periods of the gate later, and its end is held',
}
_GRIPPER = 'its end position holds'


def check(setting: Setting, graph: GraphFacts) -> list[Finding]:
    """Judge who listens on each command topic."""
    findings = []
    for number, (topic, message) in enumerate(
        command_topics(setting.task.action, setting.robot).items()
    ):
        facts = graph.topics[topic]
        problem = _listener(facts, message)
        if problem is not None:
            findings.append(problem)
            continue
        for node in sorted({end.node for end in facts.subscriptions}):
            asked = next((c for c in graph.controllers if c.node == node), None)
            findings += _one(setting, facts, node, asked, gripper=number > 0)
    return findings


def _listener(facts: TopicFacts, message: str) -> Finding | None:
    """Find that nobody hears what the gate will publish."""
    if not facts.subscriptions:
        return Finding(
            CHECK,
            Severity.ERROR,
            f'{facts.name}: nobody listens',
            'the controller is not started or not active, or it listens to another topic',
            'start the robot (ros2 control list_controllers; simulated: takeover launch '
            'robot_sim.launch.xml), or tell its topic by --remap',
        )
    for listener in facts.subscriptions:
        if listener.type != message:
            return Finding(
                CHECK,
                Severity.ERROR,
                f'{facts.name}: {listener.node} takes {listener.type}',
                f'the gate publishes {message}',
                'set the controller; or the robot file: command of a base, controller of an arm',
            )
        if listener.misfit:
            return Finding(
                CHECK,
                Severity.ERROR,
                f'{facts.name}: {listener.node} does not hear the gate',
                f'quality of service: {listener.misfit}',
                f'let {listener.node} request no more than reliable and volatile',
            )
    return None


def _one(
    setting: Setting,
    facts: TopicFacts,
    node: str,
    asked: ControllerFacts | None,
    gripper: bool,
) -> list[Finding]:
    """Judge one controller by its parameters."""
    limit_s = setting.robot.timeouts.controller_s
    if node.rpartition('/')[2] == SIMULATOR:
        found = f'{node} takes {facts.name} and stops after {limit_s:g} s (robot file)'
        return [Finding(CHECK, Severity.OK, found)]
    if asked is None or asked.parameters is None:
        return [_by_hand(node, facts, limit_s, 'it does not answer questions about parameters')]
    parameters = asked.parameters
    kind = parameters.get(TYPE)
    told = f'{node} ({kind})' if kind else node
    if gripper:
        return [Finding(CHECK, Severity.OK, f'{told} takes {facts.name}: {_GRIPPER}')]
    problems = _joints(setting, told, parameters)
    return problems + [_timeout(setting, told, facts, parameters, limit_s)]


def _timeout(
    setting: Setting,
    told: str,
    facts: TopicFacts,
    parameters: dict[str, Parameter],
    limit_s: float,
) -> Finding:
    name = next((name for name in TIMEOUTS if name in parameters), None)
    if name is None:
        interface = getattr(getattr(setting.robot, 'controller', None), 'interface', '')
        if interface in _WITHOUT_TIMEOUT:
            found = f'{told} takes {facts.name}; {_WITHOUT_TIMEOUT[interface]}'
            cause = 'it has no time-out; the gate must live for the arm to slow down'
            remedy = 'a heartbeat of the e-stop that cuts power: launch with e_stop_required:=true'
            return Finding(CHECK, Severity.INFO, found, cause, remedy)
        return _by_hand(told, facts, limit_s, 'it has no parameter of a known name for it')
    value_s = float(parameters[name])
    found = f'{told}: {name} is {value_s:g} s'
    remedy = f'ros2 param set {told.split()[0]} {name} {limit_s:g}, or in its file, then restart'
    if value_s <= 0.0:
        cause = '0 switches the time-out off: without the gate the robot keeps its last velocity'
        return Finding(CHECK, Severity.ERROR, found, cause, remedy)
    if value_s > limit_s + 1e-6:
        cause = f'longer than timeouts.controller_s of the robot file, {limit_s:g} s'
        return Finding(CHECK, Severity.ERROR, found, cause, remedy)
    gate_s = setting.robot.timeouts.gate_s
    if value_s <= gate_s:
        cause = f'it stops before the gate does (gate_s {gate_s:g} s), without its gentle limits'
        return Finding(CHECK, Severity.WARNING, found, cause, remedy)
    return Finding(CHECK, Severity.OK, found)


def _by_hand(told: str, facts: TopicFacts, limit_s: float, why: str) -> Finding:
    return Finding(
        CHECK,
        Severity.INFO,
        f'the time-out of {told} is unknown',
        why,
        f'with the robot lifted: publish on {facts.name} for a second, end the publisher with '
        f'kill -9, and see that it stands within {limit_s:g} s',
    )


def _joints(setting: Setting, told: str, parameters: dict[str, Parameter]) -> list[Finding]:
    """Judge what an arm's controller must be set to."""
    if not isinstance(setting.robot, ArmSpec):
        return []
    findings = []
    ours, theirs = list(setting.robot.joint_names), parameters.get(JOINTS)
    ordered = setting.robot.controller.interface == 'forward_position'
    if theirs is not None and (theirs if ordered else sorted(theirs)) != (
        ours if ordered else sorted(ours)
    ):
        findings.append(
            Finding(
                CHECK,
                Severity.ERROR,
                f'{told}: joints are {", ".join(map(str, theirs))}',
                f'the robot file has {", ".join(ours)}'
                + (': a position would go to another joint' if ordered else ''),
                'set `joints` of the controller to those of the robot file, in their order',
            )
        )
    if parameters.get(INTERPOLATE) is False:
        findings.append(
            Finding(
                CHECK,
                Severity.WARNING,
                f'{told}: {INTERPOLATE} is false',
                'each point then begins from the measured state, which is behind: the arm lags',
                f'set {INTERPOLATE}: true',
            )
        )
    return findings
