"""Who hears whom: ROS domain, discovery range, and who else is there.

Numbers of domains and words of the range: ROS 2 documentation, "The ROS_DOMAIN_ID" and "Improved
Dynamic Discovery".
"""

from collections import Counter
from collections.abc import Callable, Mapping
import socket

from takeover.command_topics import command_topics
from takeover.doctor.finding import Finding, Severity
from takeover.doctor.graph import GraphFacts
from takeover.doctor.needs import GATE
from takeover.doctor.setting import Setting

CHECK = 'domain'
DOMAIN, RANGE, PEERS = 'ROS_DOMAIN_ID', 'ROS_AUTOMATIC_DISCOVERY_RANGE', 'ROS_STATIC_PEERS'
# Ports of higher domains are those the kernel gives to anybody; above the last there are none.
SAFE_DOMAINS, MOST_DOMAIN = range(0, 102), 232
SUBNET, LOCALHOST, OFF, SYSTEM = 'SUBNET', 'LOCALHOST', 'OFF', 'SYSTEM_DEFAULT'
RANGES = (SUBNET, LOCALHOST, OFF, SYSTEM)
_HERE = ('', 'none', 'local', 'localhost')


def check_environment(
    setting: Setting, resolve: Callable[[str, None], object] = socket.getaddrinfo
) -> list[Finding]:
    """Judge the variables that ROS reads, before anything of ROS is started."""
    env = setting.env
    return _domain_id(env) + _range(env, setting.learner) + _peers(env, resolve)


def check(setting: Setting, graph: GraphFacts) -> list[Finding]:
    """Judge who is there."""
    findings = _reach(setting, graph) + _rivals(setting, graph) + _doubles(graph)
    if findings:
        return findings
    found = f'nodes: {len(graph.nodes)}, none of a name twice ({graph.rmw})'
    return [Finding(CHECK, Severity.OK, found)]


def _domain_id(env: Mapping[str, str]) -> list[Finding]:
    text = env.get(DOMAIN, '')
    if not text:
        return [
            Finding(
                CHECK,
                Severity.INFO,
                f'{DOMAIN} is not set: domain 0',
                'domain 0 is that of everybody who chose none',
                f'in a network with other robots: export {DOMAIN}=N, N of 1 to 101, on all hosts',
            )
        ]
    remedy = f'export {DOMAIN}=N with N of 0 to {SAFE_DOMAINS[-1]}, the same on all hosts'
    if not text.isdecimal() or int(text) > MOST_DOMAIN:
        found = f'{DOMAIN} is {text!r}'
        return [Finding(CHECK, Severity.ERROR, found, f'legal is 0 to {MOST_DOMAIN}', remedy)]
    if int(text) not in SAFE_DOMAINS:
        return [
            Finding(
                CHECK,
                Severity.WARNING,
                f'{DOMAIN} is {text}',
                'the kernel may have given its UDP ports to another program',
                remedy,
            )
        ]
    return [Finding(CHECK, Severity.OK, f'domain {int(text)}')]


def _range(env: Mapping[str, str], learner: str) -> list[Finding]:
    given = env.get(RANGE, '') or SUBNET
    if given not in RANGES:
        return [
            Finding(
                CHECK,
                Severity.ERROR,
                f'{RANGE} is {given!r}',
                f'legal: {", ".join(RANGES)}, in capital letters',
                f'export {RANGE}={SUBNET} on a robot, {LOCALHOST} in simulation',
            )
        ]
    if given == OFF:
        found = f'{RANGE} is {OFF}'
        cause = 'nodes find no others, not even on this machine'
        return [Finding(CHECK, Severity.ERROR, found, cause, f'export {RANGE}={SUBNET}')]
    if given == LOCALHOST and learner not in _HERE and learner not in _peer_names(env):
        return [
            Finding(
                CHECK,
                Severity.ERROR,
                f'{RANGE} is {LOCALHOST}, and the learner is on {learner}',
                'nodes of other machines are not heard',
                f'export {RANGE}={SUBNET} here and there, or {PEERS}={learner}',
            )
        ]
    return []


def _peer_names(env: Mapping[str, str]) -> list[str]:
    return [name for name in env.get(PEERS, '').split(';') if name]


def _peers(env: Mapping[str, str], resolve: Callable[[str, None], object]) -> list[Finding]:
    unknown = []
    for name in _peer_names(env):
        try:
            resolve(name, None)
        except OSError:
            unknown.append(name)
    if not unknown:
        return []
    return [
        Finding(
            CHECK,
            Severity.ERROR,
            f'{PEERS} names {", ".join(unknown)}, which no name server knows',
            'a misspelt name, a comma in place of a semicolon, or no network',
            f'export {PEERS}="HOST;HOST" with names or addresses that `getent hosts` knows',
        )
    ]


def _reach(setting: Setting, graph: GraphFacts) -> list[Finding]:
    """Judge the range by what robot is there."""
    # Where it is not set, the launch files keep a simulation to this machine.
    given = setting.env.get(RANGE, '')
    if graph.simulated and given in (SUBNET, SYSTEM):
        return [
            Finding(
                CHECK,
                Severity.WARNING,
                f'a simulated robot with {RANGE}={given}',
                'whoever is in this network and domain hears it and may drive it',
                f'export {RANGE}={LOCALHOST}, or unset it; then start the simulation again',
            )
        ]
    if not graph.simulated and given == LOCALHOST and not _peer_names(setting.env):
        return [
            Finding(
                CHECK,
                Severity.INFO,
                f'{RANGE} is {LOCALHOST}',
                'nodes of other machines are not heard: no learner, no screen elsewhere',
                f'export {RANGE}={SUBNET} when one is wanted',
            )
        ]
    return []


def _rivals(setting: Setting, graph: GraphFacts) -> list[Finding]:
    """Find who else commands the robot."""
    findings = []
    for topic in command_topics(setting.task.action, setting.robot):
        facts = graph.topics[topic]
        rivals = sorted(
            {end.node for end in facts.publishers if end.node.rpartition('/')[2] != GATE}
        )
        gates = sum(end.node.rpartition('/')[2] == GATE for end in facts.publishers)
        if rivals or gates > 1:
            named = ', '.join(rivals) or f'{gates} nodes named {GATE}'
            findings.append(
                Finding(
                    CHECK,
                    Severity.ERROR,
                    f'{facts.name} is published by {named}',
                    f'only {GATE} may command the robot; it will latch a stop',
                    f'end {named}, or give it another topic: -r {topic}:=OTHER',
                )
            )
    return findings


def _doubles(graph: GraphFacts) -> list[Finding]:
    twice = sorted(name for name, count in Counter(graph.nodes).items() if count > 1)
    if not twice:
        return []
    return [
        Finding(
            CHECK,
            Severity.WARNING,
            f'more than one node is named {", ".join(twice)}',
            'two stacks in one domain, or one that was killed less than 20 s ago',
            f'give each robot a namespace, or each stack a {DOMAIN} of its own; then look again',
        )
    ]
