r"""The text of an attribute: literal pieces and substitutions such as `$(var name)`.

Grammar, as in launch's own:
* `$(name argument argument)`: exactly one space before each argument, none before the bracket.
* An argument is made of characters and substitutions, or is one quoted text, 'like this' or
  "this".
* A backslash takes the meaning from the next character: `\$(`, `\)`, `\'`. An argument cannot
  hold a space this way; quote it.
"""

from dataclasses import dataclass
from functools import lru_cache
import re

from takeover.launch.document import SubstitutionError

_NAME = re.compile(r'[A-Za-z][A-Za-z0-9_-]*')


@dataclass(frozen=True)
class Call:
    """One substitution: its name and its arguments, each a template."""

    name: str
    arguments: tuple['Template', ...]


Template = tuple[str | Call, ...]


def unescape(text: str) -> str:
    """Replace every backslash pair by its second character."""
    return re.sub(r'\\(.)', r'\1', text)


@lru_cache(maxsize=4096)
def parse_template(text: str) -> Template:
    """Split `text` into unescaped literal pieces and calls; raises SubstitutionError."""
    if not text:
        return ('',)
    pieces, end = _Reader(text).fragments(0, stop='')
    assert end == len(text)
    return pieces


class _Reader:
    """Recursive descent over one text; every method returns what it read and where it stopped."""

    def __init__(self, text: str) -> None:
        self.text = text

    def fail(self, message: str) -> SubstitutionError:
        return SubstitutionError(f'{message} in {self.text!r}')

    def opens_call(self, at: int) -> bool:
        # A `$` directly behind a backslash is text, also when that backslash is itself escaped.
        return self.text.startswith('$(', at) and self.text[at - 1 : at] != '\\'

    def fragments(self, at: int, stop: str) -> tuple[Template, int]:
        """Read text and calls up to the quote `stop`, or to the end when `stop` is empty."""
        pieces: list[str | Call] = []
        begin = at
        while at < len(self.text) and self.text[at] != (stop or None):
            if self.opens_call(at):
                self.flush(pieces, begin, at)
                call, at = self.call(at, quote=stop)
                pieces.append(call)
                begin = at
            else:
                at += 2 if self.text[at] == '\\' and self.text[at + 1 : at + 2] != '$' else 1
        at = min(at, len(self.text))
        self.flush(pieces, begin, at)
        return tuple(pieces), at

    def flush(self, pieces: list, begin: int, end: int) -> None:
        if end > begin:
            pieces.append(unescape(self.text[begin:end]))

    def call(self, at: int, quote: str) -> tuple[Call, int]:
        """Read `$(name argument ...)`; `quote` is the quote it stands in, if any."""
        match = _NAME.match(self.text, at + 2)
        if not match:
            raise self.fail('`$(` must be followed by the name of a substitution')
        at = match.end()
        arguments = []
        while self.text[at : at + 1] == ' ':
            argument, at = self.argument(at + 1, quote)
            arguments.append(argument)
        if self.text[at : at + 1] != ')':
            raise self.fail(
                f'`$({match.group()}` is not closed, or its arguments are not quoted right'
            )
        return Call(match.group(), tuple(arguments)), at + 1

    def argument(self, at: int, quote: str) -> tuple[Template, int]:
        opening = self.text[at : at + 1]
        if opening in ("'", '"') and not quote:
            pieces, end = self.fragments(at + 1, stop=opening)
            if self.text[end : end + 1] != opening:
                raise self.fail(f'quote {opening} is not closed')
            return pieces, end + 1
        pieces, end = self.bare(at, quote)
        if not pieces:
            raise self.fail(
                'an argument is missing (one space between arguments, none before the bracket)'
            )
        return pieces, end

    def bare(self, at: int, quote: str) -> tuple[Template, int]:
        """Read an unquoted argument, which ends at a space, a bracket or the enclosing quote."""
        pieces: list[str | Call] = []
        begin = at
        ends = ' ()' + (quote or '\'"')
        while at < len(self.text):
            if self.opens_call(at):
                self.flush(pieces, begin, at)
                call, at = self.call(at, quote)
                pieces.append(call)
                begin = at
            elif self.text[at] == '\\' and self.text[at + 1 : at + 2] not in ('', ' ', '$'):
                at += 2
            elif self.text[at] in ends:
                break
            else:
                at += 1
        self.flush(pieces, begin, at)
        return tuple(pieces), at
