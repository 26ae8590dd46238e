"""Writing: what is acknowledged is there, a full or broken disk is told and survived."""

import errno
import os
from pathlib import Path
import subprocess
import threading

from mcap.reader import make_reader
import pytest
from takeover.data.errors import LogError
from takeover.data.log_check import check_log
from takeover.data.log_disk import LogConfig, new_path, WriterState
from takeover.data.log_messages import EpisodeEnd, headless_channels, Step, STEP_TOPIC
from takeover.data.log_reader import log_files, read_log
from takeover.data.log_scan import LogScan
from takeover.data.log_writer import LogWriter
from takeover.data.mcap_file import LogChannel, McapFile
from tests.drives import drive, SPEC_HASH
from tests.stack import wait_until

FAST = LogConfig(flush_s=0.02)
IMAGE = LogChannel('/camera', 'sensor_msgs/msg/Image', 'uint8[] data\n', image=True)
CHANNELS = (*headless_channels(), IMAGE)
METADATA = {'task': 'test', 'spec_hash': SPEC_HASH}
PLENTY = 10**12


def writer(folder: Path, **options) -> LogWriter:
    options = {'config': FAST, 'free_bytes': lambda _: PLENTY} | options
    return LogWriter(folder, CHANNELS, METADATA, **options)


def write(log: LogWriter, steps) -> list[int]:
    written = []
    for step in steps:
        log.write_step(step, SPEC_HASH)
        written.append(step.sequence)
    return written


def sequences(folder: Path) -> list[int]:
    return [event.sequence for event in read_log([folder]) if isinstance(event, Step)]


def test_what_is_acknowledged_is_in_the_file_while_it_is_open(tmp_path):
    log = writer(tmp_path)
    written = write(log, drive())
    wait_until(lambda: log.state.last_sequence == written[-1], 'everything is acknowledged')
    assert log.state.steps == len(written)
    assert sequences(tmp_path) == written
    assert log.state.bytes == sum(file.stat().st_size for file in log_files([tmp_path]))
    log.close()
    assert sequences(tmp_path) == written


def test_closing_brings_everything_to_the_disk(tmp_path):
    with writer(tmp_path, config=LogConfig(flush_s=100.0)) as log:
        written = write(log, drive())
    assert log.state.steps == len(written)
    assert sequences(tmp_path) == written
    (file,) = log_files([tmp_path])
    assert check_log(file).good


def test_other_tools_read_a_closed_file_by_its_index(tmp_path):
    end = EpisodeEnd(9, 1, 0, 1, True, False, 3.0, 1.0)
    with writer(tmp_path) as log:
        written = write(log, drive())
        log.write_event(end)
    (file,) = log_files([tmp_path])
    with file.open('rb') as stream:
        reader = make_reader(stream, validate_crcs=True)
        summary = reader.get_summary()
        assert reader.get_header().profile == 'ros2'
        assert summary.statistics.message_count == len(written) + 1
        assert summary.statistics.chunk_count == len(summary.chunk_indexes) > 0
        ((_, metadata),) = ((item.name, item.metadata) for item in reader.iter_metadata())
        assert metadata == METADATA
        found = [message for _, _, message in reader.iter_messages([STEP_TOPIC])]
        assert [message.log_time for message in found] == sorted(m.log_time for m in found)
        assert [message.sequence for message in found] == [s & 0xFFFFFFFF for s in written]
    with file.open('rb') as stream:
        # The one that does not use the index, and checks every checksum.
        from mcap.stream_reader import StreamReader

        kinds = {
            type(record).__name__ for record in StreamReader(stream, validate_crcs=True).records
        }
    assert {'Header', 'Metadata', 'DataEnd', 'Statistics', 'Footer'} <= kinds


def test_a_topic_without_a_channel_is_refused(tmp_path):
    with writer(tmp_path) as log, pytest.raises(LogError, match='no channel for /nothing; .*/epi'):
        log.write('/nothing', b'', 0)


def test_names_sort_in_the_order_of_their_beginning(tmp_path):
    names = []
    for _ in range(12):
        path = new_path(tmp_path)
        path.touch()
        names.append(path.name)
    assert names == sorted(names)
    assert len(set(names)) == 12
    assert all(name.endswith('.mcap') for name in names)


class Disk:
    """A disk whose room the test decides."""

    def __init__(self, free_mb: float) -> None:
        self.free_mb = free_mb

    def __call__(self, _: Path) -> int:
        return int(1e6 * self.free_mb)


def test_images_stop_first_then_everything_then_a_new_file_begins(tmp_path):
    disk = Disk(1000.0)
    log = writer(tmp_path, free_bytes=disk)
    steps = iter(list(drive(6, 40)))
    kept, images = [], 0

    def say(expected: WriterState) -> None:
        nonlocal images
        wait_until(lambda: log.state.state is expected, f'{expected.name}')
        step = next(steps)
        log.write_step(step, SPEC_HASH)
        log.write(IMAGE.topic, bytes(100), step.stamp_ns)
        if expected is not WriterState.STOPPED:
            kept.append(step.sequence)
            wait_until(lambda: log.state.last_sequence == step.sequence, 'it is on the disk')
        images += expected is WriterState.RECORDING

    say(WriterState.RECORDING)
    disk.free_mb = 499.0
    say(WriterState.NO_IMAGES)
    assert log.state.reason == 'no images: only 499 MB are free'
    disk.free_mb = 540.0  # not yet enough to begin again
    wait_until(lambda: log.state.free_bytes == 540e6, 'the disk was looked at')
    assert log.state.state is WriterState.NO_IMAGES
    disk.free_mb = 99.0
    say(WriterState.STOPPED)
    assert '99 MB are free' in log.state.reason
    wait_until(lambda: log.state.lost == 1, 'the loss is told')
    first = log.state.file
    assert check_log(first).good
    disk.free_mb = 600.0
    say(WriterState.RECORDING)
    assert log.state.file > first
    log.close()
    assert sequences(tmp_path) == kept
    found = sum(
        len(block)
        for file in log_files([tmp_path])
        for block in LogScan(file).blocks({IMAGE.type})
    )
    assert found == images == 2


class FailingFile(McapFile):
    """A file that fails in a way, once it was told to."""

    failure: tuple[str, int] | None = None

    def append(self, chunk) -> None:
        """Fail at the call that was named, or do as any file."""
        if self.failure is None:
            super().append(chunk)
            return
        name, number = type(self).failure
        original = getattr(os, name)

        def fail(fd: int, *given):
            if name == 'write':
                original(fd, given[0][: len(given[0]) // 2])
            raise OSError(number, os.strerror(number))

        setattr(os, name, fail)
        try:
            super().append(chunk)
        finally:
            setattr(os, name, original)
            type(self).failure = None


@pytest.mark.parametrize(
    ('failure', 'words'),
    [
        (('write', errno.ENOSPC), 'No space left'),
        (('write', errno.EIO), 'Input/output error'),
        (('fdatasync', errno.EIO), 'Input/output error'),
    ],
)
def test_a_disk_that_fails_costs_one_chunk_and_doubles_nothing(tmp_path, failure, words):
    log = writer(tmp_path, make_file=FailingFile)
    before = write(log, drive(2, 20))
    wait_until(lambda: log.state.last_sequence == before[-1], 'the first part is on the disk')
    FailingFile.failure = failure
    lost = write(log, drive(1, 20, first=before[-1]))
    wait_until(lambda: log.state.lost == len(lost), 'the loss is told')
    assert log.state.state is WriterState.STOPPED
    assert words in log.state.reason
    assert log.state.last_sequence == before[-1]
    wait_until(lambda: log.state.state is WriterState.RECORDING, 'it goes on by itself')
    after = write(log, drive(1, 20, first=lost[-1]))
    log.close()
    found = sequences(tmp_path)
    assert len(log_files([tmp_path])) == 2
    assert found == sorted(set(found)), 'nothing twice'
    assert set(before + after) <= set(found), 'nothing acknowledged is missing'
    if failure[0] == 'write':
        assert found == before + after
        assert check_log(log_files([tmp_path])[0]).torn_bytes == 0


@pytest.fixture
def small_disk(tmp_path):
    """Return a folder on a disk of 1 MB."""
    folder = tmp_path / 'small'
    folder.mkdir()
    mount = ['mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', str(folder)]
    if os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip('mounting a small disk needs root')
    yield folder
    subprocess.run(['umount', '--lazy', str(folder)], check=True)


def fill(path: Path) -> None:
    """Write to a file until the disk is full."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT)
    try:
        while True:
            os.write(file, bytes(4096))
    except OSError as error:
        assert error.errno == errno.ENOSPC
    finally:
        os.close(file)


def test_a_disk_that_is_really_full_is_survived(small_disk):
    log = writer(small_disk, config=LogConfig(0.02, min_free_images_mb=0.0, min_free_mb=0.0))
    wait_until(lambda: log.state.state is WriterState.RECORDING, 'it records')
    ballast = small_disk / 'ballast'
    fill(ballast)
    steps = iter(drive(400, 100, observation=48))

    def until(condition, what: str) -> None:
        def step_and_look() -> bool:
            log.write_step(next(steps), SPEC_HASH)
            return condition()

        wait_until(step_and_look, what)

    until(lambda: log.state.state is WriterState.STOPPED, 'the full disk is noticed')
    assert 'No space left' in log.state.reason
    acknowledged = log.state.last_sequence
    ballast.unlink()
    until(lambda: log.state.last_sequence > acknowledged, 'it goes on when there is room')
    last = log.close()
    found = sequences(small_disk)
    assert found == sorted(set(found))
    assert acknowledged in [*found, 0]
    assert len(found) == last.steps
    assert found[-1] == last.last_sequence


def test_a_disk_that_hangs_costs_images_first_and_no_memory_without_end(tmp_path, monkeypatch):
    go_on = threading.Event()

    class SlowFile(McapFile):
        def append(self, chunk) -> None:
            go_on.wait()
            super().append(chunk)

    monkeypatch.setattr('takeover.data.log_writer.MOST_IMAGE_BYTES', 20_000)
    monkeypatch.setattr('takeover.data.log_writer.MOST_BYTES', 40_000)
    log = writer(tmp_path, make_file=SlowFile)
    wait_until(lambda: log.state.state is WriterState.RECORDING, 'it records')
    for _ in range(100):
        log.write(IMAGE.topic, bytes(1000), 0)
    written = write(log, drive(5, 100))
    lost = log.state.lost
    assert 0 < lost < len(written)
    go_on.set()
    log.close()
    assert sequences(tmp_path) == written[: len(written) - lost]


def test_a_loss_is_an_error_where_nobody_reads_the_state(tmp_path):
    (tmp_path / 'logs').write_text('no folder')
    with pytest.raises(LogError, match='messages were lost: .*logs'):
        with writer(tmp_path / 'logs') as log:
            write(log, drive(1))
    with pytest.raises(LogError, match='flush_s is 0'):
        LogConfig(flush_s=0.0)


def test_a_writer_that_fails_for_another_reason_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(threading, 'excepthook', lambda _: None)

    def broken(*_):
        raise RuntimeError('a mistake in the code')

    log = writer(tmp_path, make_file=broken)
    wait_until(lambda: 'a mistake in the code' in log.state.reason, 'it is told')
    assert log.state.state is WriterState.STOPPED
    log.close()
