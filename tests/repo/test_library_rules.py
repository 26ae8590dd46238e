"""Rules that keep the code apart and safe: no ROS in the library, little torch, no pickle."""

import ast
from pathlib import Path

import pytest
from tests.repo.imports import imported_modules

ROS = {
    'ament_index_python',
    'builtin_interfaces',
    'launch',
    'launch_ros',
    'rcl_interfaces',
    'rclpy',
    'rosidl_runtime_py',
    'takeover_learning',
    'takeover_nodes',
    'tf2_ros',
}
UNSAFE_MODULES = {'cloudpickle', 'dill', 'joblib', 'marshal', 'pickle', 'shelve'}
TORCH_ALLOWED = ('agents/', 'networks/', 'policy/onnx_export.py', 'training/')


def ros_imports(source: str) -> set[str]:
    """Return the ROS modules and message packages that `source` imports."""
    modules = imported_modules(source)
    return {name for name in modules if name in ROS or name.endswith(('_msgs', '_srvs'))}


def unsafe_loads(source: str) -> list[str]:
    """Return the places of `source` that could run code from a file."""
    tree = ast.parse(source)
    found = [f'import {name}' for name in sorted(imported_modules(source) & UNSAFE_MODULES)]
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        options = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
        if name in ('yaml.load', 'yaml.load_all') and 'Safe' not in ast.unparse(node):
            found.append(f'line {node.lineno}: {name} without a safe loader')
        elif name.startswith('yaml.') and ('unsafe' in name or 'full_load' in name):
            found.append(f'line {node.lineno}: {name}')
        elif name == 'torch.load' and options.get('weights_only') != 'True':
            found.append(f'line {node.lineno}: torch.load without weights_only=True')
        elif name in ('np.load', 'numpy.load') and options.get('allow_pickle', 'False') != 'False':
            found.append(f'line {node.lineno}: {name} with allow_pickle')
    return found


@pytest.mark.parametrize(
    'source',
    [
        'import rclpy',
        'def f():\n    from std_msgs.msg import Header',
        'from takeover_msgs.msg import Command',
        "import importlib\nimportlib.import_module('rclpy.node')",
    ],
)
def test_a_ros_import_is_noticed(source):
    assert ros_imports(source)


@pytest.mark.parametrize(
    'source',
    [
        'import pickle',
        'from pickle import loads',
        'yaml.load(text, Loader=yaml.Loader)',
        'yaml.unsafe_load(text)',
        'yaml.full_load(text)',
        'torch.load(path)',
        'torch.load(path, weights_only=False)',
        'np.load(path, allow_pickle=True)',
    ],
)
def test_an_unsafe_load_is_noticed(source):
    assert unsafe_loads(source)


@pytest.mark.parametrize(
    'source',
    ['yaml.safe_load(t)', 'yaml.load(t, Loader=SafeLoader)', 'torch.load(p, weights_only=True)'],
)
def test_a_safe_load_is_not(source):
    assert unsafe_loads(source) == []


def library(repository: Path) -> list[Path]:
    return sorted((repository / 'src' / 'takeover').rglob('*.py'))


def test_library_knows_nothing_of_ros(repository):
    files = library(repository)
    assert files
    assert {str(f): ros_imports(f.read_text()) for f in files if ros_imports(f.read_text())} == {}


def test_torch_is_imported_only_where_policies_are_trained_and_exported(repository):
    users = {
        file.relative_to(repository / 'src' / 'takeover').as_posix()
        for file in library(repository)
        if 'torch' in imported_modules(file.read_text())
    }
    assert {user for user in users if not user.startswith(TORCH_ALLOWED)} == set()


def test_nodes_that_move_the_robot_do_without_torch_and_images(repository):
    folder = repository / 'ros2_ws' / 'src' / 'takeover_nodes' / 'takeover_nodes'
    for name in ('policy_node', 'intervention_node', 'safety_node'):
        modules = imported_modules((folder / f'{name}.py').read_text())
        assert modules & {'torch', 'cv2', 'mujoco', 'matplotlib'} == set(), name


def test_nothing_on_disk_can_run_code(tracked):
    sources = [path for path in tracked if path.suffix == '.py' and path != Path(__file__)]
    assert sources
    found = {str(path): unsafe_loads(path.read_text()) for path in sources}
    assert {path: places for path, places in found.items() if places} == {}
