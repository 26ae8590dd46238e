"""Launch files as trees of elements that know the line they stand on.

The standard library's ElementTree drops line numbers, so the tree is built from expat's events.
Document type declarations are refused: no launch file needs entities.
"""

from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from takeover.errors import TakeoverError

HINT = 'outside the subset of launch XML that is read here: use `ros2 launch`'


class LaunchError(TakeoverError):
    """A launch file cannot be used as asked; the message names file and line."""


class SubstitutionError(LaunchError):
    """A value in a launch file has no meaning; raised where its element is not known."""


@dataclass
class Element:
    """One tag: `attributes` and `children` in document order, `line` counted from 1."""

    tag: str
    path: Path
    line: int
    attributes: dict[str, str] = field(default_factory=dict)
    children: list['Element'] = field(default_factory=list)

    def error(self, message: str, attribute: str | None = None) -> LaunchError:
        """Return an error that names this element, and the attribute if one is to blame."""
        place = f'<{self.tag} {attribute}>' if attribute else f'<{self.tag}>'
        return LaunchError(f'{self.path}:{self.line}: {place}: {message}')

    def select(self, tag: str) -> list['Element']:
        """Return the children with this tag."""
        return [child for child in self.children if child.tag == tag]


def read_document(path: Path) -> Element:
    """Parse a launch file; raises LaunchError when it cannot be read or is not well-formed XML."""
    stack: list[Element] = []
    roots: list[Element] = []
    parser = expat.ParserCreate()

    def start(tag: str, attributes: dict[str, str]) -> None:
        element = Element(tag, path, parser.CurrentLineNumber, attributes)
        (stack[-1].children if stack else roots).append(element)
        stack.append(element)

    def text(data: str) -> None:
        if data.strip():
            raise stack[-1].error(f'text {data.strip()!r} between tags has no meaning')

    def doctype(*_: object) -> None:
        raise LaunchError(f'{path}:{parser.CurrentLineNumber}: <!DOCTYPE> is not accepted')

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda tag: stack.pop()
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(path.read_bytes(), True)
    except OSError as error:
        raise LaunchError(f'{path}: cannot read the launch file: {error.strerror}') from error
    except expat.ExpatError as error:
        raise LaunchError(f'{path}:{error.lineno}: not well-formed XML: {error}') from error
    return roots[0]
