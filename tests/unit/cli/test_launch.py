"""The command line of `takeover launch`."""

import pytest
from takeover.cli.launch import command, find_launch_file, parse_arguments
from takeover.launch.document import LaunchError
from takeover.workspace import MARKERS, PACKAGES, WorkspaceError


@pytest.fixture
def environment(tmp_path, monkeypatch):
    """Return an environment in which our packages are installed, each file of them empty."""
    (tmp_path / MARKERS).mkdir(parents=True)
    for package in PACKAGES:
        (tmp_path / MARKERS / package).touch()
        (tmp_path / 'share' / package / 'launch').mkdir(parents=True)
    (tmp_path / 'lib/takeover_nodes').mkdir(parents=True)
    (tmp_path / 'lib/takeover_nodes/policy_node').touch(mode=0o755)
    (tmp_path / 'share/takeover_bringup/launch/only_here.launch.xml').write_text(
        '<launch><arg name="rate" default="10" description="Hz"/>'
        '<node pkg="takeover_nodes" exec="policy_node" args="$(var rate)">'
        '<param name="task" value="a b"/></node></launch>'
    )
    monkeypatch.setenv('AMENT_PREFIX_PATH', str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return {'AMENT_PREFIX_PATH': str(tmp_path)}


def test_the_last_of_a_name_wins_and_a_value_may_hold_the_separator():
    assert parse_arguments(['a:=1', 'b:=x:=y', 'a:=2']) == {'a': '2', 'b': 'x:=y'}


@pytest.mark.parametrize('word', ['a', 'a=1', ':=1', 'a:='])
def test_a_malformed_argument_is_refused(word):
    with pytest.raises(LaunchError, match='name:=value'):
        parse_arguments([word])


def test_a_file_is_taken_as_it_is(environment, tmp_path):
    (tmp_path / 'x.launch.xml').touch()
    path, rest = find_launch_file(['x.launch.xml', 'a:=1'], environment)
    assert path.name == 'x.launch.xml'
    assert rest == ['a:=1']


def test_a_bare_name_is_found_in_bringup_and_in_the_repository(environment, repository):
    path, rest = find_launch_file(['only_here.launch.xml', 'a:=1'], environment)
    assert path.parent.parent.name == 'takeover_bringup'
    assert rest == ['a:=1']
    path, _ = find_launch_file(['sim.launch.xml'], environment)
    assert path == repository / 'launch' / 'sim.launch.xml'


def test_a_package_and_a_file(environment):
    path, rest = find_launch_file(
        ['takeover_bringup', 'only_here.launch.xml', 'a:=1'], environment
    )
    assert path.name == 'only_here.launch.xml'
    assert rest == ['a:=1']


@pytest.mark.parametrize('words', [[], ['none.launch.xml'], ['takeover_nodes', 'none.launch.xml']])
def test_a_launch_file_that_is_not_there(environment, words):
    with pytest.raises(LaunchError, match='launch file'):
        find_launch_file(words, environment)


def test_a_package_that_is_not_there(environment):
    with pytest.raises(WorkspaceError, match='no_such_package'):
        find_launch_file(['no_such_package', 'x.launch.xml'], environment)


def test_show_args_starts_nothing(environment, capsys):
    assert command(('only_here.launch.xml',), show_args=True) == 0
    assert "    'rate':\n        Hz\n        (default: '10')" in capsys.readouterr().out


def test_dry_run_prints_command_lines(environment, capsys, tmp_path):
    assert command(('only_here.launch.xml', 'rate:=5'), dry_run=True) == 0
    assert capsys.readouterr().out == (
        f'[policy_node-1] {tmp_path}/lib/takeover_nodes/policy_node 5 --ros-args --params-file '
        "'{/**: {ros__parameters: {task: a b}}}'\n"
    )


def test_an_argument_nobody_declares_is_warned_of(environment, capsys):
    command(('only_here.launch.xml', 'rat:=5'), dry_run=True)
    assert (
        "'rat' is not declared by any file read; did you mean 'rate'?" in capsys.readouterr().out
    )
