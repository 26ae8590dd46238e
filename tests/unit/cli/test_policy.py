"""`takeover policy inspect` and `verify`: what a person sees, and the exit code a script sees."""

from pathlib import Path

import gymnasium
from gymnasium.spaces import Box
import numpy as np
import pytest
from rich.console import Console
from takeover.cli.main import main
from takeover.cli.policy_tables import action_table, feature_table
from takeover.policy.bundle_writer import write_bundle
from takeover.policy.environment_contract import environment_contract
from takeover.policy.onnx_export import export_mlp, MlpWeights
from takeover.task import load_task

TASK_FILE = Path(__file__).parents[3] / 'config' / 'tasks' / 'rover_path.yaml'


@pytest.fixture
def policy_file(tmp_path):
    """Return the path of a good bundle; its provenance tries to be markup and an escape code."""
    task = load_task(TASK_FILE)
    size = task.observation_size
    mlp = MlpWeights(
        weights=(np.full((2, size), 0.01),),
        biases=(np.zeros(2),),
        observation_mean=np.zeros(size),
        observation_scale=np.ones(size),
        action_low=np.array([0.0, -1.5]),
        action_high=np.array([0.6, 1.5]),
    )
    observations = np.random.default_rng(0).normal(0.0, 1.0, (16, size)).astype(np.float32)
    path = tmp_path / 'policy.onnx'
    write_bundle(
        export_mlp(mlp),
        task,
        {'command': '[red]train\x1b[2J', 'seed': 7},
        observations,
        path,
        mlp.forward(observations),
    )
    return path


def test_inspect_shows_contract_and_provenance(policy_file, capsys):
    assert main(['policy', 'inspect', str(policy_file)]) == 0
    shown = capsys.readouterr().out
    for text in (
        'rover_path',
        '20 Hz',
        'cross_track',
        'path.cross_track',
        '12-47',
        'linear.x',
        'm/s',
        'base_link',
        'scan: at most 0.15 s old',
        'path: latched',
        'seed',
    ):
        assert text in shown
    assert '[red]train' in shown and '\x1b[2J' not in shown


def test_the_tables_of_an_environment_have_a_shape_and_no_frame():
    env = gymnasium.Env()
    env.observation_space = Box(0, 255, (84, 80, 3), np.uint8)
    env.action_space = Box(-1.0, 1.0, (2,))
    contract = environment_contract(env)
    console = Console(width=100)
    with console.capture() as capture:
        console.print(feature_table(contract), action_table(contract))
    shown = capture.get()
    for text in ('0-20159', 'image [84, 80, 3]', 'observation: at most 1 s old', 'action.1'):
        assert text in shown
    assert 'action, vector\n' in '\n'.join(line.rstrip() for line in shown.splitlines())


def test_inspect_of_a_damaged_file_is_one_sentence(policy_file, capsys):
    policy_file.write_bytes(policy_file.read_bytes()[:-1])
    assert main(['policy', 'inspect', str(policy_file)]) == 2
    assert 'damaged' in capsys.readouterr().err


def test_verify_prints_a_line_per_check(policy_file, capsys):
    assert main(['policy', 'verify', str(policy_file), '--task', str(TASK_FILE)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines] == [
        ['ok', name] for name in ('digest', 'contract', 'task', 'parity', 'bounds', 'latency')
    ]


def test_verify_without_a_task_leaves_the_comparison_out(policy_file, capsys):
    assert main(['policy', 'verify', str(policy_file)]) == 0
    assert 'made for the contract' not in capsys.readouterr().out


def test_verify_refuses_one_flipped_byte(policy_file, capsys):
    data = bytearray(policy_file.read_bytes())
    data[len(data) // 2] ^= 1
    policy_file.write_bytes(data)
    assert main(['policy', 'verify', str(policy_file)]) == 1
    assert 'REFUSED' in capsys.readouterr().out


def test_verify_names_the_field_that_differs(policy_file, tmp_path, capsys):
    other = tmp_path / 'task.yaml'
    other.write_text(TASK_FILE.read_text().replace('rate_hz: 20.0', 'rate_hz: 10.0'))
    assert main(['policy', 'verify', str(policy_file), '--task', str(other)]) == 1
    assert 'rate_hz: 20.0 Hz, the task needs 10.0 Hz' in capsys.readouterr().out


def test_verify_refuses_a_bad_task_file(policy_file, tmp_path, capsys):
    bad = tmp_path / 'task.yaml'
    bad.write_text('tusk: 1\n')
    assert main(['policy', 'verify', str(policy_file), '--task', str(bad)]) == 1
    assert "tusk: unknown key; did you mean 'task'?" in capsys.readouterr().out
