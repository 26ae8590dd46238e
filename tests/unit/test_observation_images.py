"""Observations with pictures: the record, its stamps, stacks, and pictures that are refused."""

import numpy as np
import pytest
from takeover.observation import ObservationBuilder, OdometrySample
from takeover.samples import ImageSample
from tests.small_lane import (
    changed,
    HEIGHT,
    live,
    PERIOD_NS,
    pictures,
    small_lane,
    steps_of,
    WIDTH,
)

NOW = 10**15
MS = 1_000_000
FRAME = 'camera_optical_frame'


def odom(stamp_ns=NOW, speed=0.3):
    return OdometrySample(stamp_ns, 0.0, 0.0, 0.0, speed, 0.1)


def shot(value=0, stamp_ns=NOW, encoding='rgb8', frame=FRAME, shape=(HEIGHT, WIDTH, 3)):
    return ImageSample(stamp_ns, np.full(shape, value, np.uint8), encoding, frame)


@pytest.fixture
def make():
    """Return a builder of a task with such cameras that holds odometry of NOW."""

    def builder(**stacks):
        builder = ObservationBuilder(small_lane(**stacks))
        builder.update('odom', odom())
        return builder

    return builder


def looked(builder, value, stamp_ns):
    """Return what is observed after a new picture of one shade."""
    builder.update('odom', odom(stamp_ns))
    assert builder.update('forward', shot(value, stamp_ns)), builder.refused
    return builder.build(stamp_ns)


def shades(observation, name='forward'):
    """Return the shade of each picture of a stack, the first one first."""
    stack = observation.packed[name].reshape(HEIGHT, WIDTH, -1, 3)
    assert (stack == stack[0, 0]).all()
    return stack[0, 0, :, 0].tolist()


def test_all_is_in_one_record(make):
    builder = make(left=1, right=1)
    left, right = pictures(small_lane(), 2).reshape(2, HEIGHT, WIDTH, 3)
    for name, pixels, stamp_ns in (('left', left, NOW - 2 * MS), ('right', right, NOW - MS)):
        assert builder.update(name, ImageSample(stamp_ns, pixels, 'rgb8', FRAME))
    found = builder.build(NOW)
    assert found.packed.dtype == small_lane(left=1, right=1).observation_dtype
    assert found.packed.shape == () and found.packed['observation'] == pytest.approx([0.3, 0.1])
    assert (found.packed['left'] == left).all() and (found.packed['right'] == right).all()
    assert found.image_stamps_ns == (NOW - 2 * MS, NOW - MS)
    assert (found.oldest_stamp_ns, found.newest_stamp_ns) == (NOW - 2 * MS, NOW)
    assert found.pixels.tobytes() == left.tobytes() + right.tobytes()


def test_of_numbers_alone_the_record_is_the_vector(task):
    builder = ObservationBuilder(small_lane())
    assert builder.size == 2
    assert 'forward' not in [feature.name for feature, _ in builder.layout]
    assert ObservationBuilder(task).size == task.observation_size


def test_a_record_cannot_be_changed_after_the_fact(make):
    found = looked(make(), 1, NOW)
    with pytest.raises(ValueError, match='read-only'):
        found.packed['forward'][0, 0, 0] = 3


def test_a_camera_never_heard_gives_no_observation(make):
    assert make().build(NOW).reason == 'no forward yet'


def test_an_old_picture_gives_no_observation(make):
    builder = make()
    builder.update('forward', shot())
    builder.update('odom', odom(NOW + 151 * MS))
    assert builder.build(NOW + 150 * MS).image_stamps_ns == (NOW,)
    found = builder.build(NOW + 151 * MS)
    assert (found.reason, found.input) == ('forward is 0.151 s old, allowed 0.15 s', 'forward')


def test_a_camera_that_repeats_itself_gives_no_observation(make):
    builder = make()
    assert builder.update('forward', shot(), 0.0)
    assert not builder.update('forward', shot(), 0.2)
    assert builder.refused == {'forward: not newer than the one held': 1}
    assert 'no new forward for 0.200 s' in builder.build(NOW, 0.2).reason


@pytest.mark.parametrize(
    ('sample', 'why'),
    [
        (
            shot(shape=(WIDTH, HEIGHT, 3)),
            'is rgb8 [6, 8, 3], the task needs rgb8 [8, 6, 3]',
        ),
        (shot(encoding='bgr8'), 'is bgr8 [8, 6, 3], the task needs rgb8 [8, 6, 3]'),
        (
            shot(encoding='mono8', shape=(HEIGHT, WIDTH, 1)),
            'is mono8 [8, 6, 1], the task needs rgb8 [8, 6, 3]',
        ),
        (shot(encoding='yuv'), "encoding is 'yuv'; legal: rgb8, bgr8, mono8"),
        (shot(shape=(HEIGHT, WIDTH)), 'bytes do not fit height, width and step'),
        (ImageSample(NOW, np.zeros((HEIGHT, WIDTH, 3))), 'pixels are float64'),
        (shot(frame='elsewhere'), f"frame_id is 'elsewhere', the task needs '{FRAME}'"),
    ],
)
def test_a_picture_of_another_form_is_refused_and_says_why(make, sample, why):
    builder = make()
    if why.startswith('pixels'):
        sample = ImageSample(NOW, sample.pixels, 'rgb8', FRAME)
    assert not builder.update('forward', sample)
    assert builder.refused == {f'forward: {why}': 1}
    assert builder.build(NOW).reason == 'no forward yet'


def test_a_stacked_task_takes_one_picture_at_a_time(make):
    builder = make(forward=2)
    assert not builder.update('forward', shot(shape=(HEIGHT, WIDTH, 6)))
    assert builder.update('forward', shot())


def test_a_stack_begins_with_copies_and_has_the_oldest_first(make):
    builder = make(forward=3)
    seen = [shades(looked(builder, k, NOW + PERIOD_NS * k)) for k in range(1, 6)]
    assert seen == [[1, 1, 1], [1, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4, 5]]


def test_a_build_without_a_new_picture_stacks_the_one_that_is_held(make):
    builder = make(forward=2)
    looked(builder, 1, NOW)
    looked(builder, 2, NOW + PERIOD_NS)
    assert shades(builder.build(NOW + 2 * PERIOD_NS)) == [2, 2]


@pytest.mark.parametrize(
    ('pause_ns', 'seen'),
    [(75 * MS, [1, 2, 3]), (75 * MS + 1, [3, 3, 3]), (0, [3, 3, 3]), (-MS, [3, 3, 3])],
)
def test_a_stack_begins_anew_after_more_than_one_and_a_half_periods(make, pause_ns, seen):
    builder = make(forward=3)
    looked(builder, 1, NOW)
    looked(builder, 2, NOW + PERIOD_NS)
    assert builder.update('forward', shot(3, NOW + PERIOD_NS + 1))
    assert shades(builder.build(NOW + PERIOD_NS + pause_ns)) == seen


def test_a_stack_begins_anew_after_no_observation(make):
    builder = make(forward=2)
    looked(builder, 1, NOW)
    builder._held.pop('odom')
    assert builder.build(NOW + PERIOD_NS).input == 'odom'
    assert shades(looked(builder, 3, NOW + 2 * PERIOD_NS)) == [3, 3]


def test_a_stack_begins_anew_after_clear(make):
    builder = make(forward=2)
    looked(builder, 1, NOW)
    builder.clear()
    assert builder.build(NOW + MS).reason == 'no odom yet'
    assert shades(looked(builder, 2, NOW + PERIOD_NS)) == [2, 2]


def test_cameras_stack_as_many_as_each_says(make):
    builder = make(forward=3, rear=1)
    for k in (1, 2, 3):
        builder.update('rear', shot(10 * k, NOW + PERIOD_NS * k))
        found = looked(builder, k, NOW + PERIOD_NS * k)
    assert shades(found) == [1, 2, 3] and shades(found, 'rear') == [30]
    assert found.pixels.size == small_lane(forward=3, rear=1).pixels_size == 2 * HEIGHT * WIDTH * 3


def test_the_same_samples_give_the_same_bytes():
    task = small_lane(forward=3, rear=2)
    steps = steps_of(task, 12)
    later = [changed(step, stamp_ns=step.stamp_ns + 3 * PERIOD_NS) for step in steps[6:]]
    once, again = (live(task, [*steps[:6], *later]) for _ in range(2))
    assert [each.tobytes() for each in once] == [each.tobytes() for each in again]
    assert len({each.tobytes() for each in once}) == len(once)
