"""Properties of random shifts: every picture stays a window of itself, whatever its size."""

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest
from takeover.data.augmentation import AugmentationError, random_shift

SHAPES = st.tuples(
    st.integers(0, 4), st.integers(1, 9), st.integers(1, 9), st.sampled_from([1, 3, 4, 9])
)


def pictures(shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def window(picture, pad, top, left):
    """Return what is seen of a picture through a window, pixel by pixel."""
    height, width, _ = picture.shape
    rows = np.clip(np.arange(height) + top - pad, 0, height - 1)
    columns = np.clip(np.arange(width) + left - pad, 0, width - 1)
    return picture[rows[:, None], columns]


def offset_found(shifted, picture, pad):
    """Return the offsets (top, left) that explain a shifted picture."""
    return [
        (top, left)
        for top in range(2 * pad + 1)
        for left in range(2 * pad + 1)
        if np.array_equal(shifted, window(picture, pad, top, left))
    ]


@settings(deadline=None)
@given(shape=SHAPES, pad=st.integers(0, 5), seed=st.integers(0, 2**32 - 1))
def test_every_picture_is_a_window_of_its_own_padded_self(shape, pad, seed):
    before = pictures(shape, seed)
    kept = before.copy()
    after = random_shift(before, np.random.default_rng(seed), pad)
    assert after.shape == shape and after.dtype == np.uint8
    assert not np.shares_memory(after, before)
    assert np.array_equal(before, kept)
    assert all(offset_found(*pair, pad) for pair in zip(after, before, strict=True))


@settings(deadline=None)
@given(shape=SHAPES, seed=st.integers(0, 2**32 - 1))
def test_the_same_generator_state_gives_the_same_bytes(shape, seed):
    before = pictures(shape, seed)
    first, second = (random_shift(before, np.random.default_rng(seed)) for _ in range(2))
    assert first.tobytes() == second.tobytes()


@settings(deadline=None)
@given(seed=st.integers(0, 2**32 - 1), row=st.integers(0, 3))
def test_a_row_does_not_depend_on_what_the_others_show(seed, row):
    before = pictures((4, 6, 5, 3), seed)
    others = pictures((4, 6, 5, 3), seed + 1)
    others[row] = before[row]
    first, second = (random_shift(b, np.random.default_rng(seed)) for b in (before, others))
    assert np.array_equal(first[row], second[row])


@settings(deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_all_channels_of_a_picture_are_shifted_alike(seed):
    one = pictures((3, 8, 8, 1), seed)
    after = random_shift(np.repeat(one, 9, axis=3), np.random.default_rng(seed))
    assert np.array_equal(after, np.repeat(after[..., :1], 9, axis=3))


@pytest.mark.parametrize('pad', [1, 2, 4])
def test_all_offsets_are_reached_about_equally_often_and_rows_differ(pad):
    # The same picture in every row, so that an offset can be read from a row.
    picture = pictures((12, 12, 3))
    offsets = (2 * pad + 1) ** 2
    count = 40 * offsets
    after = random_shift(np.repeat(picture[None], count, axis=0), np.random.default_rng(3), pad)
    known = {
        window(picture, pad, top, left).tobytes(): (top, left)
        for top in range(2 * pad + 1)
        for left in range(2 * pad + 1)
    }
    seen = [known[shifted.tobytes()] for shifted in after]
    counts = [seen.count(offset) for offset in known.values()]
    assert min(counts) >= 10 and max(counts) <= 80
    assert seen[: count // 2] != seen[count // 2 :]


@pytest.mark.parametrize(
    ('images', 'pad', 'said'),
    [
        (np.zeros((2, 4, 4, 3), np.float32), 4, r'images are float32 \[2, 4, 4, 3\]; legal'),
        (np.zeros((4, 4, 3), np.uint8), 4, r'images are uint8 \[4, 4, 3\]; legal: uint8 \[batch'),
        (np.zeros((2, 4, 4, 3), np.uint8), -1, 'pad is -1; legal: 0 or more'),
    ],
)
def test_what_is_no_batch_of_pictures_is_refused(images, pad, said):
    with pytest.raises(AugmentationError, match=said):
        random_shift(images, np.random.default_rng(0), pad)
