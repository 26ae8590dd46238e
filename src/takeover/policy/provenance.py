"""Where a policy comes from: code, configuration, data, command and time."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
import subprocess
from typing import Any

from takeover import __version__


def describe(
    command: str | Sequence[str],
    config: Mapping[str, Any],
    data: str,
    repository: str | Path | None = None,
) -> dict[str, Any]:
    """Return the provenance of a policy trained just now.

    :param command: what was typed to train it.
    :param config: the training configuration, JSON values.
    :param data: what it was trained on, in words or as a hash.
    :param repository: folder of the code; default: where this library lies.
    """
    repository = Path(__file__).parent if repository is None else Path(repository)
    changes = _git(repository, 'status', '--porcelain', '--untracked-files=no')
    return {
        'command': command if isinstance(command, str) else ' '.join(command),
        'config': dict(config),
        'data': data,
        'date': datetime.now(timezone.utc).isoformat(timespec='seconds'),
        'git_commit': _git(repository, 'rev-parse', 'HEAD'),
        'git_dirty': None if changes is None else bool(changes),
        'takeover_version': __version__,
    }


def _git(repository: Path, *arguments: str) -> str | None:
    """Return what git says, or None where there is no git or no repository."""
    try:
        answer = subprocess.run(
            ['git', '-C', str(repository), *arguments],
            check=True,
            capture_output=True,
            text=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()
