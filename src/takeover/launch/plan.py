"""What a launch file comes to: the processes to start, in order, and what to do when they end."""

from dataclasses import dataclass, field
from pathlib import Path
import shlex
import tempfile

import yaml


@dataclass(frozen=True)
class ParameterBlock:
    """Parameters given in the launch file; becomes a temporary file behind `--params-file`.

    `node` is the fully qualified node name, or /** when name or namespace is left to the node.
    """

    node: str
    parameters: dict[str, object]

    @property
    def document(self) -> dict:
        """Return the content of the parameter file."""
        return {self.node: {'ros__parameters': self.parameters}}


@dataclass(frozen=True)
class ProcessPlan:
    """One process. Times are in seconds; `respawn_max_retries` below 0 means without end."""

    name: str
    argv: tuple[str | ParameterBlock, ...]
    environment: dict[str, str]
    cwd: str | None = None
    output: str = 'log'
    respawn: bool = False
    respawn_delay_s: float = 0.0
    respawn_max_retries: int = -1
    required: bool = False
    sigterm_timeout_s: float | None = None
    sigkill_timeout_s: float | None = None
    emulate_tty: bool = False

    def write_argv(self, folder: Path) -> list[str]:
        """Return the command line, its parameter blocks written to files in `folder`."""
        return [item if isinstance(item, str) else _write(item, folder) for item in self.argv]

    def describe(self, base: dict[str, str]) -> str:
        """Return the command line and how its environment differs from `base`, for a person."""
        words = [
            item
            if isinstance(item, str)
            else yaml.safe_dump(item.document, default_flow_style=True, width=10_000).strip()
            for item in self.argv
        ]
        lines = [f'[{self.name}] {shlex.join(words)}']
        changed = {k: v for k, v in self.environment.items() if base.get(k) != v}
        lines += [f'    env {name}={value}' for name, value in sorted(changed.items())]
        lines += [f'    env -{name}' for name in sorted(base.keys() - self.environment.keys())]
        return '\n'.join(lines)


@dataclass
class LaunchPlan:
    """The outcome of evaluating a launch file."""

    processes: list[ProcessPlan] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    shutdown_reason: str | None = None


def _write(block: ParameterBlock, folder: Path) -> str:
    with tempfile.NamedTemporaryFile(
        'w', prefix='launch_params_', suffix='.yaml', dir=folder, delete=False
    ) as file:
        yaml.safe_dump(block.document, file, default_flow_style=False)
    return file.name
