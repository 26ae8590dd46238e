"""A broken bundle or YAML file: told in one sentence, and the robot never moves."""

import shutil

import pytest
from tests.stack import Launch, new_domain, Observer, wait_until
from tests.stack_topics import hear_all

TASK, BUNDLE = 'config/tasks/rover_path.yaml', 'models/demo/rover_path.onnx'


def flipped_byte(repository, folder):
    """One bit of one byte in the middle of the bundle."""
    content = bytearray((repository / BUNDLE).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / 'flipped.onnx').write_bytes(content)
    return f'policy:={folder}/flipped.onnx', 'sha256'


def truncated(repository, folder):
    """A copy that was interrupted."""
    content = (repository / BUNDLE).read_bytes()
    (folder / 'short.onnx').write_bytes(content[: len(content) // 2])
    return f'policy:={folder}/short.onnx', 'short.onnx'


def missing(repository, folder):
    """A path with a typing error."""
    return f'policy:={folder}/nowhere.onnx', 'nowhere.onnx'


def unknown_key(repository, folder):
    """A misspelt key in the task."""
    (folder / 'tasks').mkdir()
    shutil.copytree(repository / 'config' / 'robots', folder / 'robots')
    text = (repository / TASK).read_text().replace('rate_hz:', 'rate_hertz:')
    (folder / 'tasks' / 'rover_path.yaml').write_text(text)
    return f'task:={folder}/tasks/rover_path.yaml', 'rate_hertz'


def other_task(repository, folder):
    """A task whose action bounds are not those the policy was made for."""
    (folder / 'tasks').mkdir()
    text = (repository / TASK).read_text().replace('low: -1.5, high: 1.5', 'low: -1.2, high: 1.2')
    (folder / 'tasks' / 'rover_path.yaml').write_text(text)
    return f'task:={folder}/tasks/rover_path.yaml', 'angular.z'


@pytest.mark.parametrize('fault', [flipped_byte, truncated, missing, unknown_key, other_task])
def test_a_broken_file_is_named_and_nothing_moves(fault, repository, tmp_path):
    argument, named = fault(repository, tmp_path)
    domain = new_domain()
    observer = Observer(domain)
    hear_all(observer)
    launch = Launch('control.launch.xml', argument, domain=domain, log=tmp_path / 'launch.log')
    try:
        wait_until(lambda: 'motion nodes are down' in launch.text(), 'the manager gives up')
        assert named in launch.text()
        assert 'Traceback' not in launch.text()
        assert all(twist.twist.linear.x == 0.0 for _, twist in observer.since('cmd_vel', 0.0))
    finally:
        assert launch.stop() == 0
        observer.close()
