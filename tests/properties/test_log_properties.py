"""Logs under any order of parts, any loss, and any tear."""

import contextlib
from pathlib import Path
import tempfile

from hypothesis import example, given, settings
from hypothesis import strategies as st
import numpy as np
from takeover.data.log_follower import LogFollower
from takeover.data.log_messages import headless_channels, Step
from takeover.data.log_reader import LogReader
from takeover.data.mcap_file import ChunkBuffer, McapFile
from takeover.data.step_codec import encode_step
from takeover.data.step_joiner import JoinConfig, PolicyPart, RewardPart, StepJoiner
from tests.drives import drive, SPEC_HASH

CONFIG = JoinConfig('a' * 16, observation_size=1, action_size=1)
STEPS, PARTS = 12, ('policy', 'executed', 'reward')


def say(joiner: StepJoiner, kind: str, sequence: int, now_s: float) -> None:
    value = np.array([float(sequence)])
    if kind == 'policy':
        joiner.policy(
            PolicyPart(
                sequence=sequence,
                stamp_ns=sequence,
                observation=value.astype(np.float32),
                observation_stamp_ns=0,
                action=value,
                policy_version='',
                spec_hash=CONFIG.spec_hash,
            ),
            now_s,
        )
    elif kind == 'executed':
        joiner.executed(sequence, value, now_s)
    else:
        joiner.reward(RewardPart(sequence, 1, 1, value, 0.0, False, True, False, False, 0), now_s)


def belong_together(step: Step) -> bool:
    """Whether all parts of a step are of the same sequence."""
    values = (step.observation, step.policy_action, step.commanded, step.executed)
    return all(value.tolist() == [float(step.sequence)] for value in values)


deliveries = st.lists(
    st.tuples(st.sampled_from(PARTS), st.integers(1, STEPS), st.floats(0.0, 1.0)), max_size=80
)


@given(deliveries)
def test_whatever_comes_steps_are_whole_in_order_and_given_once(parts):
    joiner, now_s, steps, heard = StepJoiner(CONFIG), 0.0, [], {}
    for kind, sequence, wait_s in parts:
        now_s += wait_s
        say(joiner, kind, sequence, now_s)
        heard.setdefault(sequence, set()).add(kind)
        steps += joiner.ready(now_s)
    steps += joiner.ready(now_s + 2.0 * CONFIG.patience_s)
    sequences = [step.sequence for step in steps]
    assert sequences == sorted(set(sequences))
    assert all(belong_together(step) for step in steps)
    assert all(heard[sequence] == set(PARTS) for sequence in sequences)
    assert joiner.waiting == 0
    assert len(sequences) + joiner.incomplete <= len(heard)


@given(st.data())
def test_topics_that_are_late_against_each_other_cost_nothing(data):
    """Each topic comes in order, as the middleware promises, but they overtake each other."""
    queues = {kind: list(range(1, STEPS + 1)) for kind in PARTS}
    joiner, steps = StepJoiner(CONFIG), []
    while any(queues.values()):
        kind = data.draw(st.sampled_from([kind for kind in PARTS if queues[kind]]))
        say(joiner, kind, queues[kind].pop(0), now_s=0.0)
        steps += joiner.ready(0.0)
    assert [step.sequence for step in steps] == list(range(1, STEPS + 1))
    assert (joiner.incomplete, joiner.late) == (0, 0)


@given(st.sets(st.tuples(st.sampled_from(PARTS), st.integers(1, STEPS))), st.randoms())
def test_a_lost_part_costs_its_step_and_no_other(lost, random):
    parts = [(kind, n) for kind in PARTS for n in range(1, STEPS + 1) if (kind, n) not in lost]
    random.shuffle(parts)
    joiner = StepJoiner(CONFIG)
    for kind, sequence in parts:
        say(joiner, kind, sequence, now_s=0.0)
    steps = joiner.ready(2.0 * CONFIG.patience_s)
    torn = {sequence for _, sequence in lost}
    assert [step.sequence for step in steps] == sorted(set(range(1, STEPS + 1)) - torn)
    silent = {n for n in torn if all((kind, n) in lost for kind in PARTS)}
    assert joiner.incomplete == len(torn - silent)


@contextlib.contextmanager
def closed_log(lengths: list[int]):
    """Give a folder, the bytes of a log with chunks of these lengths, and what is where."""
    steps = iter(drive(20, 40))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'whole'
        file = McapFile(path, headless_channels(), {'task': 'test'})
        ends: list[tuple[int, list[int]]] = []
        for length in lengths:
            chunk, sequences = ChunkBuffer(), []
            for step in (next(steps) for _ in range(length)):
                data = encode_step(step, '', SPEC_HASH)
                chunk.add(1, step.sequence, step.stamp_ns, step.stamp_ns, data)
                sequences.append(step.sequence)
            file.append(chunk)
            ends.append((file.size, sequences))
        file.finish()
        yield Path(folder), path.read_bytes(), ends


def sequences_of(events) -> list[int]:
    return [event.sequence for event in events if isinstance(event, Step)]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 20), min_size=1, max_size=5), st.floats(0.0, 1.0))
@example([3], 1.0)
def test_a_file_torn_anywhere_gives_what_was_on_the_disk_before(lengths, share):
    with closed_log(lengths) as (folder, data, ends):
        cut = int(share * len(data))
        torn = folder / 'torn.mcap'
        torn.write_bytes(data[:cut])
        reader = LogReader(torn)
        found = sequences_of(reader.events())
        whole = [sequence for end, chunk in ends if end <= cut for sequence in chunk]
        everything = [sequence for _, chunk in ends for sequence in chunk]
        assert found[: len(whole)] == whole
        assert found == everything[: len(found)]
        assert reader.finished == (cut == len(data))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(1, 20), min_size=1, max_size=5),
    st.lists(st.floats(0.0, 1.0), max_size=12),
    st.booleans(),
)
def test_a_follower_tells_everything_once_however_the_file_grows(lengths, shares, restart):
    with closed_log(lengths) as (folder, data, ends):
        logs = folder / 'logs'
        logs.mkdir()
        follower, found = LogFollower(logs), []
        for share in [*sorted(shares), 1.0]:
            (logs / 'a.mcap').write_bytes(data[: int(share * len(data))])
            found += sequences_of(follower.poll(limit=7))
            if restart:
                state = follower.state_dict()
                follower = LogFollower(logs)
                follower.load_state_dict(state)
        while events := follower.poll(limit=7):
            found += sequences_of(events)
        assert found == [sequence for _, chunk in ends for sequence in chunk]
