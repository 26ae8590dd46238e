"""The sample-to-insert limiter: what insertions pay for, waiting and closing."""

import threading

import pytest
from takeover.data.rate_limiter import SampleToInsertLimiter
from takeover.data.transition import ReplayError

# For threads that should end at once: long enough that only a bug can reach it.
DEADLINE_S = 30.0


def granted(limiter):
    """Return how many samples it grants in a row without waiting."""
    count = 0
    while limiter.try_sample():
        count += 1
    return count


def test_nothing_is_owed_up_to_the_minimum():
    limiter = SampleToInsertLimiter(2.0, min_inserts=3)
    limiter.inserted(3)
    assert limiter.owed == 0 and not limiter.try_sample()
    limiter.inserted()
    assert limiter.owed == 2 and granted(limiter) == 2


@pytest.mark.parametrize(
    ('ratio', 'inserts', 'samples'),
    [
        (1.0, 5, 5),
        (20, 3, 60),
        (0.25, 7, 1),
        (0.29, 100, 29),
        (1 / 3, 3, 1),
        (0.1, 1_000_000_000, 100_000_000),
        (1e-6, 1_000_000, 1),
    ],
)
def test_the_total_is_the_ratio_rounded_down(ratio, inserts, samples):
    limiter = SampleToInsertLimiter(ratio, min_inserts=10)
    limiter.inserted(10 + inserts)
    assert limiter.owed == samples


def test_one_by_one_nothing_drifts():
    limiter = SampleToInsertLimiter(0.1, min_inserts=0)
    total = 0
    for count in range(1, 5_001):
        limiter.inserted()
        total += granted(limiter)
        assert total == count // 10


def test_waiting_gives_up_when_nothing_is_inserted():
    limiter = SampleToInsertLimiter(1.0, min_inserts=0)
    assert limiter.wait_to_sample(timeout_s=0.0) is False
    assert limiter.wait_to_sample(timeout_s=0.01) is False


def test_waiting_takes_what_is_owed_at_once():
    limiter = SampleToInsertLimiter(1.0, min_inserts=0)
    limiter.inserted()
    assert limiter.wait_to_sample() is True
    assert limiter.owed == 0


def started(target):
    thread = threading.Thread(target=target, daemon=True)
    thread.start()
    return thread


def joined(*threads):
    for thread in threads:
        thread.join(DEADLINE_S)
    return not any(thread.is_alive() for thread in threads)


def test_waiting_threads_share_exactly_what_was_paid_for():
    limiter = SampleToInsertLimiter(0.5, min_inserts=20)
    lock, taken = threading.Lock(), []
    all_taken = threading.Event()

    def sample_until_closed(name):
        while limiter.wait_to_sample():
            with lock:
                taken.append(name)
                if len(taken) == 100:
                    all_taken.set()

    def insert():
        for _ in range(55):
            limiter.inserted()

    samplers = [started(lambda name=name: sample_until_closed(name)) for name in range(3)]
    inserters = [started(insert) for _ in range(4)]
    assert joined(*inserters) and all_taken.wait(DEADLINE_S)
    limiter.close()
    assert joined(*samplers) and len(taken) == 100


def test_closing_wakes_whoever_waits():
    limiter = SampleToInsertLimiter(1.0, min_inserts=0)
    results = []
    thread = started(lambda: results.append(limiter.wait_to_sample()))
    limiter.close()
    assert joined(thread) and results == [False]


def test_a_closed_limiter_grants_nothing_any_more():
    limiter = SampleToInsertLimiter(1.0, min_inserts=0)
    limiter.inserted(3)
    limiter.close()
    assert not limiter.try_sample() and not limiter.wait_to_sample()


def test_a_restored_limiter_goes_on_where_it_was():
    first, second = (SampleToInsertLimiter(1.5, min_inserts=2) for _ in range(2))
    first.inserted(5)
    assert first.try_sample()
    second.load_state_dict(first.state_dict())
    assert first.owed == second.owed == 3
    for limiter in (first, second):
        limiter.inserted()
    assert granted(first) == granted(second) == 5


def test_a_smaller_ratio_than_before_first_waits_for_insertions():
    limiter = SampleToInsertLimiter(1.0, min_inserts=0)
    limiter.load_state_dict({'inserts': 10, 'samples': 20})
    assert limiter.owed == 0
    limiter.inserted(11)
    assert limiter.owed == 1


@pytest.mark.parametrize('ratio', [0.0, -1.0, 1e-7, float('nan'), float('inf')])
def test_a_ratio_that_grants_nothing_or_everything_is_refused(ratio):
    with pytest.raises(ReplayError, match='samples_per_insert must be finite and at least'):
        SampleToInsertLimiter(ratio, min_inserts=0)


@pytest.mark.parametrize('count', [-1, 1.0, True])
def test_counts_that_are_none_are_refused(count):
    with pytest.raises(ReplayError, match='min_inserts must be an integer of at least 0'):
        SampleToInsertLimiter(1.0, min_inserts=count)
    limiter = SampleToInsertLimiter(1.0, min_inserts=0)
    with pytest.raises(ReplayError, match='count must be an integer of at least 0'):
        limiter.inserted(count)
    with pytest.raises(ReplayError, match='samples must be an integer of at least 0'):
        limiter.load_state_dict({'inserts': 1, 'samples': count})
    with pytest.raises(ReplayError, match='state must hold exactly'):
        limiter.load_state_dict({'inserts': 1})
    assert limiter.state_dict() == {'inserts': 0, 'samples': 0}


@pytest.mark.parametrize('timeout_s', [-1.0, float('nan'), float('inf')])
def test_a_timeout_that_is_none_is_refused(timeout_s):
    with pytest.raises(ReplayError, match='timeout_s must be None or finite and >= 0'):
        SampleToInsertLimiter(1.0, min_inserts=0).wait_to_sample(timeout_s)
