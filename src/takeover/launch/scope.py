"""What a launch file can see while it is evaluated: configurations, environment, parameters.

Configurations (arguments and `let`s, and the pushed ROS namespace) are one flat dictionary that
includes share; only a scoped group saves and restores it, with the environment and the parameters.
"""

from dataclasses import dataclass, field
from pathlib import Path
import re

from takeover.launch.document import SubstitutionError

NAMESPACE = 'ros_namespace'

_NODE_NAME = re.compile(r'[A-Za-z_][A-Za-z0-9_]*', re.ASCII)
_NAMESPACE = re.compile(r'/|(/[A-Za-z_][A-Za-z0-9_]*)+', re.ASCII)


@dataclass
class Parameters:
    """Name and value of each `set_parameter` so far; `depth` counts groups at the first."""

    items: list[tuple[str, object]] = field(default_factory=list)
    depth: int = 0


class Scope:
    """The mutable state of one evaluation."""

    def __init__(self, environment: dict[str, str], directory: Path) -> None:
        self.configurations: dict[str, str] = {}
        self.environment = dict(environment)
        self.parameters = Parameters()
        # Of the file being evaluated, and what `$(dirname)` would give in Jazzy.
        self.directory = directory
        self.jazzy_directory = directory
        self._initial_environment = dict(environment)
        self._saved: list[tuple[dict[str, str], dict[str, str], Parameters]] = []

    def push(self) -> None:
        """Enter a scoped group."""
        kept = Parameters(list(self.parameters.items), self.parameters.depth)
        self._saved.append((dict(self.configurations), dict(self.environment), kept))

    def pop(self) -> None:
        """Leave a scoped group: everything but `$(dirname)` is as it was before."""
        self.configurations, self.environment, self.parameters = self._saved.pop()

    def reset(self, configurations: dict[str, str]) -> None:
        """Forget all but `configurations`, as a group with forwarding="false" does."""
        self.configurations = dict(configurations)
        self.parameters = Parameters(depth=len(self._saved))

    def reset_environment(self) -> None:
        """Return to the environment the launcher was started with."""
        self.environment = dict(self._initial_environment)

    def push_namespace(self, namespace: str) -> None:
        """Append to the ROS namespace of the nodes that follow, or replace it if absolute."""
        result = absolute(join_namespace(self.configurations.get(NAMESPACE), namespace))
        self.configurations[NAMESPACE] = validate_namespace(result)

    def set_parameter(self, name: str, value: object) -> None:
        """Give a parameter to all nodes that follow in this scope."""
        depth = len(self._saved)
        if not self.parameters.items:
            self.parameters.depth = depth
        elif self.parameters.depth != depth:
            raise SubstitutionError(
                'the enclosing scope has set parameters already, and `ros2 launch` would let this '
                'one leak out of its group; set it outside, or use a group with forwarding="false"'
            )
        self.parameters.items.append((name, value))


def join_namespace(base: str | None, namespace: str | None) -> str | None:
    """Append `namespace` to `base` unless it is absolute; None stands for one not given."""
    if namespace is None:
        return base
    if base and not namespace.startswith('/'):
        namespace = f'{"" if base == "/" else base}/{namespace}'
    return namespace if namespace == '/' else namespace.rstrip('/')


def absolute(namespace: str | None) -> str | None:
    """Return the namespace with its leading slash; None stays None."""
    if namespace is None or namespace.startswith('/'):
        return namespace
    return f'/{namespace}'


def validate_namespace(namespace: str) -> str:
    """Return the absolute namespace; raises SubstitutionError if ROS would refuse it."""
    if not _NAMESPACE.fullmatch(namespace) or len(namespace) > 245:
        raise SubstitutionError(
            f"namespace '{namespace}' is not legal: each part is made of letters, "
            'digits and _ and does not start with a digit'
        )
    return namespace


def validate_node_name(name: str) -> str:
    """Return the node name; raises SubstitutionError if ROS would refuse it."""
    if not _NODE_NAME.fullmatch(name) or len(name) > 255:
        raise SubstitutionError(
            f"node name '{name}' is not legal: letters, digits and _, not starting with a digit"
        )
    return name
