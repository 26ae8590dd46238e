"""The normaliser: right in one go or in many, identity when off, restored exactly."""

import numpy as np
import pytest
from takeover.training.normaliser import ObservationNormaliser, SMALLEST_SCALE


def test_it_knows_mean_and_deviation_however_the_data_came():
    data = np.random.default_rng(0).normal([3.0, -1.0], [2.0, 0.5], (1000, 2)).astype(np.float32)
    normaliser = ObservationNormaliser(2, enabled=True)
    for part in np.split(data, [1, 10, 11, 500]):
        normaliser.update(part)
    assert normaliser.mean == pytest.approx(data.mean(axis=0), abs=1e-5)
    assert normaliser.scale == pytest.approx(data.std(axis=0), abs=1e-5)
    applied = normaliser.apply(data)
    assert applied.dtype == np.float32
    assert applied.mean(axis=0) == pytest.approx([0.0, 0.0], abs=1e-4)
    assert applied.std(axis=0) == pytest.approx([1.0, 1.0], abs=1e-4)


def test_off_it_is_the_identity():
    normaliser = ObservationNormaliser(2, enabled=False)
    data = np.random.default_rng(0).normal(3.0, 2.0, (10, 2)).astype(np.float32)
    normaliser.update(data)
    assert normaliser.apply(data) is data
    assert (normaliser.mean == 0.0).all() and (normaliser.scale == 1.0).all()


def test_what_never_varies_is_not_blown_up():
    normaliser = ObservationNormaliser(1, enabled=True)
    normaliser.update(np.full((10, 1), 5.0, np.float32))
    assert normaliser.scale == pytest.approx([SMALLEST_SCALE])
    assert normaliser.apply(np.full((1, 1), 5.0, np.float32)).item() == 0.0


def test_a_restored_one_goes_on_bit_for_bit():
    rng = np.random.default_rng(0)
    one, other = (ObservationNormaliser(3, enabled=True) for _ in range(2))
    one.update(rng.normal(size=(7, 3)).astype(np.float32))
    other.load_state_dict(one.state_dict())
    more = rng.normal(size=(5, 3)).astype(np.float32)
    for each in (one, other):
        each.update(more)
    assert (one.mean == other.mean).all() and (one.scale == other.scale).all()
