"""The contract of an environment: what its spaces say, and what no policy file can hold."""

import gymnasium
from gymnasium.spaces import Box, Dict, Discrete
import numpy as np
import pytest
from takeover.policy.bundle_writer import write_bundle
from takeover.policy.environment_contract import environment_contract
from takeover.policy.errors import BundleError, EnvironmentContractError
from takeover.policy.onnx_export import export_mlp, MlpWeights
from takeover.policy.onnx_policy import OnnxPolicy
from takeover.simulation.environment import RoverPathEnv
from takeover.specs import spec_hash

PAIR = Box(-1.0, 1.0, (2,))


class Small(gymnasium.Env):
    """An environment that only has spaces, and a step or frames if wanted."""

    def __init__(self, observations=PAIR, actions=PAIR, dt=None, frames=None):
        self.observation_space, self.action_space = observations, actions
        if dt is not None:
            self.dt = dt
        self.metadata = {'render_modes': [], 'render_fps': frames}


def runs(env):
    contract = environment_contract(env)
    return [(f.name, f.kind, f.size, f.low, f.high) for f in contract.features]


def test_a_known_environment():
    contract = environment_contract(gymnasium.make('Pendulum-v1'))
    assert contract.task == 'gymnasium.pendulum_v1'
    assert contract.rate_hz == 20.0
    assert contract.inputs['observation'].type == 'vector'
    assert contract.inputs['observation'].max_age_s == 0.05
    assert runs(gymnasium.make('Pendulum-v1')) == [
        ('observation.0', 'vector', 2, -1.0, 1.0),
        ('observation.2', 'vector', 1, -8.0, 8.0),
    ]
    assert contract.action.kind == 'vector'
    assert [(c.name, c.unit, c.low, c.high) for c in contract.action.components] == [
        ('action.0', '1', -2.0, 2.0)
    ]


def test_an_environment_without_bounds():
    contract = environment_contract(gymnasium.make('HalfCheetah-v5'))
    assert contract.task == 'gymnasium.halfcheetah_v5'
    assert contract.rate_hz == 20.0 and contract.observation_shape == (17,)
    assert [(f.name, f.size, f.low, f.high) for f in contract.features] == [
        ('observation.0', 17, -1e6, 1e6)
    ]
    assert [c.name for c in contract.action.components] == [f'action.{i}' for i in range(6)]


def test_half_bounds_and_bounds_out_of_reach_are_a_million():
    box = Box(np.array([-np.inf, 0.0, -3e38]), np.array([2.0, np.inf, 3e38]), dtype=np.float64)
    assert [run[2:] for run in runs(Small(box))] == [(1, -1e6, 2.0), (1, 0.0, 1e6), (1, -1e6, 1e6)]


def test_runs_follow_the_flattened_order():
    low = np.array([[-1.0, -1.0, -2.0], [-2.0, -1.0, -1.0]], np.float32)
    assert [
        (run[0], run[2], run[3]) for run in runs(Small(Box(low, np.float32(3.0) + 0 * low)))
    ] == [
        ('observation.0', 2, -1.0),
        ('observation.2', 2, -2.0),
        ('observation.4', 2, -1.0),
    ]


def test_actions_follow_the_flattened_order():
    high = np.array([[1.0, 2.0], [3.0, 4.0]], np.float32)
    components = environment_contract(Small(actions=Box(-high, high))).action.components
    assert [c.high for c in components] == [1.0, 2.0, 3.0, 4.0]
    assert [c.low for c in components] == [-1.0, -2.0, -3.0, -4.0]


def test_an_image():
    contract = environment_contract(Small(Box(0, 255, (96, 64, 3), np.uint8)))
    assert contract.observation_shape == (96, 64, 3)
    assert contract.observation_dtype == 'uint8'
    assert contract.inputs['observation'].type == 'image'


def test_the_rovers_environment_has_the_contract_of_its_task(task_and_robot):
    env = RoverPathEnv(*task_and_robot)
    assert environment_contract(env) is task_and_robot[0]
    assert environment_contract(gymnasium.wrappers.TimeLimit(env, 5)) is task_and_robot[0]


def test_a_wrapper_that_changes_the_rovers_spaces_is_refused(task_and_robot):
    env = RoverPathEnv(*task_and_robot)
    for wrapped in (
        gymnasium.wrappers.RescaleAction(env, np.float32(-1.0), np.float32(1.0)),
        gymnasium.wrappers.FrameStackObservation(env, 2),
    ):
        with pytest.raises(EnvironmentContractError, match='no longer those of the task rover_p'):
            environment_contract(wrapped)


def test_an_attribute_named_task_is_no_task_file():
    env = Small()
    env.task = 'walk'
    assert environment_contract(env).task == 'gymnasium.small'


def test_wrappers_count():
    env = gymnasium.wrappers.RescaleAction(
        gymnasium.make('Pendulum-v1'), np.float32(-1.0), np.float32(1.0)
    )
    assert environment_contract(env).action.components[0].high == 1.0


@pytest.mark.parametrize(
    ('dt', 'frames', 'rate_hz'),
    [
        (0.05, None, 20.0),
        (0.05, 30, 20.0),
        (np.float32(0.5), None, 2.0),
        (None, 30, 30.0),
        (None, None, 1.0),
        (0.005, None, 200.0),
        (1.0, None, 1.0),
        ('slow', 25, 25.0),
    ],
)
def test_the_rate(dt, frames, rate_hz):
    contract = environment_contract(Small(dt=dt, frames=frames))
    assert contract.rate_hz == rate_hz
    assert contract.inputs['observation'].max_age_s == 1.0 / rate_hz


@pytest.mark.parametrize(
    ('dt', 'frames', 'said'),
    [
        (0.004, None, 'dt is 0.004 s; a policy acts at 1 to 200 Hz'),
        (2.0, 30, 'dt is 2.0 s'),
        (0.0, 30, 'dt is 0.0 s'),
        (-0.05, 30, 'dt is -0.05 s'),
        (np.nan, 30, 'dt is nan s'),
        (None, 240, r"metadata\['render_fps'\] is 240 Hz; a policy acts at 1 to 200 Hz"),
        (None, 0, '.*is 0 Hz'),
    ],
)
def test_a_rate_out_of_range_is_refused(dt, frames, said):
    with pytest.raises(EnvironmentContractError, match=f'Small: {said}'):
        environment_contract(Small(dt=dt, frames=frames))


@pytest.mark.parametrize(
    ('env', 'said'),
    [
        (
            Small(Dict(camera=PAIR, state=PAIR)),
            'observation space is Dict.*camera.*legal for now: a Box of floats, or a uint8 Box',
        ),
        (Small(Discrete(4)), r'observation space is Discrete\(4\)'),
        (Small(Box(0, 255, (84, 84), np.uint8)), 'observation space is Box.*uint8'),
        (Small(Box(0, 9, (3,), np.int64)), 'observation space is Box.*int64'),
        (Small(Box(-1.0, 1.0, (0,))), 'observation space is Box'),
        (Small(Box(-1.0, 1.0, (4097,))), 'size of vector is 4097, must be 4096 or less'),
        (Small(Box(0, 255, (256, 256, 3), np.uint8)), 'size of image is 196608, must be 150000'),
        (Small(Box(0.0, 0.0, (2,))), 'low 0.0 must be less than high 0.0'),
        (Small(actions=Discrete(2)), r'action space is Discrete\(2\); legal: a Box of floats'),
        (Small(actions=Box(0, 9, (3,), np.int64)), 'action space is Box.*int64'),
        (Small(actions=Box(-np.inf, np.inf, (2,))), r'action.0 has the bounds \[-inf, inf\]'),
        (Small(actions=Box(np.float32([-1, 0.5]), np.float32([1, 1]))), 'action.1 has the bounds'),
        (Small(actions=Box(np.float32([-2]), np.float32([-1]))), 'contain 0'),
        (Small(actions=Box(0.0, 0.0, (1,))), 'differ'),
        (Small(actions=Box(-1.0, 1.0, (65,))), 'action space is Box.*at most 64'),
    ],
)
def test_a_space_no_policy_file_can_hold_is_refused(env, said):
    with pytest.raises(EnvironmentContractError, match=f'^Small: .*{said}'):
        environment_contract(env)


def test_an_id_too_long_for_a_task_name_is_refused():
    env = Small()
    env.spec = gymnasium.envs.registration.EnvSpec('Long' * 20 + '-v0')
    with pytest.raises(EnvironmentContractError, match='the name makes no task name.*at most 64'):
        environment_contract(env)


def test_a_namespace_becomes_a_part_of_the_name():
    env = Small()
    env.spec = gymnasium.envs.registration.EnvSpec('ALE/Pong-v5')
    assert environment_contract(env).task == 'gymnasium.ale.pong_v5'


def mlp_for(contract):
    rng = np.random.default_rng(0)
    size = contract.observation_size
    low, high = zip(*((c.low, c.high) for c in contract.action.components))
    return MlpWeights(
        weights=(rng.normal(0.0, 0.5, (8, size)), rng.normal(0.0, 0.5, (len(low), 8))),
        biases=(np.zeros(8), np.zeros(len(low))),
        observation_mean=np.zeros(size),
        observation_scale=np.ones(size),
        action_low=np.array(low),
        action_high=np.array(high),
    )


def write(contract, path):
    mlp = mlp_for(contract)
    inputs = np.random.default_rng(1).uniform(-1.0, 1.0, (16, contract.observation_size))
    inputs = inputs.astype(np.float32)
    return mlp, write_bundle(export_mlp(mlp), contract, {}, inputs, path, mlp.forward(inputs))


def test_a_policy_written_for_an_environment_drives_it(tmp_path):
    env = gymnasium.make('Pendulum-v1')
    contract = environment_contract(env)
    mlp, bundle = write(contract, tmp_path / 'policy.onnx')
    assert bundle.task == 'gymnasium.pendulum_v1' and bundle.contract == contract.contract
    assert bundle.spec_hash == spec_hash(contract)
    policy = OnnxPolicy.load(tmp_path / 'policy.onnx', contract)
    observation, _ = env.reset(seed=0)
    for _ in range(20):
        action = policy.act(observation)
        assert action == pytest.approx(mlp.forward(observation[None])[0], abs=1e-4)
        observation, *_ = env.step(action.astype(np.float32))


def test_a_policy_of_another_environment_is_refused_by_field(tmp_path):
    write(environment_contract(gymnasium.make('Pendulum-v1')), tmp_path / 'policy.onnx')
    for env, said in (
        ('MountainCarContinuous-v0', 'rate_hz: 20.0 Hz, the task needs 30.0 Hz'),
        ('MountainCarContinuous-v0', 'features.observation.1: missing'),
        ('MountainCarContinuous-v0', 'action.components.action.0.high: 2.0, the task needs 1.0'),
        ('HalfCheetah-v5', 'features.observation.0.size: 2, the task needs 17'),
        ('HalfCheetah-v5', 'action.components.action.5: missing'),
    ):
        with pytest.raises(BundleError, match=said):
            OnnxPolicy.load(tmp_path / 'policy.onnx', environment_contract(gymnasium.make(env)))


def test_a_policy_of_an_environment_is_refused_by_a_robots_task(tmp_path, task):
    write(environment_contract(gymnasium.make('Pendulum-v1')), tmp_path / 'policy.onnx')
    with pytest.raises(BundleError, match="action.kind: 'vector', the task needs 'twist'"):
        OnnxPolicy.load(tmp_path / 'policy.onnx', task)
