"""Write the message definitions the library needs without ROS, or check that they are true.

python tools/message_definitions.py [--check]; needs the built workspace.
"""

from pathlib import Path
import sys

from takeover.workspace import node_environment, package_share

ROOT = Path(__file__).resolve().parents[1]
OUTPUT = ROOT / 'src/takeover/data/message_definitions.py'
OURS = ROOT / 'ros2_ws/src/takeover_msgs/msg'
TYPES = (
    'builtin_interfaces/Time',
    'std_msgs/Header',
    'takeover_msgs/EpisodeState',
    'takeover_msgs/InterventionState',
    'takeover_msgs/PolicyState',
    'takeover_msgs/SafetyState',
    'takeover_msgs/Step',
    'takeover_msgs/UndoEpisode',
)
HEAD = '''# ruff: noqa: E501 the lines are as long as in the .msg files
"""The text of the messages in a log, so that logs are written and read without ROS.

Written by tools/message_definitions.py from the .msg files; not to be edited by hand.
"""

DEFINITIONS = {
'''


def definition(name: str) -> str:
    """Return the .msg file of `package/Type`; ours from the source, others as installed."""
    package, message = name.split('/')
    if package == 'takeover_msgs':
        return (OURS / f'{message}.msg').read_text()
    return (package_share(package, node_environment()) / 'msg' / f'{message}.msg').read_text()


def module() -> str:
    """Return the text of the whole module."""
    entries = []
    for name in TYPES:
        text = ''.join(f'{line.rstrip()}\n' for line in definition(name).splitlines())
        entries.append(f'    \'{name}\': """{text}""",\n')
    return HEAD + ''.join(entries) + '}\n'


def main() -> int:
    """Write, or with --check compare; return 1 when they differ."""
    text = module()
    if '--check' not in sys.argv[1:]:
        OUTPUT.write_text(text)
    elif OUTPUT.read_text() != text:
        print(f'{OUTPUT}: not what the .msg files say; run python tools/message_definitions.py')
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
