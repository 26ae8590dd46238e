"""A ROS domain that nobody else on this machine uses.

Two demos side by side in one domain would drive each other's robots. A domain is held through a
socket in the abstract namespace of Linux, which the kernel frees with the process; and one in
which a participant of any other program is alive is passed over, by its UDP port.
"""

from collections.abc import Iterator, MutableMapping
import socket
import sys

from takeover.errors import TakeoverError

# 0 is everybody's default; above 101 the ports may be taken by the system (ROS 2 documentation).
DOMAINS = range(1, 102)
# RTPS 9.6.1.1: ports of domain d start at 7400 + 250 d; the first participant listens at + 10.
PORT_BASE, PORT_GAIN, FIRST_PARTICIPANT = 7400, 250, 10


def reserve_domain(env: MutableMapping[str, str]) -> socket.socket | None:
    """Set ROS_DOMAIN_ID in `env` to a free domain, unless the user has chosen one.

    :return: keep it as long as the domain is needed; None: nothing was reserved.
    :raises TakeoverError: every domain is taken.
    """
    env.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    if env.get('ROS_DOMAIN_ID'):
        return None
    for domain, held in _reservable():
        if _silent(domain):
            env['ROS_DOMAIN_ID'] = str(domain)
            return held
        if held is not None:
            held.close()
    raise TakeoverError('every ROS domain from 1 to 101 is in use here; set ROS_DOMAIN_ID')


def _reservable() -> Iterator[tuple[int, socket.socket | None]]:
    for domain in DOMAINS:
        if sys.platform != 'linux':
            yield domain, None
            continue
        held = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            held.bind(f'\0takeover_demo_domain_{domain}')
        except OSError:
            held.close()
            continue
        yield domain, held


def _silent(domain: int) -> bool:
    """Tell whether no participant of this machine listens in the domain."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(('', PORT_BASE + PORT_GAIN * domain + FIRST_PARTICIPANT))
        except OSError:
            return False
    return True
