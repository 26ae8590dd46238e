"""The text of any installed message type, as logs keep it beside the data."""

from pathlib import Path
import re

from ament_index_python.packages import get_package_share_directory
from takeover.data.mcap_file import LogChannel
from takeover.errors import TakeoverError

_SEPARATOR = '=' * 80
# The types of a field that are no messages; strings may be bounded: string<=10.
_PRIMITIVE = re.compile(
    r'(bool|byte|char|float32|float64|u?int(8|16|32|64)|w?string(<=\d+)?)(\[.*\])?$'
)


class MessageTextError(TakeoverError):
    """The definition of a message type is not installed."""


def log_channel(topic: str, message: type, image: bool = False) -> LogChannel:
    """Return the channel for a topic of a message class."""
    package, name = message.__module__.partition('.')[0], message.__name__
    return LogChannel(topic, f'{package}/msg/{name}', text_with_all(f'{package}/{name}'), image)


def text_with_all(name: str) -> str:
    """Return the definition of `package/Type`, followed by those of all it needs.

    :raises MessageTextError: one is not installed.
    """
    wanted, parts = [name], []
    for known in wanted:
        text = _text(known)
        parts.append(text if known == name else f'{_SEPARATOR}\nMSG: {known}\n{text}')
        wanted += [needed for needed in _needed(known, text) if needed not in wanted]
    return ''.join(parts)


def _text(name: str) -> str:
    package, message = name.split('/')
    file = Path(get_package_share_directory(package)) / 'msg' / f'{message}.msg'
    try:
        return f'{file.read_text().rstrip()}\n'
    except OSError as error:
        raise MessageTextError(f'{file}: cannot be read: {error.strerror}') from None


def _needed(name: str, text: str) -> list[str]:
    """Return the message types in the fields of a definition, each once."""
    found = []
    for line in text.splitlines():
        words = line.partition('#')[0].split()
        if len(words) < 2 or _PRIMITIVE.match(words[0]):
            continue
        kind = words[0].partition('[')[0]
        if '/' not in kind:
            kind = f'{name.partition("/")[0]}/{kind}'
        found.append(kind)
    return list(dict.fromkeys(found))
