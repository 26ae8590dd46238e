"""The documents tell the truth: links, commands, messages and tests that they name are there."""

import ast
from functools import lru_cache, wraps
import importlib
from pathlib import Path
import re

import pytest
from takeover.cli.launch import find_launch_file, parse_arguments
from takeover.cli.main import load
from takeover.launch.arguments import declared_arguments
from takeover.shipped import config_path
from takeover.workspace import node_environment
from tests.docs.pages import (
    anchors,
    Block,
    blocks,
    code,
    FILE,
    files,
    links,
    NEEDS_ROBOT,
    pages,
    PRINTS,
    prose,
    REPOSITORY,
    RUN,
    tables,
)
import tyro

BASH = [block for page in pages() for block in blocks(page) if block.language == 'bash']
FOLDERS = 'src|tests|config|launch|benchmarks|docs|tools|models|docker|ros2_ws'
NAMED_PATH = re.compile(rf'((?:{FOLDERS})/[\w./-]*)(?:::(\w+))?')
# Launch arguments that take a file of config/ by its name, and the folder.
BY_NAME = {'task': 'tasks', 'robot': 'robots', 'joystick': 'inputs', 'mapping': 'inputs'}
SOURCES = ('src/takeover', 'ros2_ws/src/takeover_nodes', 'ros2_ws/src/takeover_learning')
CHANGES = '…'


def test_every_block_of_commands_is_run_or_says_that_it_needs_a_robot():
    assert BASH
    assert [str(block) for block in BASH if block.mark not in (RUN, NEEDS_ROBOT)] == []


def test_every_mark_means_something():
    marks = {RUN: 'bash', NEEDS_ROBOT: 'bash', PRINTS: 'text'}
    wrong = [
        f'{block}: {block.mark}'
        for page in pages()
        for block in blocks(page)
        if block.mark and not block.mark.startswith(FILE)
        if marks.get(block.mark) != block.language
    ]
    assert wrong == []


@pytest.mark.parametrize('page', pages(), ids=[page.stem for page in pages()])
def test_links_lead_somewhere(page):
    broken = []
    for link in links(page):
        if '://' in link:
            continue
        name, _, anchor = link.partition('#')
        target = (page.parent / name).resolve() if name else page
        if not target.exists() or anchor and anchor not in anchors(target):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize('page', pages(), ids=[page.stem for page in pages()])
def test_files_and_tests_that_are_named_are_there(page):
    missing = []
    for text in code(prose(page)):
        found = NAMED_PATH.fullmatch(text)
        if not found:
            continue
        path, test = REPOSITORY / found.group(1), found.group(2)
        if not path.exists() or test and f'def {test}(' not in path.read_text():
            missing.append(text)
    assert missing == []


def test_the_safety_case_names_tests():
    text = prose(REPOSITORY / 'docs' / 'safety_case.md')
    assert sum('::test_' in found for found in code(text)) > 20


@pytest.mark.parametrize('block', BASH, ids=str)
def test_commands_are_legal(block):
    commands = block.commands()
    assert commands
    for words in commands:
        check_command(words, block)


def check_command(words: list[str], block: Block) -> None:
    """Check as much of a command as can be known without a robot."""
    given = [word for word in words if 'mine/' in word]
    known = files(REPOSITORY / 'docs' / 'adding.md')
    for word in given:
        assert word.rpartition(':=')[2] in known, f'{block}: {word} is no file of adding.md'
    if words[0] == 'takeover' and words[1] == 'launch':
        check_launch([word for word in words[2:] if not word.startswith('-')], block)
    elif words[:3] == ['ros2', 'launch', 'takeover_bringup']:
        check_launch(words[3:], block)
    elif words[0] == 'takeover':
        parse(words[1], words[2:], block)
    elif words[0] == 'make':
        targets = re.findall(r'^([a-z-]+):', (REPOSITORY / 'Makefile').read_text(), re.M)
        assert words[1] in targets, f'{block}: no target {words[1]}'
    elif words[:2] == ['ros2', 'run'] and words[2].startswith('takeover_'):
        module = REPOSITORY / 'ros2_ws' / 'src' / words[2] / words[2] / f'{words[3]}.py'
        assert module.is_file(), f'{block}: {words[3]} is no executable of {words[2]}'
    elif words[:2] in (['ros2', 'topic'], ['ros2', 'service']):
        names = [word.strip('/') for word in words[2:] if word.startswith('/')]
        text = (REPOSITORY / 'README.md').read_text()
        assert [name for name in names if f'`{name}`' not in text and name != 'diagnostics'] == []


def check_launch(words: list[str], block: Block) -> None:
    """Check that a launch file is there and has the arguments, with these values."""
    environment = node_environment()
    path, rest = find_launch_file([str(REPOSITORY / 'launch' / words[0]), *words[1:]], environment)
    declared = {one.name: one for one in declared_arguments(path, environment)}
    for name, value in parse_arguments(rest).items():
        assert name in declared, f'{block}: {path.name} has no {name}:='
        assert not declared[name].choices or value in declared[name].choices, f'{block}: {value}'
        if name in BY_NAME and value not in ('true', 'false'):
            config_path(value, BY_NAME[name])


def parse(name: str, args: list[str], block: Block) -> None:
    """Parse a command line of `takeover` as it does, and do nothing."""
    target = load(name, args)
    try:
        if isinstance(target, dict):
            idle = {word: doing_nothing(command) for word, command in target.items()}
            tyro.extras.subcommand_cli_from_dict(idle, args=args)
        else:
            tyro.cli(doing_nothing(target), args=args)
    except SystemExit as error:
        assert error.code == 0, f'{block}: takeover {name} {" ".join(args)}'


def doing_nothing(command):
    """Return a function with the signature and the help of a command."""

    @wraps(command)
    def nothing(*args, **kwargs):
        return 0

    return nothing


def test_a_wrong_option_would_be_noticed():
    with pytest.raises(AssertionError):
        parse('policy', ['verify', 'x.onnx', '--tsk', 'rover_path'], BASH[0])


def test_a_wrong_launch_argument_would_be_noticed():
    with pytest.raises(AssertionError):
        check_launch(['teleop.launch.xml', 'rcord:=x'], BASH[0])


def messages() -> list[tuple[Path, str]]:
    """Return what the documents say one reads: the first column of tables that begin so."""
    found = []
    for page in pages():
        for heads, *body in tables(prose(page)):
            if heads[0] == 'you read':
                found += [(page, text) for row in body for text in code(row[0])]
    return found


@lru_cache
def templates() -> list[str]:
    """Return every text of the source, `…` for what is filled in."""
    found = []
    for folder in SOURCES:
        for path in (REPOSITORY / folder).rglob('*.py'):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.JoinedStr):
                    parts = [getattr(part, 'value', CHANGES) for part in node.values]
                    found.append(
                        ''.join(part if isinstance(part, str) else CHANGES for part in parts)
                    )
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found.append(node.value)
    return found


def is_said(message: str) -> bool:
    """Tell whether a text of the source is this message."""
    pattern = re.compile('.*'.join(map(re.escape, message.split(CHANGES))), re.S)
    return any(pattern.fullmatch(text) for text in templates())


def test_quoted_messages_are_those_of_the_source():
    quoted = messages()
    assert len(quoted) > 50
    assert [f'{page.name}: {text}' for page, text in quoted if not is_said(text)] == []


def test_a_message_that_nobody_says_would_be_noticed():
    assert not is_said('the robot is tired of …')
    assert is_said('no joystick yet') is is_said('the clock of the stamps went forwards') is False


def test_the_index_names_every_page():
    index = REPOSITORY / 'docs' / 'README.md'
    named = {link.partition('#')[0] for link in links(index)}
    assert {page.name for page in pages()} - named == {'README.md'}


def test_modules_that_are_run_are_there():
    called = [
        words[2] for block in BASH for words in block.commands() if words[:2] == ['python', '-m']
    ]
    assert [name for name in called if importlib.util.find_spec(name) is None] == []
