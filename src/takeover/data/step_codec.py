"""Steps as the bytes of takeover_msgs/Step, fast: a log is read far faster than it was driven.

All steps of a run have the same lengths, so the whole message is one fixed structure. It is worked
out for the first message and kept; each later one is unpacked at once, and the lengths found in
it are compared with those the structure was made for. Offsets and alignment: see cdr.py.
"""

from dataclasses import dataclass
import functools
import struct

import numpy as np
from takeover.command import Source
from takeover.data.cdr import ENCAPSULATION
from takeover.data.errors import MessageError
from takeover.data.step import Step

NAME = 'takeover_msgs/Step'
_SECOND_NS = 1_000_000_000
_SOURCES = {int(source): source for source in Source}
# frame_id, observation, policy_action, commanded, executed, policy_version, spec_hash,
# image_stamps, pixels: what has a length; strings count their final zero.
Lengths = tuple[int, int, int, int, int, int, int, int, int]
# Where these lengths stand among the unpacked values.
_LENGTHS_AT = (2, 7, 11, 13, 15, 23, 25, 27, 29)


@dataclass(frozen=True)
class _Layout:
    """The structure of messages with the same lengths."""

    structure: struct.Struct
    """Unpacks lengths, numbers, strings and arrays (as bytes) in the order of the message."""
    lengths: Lengths


@functools.lru_cache(maxsize=256)
def _layout(lengths: Lengths) -> _Layout:
    frame, observation, *actions, version, spec, stamps, pixels = lengths
    parts, at = ['<4x'], 0
    items = [('i', 4, 1), ('I', 4, 1), ('I', 4, 1), (f'{frame}s', 1, frame)]
    items += [('Q', 8, 1), ('Q', 8, 1), ('B', 1, 1)]
    items += [('I', 4, 1), (f'{4 * observation}s', 4, observation), ('i', 4, 1), ('I', 4, 1)]
    for size in actions:
        items += [('I', 4, 1), (f'{8 * size}s', 8, size)]
    items += [('d', 8, 1), *[('?', 1, 1)] * 4, ('B', 1, 1)]
    items += [('I', 4, 1), (f'{version}s', 1, version), ('I', 4, 1), (f'{spec}s', 1, spec)]
    items += [('I', 4, 1), (f'{8 * stamps}s', 4, stamps), ('I', 4, 1), (f'{pixels}s', 1, pixels)]
    for code, size, count in items:
        # An empty array has no elements to align.
        padding = -at % size if count else 0
        parts.append(f'{padding}x{code}')
        at += padding + struct.calcsize('<' + code)
    return _Layout(struct.Struct(''.join(parts)), lengths)


def encode_step(step: Step, frame_id: str, spec_hash: str) -> bytes:
    """Return the message of a step.

    :param frame_id: frame of the values.
    :param spec_hash: of the task, 16 hex digits.
    """
    frame, version, spec = (
        f'{text}\0'.encode() for text in (frame_id, step.policy_version, spec_hash)
    )
    observation = np.ascontiguousarray(step.observation, '<f4')
    actions = [
        np.ascontiguousarray(values, '<f8')
        for values in (step.policy_action, step.commanded, step.executed)
    ]
    stamps = np.array([divmod(ns, _SECOND_NS) for ns in step.image_stamps_ns], '<u4')
    pixels = np.ascontiguousarray(step.pixels, 'u1')
    lengths = (len(frame), len(observation), *map(len, actions), len(version), len(spec))
    lengths += (len(stamps), len(pixels))
    data = bytearray(
        _layout(lengths).structure.pack(
            *divmod(step.stamp_ns, _SECOND_NS),
            len(frame),
            frame,
            step.sequence,
            step.episode,
            step.source,
            len(observation),
            observation.tobytes(),
            *divmod(step.observation_stamp_ns, _SECOND_NS),
            *(part for values in actions for part in (len(values), values.tobytes())),
            step.reward,
            step.onset,
            step.stored,
            step.terminated,
            step.truncated,
            step.outcome,
            len(version),
            version,
            len(spec),
            spec,
            len(stamps),
            stamps.tobytes(),
            len(pixels),
            pixels.tobytes(),
        )
    )
    data[:4] = ENCAPSULATION
    return bytes(data)


class StepDecoder:
    """Turns messages into steps; keeps the structure that fitted last."""

    def __init__(self) -> None:
        """Start without a structure."""
        self._layout: _Layout | None = None

    def decode(self, data: bytes) -> Step:
        """Return the step of a message.

        :raises MessageError: the bytes are not a message of this type.
        """
        return self.decode_with_hash(data)[0]

    def decode_with_hash(self, data: bytes) -> tuple[Step, str]:
        """Return the step of a message and the hash of the task it was recorded for.

        :raises MessageError: the bytes are not a message of this type.
        """
        try:
            return self._decode(data)
        except (struct.error, ValueError, KeyError, IndexError) as error:
            raise MessageError(f'{len(data)} bytes are no {NAME}: {error}') from None

    def _decode(self, data: bytes) -> tuple[Step, str]:
        layout = self._layout
        if layout is None or layout.structure.size > len(data):
            layout = self._measure(data)
        values = layout.structure.unpack_from(data)
        if tuple(values[at] for at in _LENGTHS_AT) != layout.lengths:
            layout = self._measure(data)
            values = layout.structure.unpack_from(data)
        (sec, nanosec, _, _, sequence, episode, source, _, observation, seen_sec, seen_nanosec) = (
            values[:11]
        )
        step = Step(
            sequence,
            sec * _SECOND_NS + nanosec,
            episode,
            _SOURCES[source],
            np.frombuffer(observation, '<f4'),
            np.frombuffer(values[12], '<f8'),
            np.frombuffer(values[14], '<f8'),
            np.frombuffer(values[16], '<f8'),
            *values[17:23],
            values[24][:-1].decode(),
            seen_sec * _SECOND_NS + seen_nanosec,
            _stamps_ns(values[28]),
            np.frombuffer(values[30], 'u1'),
        )
        return step, values[26][:-1].decode()

    def _measure(self, data: bytes) -> _Layout:
        """Walk through the lengths of a message once."""
        if data[:2] != ENCAPSULATION[:2]:
            raise MessageError(f'{NAME} begins with {data[:4].hex()}; legal: little-endian CDR')
        at, lengths = 8, []
        for before, align, size in (
            (0, 1, 1),  # frame_id
            (0, 4, 4),  # observation, behind sequence, episode and source
            (8, 8, 8),  # policy_action, behind observation_stamp
            (0, 8, 8),
            (0, 8, 8),
            (0, 1, 1),  # policy_version, behind the reward and what belongs to it
            (0, 1, 1),
            (0, 4, 8),  # image_stamps
            (0, 1, 1),
        ):
            index = len(lengths)
            if index == 1:
                at += -at % 8 + 17
            elif index == 5:
                at += -at % 8 + 13
            at += before
            at += -at % 4
            (count,) = struct.unpack_from('<I', data, 4 + at)
            at += 4
            at += (-at % align if count else 0) + size * count
            lengths.append(count)
        self._layout = _layout(tuple(lengths))
        if self._layout.structure.size > len(data):
            raise MessageError(f'{NAME} of {len(data)} bytes; its lengths ask for {at + 4}')
        return self._layout


def _stamps_ns(data: bytes) -> tuple[int, ...]:
    """Return the nanoseconds of an array of builtin_interfaces/Time."""
    if not data:
        return ()
    return tuple(
        sec * _SECOND_NS + nanosec
        for sec, nanosec in np.frombuffer(data, '<u4').reshape(-1, 2).tolist()
    )
