"""Whether the log has room for hours, and the disk writes faster than the robot makes steps."""

from collections.abc import Callable
from contextlib import suppress
import os
from pathlib import Path
import secrets
import shutil
import time

from takeover.data.log_disk import LogConfig
from takeover.doctor.finding import Finding, Severity
from takeover.doctor.graph import GraphFacts
from takeover.doctor.needs import sensor_needs
from takeover.doctor.setting import Setting

CHECK = 'disk'
# An operator's hour, and a day's work. Chosen.
LEAST_H, ENOUGH_H = 1.0, 8.0
# The trial: as much as this, in such pieces, no longer than that.
TRIAL_BYTES, PIECE_BYTES, TRIAL_S = 32 << 20, 1 << 20, 3.0
# How much faster than needed: learner and system write, too. Chosen.
LEAST_TIMES, ENOUGH_TIMES = 2.0, 10.0
# Of a step: numbers and names beside observation, actions and pictures; the events between steps.
_STEP_BYTES, _EVENT_BYTES = 256, 512
_MB = 1e6


def check(setting: Setting, graph: GraphFacts | None) -> list[Finding]:
    """Judge room and speed of the folder of the log; of one to be made, of its parent.

    :param graph: its topics tell how large the recorded messages are; None: only steps count.
    """
    if setting.record is None:
        remedy = 'give --record DIR, the record:= of the launch file'
        return [Finding(CHECK, Severity.INFO, 'not looked at', 'no folder is recorded to', remedy)]
    folder = _existing(setting.record)
    needed = bytes_per_s(setting, graph)
    try:
        free = shutil.disk_usage(folder).free
        written, worst_s = trial_write(folder)
    except OSError as error:
        return [
            Finding(
                CHECK,
                Severity.ERROR,
                f'{folder}: cannot be written: {error.strerror}',
                'not ours to write, mounted read-only, or full',
                'another folder, or `sudo chown $USER` of it',
            )
        ]
    return [judge_room(folder, free, needed), judge_speed(folder, written, worst_s, needed)]


def bytes_per_s(setting: Setting, graph: GraphFacts | None) -> float:
    """Return what the recorder writes at most, before compression: steps and raw inputs."""
    task = setting.task
    step = 4 * task.observation_size + 3 * 8 * len(task.action.components) + task.pixels_size
    rate = task.rate_hz * (step + _STEP_BYTES + _EVENT_BYTES)
    if graph is None:
        return rate
    for need in sensor_needs(task, setting.robot):
        if need.kind != 'image' and need.topic in task.inputs:
            rate += graph.topics[need.topic].bytes_per_s
    return rate


def trial_write(folder: Path, clock: Callable[[], float] = time.monotonic) -> tuple[float, float]:
    """Write a file, piece by piece to the disk itself, and remove it.

    :returns: bytes per second, and the longest time of one piece.
    :raises OSError: it cannot be written.
    """
    path = folder / f'.takeover_doctor_{secrets.token_hex(4)}'
    # Random, for some file systems compress or leave out zeros.
    piece = secrets.token_bytes(PIECE_BYTES)
    written, worst_s, start_s = 0, 0.0, clock()
    try:
        with path.open('xb', buffering=0) as file:
            while written < TRIAL_BYTES and clock() - start_s < TRIAL_S:
                before_s = clock()
                written += file.write(piece)
                os.fsync(file.fileno())
                worst_s = max(worst_s, clock() - before_s)
        return written / max(clock() - start_s, 1e-9), worst_s
    finally:
        with suppress(OSError):
            path.unlink()


def judge_room(folder: Path, free: int, needed: float) -> Finding:
    """Judge for how many hours there is room until the recorder leaves pictures out."""
    usable = max(0.0, free - LogConfig().min_free_images_mb * _MB)
    hours = usable / needed / 3600.0
    found = (
        f'{folder}: {free / _MB:.0f} MB free, {min(hours, 999.0):.0f} h at '
        f'{3600.0 * needed / _MB:.0f} MB/h'
    )
    remedy = 'remove or move old logs, or record to a larger disk'
    if hours < LEAST_H:
        cause = f'less than {LEAST_H:g} h until pictures, then steps are left out'
        return Finding(CHECK, Severity.ERROR, found, cause, remedy)
    if hours < ENOUGH_H:
        cause = f'less than a day of work, {ENOUGH_H:g} h'
        return Finding(CHECK, Severity.WARNING, found, cause, remedy)
    return Finding(CHECK, Severity.OK, found)


def judge_speed(folder: Path, written: float, worst_s: float, needed: float) -> Finding:
    """Judge the rate of the trial, and how long a piece took at worst."""
    found = (
        f'{folder}: writes {written / _MB:.1f} MB/s, {needed / _MB:.2f} MB/s are needed; one '
        f'piece took up to {1e3 * worst_s:.0f} ms'
    )
    remedy = 'an SSD in place of an SD card or a network folder; nothing else that writes'
    if written < LEAST_TIMES * needed:
        cause = f'less than {LEAST_TIMES:g} times what is needed: steps will be lost'
        return Finding(CHECK, Severity.ERROR, found, cause, remedy)
    if written < ENOUGH_TIMES * needed:
        cause = f'less than {ENOUGH_TIMES:g} times what is needed: no room for a learner beside it'
        return Finding(CHECK, Severity.WARNING, found, cause, remedy)
    return Finding(CHECK, Severity.OK, found)


def _existing(folder: Path) -> Path:
    """Return the folder itself, or the nearest one above that is there."""
    folder = folder.resolve()
    while not folder.exists():
        folder = folder.parent
    return folder
