"""The `takeover` command: lazy subcommands, exit codes, and errors without tracebacks."""

import subprocess
import sys
from types import SimpleNamespace

import pytest
from takeover.cli import main as cli
from takeover.errors import TakeoverError


def inspect(file: str, /, *, loud: bool = False) -> int:
    """Show a file.

    Args:
        file: What to show.
        loud: Whether to shout.

    """
    print(file.upper() if loud else file)
    return 1 if file == 'bad' else 0


@pytest.fixture
def module(monkeypatch):
    """Return a stand-in for the module behind every subcommand."""
    stand_in = SimpleNamespace(command=inspect)
    fake = SimpleNamespace(import_module=lambda name: stand_in)
    monkeypatch.setattr(cli, 'importlib', fake)
    return stand_in


def raising(error: BaseException):
    def command() -> None:
        raise error

    return command


@pytest.mark.parametrize('argv', [[], ['--help'], ['-h'], ['help']])
def test_help_names_every_command(argv, capsys):
    assert cli.main(argv) == 0
    said = capsys.readouterr().out
    assert all(f'  {name} ' in said for name in cli.COMMANDS)


def test_help_imports_neither_a_subcommand_nor_anything_heavy():
    code = (
        'import sys; from takeover.cli.main import main; main(["--help"]);'
        'heavy = {"mujoco", "torch", "onnxruntime", "matplotlib", "numpy", "tyro", "rclpy"};'
        'print("LOADED", sorted(heavy & set(sys.modules)))'
    )
    output = subprocess.check_output([sys.executable, '-c', code], text=True)
    assert 'LOADED []' in output


@pytest.mark.parametrize('name', cli.COMMANDS)
def test_every_command_explains_itself(name):
    command = [sys.executable, '-m', 'takeover.cli.main', name, '--help']
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert f'usage: takeover {name}' in result.stdout


def test_version(capsys):
    assert cli.main(['--version']) == 0
    assert capsys.readouterr().out.startswith('takeover 0.')


def test_an_unknown_command_names_the_legal_ones(capsys):
    assert cli.main(['lunch']) == 2
    assert capsys.readouterr().err == (
        f"takeover: unknown command 'lunch'; the commands are {', '.join(cli.COMMANDS)}\n"
    )


def test_arguments_reach_the_command(module, capsys):
    assert cli.main(['launch', 'file', '--loud']) == 0
    assert capsys.readouterr().out == 'FILE\n'


def test_the_return_value_is_the_exit_code(module):
    assert cli.main(['launch', 'bad']) == 1


def test_a_command_may_have_commands(module, capsys):
    module.commands = {'inspect': inspect, 'verify': lambda: None}
    assert cli.main(['policy', 'inspect', 'file']) == 0
    assert capsys.readouterr().out == 'file\n'


def test_wrong_usage_exits_with_2(module, capsys):
    with pytest.raises(SystemExit) as exit:
        cli.main(['launch', '--no-such-option'])
    assert exit.value.code == 2


def test_an_error_of_the_library_is_one_line(module, capsys):
    module.command = raising(TakeoverError('the bundle is torn'))
    assert cli.main(['demo']) == 2
    assert capsys.readouterr().err == 'takeover: the bundle is torn\n'


def test_an_interrupt_is_no_error(module, capsys):
    module.command = raising(KeyboardInterrupt())
    assert cli.main(['demo']) == 130
    assert capsys.readouterr().err == ''


def test_a_missing_package_says_what_installs_it(module, capsys):
    module.command = raising(ModuleNotFoundError('no', name='torch.nn'))
    assert cli.main(['policy']) == 2
    assert capsys.readouterr().err == (
        'takeover: `takeover policy` needs torch: pip install "takeover[learn]"\n'
    )


def test_a_bug_is_not_hidden(module):
    module.command = raising(ModuleNotFoundError('no', name='takeover.no_such'))
    with pytest.raises(ModuleNotFoundError):
        cli.main(['demo'])


def test_a_reader_that_goes_away_is_no_error():
    code = (
        'import sys; from types import SimpleNamespace as S; from takeover.cli import main as cli;'
        'command = lambda: [print("line") for _ in range(100000)] and None;'
        'cli.importlib = S(import_module=lambda name: S(command=command));'
        'sys.exit(cli.main(["demo"]))'
    )
    line = f"'{sys.executable}' -c '{code}' | head -1; echo ${{PIPESTATUS[0]}}"
    result = subprocess.run(['bash', '-c', line], capture_output=True, text=True)
    assert (result.stdout, result.stderr) == ('line\n0\n', '')
