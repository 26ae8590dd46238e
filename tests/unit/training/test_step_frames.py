"""Stored pictures: each once, and in stacks as the policy saw them."""

import numpy as np
import pytest
from takeover.command import Source
from takeover.data.assembler import TransitionAssembler
from takeover.data.transition import ReplayError
from takeover.errors import TakeoverError
from takeover.training.step_frames import StepFrames
from tests.small_lane import changed, live, PERIOD_NS, small_lane, steps_of


class Counting:
    """Features that are means of a picture's colours; counts the pictures they are made for."""

    feature_shape = (3,)

    def __init__(self):
        self.count = 0

    def features(self, images):
        self.count += len(images)
        return images.mean(axis=(1, 2)).astype(np.float32)


def shown(frames, step):
    return frames.shown(frames.numbers(step)[None])


def gaps(task):
    """Return steps after pauses, holes in the sequence and ends of episodes."""
    steps = steps_of(task, 30)
    for index in range(10, 30):
        # One of a period and a half is none, one a nanosecond longer is.
        pause_ns = PERIOD_NS // 2 + (index >= 20)
        later = steps[index].stamp_ns + pause_ns * (1 + (index >= 20))
        steps[index] = changed(steps[index], stamp_ns=later)
    later = [changed(s, stamp_ns=s.stamp_ns + 10 * PERIOD_NS) for s in steps_of(task, 5, 2, 31)]
    return [*steps[:25], *steps[26:], *later]


def test_a_step_met_three_times_is_stored_once():
    task = small_lane()
    frames, steps = StepFrames(task, 100), steps_of(task, 20)
    for transition in TransitionAssembler(0.05).assemble(steps):
        frames.numbers(transition.step)
        frames.numbers(transition.next_step)
    assert [int(frames.numbers(step)[0]) for step in steps] == list(range(20))
    assert frames._store._count == 20


def test_the_same_pictures_at_another_time_are_other_frames():
    task = small_lane()
    frames, (step, *_) = StepFrames(task, 100), steps_of(task, 2)
    for other in ({'sequence': 9}, {'stamp_ns': 9}, {'pixels': step.pixels[::-1].copy()}):
        assert frames.numbers(changed(step, **other)) != frames.numbers(step)


@pytest.mark.parametrize('stacks', [{'forward': 1}, {'forward': 3}, {'left': 2, 'right': 4}])
def test_stacks_are_those_the_policy_saw_also_over_gaps(stacks):
    task = small_lane(**stacks)
    steps = gaps(task)
    frames = StepFrames(task, 100)
    assert frames.stack == max(stacks.values())
    for step, seen in zip(steps, live(task, steps), strict=True):
        for name, values in shown(frames, step).items():
            assert values.shape[0] == 1 and values.dtype == np.uint8
            assert (values[0] == seen[name]).all(), (step.sequence, name)


def test_a_stack_shows_steps_that_nothing_is_learned_from():
    task = small_lane(forward=3)
    steps = [
        changed(step, source=Source.HOLD) if index in (4, 5, 6, 9, 10) else step
        for index, step in enumerate(steps_of(task, 16))
    ]
    frames, assembler = StepFrames(task, 100), TransitionAssembler(0.05)
    seen = {step.sequence: each for step, each in zip(steps, live(task, steps))}
    met = set()
    for step in steps:
        frames.see(step)
        for transition in assembler.push(step):
            for each in (transition.step, transition.next_step):
                found = shown(frames, each)['forward'][0]
                assert (found == seen[each.sequence]['forward']).all(), each.sequence
                met.add(each.sequence)
    # Of a pause, what the first steps after it show, and no more.
    assert met == {step.sequence for step in steps} - {6, 7, 11}
    assert frames._store._count == len(steps)


def test_a_long_pause_is_not_stored():
    task = small_lane(forward=2)
    frames, steps = StepFrames(task, 100), steps_of(task, 50)
    for step in steps:
        frames.see(step)
    frames.numbers(steps[-1])
    assert frames._store._count == 2


def test_frames_that_went_are_refused_and_those_that_stay_are_there():
    task = small_lane(forward=2)
    frames, steps = StepFrames(task, 6), steps_of(task, 20)
    numbers = [frames.numbers(step) for step in steps]
    assert frames.oldest == 20 - 6 - 2
    for step, number, seen in list(zip(steps, numbers, live(task, steps)))[-6:]:
        assert (frames.numbers(step) == number).all()
        assert (frames.shown(number[None])['forward'][0] == seen['forward']).all()
    with pytest.raises(ReplayError, match='are asked for'):
        frames.shown(numbers[10][None])


def test_a_frozen_encoder_sees_each_frame_once():
    task = small_lane(left=1, right=1)
    frozen = {'left': Counting(), 'right': Counting()}
    frames, steps = StepFrames(task, 100, frozen), steps_of(task, 12)
    for _ in range(3):
        for step in steps:
            frames.numbers(step)
    assert frozen['left'].count == frozen['right'].count == len(steps)
    numbers = np.stack([frames.numbers(step) for step in steps])
    for _ in range(2):
        found = frames.shown(numbers)
    assert frozen['left'].count == len(steps)
    for step, left, right in zip(steps, found['left'], found['right'], strict=True):
        pixels = step.pixels.reshape(2, -1, 3)
        assert left == pytest.approx(pixels[0].mean(axis=0), rel=1e-6)
        assert right == pytest.approx(pixels[1].mean(axis=0), rel=1e-6)
    assert found['left'].dtype == np.float32


def test_a_frozen_encoder_takes_no_stacks():
    with pytest.raises(TakeoverError, match='sees one picture at a time; the task stacks 2'):
        StepFrames(small_lane(forward=2), 10, {'forward': Counting()})


def test_pictures_of_another_task_are_refused():
    task = small_lane()
    step = changed(steps_of(task, 1)[0], pixels=np.zeros(10, np.uint8))
    with pytest.raises(TakeoverError, match='step 1 has 10 numbers in its pictures.* has 144'):
        StepFrames(task, 10).numbers(step)


def test_without_images_nothing_is_stored(task):
    frames = StepFrames(task, 10)
    assert frames.stack == 0
    for step in steps_of(small_lane(), 3):
        frames.see(step)
        assert frames.numbers(step).shape == (0,)
    assert frames.oldest == 0
