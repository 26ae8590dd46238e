"""Messages of ROS 2 as bytes: CDR, little-endian, by the text of their definition.

For the few small messages of a log that are not steps; a step has a faster codec of its own
(step_codec.py). What is not in our definitions is not understood: no arrays of messages, no
arrays of fixed size, no wide strings.

Format: OMG "DDS-XTypes" 1.3, 7.4 (XCDR version 1): 4 bytes of encapsulation, then every number
aligned to its own size, counted from behind these 4 bytes.
"""

from dataclasses import dataclass
import functools
import struct
from typing import Any

from takeover.data.errors import MessageError
from takeover.data.message_definitions import DEFINITIONS

ENCAPSULATION = b'\x00\x01\x00\x00'
NUMBERS = {
    'bool': '?',
    'float32': 'f',
    'float64': 'd',
    'int32': 'i',
    'int64': 'q',
    'uint8': 'B',
    'uint32': 'I',
    'uint64': 'Q',
}
_SEPARATOR = '=' * 80


@dataclass(frozen=True)
class Field:
    """One field of a message."""

    name: str
    type: str
    """A name of NUMBERS, string, or package/Type."""
    array: bool


@functools.cache
def fields(name: str) -> tuple[Field, ...]:
    """Return the fields of `package/Type`, constants left out.

    :raises MessageError: there is no such definition.
    """
    if name not in DEFINITIONS:
        raise MessageError(f'no definition of {name}; known: {", ".join(DEFINITIONS)}')
    found = []
    for line in DEFINITIONS[name].splitlines():
        words = line.partition('#')[0].split()
        if len(words) < 2 or '=' in ''.join(words[1:]):
            continue
        base = words[0].removesuffix('[]')
        if base not in NUMBERS and base != 'string' and '/' not in base:
            base = f'{name.partition("/")[0]}/{base}'
        found.append(Field(words[1], base, words[0].endswith('[]')))
    return tuple(found)


def schema_text(name: str) -> str:
    """Return the definition of `package/Type` with all it needs, as `ros2msg` schemas have it."""
    parts, wanted = [DEFINITIONS[name]], [name]
    for known in wanted:
        for field in fields(known):
            if field.type in DEFINITIONS and field.type not in wanted:
                wanted.append(field.type)
                parts.append(f'{_SEPARATOR}\nMSG: {field.type}\n{DEFINITIONS[field.type]}')
    return ''.join(part if part.endswith('\n') else f'{part}\n' for part in parts)


def encode(name: str, values: dict[str, Any]) -> bytes:
    """Return `package/Type` as bytes; a field that `values` lacks is zero or empty."""
    buffer = bytearray()
    _encode_into(buffer, name, values)
    return ENCAPSULATION + bytes(buffer)


def decode(name: str, data: bytes) -> dict[str, Any]:
    """Return the fields of `package/Type`; those of nested messages as a dict.

    :raises MessageError: the bytes end too early, or are not little-endian CDR.
    """
    if data[:2] != ENCAPSULATION[:2]:
        raise MessageError(f'{name}: begins with {data[:4].hex()}; legal: little-endian CDR')
    try:
        return _decode_from(memoryview(data)[4:], 0, name)[0]
    except (struct.error, UnicodeDecodeError) as error:
        raise MessageError(f'{name}: {len(data)} bytes are no such message: {error}') from None


def _encode_into(buffer: bytearray, name: str, values: dict[str, Any]) -> None:
    for field in fields(name):
        value = values.get(field.name)
        items = [value] if not field.array else ([] if value is None else list(value))
        if field.array:
            _put(buffer, 'I', len(items))
        for item in items:
            if field.type in NUMBERS:
                _put(buffer, NUMBERS[field.type], 0 if item is None else item)
            elif field.type == 'string':
                text = (item or '').encode() + b'\0'
                _put(buffer, 'I', len(text))
                buffer += text
            else:
                _encode_into(buffer, field.type, item or {})


def _put(buffer: bytearray, code: str, value: Any) -> None:
    buffer += b'\0' * (-len(buffer) % struct.calcsize(code))
    buffer += struct.pack(f'<{code}', value)


def _decode_from(data: memoryview, at: int, name: str) -> tuple[dict[str, Any], int]:
    values = {}
    for field in fields(name):
        count = 1
        if field.array:
            count, at = _take(data, at, 'I')
        items = []
        for _ in range(count):
            if field.type in NUMBERS:
                item, at = _take(data, at, NUMBERS[field.type])
            elif field.type == 'string':
                size, at = _take(data, at, 'I')
                item, at = str(data[at : at + max(size - 1, 0)], 'utf-8'), at + size
            else:
                item, at = _decode_from(data, at, field.type)
            items.append(item)
        values[field.name] = items if field.array else items[0]
    return values, at


def _take(data: memoryview, at: int, code: str) -> tuple[Any, int]:
    size = struct.calcsize(code)
    at += -at % size
    return struct.unpack_from(f'<{code}', data, at)[0], at + size
