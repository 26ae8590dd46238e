"""Write the parameter tables of the nodes into the README, or check that they are true.

python -m takeover.workspace -- python tools/readme_parameters.py [--check]
"""

import dataclasses
from pathlib import Path
import sys

from takeover_learning.learner_node import LearnerParameters
from takeover_nodes.camera_parameters import CameraParameters
from takeover_nodes.course_node import CourseParameters
from takeover_nodes.intervention_parameters import InterventionParameters
from takeover_nodes.joystick_node import JoystickParameters
from takeover_nodes.keyboard_node import KeyboardParameters
from takeover_nodes.learning_monitor_node import LearningMonitorParameters
from takeover_nodes.lifecycle_manager_node import ManagerParameters
from takeover_nodes.monitor_node import MonitorParameters
from takeover_nodes.operator_node import OperatorParameters
from takeover_nodes.policy_node import PolicyParameters
from takeover_nodes.recorder_node import RecorderParameters
from takeover_nodes.safety_node import SafetyParameters
from takeover_nodes.sim_node import SimParameters
from takeover_nodes.spacemouse_node import SpaceMouseParameters
from takeover_nodes.view_node import ViewParameters

README = Path(__file__).resolve().parents[1] / 'README.md'
BEGIN = '<!-- parameters: written by tools/readme_parameters.py -->'
END = '<!-- end of parameters -->'
NODES = {
    'policy_node': PolicyParameters,
    'intervention_node': InterventionParameters,
    'safety_node': SafetyParameters,
    'lifecycle_manager_node': ManagerParameters,
    'recorder_node': RecorderParameters,
    'learner_node': LearnerParameters,
    'joystick_node': JoystickParameters,
    'spacemouse_node': SpaceMouseParameters,
    'keyboard_node': KeyboardParameters,
    'camera_node': CameraParameters,
    'sim_node': SimParameters,
    'course_node': CourseParameters,
    'operator_node': OperatorParameters,
    'monitor_node': MonitorParameters,
    'learning_monitor_node': LearningMonitorParameters,
    'view_node': ViewParameters,
}


def tables() -> str:
    """Return one table of all parameters of all nodes."""
    lines = ['| node | parameter | default | range | what it does |', '|---|---|---|---|---|']
    for node, parameters in NODES.items():
        for field in dataclasses.fields(parameters):
            lines.append(
                f'| `{node}` | `{field.name}` | {default(field)} | {legal(field)} | '
                f'{field.metadata["description"]} |'
            )
    return '\n'.join(lines)


def default(field: dataclasses.Field) -> str:
    """Return a field's default as the YAML shows it."""
    if field.default_factory is not dataclasses.MISSING:
        return f'`[{", ".join(field.default_factory())}]`'
    if field.default is dataclasses.MISSING:
        return '**required**'
    if isinstance(field.default, bool):
        return f'`{str(field.default).lower()}`'
    return f'`{field.default!r}`'


def legal(field: dataclasses.Field) -> str:
    """Return a field's legal range."""
    low, high = field.metadata['at_least'], field.metadata['at_most']
    if low is None and high is None:
        return ''
    bounds = ['' if bound is None else f'{bound:g}' for bound in (low, high)]
    return ' … '.join(bounds)


def main() -> int:
    """Rewrite the README, or with --check return 1 when it would change."""
    text = README.read_text()
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    wanted = f'{before}{BEGIN}\n{tables()}\n{END}{after}'
    if '--check' in sys.argv:
        if wanted != text:
            print('README.md: the parameter table is old; run tools/readme_parameters.py')
            return 1
        return 0
    README.write_text(wanted)
    return 0


if __name__ == '__main__':
    sys.exit(main())
