"""Whatever arrives, late, twice or in any order: ages hold and a replay gives the same bytes."""

from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st
import numpy as np
from takeover.observation import (
    LaserScanSample,
    Missing,
    Observation,
    ObservationBuilder,
    OdometrySample,
    PathSample,
)
from takeover.task import load_task

TASK = load_task(Path(__file__).parents[2] / 'config' / 'tasks' / 'rover_path.yaml')
RANGES = TASK.features[-1]
MS = 1_000_000
MAX_AGE_NS = {
    name: None if spec.max_age_s is None else round(spec.max_age_s * 1e9)
    for name, spec in TASK.inputs.items()
}

reals = st.floats(-30.0, 30.0) | st.sampled_from([0.0, 0.1, 1.0, float('nan'), 1e300])
# Milliseconds by which a sample was taken before it arrives; some from the future, some ancient.
lags = (
    st.sampled_from([0, 0, 1, 20, 100]) | st.integers(-300, 400) | st.sampled_from([3000, 10_000])
)


@st.composite
def samples(draw):
    """Draw (input name, lag, function of stamp giving the sample)."""
    name = draw(st.sampled_from(list(TASK.inputs)))
    kind = TASK.inputs[name].type
    if kind == 'odometry':
        numbers = draw(st.tuples(*[reals] * 5))
        return name, draw(lags), lambda stamp: OdometrySample(stamp, *numbers)
    seed = draw(st.integers(0, 2**16))
    rng = np.random.default_rng(seed)
    if kind == 'path':
        points = np.cumsum(rng.normal(0.0, 0.2, (draw(st.integers(0, 40)), 2)), axis=0)
        return name, draw(lags), lambda stamp: PathSample(stamp, points)
    values = rng.uniform(-0.5, 8.0, RANGES.size).astype(np.float32)
    values[rng.random(RANGES.size) < 0.1] = rng.choice([np.nan, np.inf, -np.inf])
    return (
        name,
        draw(lags),
        lambda stamp: LaserScanSample(
            stamp, RANGES.angle_min_rad, RANGES.angle_increment_rad, 0.05, 6.0, values
        ),
    )


# A step: steady milliseconds that pass, how much the ROS clock jumps besides (None: it stands
# still), samples, whether they come twice, whether odometry and lidar are healthy besides.
steps = st.lists(
    st.tuples(
        st.sampled_from([0, 1, 20, 50, 50, 80, 200]),
        st.sampled_from([0] * 16 + [None] * 4 + [500, -500, -2000, 60_000, -60_000]),
        st.lists(samples(), max_size=4),
        st.booleans(),
        st.booleans(),
    ),
    max_size=25,
)


def good_start():
    """Return a step after which every input is fresh."""
    line = np.stack([np.arange(0.0, 5.0, 0.1), np.zeros(50)], axis=1)
    return (
        0,
        0,
        [
            ('path', 0, lambda stamp: PathSample(stamp, line)),
            ('odom', 0, lambda stamp: OdometrySample(stamp, 0.0, 0.1, 0.0, 0.0, 0.0)),
            (
                'scan',
                0,
                lambda stamp: LaserScanSample(
                    stamp,
                    RANGES.angle_min_rad,
                    RANGES.angle_increment_rad,
                    0.05,
                    6.0,
                    np.full(RANGES.size, np.inf, np.float32),
                ),
            ),
        ],
        False,
        False,
    )


def play(script, check=None):
    """Run a script through a new builder that works; return what every tick gave."""
    builder = ObservationBuilder(TASK)
    now_ns, now_s, found = 10**15, 100.0, []
    for passed_ms, jump_ms, arrivals, repeat, healthy in [good_start(), *script]:
        now_ns += 0 if jump_ms is None else (passed_ms + jump_ms) * MS
        now_s += passed_ms * 1e-3
        for name, lag_ms, make in arrivals * (2 if repeat else 1) + (
            good_start()[2][1:] if healthy else []
        ):
            sample = make(now_ns - lag_ms * MS)
            taken = builder.update(name, sample, now_s)
            if check:
                check.arrived(name, sample, taken, now_s)
        found.append(builder.build(now_ns, now_s))
        if check:
            check.built(found[-1], now_ns, now_s)
    return found


class Judge:
    """Keeps its own account of what was accepted, and checks every observation against it."""

    def __init__(self):
        self.accepted = {}

    def arrived(self, name, sample, taken, now_s):
        if taken:
            self.accepted[name] = (sample.stamp_ns, now_s)

    def built(self, found, now_ns, now_s):
        if isinstance(found, Missing):
            assert found.input in TASK.inputs and found.reason
            return
        assert set(self.accepted) == set(TASK.inputs)
        stamps = []
        for name, limit_ns in MAX_AGE_NS.items():
            stamp_ns, received_s = self.accepted[name]
            if limit_ns is not None:
                stamps.append(stamp_ns)
                assert abs(now_ns - stamp_ns) <= limit_ns
                assert now_s - received_s <= limit_ns * 1e-9 + 1e-9
        assert (found.oldest_stamp_ns, found.newest_stamp_ns) == (min(stamps), max(stamps))
        assert found.vector.dtype == np.float32 and np.isfinite(found.vector).all()


@settings(max_examples=150, deadline=None)
@given(steps)
@example([(200, None, [], False, False)])
def test_no_observation_ever_holds_an_input_over_its_age(script):
    play(script, Judge())


@settings(max_examples=80, deadline=None)
@given(steps)
def test_the_same_samples_replayed_give_the_same_bytes(script):
    for live, again in zip(play(script), play(script), strict=True):
        assert type(live) is type(again)
        if isinstance(live, Observation):
            assert live.vector.tobytes() == again.vector.tobytes()
            assert live.oldest_stamp_ns == again.oldest_stamp_ns
        else:
            assert live == again


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(-50, 50), min_size=1, max_size=40))
def test_out_of_order_and_repeated_samples_never_move_the_held_stamp_back(offsets_ms):
    builder = ObservationBuilder(TASK)
    newest = None
    for offset in offsets_ms:
        stamp = 10**15 + offset * MS
        taken = builder.update('odom', OdometrySample(stamp, 0.0, 0.0, 0.0, 0.0, 0.0), 0.0)
        assert taken == (newest is None or stamp > newest)
        newest = stamp if taken else newest
    assert sum(builder.refused.values()) == len(offsets_ms) - _rises(offsets_ms)


def _rises(values):
    """Count the values above all that came before."""
    count, highest = 0, None
    for value in values:
        if highest is None or value > highest:
            count, highest = count + 1, value
    return count
