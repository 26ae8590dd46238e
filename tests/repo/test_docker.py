"""The container files: linted, and held against the packages, the tree and each other."""

import json
import os
from pathlib import Path
import re
import shlex
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

from compose_spec import PyCompose, PyOptions
from dockerfile_parse import DockerfileParser
import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
DOCKER = REPOSITORY / 'docker'
IMAGES = ('robot', 'learner', 'simulation', 'pip')
PROGRAMS = Path(sys.executable).parent
# What may come back by itself: nothing of it commands a robot, or tells one who drives.
COMES_BACK = {'recorder', 'learner'}


def instructions(image: str) -> list[tuple[str, str]]:
    """Return (instruction, value) of a Dockerfile, without comments."""
    with (DOCKER / f'{image}.Dockerfile').open('rb') as file:
        structure = DockerfileParser(fileobj=file).structure
    return [
        (step['instruction'], step['value']) for step in structure if step['content'][0] != '#'
    ]


def values(image: str, name: str) -> list[str]:
    return [value for instruction, value in instructions(image) if instruction == name]


def last_stage(image: str) -> list[tuple[str, str]]:
    steps = instructions(image)
    begin = max(index for index, (name, _) in enumerate(steps) if name == 'FROM')
    return steps[begin:]


def with_defaults(text: str) -> str:
    """Return the file as Compose reads it when no variable is set."""
    return re.sub(r'\$\{\w+:-([^}]*)\}', r'\1', text)


def compose_text() -> str:
    text = with_defaults((DOCKER / 'compose.yaml').read_text())
    assert '${' not in text
    return text


def parsed(text: str) -> PyCompose:
    """Return the file as the Compose Specification has it; ValueError when it does not fit."""
    return PyOptions(apply_merge=True).from_yaml(text)


def services() -> dict:
    return yaml.safe_load(compose_text())['services']


def test_every_dockerfile_is_looked_at():
    assert {path.name for path in DOCKER.glob('*Dockerfile*')} == {
        f'{image}.Dockerfile' for image in IMAGES
    }


@pytest.mark.parametrize('image', IMAGES)
def test_hadolint_has_nothing_to_say(image):
    command = [PROGRAMS / 'hadolint', '--no-color', DOCKER / f'{image}.Dockerfile']
    result = subprocess.run(command, capture_output=True, text=True)
    assert (result.returncode, result.stdout) == (0, ''), result.stdout + result.stderr


def test_shellcheck_has_nothing_to_say():
    command = [PROGRAMS / 'shellcheck', '--enable=all', DOCKER / 'entrypoint.sh']
    result = subprocess.run(command, capture_output=True, text=True)
    assert (result.returncode, result.stdout) == (0, ''), result.stdout + result.stderr


@pytest.mark.parametrize('image', IMAGES)
def test_an_image_stops_as_by_ctrl_c_and_runs_as_nobody_special(image):
    last = last_stage(image)
    assert [value for name, value in last if name == 'STOPSIGNAL'] == ['SIGINT']
    assert [value for name, value in last if name == 'USER'][-1] == '10001:10001'


@pytest.mark.parametrize('image', IMAGES)
def test_programs_of_an_image_are_started_without_a_shell(image):
    for name, value in last_stage(image):
        if name in ('ENTRYPOINT', 'CMD'):
            assert json.loads(value), f'{name} {value}'


def health_check(image: str) -> list[str]:
    (value,) = [value for name, value in last_stage(image) if name == 'HEALTHCHECK']
    return json.loads(value.partition('CMD')[2])


@pytest.mark.parametrize('image', ['robot', 'learner', 'simulation'])
def test_the_health_check_asks_for_components_that_nodes_report(image, repository):
    entry, program, *names = health_check(image)
    assert entry == '/opt/takeover/docker/entrypoint.sh'
    assert program == '/opt/takeover/docker/health.py'
    assert_reported(names, repository)


def test_the_health_checks_of_services_ask_for_components_that_nodes_report(repository):
    checked = [
        service['healthcheck']['test']
        for service in services().values()
        if 'healthcheck' in service
    ]
    assert len(checked) >= 4
    for kind, entry, program, *names in checked:
        assert (kind, Path(entry).name, Path(program).name) == (
            'CMD',
            'entrypoint.sh',
            'health.py',
        )
        assert_reported(names, repository)


def assert_reported(names: list[str], repository: Path) -> None:
    sources = [path.read_text() for path in (repository / 'ros2_ws' / 'src').rglob('*.py')]
    components = {name for text in sources for name in re.findall(r"\.add\('([\w ]+)'", text)}
    launched = ''.join(path.read_text() for path in (repository / 'launch').iterdir())
    assert names
    for name in names:
        node, component = name.split(': ')
        assert component in components, name
        assert f'"{node}"' in launched, name


def test_a_demo_that_ends_by_itself_has_no_health_check():
    assert values('pip', 'HEALTHCHECK') == ['NONE']


@pytest.mark.parametrize('image', IMAGES)
def test_what_is_copied_is_there(image):
    copied = 0
    for value in values(image, 'COPY'):
        words = [word for word in shlex.split(value) if not word.startswith('--chown')]
        if words[0].startswith('--from='):
            continue
        for source in words[:-1]:
            copied += 1
            assert (REPOSITORY / source).exists(), value
    assert copied or image == 'simulation'


@pytest.mark.parametrize('image', ['robot', 'simulation'])
def test_the_image_of_a_robot_has_no_torch(image, repository):
    files = re.findall(r'requirements/([\w-]+)\.', ' '.join(values(image, 'RUN')))
    assert set(files) <= {'run', 'lock'}
    wanted = (repository / 'requirements' / 'run.in').read_text()
    assert not re.search(r'^torch|^tensorboard', wanted, re.M)
    assert 'torch' not in ' '.join(values(image, 'RUN'))
    # A constraint installs nothing by itself, and none of these packages asks for torch.
    assert not re.search(r'^torch==', (repository / 'requirements' / 'lock.txt').read_text(), re.M)


def test_the_learner_has_torch():
    assert 'requirements/learn.in' in ' '.join(values('learner', 'RUN'))


def test_packages_from_pypi_are_checked_by_hash_in_the_image_of_a_robot():
    (install,) = [value for value in values('robot', 'RUN') if 'pip install' in value]
    assert '--require-hashes' in install
    assert '--constraint requirements/lock.txt' in install


def test_the_robot_is_built_in_one_stage_and_copied_to_the_next():
    first, second = values('robot', 'FROM')
    assert first == 'ros:jazzy-ros-base AS build'
    assert second == 'ros:jazzy-ros-base AS robot'
    copied = [value for name, value in last_stage('robot') if name == 'COPY']
    assert [value for value in copied if value.startswith('--from=build')]
    built = ' '.join(value for name, value in last_stage('robot') if name == 'RUN')
    assert 'colcon' not in built
    assert 'python3-venv' not in built


def ros_packages(repository: Path) -> dict[Path, ElementTree.Element]:
    files = [
        *(repository / 'ros2_ws' / 'src').glob('*/package.xml'),
        repository / 'src/package.xml',
    ]
    return {path: ElementTree.parse(path).getroot() for path in files}


def test_both_stages_install_what_the_package_files_name(repository):
    for stage in ('build', 'robot'):
        steps = instructions('robot')
        begin = steps.index(('FROM', f'ros:jazzy-ros-base AS {stage}'))
        before = steps[begin:]
        (position,) = [
            index
            for index, (name, value) in enumerate(before)
            if name == 'RUN' and 'rosdep install' in value
        ][:1]
        folders = re.search(r'--from-paths (.+?) --', before[position][1])[1].split()
        copied = [value.split()[-2] for name, value in before[:position] if name == 'COPY']
        for path in ros_packages(repository):
            relative = path.relative_to(repository)
            assert any(relative.is_relative_to(folder) for folder in folders), relative
            assert any(relative.is_relative_to(source) for source in copied), relative


def test_rosdep_installs_every_kind_of_dependency_that_is_needed(repository):
    kinds = {child.tag for root in ros_packages(repository).values() for child in root}
    kinds = {kind for kind in kinds if kind.endswith('depend')}
    assert kinds <= {'depend', 'build_depend', 'buildtool_depend', 'exec_depend', 'test_depend'}
    build, final = (value for value in values('robot', 'RUN') if 'rosdep install' in value)
    asked = re.findall(r'--dependency-types (\w+)', build)
    assert set(asked) == {'build', 'buildtool', 'exec'}
    assert re.findall(r'--dependency-types (\w+)', final) == ['exec']


def test_a_version_that_a_package_file_asks_for_is_checked(repository):
    wanted = [
        (child.text, child.get('version_gte'))
        for root in ros_packages(repository).values()
        for child in root
        if child.get('version_gte')
    ]
    assert wanted == [('rclpy', '7.1.6')]
    (build,) = [value for value in values('robot', 'RUN') if 'dpkg --compare-versions' in value]
    assert 'ros-jazzy-rclpy)" ge 7.1.6' in build


def test_what_git_ignores_is_not_sent_to_docker(repository):
    ignored = {
        line.strip('/')
        for line in (repository / '.gitignore').read_text().splitlines()
        if line and line[0] != '#'
    }
    kept_out = {
        line.removeprefix('**/').strip('/')
        for line in (repository / '.dockerignore').read_text().splitlines()
    }
    assert ignored <= kept_out
    assert '.git' in kept_out


def test_the_entry_point_becomes_the_command():
    script = (DOCKER / 'entrypoint.sh').read_text()
    assert script.splitlines()[-1] == 'exec "$@"'
    assert os.access(DOCKER / 'entrypoint.sh', os.X_OK)


def test_the_compose_file_fits_the_compose_specification():
    file = parsed(compose_text())
    file.validate()
    assert set(file.service_names()) == set(services())


@pytest.mark.parametrize(
    'right, wrong',
    [
        ('restart: "no"', 'restart: often'),
        ('ipc: host', 'ipcs: host'),
        ('stop_grace_period: 25s', 'stop_grace_period: long'),
    ],
)
def test_a_mistake_in_the_compose_file_would_be_noticed(right, wrong):
    text = compose_text()
    assert right in text
    with pytest.raises(ValueError):
        parsed(text.replace(right, wrong))


def test_nothing_that_moves_a_robot_is_restarted_by_itself():
    policies = {name: service['restart'] for name, service in services().items()}
    assert {name for name, policy in policies.items() if policy != 'no'} == COMES_BACK


def test_every_service_is_on_the_host_network_with_no_more_rights_than_it_needs():
    for name, service in services().items():
        assert service['network_mode'] == 'host', name
        assert service['ipc'] == 'host', name
        assert service['cap_drop'] == ['ALL'], name
        assert service['security_opt'] == ['no-new-privileges:true'], name
        assert 'privileged' not in service, name
        assert 'ROS_DOMAIN_ID' in service['environment'], name


def test_services_start_launch_files_with_arguments_that_they_have(repository):
    for name, service in services().items():
        tool, verb, package, file, *arguments = service['command'].split()
        assert (tool, verb, package) == ('ros2', 'launch', 'takeover_bringup'), name
        launch = ElementTree.parse(repository / 'launch' / file).getroot()
        known = {argument.get('name') for argument in launch.iterfind('arg')}
        assert {word.partition(':=')[0] for word in arguments} <= known, name


def test_images_are_those_that_the_dockerfiles_build():
    built = {
        service['image']: service['build']['dockerfile']
        for service in services().values()
        if 'build' in service
    }
    assert built == {
        f'takeover-{image}:local': f'docker/{image}.Dockerfile'
        for image in ('robot', 'learner', 'simulation')
    }
    assert {service['image'] for service in services().values()} == set(built)


def test_a_simulation_is_not_found_from_outside():
    environment = services()['simulation']['environment']
    assert environment['ROS_AUTOMATIC_DISCOVERY_RANGE'] == 'LOCALHOST'
