"""Where a person drives alone: steps without a policy, and nothing that takes its place."""

import numpy as np
import pytest
from takeover.policy.acceptance import Candidate
from takeover.policy.hot_swap import HotSwap, Refused, RollbackError
from takeover.policy.stand_still import NoSwap, StandStill
from takeover.specs import spec_hash
from takeover.task import load_task


@pytest.mark.parametrize('name', ['rover_lane', 'arm_reach', 'arm_peg'])
def test_it_asks_for_nothing_whatever_it_sees(name):
    task = load_task(name)
    policy = StandStill(task)
    action = policy.act(np.zeros((), task.observation_dtype))
    assert action.tolist() == [0.0] * len(task.action.components)
    assert (policy.version, policy.path, policy.spec_hash) == ('', 'none', spec_hash(task))


def test_every_candidate_is_refused_once(task):
    swap = NoSwap(StandStill(task))
    assert swap.step(True) is None
    for version in ('a' * 12, 'a' * 12, 'b' * 12):
        swap.announce(Candidate(version, spec_hash(task), 'policy.onnx'))
    refused = swap.step(True)
    assert isinstance(refused, Refused) and refused.version == 'b' * 12
    assert 'a person drives alone' in refused.reason and swap.refused is refused
    swap.announce(Candidate('b' * 12, spec_hash(task), 'policy.onnx'))
    assert swap.step(True) is None
    assert swap.driving.version == '' and swap.swaps == 0


def test_there_is_nothing_to_go_back_to(task):
    with pytest.raises(RollbackError, match='no policy to go back to'):
        NoSwap(StandStill(task)).rollback()


def test_it_has_all_that_an_exchange_has(task):
    """Of the attributes that policy_node asks for."""
    swap = NoSwap(StandStill(task))
    names = {name for name in vars(HotSwap) if not name.startswith('_')}
    assert names | {'driving', 'previous', 'swaps', 'refused'} <= {
        name for name in dir(swap) if not name.startswith('_')
    }
