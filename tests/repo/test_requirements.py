"""Every package is pinned, hashed where hashes are portable, and wanted for a reason."""

import importlib
from pathlib import Path
import re
import sys

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
import pytest

DIRECT = ('run', 'ros', 'dev', 'learn', 'bench', 'jax', 'view')
LOCKS = ('lock.txt', 'learn-lock.txt', 'bench-lock.txt', 'view-lock.txt')
# tomllib came with Python 3.11; the lock file has tomli for 3.10.
tomllib = importlib.import_module('tomllib' if sys.version_info >= (3, 11) else 'tomli')


def unexplained(text: str) -> list[str]:
    """Return the requirements without a comment, on their line or above their group."""
    found, explained = [], False
    for line in text.splitlines():
        if line.startswith('#'):
            explained = True
        elif not line.strip():
            explained = False
        elif not explained and ' # ' not in line:
            found.append(line)
    return found


def pins(file: Path) -> dict[str, list[Requirement]]:
    """Return the requirements of `file` by name, with one pin for each range of Pythons."""
    found = {}
    for line in re.sub(r'\\\n', ' ', file.read_text()).splitlines():
        words = line.partition('#')[0].partition('--hash')[0].strip()
        if words:
            requirement = Requirement(words)
            found.setdefault(canonicalize_name(requirement.name), []).append(requirement)
    return found


def direct(repository: Path) -> dict[str, list[Requirement]]:
    """Return the requirements of all .in files."""
    return {
        name: requirements
        for part in DIRECT
        for name, requirements in pins(repository / 'requirements' / f'{part}.in').items()
    }


def test_a_requirement_without_a_reason_is_noticed():
    assert unexplained('numpy==1\n') == ['numpy==1']
    assert unexplained('# numbers\nnumpy==1\n\nrich==2\n') == ['rich==2']
    assert unexplained('numpy==1  # numbers\n') == []


@pytest.mark.parametrize('part', DIRECT)
def test_direct_requirements_are_pinned_and_explained(repository, part):
    file = repository / 'requirements' / f'{part}.in'
    assert unexplained(file.read_text()) == []
    for requirements in pins(file).values():
        for requirement in requirements:
            assert re.fullmatch(r'==[\w.]+', str(requirement.specifier)), requirement


@pytest.mark.parametrize('name', LOCKS)
def test_locks_pin_exactly(repository, name):
    locked = pins(repository / 'requirements' / name)
    assert locked
    for requirements in locked.values():
        for requirement in requirements:
            assert re.fullmatch(r'==[\w.]+', str(requirement.specifier)), requirement


def test_every_locked_package_has_hashes(repository):
    text = re.sub(r'\\\n', ' ', (repository / 'requirements' / 'lock.txt').read_text())
    lines = [
        line for line in text.splitlines() if '==' in line and not line.lstrip().startswith('#')
    ]
    assert lines
    assert [line for line in lines if '--hash=sha256:' not in line] == []


def test_locks_hold_the_direct_requirements(repository):
    folder = repository / 'requirements'
    locked = {name: found for lock in LOCKS for name, found in pins(folder / lock).items()}
    for name, requirements in direct(repository).items():
        wanted = {str(requirement.specifier) for requirement in requirements}
        assert wanted <= {str(requirement.specifier) for requirement in locked.get(name, [])}, name


def test_torch_stays_out_of_the_lock_the_demo_installs(repository):
    names = set(pins(repository / 'requirements' / 'lock.txt'))
    assert 'numpy' in names
    assert [name for name in names if name.startswith(('torch', 'nvidia', 'cuda'))] == []


def test_pins_satisfy_what_the_library_declares(repository):
    project = tomllib.loads((repository / 'pyproject.toml').read_text())['project']
    extras = project['optional-dependencies'].values()
    declared = [*project['dependencies'], *(line for extra in extras for line in extra)]
    pinned = direct(repository)
    assert len(declared) >= 10
    for requirement in map(Requirement, declared):
        for pin in pinned[canonicalize_name(requirement.name)]:
            version = str(pin.specifier).removeprefix('==')
            assert requirement.specifier.contains(version), f'{pin} against {requirement}'


def test_the_requirement_files_named_in_the_readme_are_there(repository):
    named = re.findall(r'requirements/[\w.-]+', (repository / 'README.md').read_text())
    assert named
    assert all((repository / name).is_file() for name in named)
