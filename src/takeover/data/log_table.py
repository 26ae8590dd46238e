"""The steps of logs as one table, without pictures: a Parquet file that any data tool reads."""

from collections.abc import Iterator
import os
from pathlib import Path

import pyarrow
import pyarrow.parquet
from takeover.data.errors import LogError
from takeover.data.log_summary import LogSummary
from takeover.data.step import Step

ROWS = 10_000
_FLOATS, _DOUBLES = pyarrow.list_(pyarrow.float32()), pyarrow.list_(pyarrow.float64())
SCHEMA = pyarrow.schema(
    [
        ('log', pyarrow.string()),
        ('sequence', pyarrow.uint64()),
        ('stamp_ns', pyarrow.int64()),
        ('episode', pyarrow.uint64()),
        ('undone', pyarrow.bool_()),
        ('source', pyarrow.string()),
        ('observation', _FLOATS),
        ('observation_stamp_ns', pyarrow.int64()),
        # One for each image of the task.
        ('frame_ages_ms', _DOUBLES),
        ('policy_action', _DOUBLES),
        ('commanded', _DOUBLES),
        ('executed', _DOUBLES),
        ('reward', pyarrow.float64()),
        ('onset', pyarrow.bool_()),
        ('stored', pyarrow.bool_()),
        ('terminated', pyarrow.bool_()),
        ('truncated', pyarrow.bool_()),
        ('outcome', pyarrow.uint8()),
        ('policy_version', pyarrow.string()),
    ]
)


def write_table(summaries: list[LogSummary], path: str | Path) -> int:
    """Write one row for each step, in the order of the logs; return how many.

    :raises LogError: the file cannot be written.
    """
    path = Path(path)
    unfinished = path.with_name(f'{path.name}.unfinished')
    count = 0
    try:
        with pyarrow.parquet.ParquetWriter(unfinished, SCHEMA) as writer:
            for rows in _batches(summaries):
                writer.write_table(pyarrow.Table.from_pylist(rows, SCHEMA))
                count += len(rows)
        os.replace(unfinished, path)
    except OSError as error:
        raise LogError(f'{path}: cannot be written: {error.strerror or error}') from None
    return count


def _batches(summaries: list[LogSummary]) -> Iterator[list[dict]]:
    rows = []
    for summary in summaries:
        for episode in summary.episodes:
            rows += [_row(summary.name, episode.undone, step) for step in episode.steps]
            if len(rows) >= ROWS:
                yield rows
                rows = []
    if rows:
        yield rows


def _row(log: str, undone: bool, step: Step) -> dict:
    row = {name: getattr(step, name) for name in SCHEMA.names if hasattr(step, name)}
    return row | {'log': log, 'undone': undone, 'source': step.source.name.lower()}
