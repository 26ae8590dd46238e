"""How a lane looks: the same for a seed, another for every seed, and never hard to see."""

import mujoco
import numpy as np
import pytest
from takeover.simulation.course import Course
from takeover.simulation.lane_look import look_of

SEEDS = range(300)


@pytest.fixture(scope='module')
def looks():
    return [look_of(seed) for seed in SEEDS]


def test_the_same_seed_gives_the_same_look(looks):
    for seed in (0, 7):
        one, other = vars(looks[seed]), vars(look_of(seed))
        assert all(np.array_equal(one[name], other[name]) for name in one)


def test_the_look_of_seed_0_is_the_same_on_every_machine(looks):
    look = looks[0]
    assert look.floor_rgb == pytest.approx([0.45693744, 0.49982642, 0.51320963])
    numbers = [look.light, look.middle_width_m, look.edge_width_m, look.worn]
    assert numbers == pytest.approx([1.00603338, 0.03492251, 0.03910531, 0.03071758], abs=1e-6)


def test_no_two_lanes_look_alike(looks):
    assert len({look.floor_rgb.tobytes() for look in looks}) == len(looks)
    assert len({tuple(look.middle_rgb) for look in looks}) > 4
    assert len({tuple(look.edge_rgb) for look in looks}) > 4
    assert any((look.middle_rgb != look.edge_rgb).any() for look in looks)


def test_paint_differs_from_the_floor_it_is_on(looks):
    for look in looks:
        # What is seen of the floor: its grey texture, tinted.
        seen = 0.63 * look.floor_rgb
        for paint in (look.middle_rgb, look.edge_rgb):
            assert np.abs(paint - seen).max() > 0.35
        assert (look.floor_rgb >= 0.2 - 1e-9).all() and (look.floor_rgb <= 1.0).all()
        assert 0.03 <= look.middle_width_m <= 0.08 and 0.02 <= look.edge_width_m <= 0.05
        assert 0.7 <= look.light <= 1.2


def test_as_much_paint_is_gone_as_is_said_and_always_the_same(looks):
    for look in looks[:8]:
        gone = [look.is_worn(stripe, piece) for stripe in range(3) for piece in range(100)]
        assert gone == [look.is_worn(stripe, piece) for stripe in range(3) for piece in range(100)]
        assert np.mean(gone) == pytest.approx(look.worn, abs=0.1)
    assert [looks[0].is_worn(0, k) for k in range(60)] != [
        looks[0].is_worn(1, k) for k in range(60)
    ]


def test_a_model_gets_floor_and_light(looks):
    text = (
        '<mujoco><asset><material name="floor" rgba="1 1 1 1"/></asset>'
        '<worldbody><light diffuse="0.5 0.5 0.5"/></worldbody></mujoco>'
    )
    model, plain = (mujoco.MjModel.from_xml_string(text) for _ in range(2))
    looks[3].light_up(model)
    assert model.mat('floor').rgba == pytest.approx([*looks[3].floor_rgb, 1.0], abs=1e-6)
    assert model.light_diffuse == pytest.approx(looks[3].light * plain.light_diffuse, abs=1e-6)
    for part in ('ambient', 'diffuse'):
        light, before = (getattr(each.vis.headlight, part) for each in (model, plain))
        assert light == pytest.approx(looks[3].light * before, abs=1e-6)


def test_a_path_has_no_look_and_a_lane_the_same_course_with_or_without(task):
    lane = task.episode.model_copy(update={'lane_half_width_m': 0.4})
    path, marked = Course(4, task.episode), Course(4, lane)
    assert path.look is None and path.lines_m == task.episode.corridor_half_width_m
    assert marked.lines_m == 0.4 and (marked.look.floor_rgb == look_of(4).floor_rgb).all()
    assert (path.points == marked.points).all() and path.obstacles == marked.obstacles
    assert path.start == marked.start
