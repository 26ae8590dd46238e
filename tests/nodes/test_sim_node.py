"""sim_node on a clock that the test sets: episodes, the pause between them, and resets."""

import re

import numpy as np
import pytest
from rclpy.publisher import Publisher
from takeover.simulation.ticks import TICK_S
from takeover_msgs.msg import EpisodeState
from takeover_msgs.srv import ResetEpisode
from takeover_nodes import sim_node
from takeover_nodes.sim_node import PERIOD_S, SimNode

PAUSE_S, LIMIT_S = 1.0, 0.2


class Bench:
    """A node whose time passes only here."""

    def __init__(self, monkeypatch):
        self.now_s = 100.0
        monkeypatch.setattr(sim_node.time, 'monotonic', lambda: self.now_s)
        self.said = []
        monkeypatch.setattr(Publisher, 'publish', lambda publisher, message: self.hear(message))
        self.node = SimNode()

    def hear(self, message):
        if isinstance(message, EpisodeState):
            self.said.append(message)

    def pass_time(self, duration_s):
        """Let the timers fire."""
        for _ in range(round(duration_s / PERIOD_S)):
            self.now_s += PERIOD_S
            self.node.advance()

    def reset(self, seed):
        """Call the service."""
        return self.node.on_reset(ResetEpisode.Request(seed=seed), ResetEpisode.Response())

    def states(self):
        """Return number, seed and outcome of every report since the last call."""
        said, self.said = self.said, []
        return [(state.episode, state.seed, state.outcome) for state in said]

    @property
    def joints(self):
        return self.node.simulation.joints().positions


@pytest.fixture
def begin(ros, monkeypatch, tmp_path, repository):
    """Return a function that starts the node of a task, its episodes shortened to LIMIT_S."""

    def make(task, **parameters):
        text = (repository / 'config' / 'tasks' / f'{task}.yaml').read_text()
        file = tmp_path / 'task.yaml'
        file.write_text(re.sub(r'time_limit_s: .*', f'time_limit_s: {LIMIT_S}', text))
        given = {'task_file': file, 'camera': 'false'} | parameters
        ros(*[word for name, value in given.items() for word in ('-p', f'{name}:={value}')])
        return Bench(monkeypatch)

    return make


@pytest.fixture(params=['rover_path', 'arm_reach'])
def bench(request, begin):
    """Return a bench of each kind of robot."""
    bench = begin(request.param)
    bench.arm = request.param == 'arm_reach'
    bench.states()
    yield bench
    bench.node.destroy_node()


def test_an_episode_ends_by_itself_and_the_next_begins_after_the_pause(bench):
    number = bench.node.episode
    bench.pass_time(LIMIT_S)
    assert bench.states() == [(number, 0, EpisodeState.TIME_LIMIT)]
    bench.pass_time(PAUSE_S - 2 * PERIOD_S)
    bench.node.publish_episode()
    assert bench.states() == [(number, 0, EpisodeState.TIME_LIMIT)], 'as it ended, not as it is'
    bench.pass_time(3 * PERIOD_S)
    assert bench.states() == [(number + 1, 1, EpisodeState.RUNNING)]
    assert bench.node.simulation.time_s <= 3 * TICK_S + PERIOD_S


def test_an_arm_is_put_to_its_start_in_the_middle_of_the_pause_and_a_rover_at_the_end(bench):
    bench.pass_time(LIMIT_S + 0.5 * PAUSE_S - 2 * PERIOD_S)
    assert bench.node.simulation.seed == 0
    bench.pass_time(4 * PERIOD_S)
    assert bench.node.simulation.seed == (1 if bench.arm else 0)
    assert not bench.node.pacing.running
    if bench.arm:
        placed = bench.joints.copy()
        bench.pass_time(0.5 * PAUSE_S)
        assert bench.node.pacing.running
        assert np.abs(bench.joints - placed).max() < 1e-4


def test_a_reset_aborts_the_episode_and_begins_the_one_asked_for(bench):
    number = bench.node.episode
    answer = bench.reset(42)
    assert (answer.success, answer.episode) == (True, number + 1)
    bench.pass_time(PAUSE_S + 3 * PERIOD_S)
    assert bench.states()[:2] == [
        (number, 0, EpisodeState.ABORTED),
        (number + 1, 42, EpisodeState.RUNNING),
    ]
    assert not bench.reset(-1).success


def test_a_reset_in_the_pause_changes_the_next_seed(bench):
    number = bench.node.episode
    bench.pass_time(LIMIT_S + 0.8 * PAUSE_S)
    assert bench.reset(42).episode == number + 1
    bench.pass_time(PAUSE_S)
    assert (number + 1, 42, EpisodeState.RUNNING) in bench.states()


def test_after_the_last_episode_none_follows_but_by_a_reset(begin):
    bench = begin('arm_reach', episodes=1)
    bench.pass_time(3 * PAUSE_S)
    assert bench.states()[-1] == (1, 0, EpisodeState.TIME_LIMIT)
    assert bench.reset(5).success
    bench.pass_time(2 * PERIOD_S)
    assert bench.states()[-1] == (2, 5, EpisodeState.RUNNING)
    bench.node.destroy_node()
