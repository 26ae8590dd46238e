"""The shipped policy reaches the goal on 4 of the 5 demo courses, as late and limited as live."""

from pathlib import Path

from takeover.agents.dagger import LIVE_LATENCY_S
from takeover.agents.evaluation import evaluate
from takeover.policy.onnx_policy import OnnxPolicy
from takeover.simulation.environment import RoverPathEnv

POLICY = Path(__file__).parents[3] / 'models' / 'demo' / 'rover_path.onnx'


def test_it_reaches_the_goal_on_at_least_4_of_5_courses(task, robot):
    policy = OnnxPolicy.load(POLICY, task)
    env = RoverPathEnv(task, robot, latency_s=LIVE_LATENCY_S, gated=True)
    result = evaluate(env, policy.act, range(5))
    assert result.successes >= 4, str(result)


def test_it_is_small():
    assert POLICY.stat().st_size < 300_000
