"""One MCAP file that grows by whole chunks, each of which is on the disk before it counts.

Format: MCAP version 0 (https://mcap.dev/spec), profile `ros2`, schemas `ros2msg`, messages `cdr`:
what `ros2 bag` and Foxglove open. Schemas and channels stand before the first chunk, so that the
head of a file explains everything in it. A file without its footer was not closed; its chunks are
good all the same.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
import os
from pathlib import Path
import struct
import zlib

from mcap.data_stream import RecordBuilder
from mcap.opcode import Opcode
from mcap.records import (
    Channel,
    Chunk,
    ChunkIndex,
    DataEnd,
    Footer,
    Header,
    McapRecord,
    MessageIndex,
    Metadata,
    MetadataIndex,
    Schema,
    Statistics,
    SummaryOffset,
)
from takeover import __version__
import zstandard

MAGIC = b'\x89MCAP0\r\n'
METADATA_NAME = 'takeover'
_MESSAGE = struct.Struct('<BQHIQQ')
_MESSAGE_HEAD = _MESSAGE.size - 9
_FOOTER = struct.Struct('<BQQQ')
# zstd's fastest: the repeated numbers of scans and odometry go, and it costs next to nothing.
_LEVEL = 1


@dataclass(frozen=True)
class LogChannel:
    """A topic in a log."""

    topic: str
    """As the robot's graph has it, with its leading slash."""
    type: str
    """package/msg/Type."""
    definition: str
    """The text of the .msg file, followed by those of all it needs."""
    image: bool = False
    """What is left out first when the disk runs full."""


class ChunkBuffer:
    """Messages that will be one chunk."""

    def __init__(self) -> None:
        """Start empty."""
        self.data = bytearray()
        self.index: dict[int, list[tuple[int, int]]] = defaultdict(list)
        self.messages = 0
        self.first_ns = self.last_ns = 0
        self.steps = self.last_sequence = 0

    def add(
        self, channel: int, sequence: int, log_time_ns: int, publish_time_ns: int, data: bytes
    ) -> None:
        """Append a message."""
        self.index[channel].append((log_time_ns, len(self.data)))
        self.data += _MESSAGE.pack(
            Opcode.MESSAGE,
            _MESSAGE_HEAD + len(data),
            channel,
            sequence & 0xFFFFFFFF,
            log_time_ns,
            publish_time_ns,
        )
        self.data += data
        self.first_ns = min(self.first_ns, log_time_ns) if self.messages else log_time_ns
        self.last_ns = max(self.last_ns, log_time_ns)
        self.messages += 1


class McapFile:
    """A new file; every method may raise OSError, after which only `abandon` is legal."""

    def __init__(
        self, path: Path, channels: Iterable[LogChannel], metadata: Mapping[str, str]
    ) -> None:
        """Create the file with its head and bring it to the disk.

        :raises OSError: FileExistsError when it is there; whatever writing says.
        """
        self.path = path
        self.size = 0
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        self._schemas: list[Schema] = []
        self._channels: list[Channel] = []
        self._chunks: list[ChunkIndex] = []
        self._counts: dict[int, int] = defaultdict(int)
        try:
            self._begin(channels, metadata)
        except OSError:
            self.abandon()
            raise

    def append(self, chunk: ChunkBuffer) -> None:
        """Write a chunk; on return it survives a power cut."""
        data = bytes(chunk.data)
        packed = zstandard.ZstdCompressor(level=_LEVEL).compress(data)
        record = Chunk('zstd', packed, chunk.last_ns, chunk.first_ns, zlib.crc32(data), len(data))
        text = _bytes(record)
        start, offsets, indexes = self.size, {}, b''
        for channel, entries in chunk.index.items():
            offsets[channel] = start + len(text) + len(indexes)
            indexes += _bytes(MessageIndex(channel, entries))
        self._write(text + indexes)
        os.fdatasync(self._file)
        for channel, entries in chunk.index.items():
            self._counts[channel] += len(entries)
        self._chunks.append(
            ChunkIndex(
                chunk_length=len(text),
                chunk_start_offset=start,
                compression='zstd',
                compressed_size=len(packed),
                message_end_time=chunk.last_ns,
                message_index_length=len(indexes),
                message_index_offsets=offsets,
                message_start_time=chunk.first_ns,
                uncompressed_size=len(data),
            )
        )

    def finish(self) -> None:
        """Write index and footer, and close the file."""
        self._write(_bytes(DataEnd(0)) + self._summary(self.size + len(_bytes(DataEnd(0)))))
        os.fsync(self._file)
        self.abandon()

    def abandon(self) -> None:
        """Close the file as it is; it stays readable up to its last whole chunk."""
        os.close(self._file)

    def _begin(self, channels: Iterable[LogChannel], metadata: Mapping[str, str]) -> None:
        head = MAGIC + _bytes(Header(library=f'takeover {__version__}', profile='ros2'))
        described = _bytes(Metadata(name=METADATA_NAME, metadata=dict(metadata)))
        self._described = MetadataIndex(
            length=len(described), name=METADATA_NAME, offset=len(head)
        )
        head += described
        by_name: dict[str, int] = {}
        for number, channel in enumerate(channels, start=1):
            if channel.type not in by_name:
                schema_id = by_name[channel.type] = len(by_name) + 1
                text = channel.definition.encode()
                self._schemas.append(
                    Schema(data=text, encoding='ros2msg', id=schema_id, name=channel.type)
                )
                head += _bytes(self._schemas[-1])
            self._channels.append(
                Channel(
                    id=number,
                    topic=channel.topic,
                    message_encoding='cdr',
                    metadata={},
                    schema_id=by_name[channel.type],
                )
            )
            head += _bytes(self._channels[-1])
        self._write(head)
        os.fsync(self._file)
        # The name of the file has to survive a power cut, too.
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _write(self, data: bytes) -> None:
        """Append all of `data`, or nothing."""
        written = 0
        try:
            while written < len(data):
                written += os.write(self._file, memoryview(data)[written:])
        except OSError:
            os.ftruncate(self._file, self.size)
            raise
        self.size += written

    def _summary(self, start: int) -> bytes:
        """Return what follows the data: index, footer, magic.

        :param start: where it will stand.
        """
        statistics = Statistics(
            attachment_count=0,
            channel_count=len(self._channels),
            channel_message_counts=self._counts,
            chunk_count=len(self._chunks),
            message_count=sum(self._counts.values()),
            message_end_time=max((c.message_end_time for c in self._chunks), default=0),
            message_start_time=min((c.message_start_time for c in self._chunks), default=0),
            metadata_count=1,
            schema_count=len(self._schemas),
        )
        body, offsets = b'', b''
        for opcode, records in (
            (Opcode.SCHEMA, self._schemas),
            (Opcode.CHANNEL, self._channels),
            (Opcode.STATISTICS, [statistics]),
            (Opcode.CHUNK_INDEX, self._chunks),
            (Opcode.METADATA_INDEX, [self._described]),
        ):
            group = b''.join(map(_bytes, records))
            if group:
                offsets += _bytes(SummaryOffset(opcode, start + len(body), len(group)))
            body += group
        summary = body + offsets
        head = _FOOTER.pack(Opcode.FOOTER, 20, start, start + len(body))
        footer = Footer(start, start + len(body), zlib.crc32(head, zlib.crc32(summary)))
        return summary + _bytes(footer) + MAGIC


def _bytes(record: McapRecord) -> bytes:
    builder = RecordBuilder()
    record.write(builder)
    return builder.end()
