"""What a learner with eyes draws: pictures stored once, mirrored and shifted with their rows."""

from dataclasses import replace

import numpy as np
import pytest
from takeover.command import Source
from takeover.data.assembler import TransitionAssembler
from takeover.errors import TakeoverError
from takeover.training.replay_config import ReplayConfig
from takeover.training.takeover_replay import TakeoverReplay
from tests.small_lane import (
    changed,
    each_picture,
    HEIGHT,
    live,
    SEEING,
    small_lane,
    steps_of,
    WIDTH,
)

PLAIN = replace(SEEING.replay, mirror=False, shift=0, n_step=1)
DEMONSTRATED, DRIVEN = 30, 40


def replay_of(config=PLAIN, task=None, own=None):
    """Return a replay with one demonstration and one episode, and the steps of both."""
    task = small_lane() if task is None else task
    replay = TakeoverReplay(task, config, 0.97, 1.0)
    demonstration = steps_of(task, DEMONSTRATED, source=Source.HUMAN)
    fill(replay, demonstration, prior=True)
    own = steps_of(task, DRIVEN, 1, 1001) if own is None else own
    fill(replay, own)
    return replay, demonstration, own


def fill(replay, steps, prior=False):
    assembler = TransitionAssembler(0.05)
    for step in steps:
        replay.see(step, prior)
        for transition in assembler.push(step):
            replay.add(transition, prior)
    if prior:
        replay.demonstrate(steps)
    else:
        replay.end_episode(steps)


def si(replay, vectors):
    """Return normalised vectors as they were, [N, n]."""
    return vectors.numpy() * replay.preparation.scale + replay.preparation.mean


def owners(replay, vectors, steps):
    """Return for each row the index of the step that has this vector."""
    known = np.array([step.observation for step in steps])
    distance = np.abs(si(replay, vectors)[:, None] - known).max(axis=2)
    assert (distance.min(axis=1) < 1e-5).all()
    return distance.argmin(axis=1)


@pytest.mark.parametrize('stacks', [{'forward': 1}, {'left': 2, 'right': 3}])
def test_rows_are_what_the_policy_saw_then_and_next(stacks):
    task = small_lane(**stacks)
    replay, demonstration, own = replay_of(task=task)
    batch = replay.batch(200, np.random.default_rng(0))
    for rows, steps in ((slice(0, None, 2), demonstration), (slice(1, None, 2), own)):
        seen = live(task, steps)
        before = owners(replay, batch.observation.vector[rows], steps)
        after = owners(replay, batch.next_observation.vector[rows], steps)
        last = len(steps) - 1
        assert (after == np.minimum(before + 1, last)).all() and len(set(before)) > 20
        assert (batch.mask[rows].numpy() == (before != last)).all()
        for observations, indices in (
            (batch.observation, before),
            (batch.next_observation, after),
        ):
            for name, images in observations.images.items():
                expected = np.array([seen[index][name] for index in indices])
                assert (images[rows].numpy() == expected).all()
        actions = replay.action.to_si(batch.action[rows].numpy())
        expected = np.array([steps[index].commanded for index in before])
        assert actions == pytest.approx(expected, abs=1e-6)


def test_the_shapes_of_a_batch():
    replay, *_ = replay_of(SEEING.replay, small_lane(forward=2))
    batch = replay.batch(16, np.random.default_rng(0))
    for observation in (batch.observation, batch.next_observation):
        assert observation.vector.shape == (16, 2)
        assert list(observation.images) == ['forward']
        assert observation.images['forward'].shape == (16, HEIGHT, WIDTH, 6)
    cloning = replay.cloning_batch(np.random.default_rng(0))
    assert cloning.action.shape == (8, 2) and len(cloning.observation) == 8
    assert cloning.observation.images['forward'].shape == (8, HEIGHT, WIDTH, 6)
    assert replay.demonstrated_batch(5, np.random.default_rng(0)).action.shape == (5, 2)


def test_pixels_are_stored_once():
    replay, demonstration, own = replay_of()
    assert replay.prior_frames._store._count == len(demonstration)
    assert replay.frames._store._count == len(own)
    rows = replay.frames._store._rows
    assert rows[: len(own)].tobytes() == b''.join(step.pixels.tobytes() for step in own)
    for kept in (replay.online, replay.prior):
        columns = [*kept._columns.values()]
        assert max(column.nbytes // len(column) for column in columns) <= 8


def test_half_of_the_rows_are_mirrored_with_all_that_belongs_to_them():
    replay, demonstration, own = replay_of(replace(PLAIN, mirror=True))
    batch = replay.batch(400, np.random.default_rng(1))
    known = {step.observation[0]: step for step in [*demonstration, *own]}
    speeds = np.array(list(known))
    flipped = 0
    for row in range(400):
        vector, after = (
            si(replay, each.vector[row : row + 1])[0]
            for each in (batch.observation, batch.next_observation)
        )
        step = known[speeds[np.abs(speeds - vector[0]).argmin()]]
        following = known[speeds[np.abs(speeds - after[0]).argmin()]]
        mirrored = vector[1] != pytest.approx(step.observation[1], abs=1e-5)
        side = -1.0 if mirrored else 1.0
        flipped += mirrored
        for found, each, images in (
            (vector, step, batch.observation.images),
            (after, following, batch.next_observation.images),
        ):
            assert found[1] == pytest.approx(side * each.observation[1], abs=1e-5)
            (picture,) = each_picture(replay.task, each.pixels)
            assert (images['forward'][row].numpy() == picture[:, :: int(side)]).all()
        forward, turn = replay.action.to_si(batch.action[row : row + 1].numpy())[0]
        assert forward == pytest.approx(step.commanded[0], abs=1e-5)
        assert turn == pytest.approx(side * step.commanded[1], abs=1e-5)
    assert 150 < flipped < 250


def test_what_is_cloned_is_mirrored_too():
    replay, demonstration, _ = replay_of(replace(PLAIN, mirror=True, own_from=1000))
    cloning = replay.demonstrated_batch(100, np.random.default_rng(0))
    pixels = {step.pixels.tobytes(): step for step in demonstration}
    sides = []
    for picture, action in zip(cloning.observation.images['forward'].numpy(), cloning.action):
        side = 1 if picture.tobytes() in pixels else -1
        step = pixels[picture[:, ::side].tobytes()]
        turn = replay.action.to_si(action.numpy()[None])[0, 1]
        assert turn == pytest.approx(side * step.commanded[1], abs=1e-5)
        sides.append(side)
    assert 30 < sides.count(-1) < 70


def ramps(task, length, first):
    """Return steps that all show the same picture: each pixel says where it is."""
    places = np.arange(HEIGHT * WIDTH, dtype=np.uint8).reshape(HEIGHT, WIDTH, 1)
    pixels = np.repeat(places, 3, axis=2).ravel()
    return [changed(step, pixels=pixels) for step in steps_of(task, length, 1, first)]


def shifts(images):
    """Return how far each picture of `ramps` is shifted, rows and columns, from one pixel."""
    middle = images[:, HEIGHT // 2, WIDTH // 2, 0].numpy().astype(int)
    return np.stack([middle // WIDTH - HEIGHT // 2, middle % WIDTH - WIDTH // 2], axis=1)


def test_pictures_are_shifted_each_by_itself_within_the_limit():
    task = small_lane()
    replay, *_ = replay_of(replace(PLAIN, shift=1), task, ramps(task, DRIVEN, 1001))
    batch = replay.batch(800, np.random.default_rng(0))
    now, then = (
        shifts(each.images['forward'][1::2])
        for each in (batch.observation, batch.next_observation)
    )
    for found in (now, then):
        assert {tuple(row) for row in found} == {(a, b) for a in (-1, 0, 1) for b in (-1, 0, 1)}
    # Of two that are shifted independently one in nine is shifted alike.
    assert 0.05 < (now == then).all(axis=1).mean() < 0.2
    still, *_ = replay_of(PLAIN, task, ramps(task, DRIVEN, 1001))
    assert not shifts(
        still.batch(100, np.random.default_rng(0)).observation.images['forward'][1::2]
    ).any()


def test_what_is_cloned_is_shifted_too():
    task = small_lane()
    replay, *_ = replay_of(replace(PLAIN, shift=1, own_share=0.9), task, ramps(task, DRIVEN, 1001))
    cloning = replay.cloning_batch(np.random.default_rng(0))
    assert shifts(cloning.observation.images['forward'][1:]).any()


def test_an_undone_episode_is_drawn_no_more():
    replay, *_ = replay_of()
    task = replay.task
    again = steps_of(task, 25, 2, 2001)
    fill(replay, again)
    safe = len(replay.safe)
    assert replay.forget(2001, 2025) == 25
    assert len(replay.safe) < safe and len(replay.online) == DRIVEN
    first = {step.pixels.tobytes() for step in again}
    for seed in range(5):
        rng = np.random.default_rng(seed)
        for batch in (replay.batch(100, rng), replay.cloning_batch(rng)):
            drawn = {each.tobytes() for each in batch.observation.images['forward'].numpy()}
            assert not drawn & first


def test_what_shows_overwritten_frames_is_forgotten_in_time():
    task = small_lane(forward=2)
    config = replace(PLAIN, capacity=60, own_from=1)
    replay, *_ = replay_of(config, task)
    assembler, rng, first = TransitionAssembler(0.05), np.random.default_rng(0), 2001
    for number in range(2, 9):
        # Pauses: what is driven for a single step, and what the labels leave out.
        steps = [
            changed(step, source=Source.HOLD)
            if index % 5 == 4
            else changed(step, stored=index % 7 != 3)
            for index, step in enumerate(steps_of(task, 40, number, first))
        ]
        for step in steps:
            replay.see(step)
            for transition in assembler.push(step):
                replay.add(transition)
            replay.batch(64, rng)
            replay.cloning_batch(rng)
            replay.representative_observations(16)
        replay.end_episode(steps)
        first += 100
    assert 30 < len(replay.online) <= 60 and 20 < len(replay.safe) <= 60


def test_more_demonstrations_than_fit_leave_the_newest():
    task = small_lane()
    replay = TakeoverReplay(task, replace(PLAIN, capacity=20), 0.97, 1.0)
    steps = steps_of(task, 50, source=Source.HUMAN)
    fill(replay, steps, prior=True)
    newest = {step.pixels.tobytes() for step in steps[-25:]}
    cloning = replay.demonstrated_batch(200, np.random.default_rng(0))
    assert {p.tobytes() for p in cloning.observation.images['forward'].numpy()} <= newest
    fill(replay, steps_of(task, 10, 2, 1001))
    assert len(replay.batch(64, np.random.default_rng(0))) == 64


def test_representative_observations_are_records_of_what_is_cloned():
    replay, demonstration, own = replay_of(task=small_lane(forward=2))
    for count, steps in ((16, own), (60, demonstration)):
        found = replay.representative_observations(count)
        assert found.dtype == replay.task.observation_dtype and found.shape == (count,)
        known = {each.tobytes() for each in live(replay.task, steps)}
        assert {each.tobytes() for each in found} <= known


def test_the_vector_is_normalised_by_the_demonstrations():
    replay, demonstration, _ = replay_of(replace(PLAIN, mirror=True))
    vectors = np.array([step.observation for step in demonstration])
    assert replay.preparation.mean == pytest.approx([vectors[:, 0].mean(), 0.0], abs=1e-6)
    assert replay.preparation.scale[0] == pytest.approx(vectors[:, 0].std(), rel=1e-5)


class Features:
    """The mean colour of a picture."""

    feature_shape = (3,)

    def features(self, images):
        return images.mean(axis=(1, 2)).astype(np.float32)


def test_features_of_a_frozen_encoder_are_drawn_as_they_are():
    task = small_lane()
    config = replace(PLAIN, shift=4)
    replay = TakeoverReplay(task, config, 0.97, 1.0, {'forward': Features()})
    demonstration, own = steps_of(task, 20, source=Source.HUMAN), steps_of(task, 20, 1, 1001)
    fill(replay, demonstration, prior=True)
    fill(replay, own)
    batch = replay.batch(40, np.random.default_rng(0))
    known = Features().features(np.array([each_picture(task, s.pixels)[0] for s in own]))
    indices = owners(replay, batch.observation.vector[1::2], own)
    assert (batch.observation.images['forward'][1::2].numpy() == known[indices]).all()
    found = replay.representative_observations(16)
    assert {each['forward'].tobytes() for each in found} <= {
        s.pixels.tobytes() for s in demonstration
    }


@pytest.mark.parametrize(
    ('stacks', 'config', 'frozen', 'said'),
    [
        ({}, SEEING.replay, {'forward': Features()}, 'a frozen encoder cannot be mirrored'),
        ({'forward': 2}, PLAIN, {'forward': Features()}, 'sees one picture at a time'),
        ({'left': 1, 'right': 1}, SEEING.replay, {}, '2 cameras: left, right; a mirrored task'),
        ({'vector': 1}, PLAIN, {}, "feature 'vector': a learner has this name"),
    ],
)
def test_what_cannot_be_learned_from_is_refused(stacks, config, frozen, said):
    with pytest.raises(TakeoverError, match=said):
        TakeoverReplay(small_lane(**stacks), config, 0.97, 1.0, frozen)


def test_a_negative_shift_is_refused():
    with pytest.raises(TakeoverError, match='shift is -1; legal: 0 or more'):
        ReplayConfig(shift=-1)
