"""From a learner of take-overs to the store of policies, with what is known of each."""

from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any

from takeover.errors import TakeoverError
from takeover.policy.onnx_policy import OnnxPolicy
from takeover.policy.store import PolicyStore, StoredPolicy
from takeover.training.takeover_learner import TakeoverLearner

# Of a day with a new policy every half minute; a bundle has about 100 kB.
KEEP_POLICIES = 1000
_UNFINISHED = '.newest.onnx'


def store_policy(
    learner: TakeoverLearner, store: PolicyStore, described: Mapping[str, Any]
) -> tuple[StoredPolicy, OnnxPolicy]:
    """Export the policy of a learner as it is now; return it as stored, and as loaded.

    Draws no random number, so that what is learned does not depend on what is exported.

    :param described: code, command and settings of the whole run, so that git is asked once.
    :raises TakeoverError: it cannot be written, or does not compute what the network does.
    :raises OSError: the folder of the store cannot be made.
    """
    counts = learner.counts
    described = dict(described) | {
        'date': datetime.now(timezone.utc).isoformat(timespec='seconds'),
        'updates': learner.learner.updates,
        'data': f'{counts.transitions} transitions, {counts.takeovers} take-overs',
    }
    path = store.folder / _UNFINISHED
    path.parent.mkdir(parents=True, exist_ok=True)
    policy = learner.export(path, described)
    stored = store.add(path)
    path.unlink()
    return stored, policy


def stored_updates(store: PolicyStore, warn: Callable[[str], None]) -> int:
    """Return after how many updates the newest usable policy was made; -1: there is none.

    :param warn: told, for each newer one that does not say so, which it is and why.
    """
    for policy in reversed(store.policies()):
        try:
            return int(policy.bundle().provenance['updates'])
        except (TakeoverError, KeyError, TypeError, ValueError) as error:
            warn(f'{policy.path}: does not say when it was made: {error}')
    return -1
