"""`takeover evaluate`: the returns of a policy file, and what it is refused for."""

import csv

import gymnasium
from gymnasium.spaces import Box
import numpy as np
import pytest
from takeover.cli.main import main
from takeover.policy.bundle_writer import write_bundle
from takeover.policy.environment_contract import environment_contract
from takeover.policy.onnx_export import export_mlp, MlpWeights
from takeover.policy.onnx_policy import OnnxPolicy
from takeover.training.returns import episode_returns, evaluation_seeds

ENV = 'Pendulum-v1'
GRID = 'TakeoverTestGrid-v0'


class Grid(gymnasium.Env):
    """Three steps of a 2 x 3 observation and a 2 x 1 action; the reward is the action's sum."""

    observation_space = Box(-1.0, 1.0, (2, 3), np.float64)
    action_space = Box(-1.0, 1.0, (2, 1), np.float32)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.steps = 0
        return self.observation_space.sample() * 0.0, {}

    def step(self, action):
        assert action in self.action_space
        self.steps += 1
        reward = float(action[0, 0] + 10.0 * action[1, 0])
        return np.zeros((2, 3)), reward, self.steps == 3, False, {}


@pytest.fixture
def grid():
    gymnasium.register(GRID, Grid)
    yield GRID
    del gymnasium.registry[GRID]


def write(path, env=ENV, provenance=None, bias=None):
    contract = environment_contract(gymnasium.make(env))
    size, actions = contract.observation_size, contract.action.components
    mlp = MlpWeights(
        weights=(np.full((len(actions), size), 0.1),),
        biases=(np.zeros(len(actions)) if bias is None else np.array(bias),),
        observation_mean=np.zeros(size),
        observation_scale=np.ones(size),
        action_low=np.array([component.low for component in actions]),
        action_high=np.array([component.high for component in actions]),
    )
    inputs = np.random.default_rng(0).uniform(-1.0, 1.0, (16, size)).astype(np.float32)
    named = {'env': env} if provenance is None else provenance
    write_bundle(export_mlp(mlp), contract, named, inputs, path, mlp.forward(inputs))
    return str(path)


@pytest.fixture
def file(tmp_path):
    return write(tmp_path / 'policy.onnx')


def test_it_prints_what_the_policy_earns(file, tmp_path, capsys):
    out = tmp_path / 'returns.csv'
    assert main(['evaluate', file, '--episodes', '3', '--out', str(out)]) == 0
    policy, env = OnnxPolicy.load(file), gymnasium.make(ENV)
    expected = episode_returns(
        env, lambda seen: policy.act(seen).astype(np.float32), evaluation_seeds(3)
    )
    said = capsys.readouterr().out
    assert (
        f'{ENV}: policy {policy.version}, 3 episodes: return {expected.mean():.2f} ± '
        f'{expected.std():.2f}, min {expected.min():.2f}, max {expected.max():.2f}'
    ) in said
    with out.open(newline='') as table:
        rows = list(csv.DictReader(table))
    assert [int(row['seed']) for row in rows] == list(evaluation_seeds(3))
    assert [float(row['return']) for row in rows] == expected.tolist()


def test_the_environment_given_wins(tmp_path, capsys):
    file = write(tmp_path / 'policy.onnx', provenance={'env': 'HalfCheetah-v5'})
    assert main(['evaluate', file, '--env', ENV, '--episodes', '1']) == 0
    assert f'{ENV}: policy' in capsys.readouterr().out


def test_observations_and_actions_have_the_shapes_of_the_spaces(grid, tmp_path, capsys):
    file = write(tmp_path / 'policy.onnx', grid, bias=[0.5, -0.25])
    assert main(['evaluate', file, '--episodes', '2']) == 0
    total = 3.0 * (np.tanh(0.5) + 10.0 * np.tanh(-0.25))
    assert f'2 episodes: return {total:.2f} ± 0.00' in capsys.readouterr().out


@pytest.mark.parametrize('provenance', [{}, {'env': None}, {'env': 3}])
def test_a_file_that_does_not_say_where_it_was_trained_needs_env(provenance, tmp_path, capsys):
    file = write(tmp_path / 'policy.onnx', provenance=provenance)
    assert main(['evaluate', file]) == 2
    assert 'give --env, for example --env Pendulum-v1' in capsys.readouterr().err


def test_a_file_cannot_have_a_module_imported(tmp_path, capsys, monkeypatch):
    (tmp_path / 'trap.py').write_text("raise SystemExit('caught')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    file = write(tmp_path / 'policy.onnx', provenance={'env': 'trap:Pendulum-v1'})
    assert main(['evaluate', file]) == 2
    assert 'which imports a module; if you trust it, give --env' in capsys.readouterr().err


def test_another_environment_is_refused_by_field(file, capsys):
    assert main(['evaluate', file, '--env', 'MountainCarContinuous-v0']) == 2
    said = capsys.readouterr().err
    assert 'rate_hz: 20.0 Hz, the task needs 30.0 Hz' in said
    assert 'features.observation.2: the task does not have it' in said


@pytest.mark.parametrize('name', ['NoSuchThing-v0', 'no_such_module:Thing-v0', 'not an id'])
def test_an_unknown_environment_is_one_sentence(file, name, capsys):
    assert main(['evaluate', file, '--env', name]) == 2
    said = capsys.readouterr().err
    assert f'takeover: the environment {name!r} cannot be made: ' in said
    assert 'Traceback' not in said


def test_an_environment_no_policy_file_can_hold_is_refused(file, capsys):
    assert main(['evaluate', file, '--env', 'CartPole-v1']) == 2
    assert 'action space is Discrete(2)' in capsys.readouterr().err


def test_a_damaged_file_is_refused(file, tmp_path, capsys):
    path = tmp_path / 'policy.onnx'
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert main(['evaluate', file]) == 2
    assert 'damaged' in capsys.readouterr().err


@pytest.mark.parametrize('episodes', ['0', '-1'])
def test_no_episodes_are_refused(file, episodes, capsys):
    assert main(['evaluate', file, '--episodes', episodes]) == 2
    assert f'--episodes is {episodes}; it must be 1 or more' in capsys.readouterr().err


def test_an_out_file_that_cannot_be_written_is_named(file, tmp_path, capsys):
    out = tmp_path / 'none' / 'returns.csv'
    assert main(['evaluate', file, '--episodes', '1', '--out', str(out)]) == 2
    assert f'{out}: cannot be written: No such file' in capsys.readouterr().err
