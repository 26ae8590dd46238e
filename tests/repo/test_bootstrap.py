"""The set-up: says what is missing, does nothing twice, and does again what was cut short."""

import importlib
from pathlib import Path
import sys

import pytest


@pytest.fixture
def tools(repository, monkeypatch):
    """Make the modules of tools/ importable, as they are for a script that lies there."""
    monkeypatch.syspath_prepend(str(repository / 'tools'))
    yield
    for name in ('bootstrap', 'child', 'prerequisites'):
        sys.modules.pop(name, None)


@pytest.fixture
def prerequisites(tools):
    return importlib.import_module('prerequisites')


@pytest.fixture
def child(tools):
    return importlib.import_module('child')


@pytest.fixture
def bootstrap(tools, tmp_path, monkeypatch):
    """Return the script, looking at an empty folder in place of the repository's .venv."""
    module = importlib.import_module('bootstrap')
    monkeypatch.setattr(module, 'VENV', tmp_path / '.venv')
    monkeypatch.setattr(module, 'venv_works', lambda: True)
    monkeypatch.setattr(module, 'check_prerequisites', lambda folder: None)
    return module


def test_a_machine_with_everything_passes(prerequisites):
    prerequisites.check_prerequisites(Path('/a/folder'))


def test_a_missing_compiler_is_one_sentence_that_names_the_package(prerequisites, monkeypatch):
    which = prerequisites.shutil.which
    monkeypatch.setattr(
        prerequisites.shutil, 'which', lambda name: None if name == 'g++' else which(name)
    )
    with pytest.raises(
        prerequisites.SetupError, match=r'program g\+\+; .* apt-get install g\+\+$'
    ):
        prerequisites.check_prerequisites(Path('/a/folder'))


def test_missing_modules_and_headers_name_the_packages(prerequisites, monkeypatch):
    monkeypatch.setattr(prerequisites, 'succeeds', lambda python, code: False)
    monkeypatch.setattr(prerequisites.sysconfig, 'get_path', lambda name: '/nowhere')
    monkeypatch.setattr(prerequisites.sys, 'executable', '/usr/bin/python3')
    with pytest.raises(prerequisites.SetupError, match='install python3-venv python3-dev$'):
        prerequisites.check_prerequisites(Path('/a/folder'))


def test_another_processor_is_sent_to_an_installed_ros(prerequisites, monkeypatch):
    monkeypatch.setattr(prerequisites.platform, 'machine', lambda: 'aarch64')
    with pytest.raises(prerequisites.SetupError, match='aarch64: use a machine with ROS 2 Jazzy'):
        prerequisites.check_prerequisites(Path('/a/folder'))


@pytest.mark.parametrize('folder', ['/a b', '/a:b', "/a'b"])
def test_a_folder_ros_cannot_live_in_is_refused(prerequisites, folder):
    with pytest.raises(prerequisites.SetupError, match='move'):
        prerequisites.check_prerequisites(Path(folder))


def test_an_old_python_without_a_newer_one_is_one_sentence(prerequisites, monkeypatch):
    monkeypatch.setattr(prerequisites.sys, 'version_info', (3, 9, 2))
    monkeypatch.setattr(prerequisites.shutil, 'which', lambda name: None)
    with pytest.raises(
        prerequisites.SetupError, match=r'3\.10 to 3\.\d+ is needed.*python3\.12-venv'
    ):
        prerequisites.use_a_supported_python()


def test_an_old_python_gives_way_to_a_newer_one(prerequisites, monkeypatch):
    started = []
    monkeypatch.setattr(prerequisites.sys, 'version_info', (3, 9, 2))
    monkeypatch.setattr(
        prerequisites.shutil, 'which', lambda name: f'/x/{name}' if name == 'python3.11' else None
    )
    monkeypatch.setattr(prerequisites, 'succeeds', lambda python, code: True)

    def replace_process(path, argv):
        started.append(path)
        raise SystemExit

    monkeypatch.setattr(prerequisites.os, 'execv', replace_process)
    with pytest.raises(SystemExit):
        prerequisites.use_a_supported_python()
    assert started == ['/x/python3.11']


@pytest.fixture
def work(bootstrap, tmp_path, monkeypatch):
    """Return what a set-up of one step did, and the file that step depends on."""
    done = []
    source = tmp_path / 'input'
    source.write_text('1')
    stamp = tmp_path / 'stamps' / 'one'

    def steps(learn, bench):
        def act():
            done.append('act')
            if done.count('act') <= work.failures:
                raise KeyboardInterrupt

        return [bootstrap.Step('one', stamp, [source], act, lambda: done.append('clean'))]

    def work():
        bootstrap.set_up(learn=False, bench=False)

    work.failures = 0
    work.done = done
    work.source = source
    monkeypatch.setattr(bootstrap, 'steps', steps)
    return work


def test_a_step_is_done_once(work):
    work()
    work()
    assert work.done == ['act']


def test_a_step_is_done_again_when_its_input_changes(work):
    work()
    work.source.write_text('2')
    work()
    assert work.done == ['act', 'act']


def test_a_step_that_was_cut_short_is_cleaned_up_and_done_again(work):
    work.failures = 1
    with pytest.raises(KeyboardInterrupt):
        work()
    assert work.done == ['act']
    work()
    work()
    assert work.done == ['act', 'clean', 'act']


def test_a_half_made_environment_does_not_count(tools, tmp_path, monkeypatch):
    bootstrap = importlib.import_module('bootstrap')
    monkeypatch.setattr(bootstrap, 'VENV', tmp_path)
    monkeypatch.setattr(bootstrap, 'PYTHON', tmp_path / 'bin' / 'python')
    monkeypatch.delenv('PYTHON', raising=False)
    assert not bootstrap.venv_works()
    (tmp_path / 'bin').mkdir()
    (tmp_path / 'bin' / 'activate').write_text(f'VIRTUAL_ENV={tmp_path}')
    assert not bootstrap.venv_works()
    (tmp_path / 'bin' / 'python').symlink_to(sys.executable)
    assert bootstrap.venv_works()
    (tmp_path / 'bin' / 'activate').write_text('VIRTUAL_ENV=/moved/from/here')
    assert not bootstrap.venv_works()


def test_a_failure_shows_the_end_of_the_log_and_where_it_is(child, prerequisites, tmp_path):
    code = 'print("the reason"); raise SystemExit(3)'
    with pytest.raises(prerequisites.SetupError) as error:
        child.run(tmp_path / 'x.log', [sys.executable, '-c', code], tmp_path, {})
    assert 'exit code 3' in str(error.value)
    assert str(tmp_path / 'x.log') in str(error.value)
    assert str(error.value).endswith('the reason')


def test_a_sourced_ros_does_not_leak_into_the_build(bootstrap, monkeypatch):
    for name in ('PYTHONPATH', 'AMENT_PREFIX_PATH', 'CMAKE_PREFIX_PATH', 'ROS_DISTRO', 'KEPT'):
        monkeypatch.setenv(name, '/opt/ros/humble')
    env = bootstrap.clean_environment()
    assert 'PYTHONPATH' not in env
    assert 'ROS_DISTRO' not in env
    assert env['AMENT_PREFIX_PATH'] == env['CMAKE_PREFIX_PATH'] == str(bootstrap.VENV)
    assert env['KEPT'] == '/opt/ros/humble'
