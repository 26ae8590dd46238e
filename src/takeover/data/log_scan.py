"""Reads the records of an MCAP file from a byte on, as far as they are whole.

The file may be finished, still written to, or torn by a power cut: what is whole is given, what is
not yet or no longer whole ends the reading. A chunk whose checksum is wrong is left out and noted.
"""

from collections.abc import Container, Iterator
from dataclasses import dataclass, field
import io
import os
from pathlib import Path
import struct
from typing import BinaryIO, NamedTuple
import zlib

from mcap.data_stream import ReadDataStream
from mcap.exceptions import McapError
from mcap.opcode import Opcode
from mcap.records import Channel, Metadata, Schema
from takeover.data.errors import LogError
from takeover.data.mcap_file import MAGIC, METADATA_NAME
import zstandard

_RECORD = struct.Struct('<BQ')
_MESSAGE = struct.Struct('<HIQQ')
_CHUNK = struct.Struct('<QQQI')
_SIZE = struct.Struct('<I')
# From here on records are private to whoever writes them.
_PRIVATE = 0x80


class Message(NamedTuple):
    """One message of a log; `type` is package/msg/Type."""

    topic: str
    type: str
    sequence: int
    log_time_ns: int
    publish_time_ns: int
    data: bytes


@dataclass(frozen=True)
class Damage:
    """What is wrong at a byte of a file."""

    offset: int
    reason: str


@dataclass
class Known:
    """What the messages of a file refer to."""

    schemas: dict[int, str] = field(default_factory=dict)
    """Type by schema."""
    channels: dict[int, tuple[str, str]] = field(default_factory=dict)
    """Topic and type by channel."""


class LogScan:
    """The records of one file; `offset` is behind the last one that was given."""

    def __init__(
        self,
        path: str | Path,
        offset: int = 0,
        known: Known | None = None,
    ) -> None:
        """Continue at a byte.

        :param offset: where an earlier scan of this file ended; 0: at its beginning.
        :param known: what that scan had learned from the head of the file.
        """
        self.path = Path(path)
        self.offset = offset
        self.known = known or Known()
        self.metadata: dict[str, str] = {}
        """Of the recording; empty when the scan did not begin at the head."""
        self.definitions: dict[str, str] = {}
        """Text of the message definitions by type; empty like `metadata`."""
        self.damage: list[Damage] = []
        self.finished = False
        """Whether the footer was seen: nothing more will come."""
        self.torn_bytes = 0
        """Bytes behind `offset` that are no whole record (yet)."""

    def blocks(self, types: Container[str] | None = None) -> Iterator[list[Message]]:
        """Return the messages from `offset` on, a chunk at a time.

        :param types: package/msg/Type of the messages that are wanted; None: all.
        :raises LogError: the file cannot be opened, is shorter than it was, or is no log.
        """
        try:
            with self.path.open('rb') as file:
                size = os.fstat(file.fileno()).st_size
                if self._begin(file, size):
                    yield from self._records(file, size, types)
                self.torn_bytes = 0 if self.finished else size - self.offset
        except OSError as error:
            raise LogError(f'{self.path}: cannot be read: {error.strerror}') from None

    def _begin(self, file: BinaryIO, size: int) -> bool:
        """Check the head of the file; False when it is not written yet."""
        if size < self.offset:
            raise LogError(
                f'{self.path}: has {size} bytes, but {self.offset} were read from it before'
            )
        if self.offset == 0:
            head = file.read(len(MAGIC))
            if not MAGIC.startswith(head) and not MAGIC.startswith(head.rstrip(b'\0')):
                raise LogError(f'{self.path}: begins with {head!r}; an MCAP file with {MAGIC!r}')
            if head != MAGIC:
                return False
            self.offset = len(MAGIC)
        file.seek(self.offset)
        return True

    def _records(
        self, file: BinaryIO, size: int, types: Container[str] | None
    ) -> Iterator[list[Message]]:
        while not self.finished and self.offset + _RECORD.size <= size:
            opcode, length = _RECORD.unpack(file.read(_RECORD.size))
            end = self.offset + _RECORD.size + length
            if end > size or not _is_opcode(opcode):
                return
            if opcode in (Opcode.CHUNK, Opcode.MESSAGE, *_DESCRIBING):
                messages = self._record(opcode, file.read(length), types)
                self.offset = end
                if messages:
                    yield messages
            elif opcode == Opcode.FOOTER:
                file.seek(end)
                if file.read(len(MAGIC)) != MAGIC:
                    return
                self.offset, self.finished = end + len(MAGIC), True
            else:
                file.seek(end)
                self.offset = end

    def _record(self, opcode: int, content: bytes, types: Container[str] | None) -> list[Message]:
        try:
            if opcode == Opcode.CHUNK:
                return self._messages(_unpacked(content), types)
            return self._messages(_RECORD.pack(opcode, len(content)) + content, types)
        except (McapError, struct.error, ValueError, zstandard.ZstdError) as error:
            self.damage.append(Damage(self.offset, f'{Opcode(opcode).name.lower()}: {error}'))
            return []

    def _messages(self, data: bytes, types: Container[str] | None) -> list[Message]:
        messages, at, end = [], 0, len(data)
        channels = self.known.channels
        while at < end:
            opcode, length = _RECORD.unpack_from(data, at)
            at += _RECORD.size
            if opcode == Opcode.MESSAGE:
                channel, sequence, log_time_ns, sent_ns = _MESSAGE.unpack_from(data, at)
                topic, kind = channels.get(channel, ('', ''))
                if kind and (types is None or kind in types):
                    content = data[at + _MESSAGE.size : at + length]
                    messages.append(Message(topic, kind, sequence, log_time_ns, sent_ns, content))
            elif opcode in _DESCRIBING:
                self._describe(opcode, data[at : at + length])
            at += length
        return messages

    def _describe(self, opcode: int, content: bytes) -> None:
        """Take a schema, a channel, or the metadata."""
        record = _DESCRIBING[opcode].read(ReadDataStream(io.BytesIO(content)))
        if isinstance(record, Schema):
            self.known.schemas[record.id] = record.name
            self.definitions[record.name] = record.data.decode()
        elif isinstance(record, Channel):
            kind = self.known.schemas.get(record.schema_id, '')
            self.known.channels[record.id] = (record.topic, kind)
        elif record.name == METADATA_NAME:
            self.metadata = dict(record.metadata)


_DESCRIBING = {
    int(Opcode.SCHEMA): Schema,
    int(Opcode.CHANNEL): Channel,
    int(Opcode.METADATA): Metadata,
}


def _is_opcode(value: int) -> bool:
    return 0 < value <= max(Opcode) or value >= _PRIVATE


def _unpacked(content: bytes) -> bytes:
    """Return the records in a chunk.

    :raises ValueError: it is not what its checksum says, or packed in an unknown way.
    """
    _, _, size, checksum = _CHUNK.unpack_from(content)
    at = _CHUNK.size
    (length,) = _SIZE.unpack_from(content, at)
    at += _SIZE.size
    packing = content[at : at + length].decode('ascii', 'replace')
    packed = content[at + length + 8 :]
    if packing == 'zstd':
        data = zstandard.ZstdDecompressor().decompress(packed, max_output_size=size)
    elif packing == '':
        data = packed
    else:
        raise ValueError(f'packed as {packing!r}; known: zstd, not at all')
    if len(data) != size or (checksum and zlib.crc32(data) != checksum):
        raise ValueError('its checksum is wrong')
    return data
