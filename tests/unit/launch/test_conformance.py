"""The table in conformance.yaml, against our evaluation and real `launch` if installed."""

import os
from pathlib import Path
import re

import pytest
from takeover.launch.document import LaunchError
from takeover.launch.evaluation import evaluate
import yaml

CASES = yaml.safe_load(Path(__file__).with_name('conformance.yaml').read_text())

try:
    # PyPI's package of this name is something else.
    from launch.actions import IncludeLaunchDescription, RegisterEventHandler
    from launch.event_handlers import OnProcessStart
    from launch.launch_description_sources import AnyLaunchDescriptionSource
    import launch_ros.actions  # noqa: F401
    import launch_xml  # noqa: F401

    from launch import LaunchDescription, LaunchService
except ImportError:
    LaunchService = None

# What real `launch` is held to; without it there is nothing to run.
SHARED = [case for case in CASES if LaunchService and 'ours_only' not in case]


@pytest.fixture
def prefix(tmp_path):
    """Return a temporary ament prefix that holds the package `pkg` with two executables."""
    root = tmp_path / 'prefix'
    (root / 'share/ament_index/resource_index/packages').mkdir(parents=True)
    (root / 'share/ament_index/resource_index/packages/pkg').touch()
    (root / 'share/pkg').mkdir()
    (root / 'lib/pkg').mkdir(parents=True)
    for name in ('talker', 'listener'):
        program = root / 'lib/pkg' / name
        program.write_text('#!/bin/sh\nexit 0\n')
        program.chmod(0o755)
    return root


def write_files(case, folder):
    """Write the launch files of a case and return the main one."""
    folder.mkdir()
    files = case.get('files') or {'main.launch.xml': f'<launch>{case["xml"].strip()}</launch>'}
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    return folder / 'main.launch.xml'


def expected_argv(argv, prefix, folder):
    replace = {'DIR': str(folder), 'SHARE': str(prefix / 'share/pkg')}

    def filled(text):
        return re.sub('^(DIR|SHARE)', lambda match: replace[match.group()], text)

    result = []
    for item in argv:
        if isinstance(item, str):
            result.append(filled(item))
        elif 'file' in item:
            result.append(yaml.safe_load(Path(filled(item['file'])).read_text()))
        else:
            result.append(
                {key: {'ros__parameters': values} for key, values in item['block'].items()}
            )
    return result


def check_processes(case, processes, prefix, folder):
    """Compare (name, argv with parameter files read, environment, cwd) of each process."""
    assert len(processes) == len(case['processes'])
    for expected, (name, argv, environment, cwd) in zip(case['processes'], processes, strict=True):
        if 'name' in expected:
            assert name == expected['name']
        assert os.path.dirname(argv[0]) == str(prefix / 'lib/pkg')
        # repr tells 1 from 1.0 and True.
        assert repr(argv[1:]) == repr(expected_argv(expected['argv'], prefix, folder))
        for variable, value in expected.get('env', {}).items():
            assert environment.get(variable) == value, variable
        assert (str(folder) if expected.get('cwd') == 'DIR' else expected.get('cwd')) == cwd


def read_argv(argv):
    """Replace the file behind every --params-file by its content."""
    return [
        yaml.safe_load(Path(item).read_text()) if before == '--params-file' else item
        for before, item in zip(['', *argv], argv, strict=False)
    ]


@pytest.mark.parametrize('case', CASES, ids=[case['name'] for case in CASES])
def test_case(case, prefix, tmp_path):
    folder = tmp_path / 'launch'
    environment = {'AMENT_PREFIX_PATH': str(prefix), **case.get('environment', {})}
    main = write_files(case, folder)
    if 'error' in case:
        with pytest.raises(LaunchError, match=case['error']):
            evaluate(main, case.get('arguments', {}), environment)
        return
    plan = evaluate(main, case.get('arguments', {}), environment)
    processes = [
        (process.name, read_argv(process.write_argv(tmp_path)), process.environment, process.cwd)
        for process in plan.processes
    ]
    check_processes(case, processes, prefix, folder)
    assert plan.messages == case.get('messages', [])
    if 'warning' in case:
        assert any(case['warning'] in warning for warning in plan.warnings)
    else:
        assert not plan.warnings


@pytest.mark.parametrize('case', SHARED, ids=[case['name'] for case in SHARED])
def test_case_against_launch(case, prefix, tmp_path, monkeypatch):
    """Real `launch` yields what the table says (in the installed version), or fails as well."""
    folder = tmp_path / 'launch'
    main = write_files(case, folder)
    for name, value in case.get('environment', {}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv('AMENT_PREFIX_PATH', f'{prefix}:{os.environ.get("AMENT_PREFIX_PATH", "")}')
    monkeypatch.setenv('ROS_LOG_DIR', str(tmp_path / 'log'))
    monkeypatch.setattr('launch.descriptions.executable._executable_process_counter', 0)
    before = dict(os.environ)
    started = []

    def record(event, context):
        number = int(event.process_name.rpartition('-')[2])
        started.append((number, event.process_name, read_argv(event.cmd), event.env, event.cwd))

    service = LaunchService(noninteractive=True)
    service.include_launch_description(
        LaunchDescription(
            [
                RegisterEventHandler(OnProcessStart(on_start=record)),
                IncludeLaunchDescription(
                    AnyLaunchDescriptionSource(str(main)),
                    launch_arguments=list(case.get('arguments', {}).items()),
                ),
            ]
        )
    )
    try:
        code = service.run()
    finally:
        os.environ.clear()
        os.environ.update(before)
    if 'error' in case:
        assert code == 1
        return
    assert code == 0
    check_processes(
        case, [rest for _, *rest in sorted(started, key=lambda s: s[0])], prefix, folder
    )
