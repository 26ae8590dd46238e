"""The environment of node processes, from a workspace that was built or a ROS that is sourced."""

from pathlib import Path
import subprocess
import sys

import pytest
from takeover import workspace
from takeover.workspace import node_environment, package_prefix, package_share, WorkspaceError


def make_package(prefix: Path, name: str, hooks: dict[str, str]) -> None:
    """Write what colcon leaves of a package: the ament marker, and hooks for the environment."""
    marker = prefix / workspace.MARKERS / name
    marker.parent.mkdir(parents=True, exist_ok=True)
    marker.touch()
    share = prefix / 'share' / name
    share.mkdir(parents=True, exist_ok=True)
    lines = []
    for file, line in hooks.items():
        (share / file).write_text(line + '\n')
        # colcon names each hook once per kind of shell.
        lines += [
            f'source;share/{name}/{Path(file).with_suffix(kind)}' for kind in ('.ps1', '.sh')
        ]
    (share / 'package.dsv').write_text('\n'.join(lines) + '\n')


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Return the install space of a built workspace, beside an interpreter without the wheels."""
    folder = tmp_path / 'install'
    for name in workspace.PACKAGES:
        hooks = {
            'ament_prefix_path.dsv': 'prepend-non-duplicate;AMENT_PREFIX_PATH;',
            'pythonpath.dsv': 'prepend-non-duplicate;PYTHONPATH;lib/python',
            'path.dsv': 'prepend-non-duplicate-if-exists;PATH;bin',
        }
        make_package(folder / name, name, hooks)
    monkeypatch.setattr(workspace, 'install_space', lambda: folder)
    monkeypatch.setattr(workspace, 'wheels_prefix', lambda: None)
    return folder


def test_a_built_workspace_comes_first(install):
    env = node_environment({'PYTHONPATH': '/mine', 'PATH': '/bin', 'KEPT': '1'})
    assert set(env['AMENT_PREFIX_PATH'].split(':')) == {
        str(install / name) for name in workspace.PACKAGES
    }
    assert env['PYTHONPATH'].split(':')[-1] == '/mine'
    assert str(install / 'takeover_msgs' / 'lib' / 'python') in env['PYTHONPATH'].split(':')
    assert env['KEPT'] == '1'


def test_a_folder_that_must_exist_is_left_out_when_it_does_not(install):
    assert node_environment({'PATH': '/bin'})['PATH'] == '/bin'
    (install / 'takeover_msgs' / 'bin').mkdir()
    path = node_environment({'PATH': '/bin'})['PATH']
    assert path == f'{install}/takeover_msgs/bin:/bin'


def test_a_sourced_ros_with_our_packages_is_passed_on(install, tmp_path):
    prefix = tmp_path / 'merged'
    for name in workspace.PACKAGES:
        make_package(prefix, name, {})
    env = {'AMENT_PREFIX_PATH': f'/opt/ros/jazzy:{prefix}', 'PYTHONPATH': '/opt/ros/jazzy/lib'}
    assert node_environment(env) == env


def test_a_second_call_changes_nothing(install):
    env = node_environment({'PATH': '/bin'})
    assert node_environment(env) == env


def test_nothing_built_is_a_sentence_that_says_what_to_do(install, tmp_path, monkeypatch):
    monkeypatch.setattr(workspace, 'install_space', lambda: tmp_path / 'empty')
    with pytest.raises(WorkspaceError, match='takeover_msgs, takeover_nodes not built: run `make'):
        node_environment({})


def test_the_wheels_push_another_ros_out(install, tmp_path, monkeypatch):
    prefix = tmp_path / 'venv'
    monkeypatch.setattr(workspace, 'wheels_prefix', lambda: prefix)
    base = {
        'AMENT_PREFIX_PATH': '/opt/ros/humble',
        'PYTHONPATH': '/opt/ros/humble/lib/python3:/mine',
        'LD_LIBRARY_PATH': '/opt/ros/humble/lib:/usr/lib/mine',
        'PATH': '/bin',
    }
    env = node_environment(base)
    assert not any('humble' in value for value in env.values())
    assert env['AMENT_PREFIX_PATH'].split(':')[-1] == str(prefix)
    assert env['PYTHONPATH'].split(':')[-1] == '/mine'
    assert env['LD_LIBRARY_PATH'].split(':') == [
        str(prefix / 'lib'),
        *[path for path in env['LD_LIBRARY_PATH'].split(':') if path.endswith('.libs')],
        '/usr/lib/mine',
    ]


def test_packages_are_found_by_name(install):
    env = node_environment({})
    assert package_prefix('takeover_nodes', env) == install / 'takeover_nodes'
    assert package_share('takeover_nodes', env) == install / 'takeover_nodes/share/takeover_nodes'


def test_a_package_that_is_not_there_is_named_with_the_searched_folders(install):
    with pytest.raises(WorkspaceError, match=f"'turtlesim' is not installed; searched {install}"):
        package_prefix('turtlesim', node_environment({}))
    with pytest.raises(WorkspaceError, match='AMENT_PREFIX_PATH is empty'):
        package_prefix('turtlesim', {})


def test_a_command_is_run_in_the_environment():
    code = 'import os, sys; print(os.environ["AMENT_PREFIX_PATH"]); sys.exit(7)'
    command = [sys.executable, '-m', 'takeover.workspace', '--', sys.executable, '-c', code]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 7, result.stderr
    assert 'takeover' in result.stdout


@pytest.mark.parametrize(
    ('words', 'said'), [([], 'usage'), (['ls'], 'usage'), (['--', './no-such'], 'cannot run')]
)
def test_a_command_that_cannot_be_run_is_said(words, said):
    command = [sys.executable, '-m', 'takeover.workspace', *words]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 2
    assert said in result.stderr
