import numpy as np
import pytest
from takeover.action import ActionContract
from takeover.policy.exploration import ExplorationError, ExplorationNoise


@pytest.fixture
def action(task):
    return ActionContract(task.action)


def test_noise_has_its_deviation_in_units_of_half_the_range_and_a_memory(action):
    noise = ExplorationNoise(action, 0.1, 0.05, seed=0)
    middle = 0.5 * (action.low + action.high)
    values = np.array([noise.add(middle) for _ in range(20_000)])
    pushes = (values - middle) / (0.5 * (action.high - action.low))
    assert pushes.std(axis=0) == pytest.approx([0.1, 0.1], rel=0.1)
    following = [np.corrcoef(push[:-1], push[1:])[0, 1] for push in pushes.T]
    assert following == pytest.approx([0.797, 0.797], abs=0.03)


def test_noise_never_leaves_the_bounds(action):
    noise = ExplorationNoise(action, 1.0, 0.05, seed=0)
    for _ in range(200):
        values = noise.add(action.high)
        assert (values >= action.low).all() and (values <= action.high).all()


def test_no_noise_changes_nothing(action):
    noise = ExplorationNoise(action, 0.0, 0.05, seed=0)
    assert noise.add(action.high).tolist() == action.high.tolist()


@pytest.mark.parametrize('std', [-0.1, 1.1, float('nan')])
def test_other_noise_is_refused(action, std):
    with pytest.raises(ExplorationError, match='legal: 0 to 1'):
        ExplorationNoise(action, std, 0.05, seed=0)
