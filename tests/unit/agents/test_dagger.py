"""Aggregation end to end on a tiny configuration, down to the policy file."""

import numpy as np
import pytest
from takeover.agents.bc import BcConfig, BcError
from takeover.agents.dagger import DaggerConfig, FIRST_TRAINING_SEED, Progress, run, scatter
from takeover.agents.distill import distill
from takeover.policy.onnx_policy import OnnxPolicy
from takeover.simulation.environment import RoverPathEnv
from takeover.simulation.expert import PathExpert

TINY = DaggerConfig(
    courses=3,
    rounds=1,
    episodes=1,
    round_steps=100,
    bc=BcConfig(hidden=(16,), steps=100, batch_size=64),
)


class Told(Progress):
    """Remembers the stages."""

    def __init__(self):
        self.stages = {}

    def note(self, stage, done, total, detail=''):
        self.stages[stage] = (done, total)


def test_two_runs_give_equal_weights_and_data(task, robot):
    (one, data), (other, again) = (run(task, robot, TINY) for _ in range(2))
    assert (data.observations == again.observations).all()
    for a, b in zip(one.weights().weights, other.weights().weights):
        assert (a == b).all()


def test_every_stage_is_told_to_its_end(task, robot):
    told = Told()
    run(task, robot, TINY, told)
    assert list(told.stages) == ['places', 'training 1', 'driving 1', 'last training']
    assert all(done == total for done, total in told.stages.values())


def test_places_cover_the_course_and_carry_the_experts_answer(task, robot):
    env, expert = RoverPathEnv(task, robot), PathExpert(robot, task.episode)
    data = scatter(env, 0, expert, np.random.default_rng(0))
    assert len(data) > 50
    cross_track, turn = data.observations[:, 0], data.actions[:, 1]
    assert cross_track.min() < -0.4 and cross_track.max() > 0.4
    assert np.corrcoef(cross_track, turn)[0, 1] < -0.2


def test_a_distilled_policy_file_is_accepted_and_says_where_it_comes_from(task, robot, tmp_path):
    path = tmp_path / 'new' / 'policy.onnx'
    bundle = distill(task, robot, TINY, path, 'takeover policy distill --seed 0')
    policy = OnnxPolicy.load(path, task)
    observation = bundle.parity.observations[0]
    assert policy.act(observation) == pytest.approx(bundle.parity.actions[0], abs=1e-5)
    assert bundle.provenance['command'] == 'takeover policy distill --seed 0'
    assert bundle.provenance['config']['bc']['hidden'] == [16]
    assert str(FIRST_TRAINING_SEED) in bundle.provenance['data']
    assert path.stat().st_size < 300_000


@pytest.mark.parametrize('change', [{'courses': 0}, {'episodes': 0}, {'noise': -0.1}])
def test_a_configuration_that_cannot_run_is_refused(change):
    with pytest.raises(BcError, match=next(iter(change))):
        DaggerConfig(**change)
