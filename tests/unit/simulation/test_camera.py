"""The camera's pictures."""

import numpy as np
import pytest
from takeover.simulation.offscreen import CameraUnavailable
from takeover.simulation.rover import TruePose


@pytest.fixture
def rendered(simulation):
    try:
        return simulation.render()
    except CameraUnavailable as error:
        pytest.skip(str(error))


def test_a_picture_shows_sky_above_and_the_path_below(simulation, rendered, robot):
    spec = robot.simulation.camera
    assert rendered.shape == (spec.height, spec.width, 3) and rendered.dtype == np.uint8
    red, _, blue = np.median(rendered[5], axis=0)
    assert blue > red + 10
    yellow = (rendered[..., 0] > 180) & (rendered[..., 1] > 150) & (rendered[..., 2] < 110)
    rows = np.nonzero(yellow.any(axis=1))[0]
    assert yellow.sum() > 500 and rows.max() > 0.9 * spec.height


def test_rendering_changes_nothing_in_the_simulation(simulation, rendered):
    before = (simulation.data.qpos.copy(), simulation.scan().ranges.tobytes())
    simulation.render()
    assert (simulation.data.qpos == before[0]).all()
    assert simulation.scan().ranges.tobytes() == before[1]


def test_one_renderer_serves_every_episode(simulation, rendered):
    renderer = simulation._camera
    simulation.reset(1)
    other = simulation.render()
    assert simulation._camera is renderer
    assert (other != rendered).any()
    simulation.reset(0)
    assert (simulation.render() == rendered).all()


def test_an_obstacle_ahead_fills_the_middle(simulation, rendered):
    obstacle = simulation.course.obstacles[0]
    x, y, yaw = obstacle.x_m - 0.9, obstacle.y_m, 0.0
    simulation.place(TruePose(x, y, yaw, 0.0, 0.0), (x, y, yaw))
    height, width, _ = rendered.shape
    middle = simulation.render()[height // 3 : height // 2, width // 2 - 10 : width // 2 + 10]
    red, green, blue = middle.reshape(-1, 3).mean(axis=0)
    assert red > green + 40 and green > blue
