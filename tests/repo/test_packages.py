"""The ROS packages: what package.xml says is true, and colcon takes them for what they are."""

import os
import re
import subprocess
import sys
from xml.etree import ElementTree

from catkin_pkg.package import InvalidPackage, parse_package, parse_package_string
import pytest
import takeover
from takeover.workspace import node_environment, package_prefix
from tests.repo.imports import imported_modules

PACKAGES = {
    'takeover': 'src',
    'takeover_bringup': 'ros2_ws/src/takeover_bringup',
    'takeover_description': 'ros2_ws/src/takeover_description',
    'takeover_learning': 'ros2_ws/src/takeover_learning',
    'takeover_msgs': 'ros2_ws/src/takeover_msgs',
    'takeover_nodes': 'ros2_ws/src/takeover_nodes',
}
WITH_CMAKE = ('_description', '_msgs')
# How package.xml names what Python imports by another name.
ROSDEP_KEYS = {
    name: f'python3-{name}' for name in ('jinja2', 'matplotlib', 'numpy', 'rich', 'yaml')
} | {'PIL': 'python3-pil', 'cv2': 'python3-opencv'}
# What gazebo.launch.xml alone needs: no robot is made to install a simulator.
SIMULATOR = {'ros_gz_bridge', 'ros_gz_sim'}
# Without a rosdep key, or one that gives a version that is too old; package.xml says so.
ONLY_BY_PIP = {
    'av',
    'evdev',
    'google',
    'gymnasium',
    'hidraw',
    'mcap',
    'mcap_ros2',
    'mink',
    'mujoco',
    'onnx',
    'onnxruntime',
    'pyarrow',
    'pydantic',
    'pyrealsense2',
    'rerun',
    'safetensors',
    'torch',
    'tyro',
    'zstandard',
}


def test_imports_are_found_at_any_depth():
    source = 'import os.path\ndef f():\n    from rclpy.node import Node\n    from . import x\n'
    assert imported_modules(source) == {'os', 'rclpy'}


@pytest.mark.parametrize('name', PACKAGES)
def test_package_xml_is_valid(repository, name):
    file = repository / PACKAGES[name] / 'package.xml'
    warnings = []
    package = parse_package(str(file), warnings=warnings)
    assert warnings == []
    assert package.name == name
    assert package.package_format == 3
    assert package.licenses == ['Apache-2.0']
    assert (
        '<?xml-model href="http://download.ros.org/schema/package_format3.xsd"' in file.read_text()
    )


def test_a_maintainer_address_that_colcon_would_stumble_over_is_noticed(repository):
    text = (repository / 'src' / 'package.xml').read_text()
    with pytest.raises(InvalidPackage, match='[Ee]mail'):
        parse_package_string(re.sub('email="[^"]*"', 'email="a@b.c"', text))


def test_colcon_sees_ros_packages(repository):
    # colcon demotes a package whose package.xml it dislikes to plain `python`, without a word.
    colcon = [sys.executable, '-m', 'colcon', 'list']
    output = subprocess.check_output(colcon, cwd=repository / 'ros2_ws', text=True)
    found = {line.split('\t')[0]: line.split('\t')[2] for line in output.splitlines()}
    assert found == {
        name: f'(ros.ament_{"cmake" if name.endswith(WITH_CMAKE) else "python"})'
        for name in PACKAGES
    }


def test_versions_agree(repository):
    found = {}
    for folder in PACKAGES.values():
        package = repository / folder / 'package.xml'
        found[str(package)] = ElementTree.parse(package).findtext('version')
        setup = package.with_name('setup.py')
        if setup.exists():
            found[str(setup)] = re.search(r"version='(.*)'", setup.read_text())[1]
    assert len(found) == 10
    assert set(found.values()) == {takeover.__version__}, found


def test_library_installs_the_same_command_with_pip_and_colcon(repository):
    command = 'takeover.cli.main:main'
    assert f'takeover = "{command}"' in (repository / 'pyproject.toml').read_text()
    assert f"'takeover = {command}'" in (repository / 'src' / 'setup.py').read_text()


def test_setup_cfg_has_only_what_every_way_to_install_understands(repository):
    files = [repository / folder / 'setup.cfg' for folder in PACKAGES.values()]
    files = [file for file in files if file.exists()]
    assert len(files) == 4
    for file in files:
        sections = re.findall(r'^\[(.*)\]$', file.read_text(), re.M)
        assert sections == ['install', 'build_scripts'], file


@pytest.mark.parametrize('name', ['launch', 'config', 'models'])
def test_bringup_holds_links_to_the_folders_at_the_top(repository, name):
    link = repository / 'ros2_ws' / 'src' / 'takeover_bringup' / name
    assert os.readlink(link) == f'../../../{name}'
    assert link.resolve() == (repository / name).resolve()
    assert link.is_dir()


@pytest.mark.parametrize('name', ['takeover', 'takeover_learning', 'takeover_nodes'])
def test_package_xml_names_what_the_code_imports(repository, name):
    folder = repository / PACKAGES[name]
    package = parse_package(str(folder / 'package.xml'))
    declared = {dependency.name for dependency in package.exec_depends}
    imported = set()
    for file in (folder / name).rglob('*.py'):
        imported |= imported_modules(file.read_text())
    imported -= {name, *sys.stdlib_module_names, *ONLY_BY_PIP}
    assert {ROSDEP_KEYS.get(module, module) for module in imported} - declared == set()


@pytest.mark.parametrize('package', ['takeover_learning', 'takeover_nodes'])
def test_every_program_of_a_package_has_a_main(repository, package):
    prefix = package_prefix(package, node_environment())
    programs = sorted(path.name for path in (prefix / 'lib' / package).iterdir())
    folder = repository / PACKAGES[package] / package
    modules = sorted(path.stem for path in folder.glob('*_node.py') if path.stem != 'managed_node')
    assert programs == modules
    for name in programs:
        assert re.search(r'^def main\(', (folder / f'{name}.py').read_text(), re.M), name


def test_launch_files_start_only_programs_that_exist(repository):
    env = node_environment()
    bringup = parse_package(str(repository / PACKAGES['takeover_bringup'] / 'package.xml'))
    depends = {dependency.name for dependency in bringup.exec_depends} | SIMULATOR
    started = [
        (file.name, node.get('pkg'), node.get('exec'))
        for file in sorted((repository / 'launch').glob('*.launch.xml'))
        for node in ElementTree.parse(file).iter('node')
    ]
    assert started
    for file, package, program in started:
        assert package in depends, (
            f'{file} starts a program of {package}, no exec_depend of bringup'
        )
        if package.startswith('takeover'):
            path = package_prefix(package, env) / 'lib' / package / program
            assert os.access(path, os.X_OK), f'{file}: {package} has no program {program}'
