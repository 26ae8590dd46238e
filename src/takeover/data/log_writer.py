"""Writes a log: what is given is on the disk within `flush_s` and a moment, and never in the way.

The caller only appends to a buffer. A thread makes chunks of it, compresses them, and brings them
to the disk; `state` says what has arrived there.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
import threading
from types import TracebackType

from takeover.data.errors import LogError
from takeover.data.log_disk import (
    free_bytes_of,
    LogConfig,
    LogDisk,
    LogState,
    MakeFile,
    WriterState,
)
from takeover.data.log_messages import (
    encode_event,
    Happening,
    headless_channels,
    STEP_TOPIC,
)
from takeover.data.mcap_file import ChunkBuffer, LogChannel, McapFile
from takeover.data.step import Step
from takeover.data.step_codec import encode_step

CHUNK_BYTES = 1 << 20
# Behind a disk that hangs this much may wait; then images are lost, then everything.
MOST_IMAGE_BYTES, MOST_BYTES = 32 << 20, 64 << 20


class LogWriter:
    """One log; all methods may be called from any thread."""

    def __init__(
        self,
        folder: str | Path,
        channels: Sequence[LogChannel],
        metadata: Mapping[str, str],
        config: LogConfig = LogConfig(),
        make_file: MakeFile = McapFile,
        free_bytes: Callable[[Path], int] = free_bytes_of,
    ) -> None:
        """Begin a new file in `folder`, which is made if need be.

        A folder that cannot be written to is no error here: `state` tells, and it is tried again.

        :param channels: every topic that will be given to `write`.
        :param metadata: what the log is of (log_metadata.py), kept in each file.
        :param make_file: makes a file; another one for tests of a failing disk.
        :param free_bytes: bytes free on the disk of a folder; another one for tests.
        """
        self.folder = Path(folder).absolute()
        self._ids = {channel.topic: number for number, channel in enumerate(channels, start=1)}
        self._images = {channel.topic for channel in channels if channel.image}
        self._flush_s = config.flush_s
        self._disk = LogDisk(
            self.folder, tuple(channels), dict(metadata), config, make_file, free_bytes
        )
        self._chunks: deque[ChunkBuffer] = deque([ChunkBuffer()])
        self._buffered = 0
        self._lost = 0
        self._closing = False
        self._wake = threading.Condition()
        self._thread = threading.Thread(target=self._run, name='log writer', daemon=True)
        self._thread.start()

    @property
    def state(self) -> LogState:
        """What is on the disk now."""
        return replace(self._disk.state, lost=self._lost)

    def write(
        self,
        topic: str,
        data: bytes,
        log_time_ns: int,
        publish_time_ns: int | None = None,
        sequence: int = 0,
    ) -> None:
        """Take one message, encoded as CDR; returns at once.

        :param log_time_ns: ROS time (or simulated time) of its arrival.
        :param publish_time_ns: when it was sent; default: the same.
        :raises LogError: no channel has this topic.
        """
        self._take(topic, data, log_time_ns, publish_time_ns, sequence, steps=0)

    def write_step(
        self,
        step: Step,
        spec_hash: str,
        frame_id: str = '',
        topic: str = STEP_TOPIC,
        log_time_ns: int | None = None,
    ) -> None:
        """Take one step; its time in the log is that of its command unless another is given."""
        data = encode_step(step, frame_id, spec_hash)
        log_time_ns = step.stamp_ns if log_time_ns is None else log_time_ns
        self._take(topic, data, log_time_ns, step.stamp_ns, step.sequence, steps=1)

    def write_event(self, event: Happening) -> None:
        """Take what happened between steps, where no ROS message says it."""
        topic, data = encode_event(event)
        self.write(topic, data, event.stamp_ns)

    def close(self) -> LogState:
        """Bring everything to the disk, close the file, return how it went."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join()
        return self.state

    def __enter__(self) -> 'LogWriter':
        """Write to it."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it.

        :raises LogError: messages were lost, and nothing else went wrong.
        """
        state = self.close()
        if state.lost and error is None:
            raise LogError(f'{self.folder}: {state.lost} messages were lost: {state.reason}')

    def _take(
        self,
        topic: str,
        data: bytes,
        log_time_ns: int,
        publish_time_ns: int | None,
        sequence: int,
        steps: int,
    ) -> None:
        if topic not in self._ids:
            raise LogError(f'no channel for {topic}; the log has {", ".join(self._ids)}')
        image = topic in self._images
        with self._wake:
            if image and (
                self._disk.state.state is not WriterState.RECORDING
                or self._buffered > MOST_IMAGE_BYTES
            ):
                return
            if self._closing or self._buffered > MOST_BYTES:
                self._lost += 1
                return
            chunk = self._chunks[-1]
            sent_ns = log_time_ns if publish_time_ns is None else publish_time_ns
            chunk.add(self._ids[topic], sequence, log_time_ns, sent_ns, data)
            if steps:
                chunk.steps, chunk.last_sequence = chunk.steps + steps, sequence
            self._buffered += len(data)
            if len(chunk.data) >= CHUNK_BYTES:
                self._chunks.append(ChunkBuffer())
                self._wake.notify()

    def _run(self) -> None:
        try:
            self._work()
        except Exception as error:
            # Whoever only reads `state` must learn that nothing is written any more.
            self._closing = True
            self._disk.stop(f'the writer failed: {error!r}')
            raise

    def _work(self) -> None:
        closing = False
        while not closing:
            self._disk.look()
            with self._wake:
                self._wake.wait_for(lambda: self._closing or len(self._chunks) > 1, self._flush_s)
                closing = self._closing
                chunks, self._chunks = self._chunks, deque([ChunkBuffer()])
            for chunk in chunks:
                kept = not chunk.messages or self._disk.append(chunk)
                with self._wake:
                    self._lost += 0 if kept else chunk.messages
                    self._buffered = sum(len(waiting.data) for waiting in self._chunks)
        self._disk.finish()


def write_steps(
    folder: str | Path, steps: Iterable[Step], spec_hash: str, metadata: Mapping[str, str]
) -> None:
    """Write steps that are known already as a log of their own, without ROS.

    :param spec_hash: hash of the task they are of.
    """
    with LogWriter(folder, headless_channels(), metadata) as log:
        for step in steps:
            log.write_step(step, spec_hash)
