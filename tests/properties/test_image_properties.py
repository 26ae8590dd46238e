"""Whatever the form: a crop keeps something, and a lens stays with its picture."""

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest
from takeover.camera.frame import Intrinsics
from takeover.image import shape_picture
from takeover.image_form import crop_box, ImageForm

SHARES = st.floats(0.0, 1.0)
PAIRS = st.tuples(SHARES, SHARES).map(sorted).filter(lambda pair: pair[0] < pair[1])
FORMS = st.builds(
    lambda rows, columns: ImageForm(crop=(rows[0], columns[0], rows[1], columns[1])), PAIRS, PAIRS
)
SIDES = st.integers(1, 400)


@settings(deadline=None)
@given(FORMS, SIDES, SIDES)
def test_a_crop_is_within_the_picture_and_never_empty(form, height, width):
    top, left, bottom, right = crop_box(form, height, width)
    assert 0 <= top < bottom <= height and 0 <= left < right <= width
    for edge, share, side in zip((top, left, bottom, right), form.crop, (height, width) * 2):
        assert abs(edge - share * side) <= 1.5 + 1e-9


@settings(deadline=None)
@given(FORMS, st.integers(1, 40), st.integers(1, 40), st.integers(1, 50), st.integers(1, 50))
def test_every_picture_takes_the_size_asked_for(form, height, width, rows, columns):
    picture = np.arange(height * width * 3, dtype=np.uint8).reshape(height, width, 3)
    found = shape_picture(picture, 'rgb8', form, rows, columns)
    assert found.shape == (rows, columns, 3) and found.dtype == np.uint8
    top, left, bottom, right = crop_box(form, height, width)
    kept = picture[top:bottom, left:right]
    assert kept.min() <= found.min() and found.max() <= kept.max()


@settings(deadline=None)
@given(
    FORMS,
    st.tuples(SIDES, SIDES),
    st.tuples(SIDES, SIDES),
    st.tuples(*[st.floats(-2.0, 2.0)] * 2),
    st.tuples(*[st.floats(10.0, 1000.0)] * 2),
)
def test_a_point_is_seen_at_the_same_place_of_the_crop(form, before, after, point, focal):
    height, width = before
    lens = Intrinsics(width, height, *focal, 0.5 * width - 0.5, 0.5 * height - 0.5, 'plumb_bob')
    shaped = lens.shaped(form, *after)
    assert (shaped.height, shaped.width) == after and shaped.distortion_model == 'plumb_bob'
    top, left, bottom, right = crop_box(form, height, width)
    # Edges of pixels are half a pixel beside their centres; shares of the crop do not change.
    wide = (lens.fx * point[0] + lens.cx + 0.5 - left) / (right - left)
    high = (lens.fy * point[1] + lens.cy + 0.5 - top) / (bottom - top)
    assert (shaped.fx * point[0] + shaped.cx + 0.5) / after[1] == pytest.approx(wide, abs=1e-9)
    assert (shaped.fy * point[1] + shaped.cy + 0.5) / after[0] == pytest.approx(high, abs=1e-9)
