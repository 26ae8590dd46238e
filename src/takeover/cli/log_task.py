"""Which task a log is of: found by its name, and known by its hash."""

from collections.abc import Sequence
from pathlib import Path

from takeover.data.errors import LogError
from takeover.data.log_reader import LogReader
from takeover.shipped import shipped_folder
from takeover.specs import spec_hash, TaskSpec
from takeover.task import load_task

FOLDER = Path('config/tasks')


def task_of_log(files: Sequence[Path], task_file: Path | None = None) -> TaskSpec:
    """Return the task of logs.

    :param task_file: the file of the task; None: it is looked for by the name in the first log, in
        the current folder and among those that are shipped.
    :raises LogError: the log does not name its task, or no file of this name has its hash.
    :raises ConfigError: the task file cannot be used.
    """
    if task_file is not None:
        return load_task(task_file)
    metadata = _metadata(files[0])
    name, wanted = (metadata.get(key, '') for key in ('task', 'spec_hash'))
    if not name or not wanted or Path(name).name != name:
        raise LogError(f'{files[0]}: does not say of which task it is; give its file: --task FILE')
    candidates = [folder / f'{name}.yaml' for folder in _folders()]
    for candidate in candidates:
        if candidate.is_file() and spec_hash(task := load_task(candidate)) == wanted:
            return task
    raise LogError(
        f'{files[0]}: is of the task {name} with spec_hash {wanted}, and no file of it has this '
        f'hash: looked for {", ".join(map(str, candidates))}; give its file: --task FILE'
    )


def _metadata(file: Path) -> dict[str, str]:
    """Return what the recorder said of itself: it stands before the first event."""
    reader = LogReader(file)
    next(reader.events(), None)
    return reader.metadata


def _folders() -> list[Path]:
    return [FOLDER, shipped_folder() / FOLDER]
