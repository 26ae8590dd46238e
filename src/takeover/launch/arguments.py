"""The arguments a launch file declares, found without evaluating it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from takeover.errors import TakeoverError
from takeover.launch.document import Element, LaunchError, read_document
from takeover.launch.schema import BOOL, literal, validate
from takeover.launch.scope import Scope
from takeover.launch.substitutions import expand
from takeover.launch.template import unescape

_EXTENSIONS = ('.xml', '.launch')


@dataclass(frozen=True)
class Argument:
    """One declared argument; `conditional` if an `if` decides whether it is declared at all."""

    name: str
    default: str | None
    description: str
    choices: tuple[str, ...]
    conditional: bool

    def describe(self) -> str:
        """Return the lines `ros2 launch --show-args` prints for it."""
        choices = str(list(self.choices))
        text = self.description or (
            f'One of: {choices}' if self.choices else 'no description given'
        )
        if self.description and self.choices:
            text += f'{"" if text.endswith(".") else "."} Valid choices are: {choices}'
        default = '' if self.default is None else f"\n        (default: '{self.default}')"
        return f"    '{self.name}':{'*' if self.conditional else ''}\n        {text}{default}"


def load(path: Path) -> Element:
    """Return the checked root element of a launch file; raises LaunchError."""
    if not path.name.endswith(_EXTENSIONS):
        raise LaunchError(f'{path}: only launch files in XML are read here: use `ros2 launch`')
    root = read_document(path)
    if root.tag != 'launch':
        raise root.error('the root tag must be <launch>')
    validate(root)
    return root


def required_arguments(root: Element) -> list[str]:
    """Return the arguments an include of this file must give, even if they are set."""
    return [
        argument.name
        for argument in _first(_in_file(root))
        if argument.default is None and not argument.conditional
    ]


def declared_arguments(path: Path, environment: Mapping[str, str]) -> list[Argument]:
    """Return the arguments of a file and of those it includes by a path known in advance."""
    return _first(_in_files(path.absolute(), dict(environment), ()))


def _first(arguments: Iterator[Argument]) -> list[Argument]:
    """Return one argument per name: the first, as `launch` does."""
    found: dict[str, Argument] = {}
    for argument in arguments:
        found.setdefault(argument.name, argument)
    return list(found.values())


def _in_file(element: Element, conditional: bool = False) -> Iterator[Argument]:
    for child, optional in _visible(element, conditional):
        if child.tag == 'arg':
            yield _argument(child, optional)


def _in_files(
    path: Path, environment: dict[str, str], above: tuple[Path, ...]
) -> Iterator[Argument]:
    for child, optional in _visible(load(path), False):
        if child.tag == 'arg':
            yield _argument(child, optional)
            continue
        try:
            included = Path(expand(child.attributes['file'], Scope(environment, path.parent)))
        except TakeoverError:
            continue
        if included.is_file() and included not in above:
            yield from _in_files(included, environment, (*above, path))


def _visible(element: Element, conditional: bool) -> Iterator[tuple[Element, bool]]:
    """Yield the args and includes that arguments from outside reach, and if conditional."""
    for child in element.children:
        optional = conditional or bool({'if', 'unless'} & child.attributes.keys())
        if child.tag in ('arg', 'include'):
            yield child, optional
        elif child.tag == 'group' and literal(child, 'forwarding', BOOL, True):
            yield from _visible(child, optional)


def _argument(element: Element, conditional: bool) -> Argument:
    return Argument(
        name=unescape(element.attributes['name']),
        default=element.attributes.get('default'),
        description=unescape(element.attributes.get('description', '')),
        choices=tuple(unescape(choice.attributes['value']) for choice in element.children),
        conditional=conditional,
    )
