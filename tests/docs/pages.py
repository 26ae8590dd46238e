"""Reads the pages of docs/: blocks with their marks, links, headings, tables, code in a sentence.

A mark is a comment on the line before a fence: `<!-- run -->`, `<!-- needs a robot -->`,
`<!-- prints -->`, `<!-- file: NAME -->`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
import re
import shlex

REPOSITORY = Path(__file__).resolve().parents[2]
DOCS = REPOSITORY / 'docs'
RUN, NEEDS_ROBOT, PRINTS, FILE = 'run', 'needs a robot', 'prints', 'file: '
_COMMENT = re.compile(r'<!--\s*(.*?)\s*-->')
_LINK = re.compile(r'\[[^\]]*\]\(([^)\s]+)\)')
_CODE = re.compile(r'(`+)(.+?)\1(?!`)')
_SEPARATORS = {'&&', '||', '|', ';', '&'}


@dataclass(frozen=True)
class Block:
    """A fenced block; `mark` is the comment before it, '' when there is none."""

    page: Path
    line: int
    language: str
    mark: str
    text: str

    def __str__(self) -> str:
        """Return where it stands."""
        return f'{self.page.relative_to(REPOSITORY)}:{self.line}'

    @property
    def file(self) -> str:
        """Name of the file it is, or ''."""
        return self.mark.removeprefix(FILE) if self.mark.startswith(FILE) else ''

    def commands(self) -> list[list[str]]:
        """Return the words of each command, without variables that are set for it."""
        found = []
        for line in self.text.replace('\\\n', ' ').splitlines():
            lexer = shlex.shlex(line, posix=True, punctuation_chars='|&;')
            lexer.whitespace_split, lexer.commenters = True, '#'
            found.append([])
            for word in lexer:
                if word in _SEPARATORS:
                    found.append([])
                elif found[-1] or not re.match(r'\w+=', word):
                    found[-1].append(word)
        return [words for words in found if words]


def pages() -> list[Path]:
    """Return every page."""
    return sorted(DOCS.glob('*.md'))


def blocks(page: Path) -> Iterator[Block]:
    """Return the fenced blocks of a page."""
    before, opened, body = '', None, []
    for number, line in enumerate(page.read_text().splitlines(), start=1):
        if opened is not None and line.strip() == '```':
            first, language, mark = opened
            yield Block(page, first, language, mark, '\n'.join(body) + '\n')
            opened, before = None, ''
        elif opened is not None:
            body.append(line)
        elif line.startswith('```'):
            mark = _COMMENT.fullmatch(before)
            opened, body = (number, line[3:].strip(), mark.group(1) if mark else ''), []
        elif line.strip():
            before = line.strip()
    assert opened is None, f'{page}: a block is not closed'


def files(page: Path) -> dict[str, str]:
    """Return the files that a page gives in full, by their names."""
    return {block.file: block.text for block in blocks(page) if block.file}


def write_files(page: Path, folder: Path) -> None:
    """Write the files of a page as its reader would."""
    for name, text in files(page).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def prose(page: Path) -> str:
    """Return a page without its fenced blocks."""
    return re.sub(r'^```.*?^```$', '', page.read_text(), flags=re.M | re.S)


def code(text: str) -> list[str]:
    """Return what stands in backticks."""
    return [found.strip() for _, found in _CODE.findall(text)]


def links(page: Path) -> list[str]:
    """Return the targets of all links."""
    return _LINK.findall(_CODE.sub('', prose(page)))


def anchors(page: Path) -> set[str]:
    """Return the anchors that headings get on GitHub."""
    found: set[str] = set()
    for heading in re.findall(r'^#+ +(.+?)\s*$', prose(page), re.M):
        text = re.sub(r'\[([^\]]*)\]\([^)]*\)', r'\1', heading).replace('`', '').lower()
        slug = re.sub(r'[^\w\- ]', '', text).replace(' ', '-')
        number = 0
        while (name := f'{slug}-{number}' if number else slug) in found:
            number += 1
        found.add(name)
    return found


def tables(text: str) -> list[list[list[str]]]:
    """Return the cells of each row of each table, the heads first and without the line below."""
    found = []
    for part in re.findall(r'(?:^\|.*\|$\n?)+', text, re.M):
        rows = [
            [cell.strip() for cell in re.split(r'(?<!\\)\|', line[1:-1])]
            for line in part.splitlines()
        ]
        found.append([rows[0], *rows[2:]])
    return found
