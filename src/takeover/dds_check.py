"""Whether DDS is set up for whole camera frames; if not, what is missing and what helps.

Of 640 x 480 frames sent best effort between processes with Fast DDS as it comes, more than half
are lost: its shared memory is smaller than one of them, so each is cut into UDP packets. Other
implementations of DDS have other needs, which nothing is said about.
"""

from collections.abc import Mapping
from dataclasses import dataclass
import os
from pathlib import Path
from xml.etree import ElementTree

PROFILE_VARIABLE = 'FASTRTPS_DEFAULT_PROFILES_FILE'
FAST_DDS = ('rmw_fastrtps_cpp', 'rmw_fastrtps_dynamic_cpp', '')
# Frames that must fit in shared memory at once: one being written, one read by each of a few.
FRAMES = 3
_MB = 1e6


@dataclass(frozen=True)
class DdsFinding:
    """One thing that is not as large frames need it."""

    text: str
    remedy: str
    warn: bool = True
    """False: it matters between machines only."""

    def __str__(self) -> str:
        """Return both in one line."""
        return f'{self.text}; {self.remedy}'


def check_dds(
    frame_bytes: int,
    env: Mapping[str, str] | None = None,
    shared_memory: Path = Path('/dev/shm'),
    receive_buffer: Path = Path('/proc/sys/net/core/rmem_max'),
) -> list[DdsFinding]:
    """Return what is missing for frames of `frame_bytes`, in the order of what to mend first."""
    env = os.environ if env is None else env
    if env.get('RMW_IMPLEMENTATION', '') not in FAST_DDS:
        return []
    segment, findings = _segment_bytes(env.get(PROFILE_VARIABLE, ''))
    if segment is not None and segment < FRAMES * frame_bytes:
        findings.append(
            DdsFinding(
                f'the shared memory segment of {segment / _MB:.1f} MB holds fewer than {FRAMES} '
                f'frames of {frame_bytes / _MB:.1f} MB',
                f'set segment_size in {env[PROFILE_VARIABLE]} to at least {FRAMES * frame_bytes}',
            )
        )
    if segment is not None:
        findings += _free_memory(shared_memory, segment)
    return findings + _receive_buffer(receive_buffer, frame_bytes)


def _segment_bytes(profile: str) -> tuple[int | None, list[DdsFinding]]:
    """Return the size of the segment the profile asks for; None and why when it asks for none."""
    remedy = f'start nodes by the launch files, or set {PROFILE_VARIABLE} to fastdds_profile.xml'
    if not profile:
        return None, [DdsFinding(f'{PROFILE_VARIABLE} is not set: full frames are lost', remedy)]
    try:
        root = ElementTree.parse(profile).getroot()
    except OSError as error:
        return None, [DdsFinding(f'{profile}: cannot be read: {error.strerror}', remedy)]
    except ElementTree.ParseError as error:
        return None, [DdsFinding(f'{profile}: not valid XML: {error}', remedy)]
    sizes = []
    for transport in root.iterfind('.//{*}transport_descriptor'):
        if transport.findtext('{*}type', '').strip() == 'SHM':
            size = transport.findtext('{*}segment_size', '').strip()
            # What a descriptor leaves out is as small as without a profile.
            sizes.append(int(size) if size.isdigit() else 0)
    if not sizes:
        return None, [DdsFinding(f'{profile} has no shared memory: full frames are lost', remedy)]
    return max(sizes), []


def _free_memory(shared_memory: Path, segment: int) -> list[DdsFinding]:
    try:
        status = os.statvfs(shared_memory)
    except OSError as error:
        text = f'{shared_memory} cannot be looked at ({error.strerror})'
        return [DdsFinding(text, 'mount a tmpfs there: shared memory needs it')]
    free = status.f_bavail * status.f_frsize
    if free >= segment:
        return []
    return [
        DdsFinding(
            f'{shared_memory} has {free / _MB:.1f} MB free, one process takes '
            f'{segment / _MB:.1f} MB',
            'make it larger (docker run --shm-size=256m or --ipc=host), or remove what killed '
            'nodes left in it (fastdds shm clean)',
        )
    ]


def _receive_buffer(file: Path, frame_bytes: int) -> list[DdsFinding]:
    try:
        size = int(file.read_text())
    except (OSError, ValueError):
        return []
    if size >= FRAMES * frame_bytes:
        return []
    return [
        DdsFinding(
            f'the kernel receives at most {size / _MB:.2f} MB at once ({file}): full frames sent '
            'from another machine are lost',
            f'sysctl -w net.core.rmem_max={max(FRAMES * frame_bytes, 2**23)}, or send resized or '
            'compressed images between machines',
            warn=False,
        )
    ]
