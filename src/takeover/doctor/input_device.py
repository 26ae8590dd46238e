"""Whether the person's device is there, may be read, and says something: zero is not silence."""

from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any

from takeover.action import ActionContract
from takeover.devices.device import DeviceError, DeviceForbidden
from takeover.doctor.finding import Finding, Severity
from takeover.doctor.graph import GraphFacts, TopicFacts
from takeover.doctor.needs import DEVICE_TOPICS, KEYBOARD, MESSAGE_TYPES
from takeover.doctor.setting import NO_DEVICE, Setting
from takeover.errors import TakeoverError
from takeover.intervention.command_reader import CommandReader, DeviceMapping
from takeover.intervention.device_choice import JOYSTICK, load_mapping, SPACEMOUSE
from takeover.intervention.human_command import HumanCommand

CHECK = 'input'
# Of a device that nobody touches; more is a stick that hangs. Chosen.
AT_REST = 0.05
_LAUNCH = {
    JOYSTICK: 'takeover launch teleop.launch.xml',
    KEYBOARD: 'ros2 run takeover_nodes keyboard_node, in a terminal of its own',
    SPACEMOUSE: 'takeover launch teleop.launch.xml joystick:=false spacemouse:=true',
}
Finders = Mapping[str, Callable[[str], Any]]


def check(setting: Setting, graph: GraphFacts, finders: Finders | None = None) -> list[Finding]:
    """Judge what the device says; when nothing is heard, look for it on this machine.

    :param finders: of each device: what opens the first that is plugged in.
    """
    if setting.device == NO_DEVICE:
        cause, remedy = '--input none', 'leave it out, or name joystick or spacemouse'
        return [Finding(CHECK, Severity.INFO, 'nobody can take over', cause, remedy)]
    topics = [graph.topics[topic] for topic in DEVICE_TOPICS[setting.device]]
    silent = [facts for facts in topics if not facts.samples]
    if silent:
        facts = silent[0]
        return [_misfit(facts) or _silence(setting, graph, facts, finders)]
    return [_speech(setting, graph, topics)]


def _misfit(facts: TopicFacts) -> Finding | None:
    for publisher in facts.publishers:
        problem = publisher.misfit and f'quality of service: {publisher.misfit}'
        if publisher.type not in MESSAGE_TYPES.values():
            problem = f'it publishes {publisher.type}'
        if problem:
            found = f'{facts.name}: {publisher.node} is not heard'
            remedy = 'use joy_node, spacenav_node, or the drivers of teleop.launch.xml'
            return Finding(CHECK, Severity.ERROR, found, problem, remedy)
    return None


def _silence(
    setting: Setting, graph: GraphFacts, facts: TopicFacts, finders: Finders | None
) -> Finding:
    device = setting.device
    if facts.publishers:
        driver = ', '.join(sorted({publisher.node for publisher in facts.publishers}))
        told = [status.message for status in graph.devices if not status.ok]
        return Finding(
            CHECK,
            Severity.ERROR,
            f'{facts.name}: {driver} runs and says nothing: no device',
            told[0] if told else 'the device is unplugged, asleep, or the driver does not repeat',
            'plug it in, press a button to wake it; joy_node needs autorepeat_rate: 20.0',
        )
    start = f'start its driver: {_LAUNCH[device]}'
    if device == KEYBOARD:
        found = f'{facts.name}: nobody publishes it'
        return Finding(CHECK, Severity.ERROR, found, 'keyboard_node does not run', start)
    try:
        with closing((finders or _finders())[device]('')) as opened:
            identity = opened.identity
    except DeviceForbidden as error:
        return Finding(CHECK, Severity.ERROR, f'the {device} may not be read', str(error), start)
    except DeviceError as error:
        cause = 'not plugged in, or plugged into another machine'
        return Finding(CHECK, Severity.ERROR, str(error), cause, f'plug it in, then {start}')
    except ModuleNotFoundError as error:
        found = f'{facts.name}: nobody publishes it'
        cause = f'no driver runs; whether a {device} is here is not known without {error.name}'
        remedy = f'pip install "takeover[input]"; {start}'
        return Finding(CHECK, Severity.ERROR, found, cause, remedy)
    found = f'{identity} is here, and nobody publishes {facts.name}'
    return Finding(CHECK, Severity.ERROR, found, 'no driver runs', start)


def _speech(setting: Setting, graph: GraphFacts, topics: list[TopicFacts]) -> Finding:
    """Judge what is said: often enough, of enough axes, and nothing while nobody touches it."""
    paused = _pauses(setting, graph, topics)
    if paused is not None:
        return paused
    name = topics[0].name
    action = ActionContract(setting.task.action)
    try:
        reader = CommandReader(_mapping(setting, action), action)
    except TakeoverError as error:
        cause, remedy = 'the mapping of the device cannot be used', 'mend the file, or another one'
        return Finding(CHECK, Severity.ERROR, str(error), cause, remedy)
    buttons, axes = topics[0].samples[-1].buttons, topics[-1].samples[-1].axes
    fault = reader.fault(axes, buttons)
    if fault is not None:
        return Finding(
            CHECK,
            Severity.ERROR,
            f'{name}: {fault}',
            'another device or driver than the mapping in config/inputs is made for',
            'give the mapping of this device by --mapping, or write one: `ros2 topic echo` shows '
            'what it reports',
        )
    return _at_rest(name, _told(graph, topics), reader.command(axes, buttons))


def _pauses(setting: Setting, graph: GraphFacts, topics: list[TopicFacts]) -> Finding | None:
    limit_s = setting.robot.timeouts.input_device_s
    for facts in topics:
        gap_s = facts.longest_gap_s(graph.end_s)
        if gap_s <= limit_s:
            continue
        always = facts.rate_hz * limit_s < 1.0
        return Finding(
            CHECK,
            Severity.ERROR if always else Severity.WARNING,
            f'{facts.name}: {facts.rate_hz:.0f} Hz, silent for up to {1e3 * gap_s:.0f} ms',
            f'after {1e3 * limit_s:.0f} ms (timeouts.input_device_s) it counts as lost',
            'joy_node: autorepeat_rate: 20.0; a radio link: fresh batteries, no wall between',
        )
    return None


def _told(graph: GraphFacts, topics: list[TopicFacts]) -> str:
    """Say at which rate which device is heard, and from whom."""
    drivers = ', '.join(sorted({end.node for end in topics[0].publishers}))
    who = next((status.message for status in graph.devices if status.ok), '')
    told = f'{topics[0].name}: {topics[0].rate_hz:.0f} Hz from {drivers}'
    return f'{told}, {who}' if who else told


def _at_rest(name: str, told: str, command: HumanCommand) -> Finding:
    if command.estop:
        cause, remedy = 'its e-stop button is pressed', 'release it, reset the safety node'
        return Finding(CHECK, Severity.WARNING, told, cause, remedy)
    if command.deflection > AT_REST:
        return Finding(
            CHECK,
            Severity.WARNING,
            f'{told}, deflected by {command.deflection:.0%}',
            'somebody moves it, or its rest is not where the mapping has zero',
            f'let go and look again; if it stays, calibrate it or widen the dead zone of {name}',
        )
    return Finding(CHECK, Severity.OK, f'{told}, at rest: zeros are heard')


def _mapping(setting: Setting, action: ActionContract) -> DeviceMapping:
    """Return what its axes mean; a keyboard speaks as a joystick does.

    :raises ConfigError: the file cannot be used.
    """
    if setting.device == KEYBOARD:
        return load_mapping(action, setting.robot, JOYSTICK, setting.mapping or KEYBOARD)
    return load_mapping(action, setting.robot, setting.device, setting.mapping)


def _finders() -> Finders:
    """Return what finds real devices; imported here, for their libraries are an extra."""

    def joystick(wanted: str) -> Any:
        from takeover.devices.evdev_joystick import find_joystick

        return find_joystick(wanted)

    def spacemouse(wanted: str) -> Any:
        from takeover.devices.hid_spacemouse import find_spacemouse

        return find_spacemouse(wanted)

    return {JOYSTICK: joystick, SPACEMOUSE: spacemouse}
