"""What of a frame a task sees: the form of its feature, and no other."""

import cv2
import numpy as np
import pytest
from takeover.camera.frame import Frame, Intrinsics
from takeover.camera.resize import decode, Resize, resize_for
from takeover.camera.source import CameraError
from takeover.image_form import ImageForm
from takeover.task import load_task

TOPIC = 'camera/resize/image_raw'


@pytest.fixture
def lane(repository):
    return load_task(repository / 'config' / 'tasks' / 'rover_lane.yaml')


def test_the_task_says_crop_size_and_colours(lane):
    resize = resize_for(lane, TOPIC)
    (feature,) = lane.images
    assert (resize.height, resize.width) == feature.shape[:2]
    assert resize.form.crop == feature.form.crop
    assert resize.form.encoding == feature.form.encoding


def test_a_task_without_that_input_wants_nothing(lane, task):
    assert resize_for(task, TOPIC) is None
    assert resize_for(lane, 'other/resize/image_raw') is None


def test_two_features_that_want_different_pictures_are_refused(lane):
    (feature,) = lane.images
    other = feature.model_copy(update={'name': 'other', 'shape': (32, 32, 3)})
    stacked = feature.model_copy(
        update={'name': 'stacked', 'form': feature.form.model_copy(update={'stack': 2})}
    )

    def with_one_more(more):
        return lane.model_copy(update={'features': (*lane.features, more)})

    with pytest.raises(CameraError, match='forward, other want different pictures'):
        resize_for(with_one_more(other), TOPIC)
    assert resize_for(with_one_more(stacked), TOPIC) == resize_for(lane, TOPIC)


def test_picture_and_lens_belong_together():
    resize = Resize(ImageForm(crop=(0.5, 0.0, 1.0, 1.0)), 24, 32)
    pixels = np.zeros((48, 64, 3), dtype=np.uint8)
    pixels[24:, :, 2] = 200
    picture = resize.picture(Frame(pixels, 'bgr8', 0))
    assert picture.shape == (24, 32, 3)
    assert (picture == [200, 0, 0]).all(), 'only the lower half, in the order of the form'
    lens = resize.lens(Intrinsics(64, 48, 60.0, 60.0, 31.5, 23.5))
    assert (lens.width, lens.height, lens.fx, lens.fy) == (32, 24, 30.0, 60.0)
    assert (lens.cx, lens.cy) == (15.5, -0.5)


def test_compressed_pictures_are_decoded_and_rubbish_is_not():
    pixels = np.random.default_rng(0).integers(0, 255, (8, 8, 3), dtype=np.uint8)
    assert (decode(cv2.imencode('.png', pixels)[1].tobytes()) == pixels).all()
    assert decode(b'rubbish') is None
