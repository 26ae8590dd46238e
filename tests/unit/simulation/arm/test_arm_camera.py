"""What the cameras of an arm see: the hole and the peg, the arm, the target."""

import cv2
import numpy as np
import pytest
from takeover.simulation.arm.simulation import ArmSimulation
from takeover.simulation.offscreen import CameraUnavailable
from takeover.task import load_task_and_robot

DARK = 20


def _rendering(name):
    task, robot = load_task_and_robot(name)
    arm = ArmSimulation(robot, task.episode)
    try:
        arm.render('wrist')
    except CameraUnavailable as error:
        pytest.skip(str(error))
    return arm


@pytest.fixture(scope='module')
def peg():
    arm = _rendering('arm_peg')
    yield arm
    arm.close()


@pytest.fixture(scope='module')
def reach():
    arm = _rendering('arm_reach')
    yield arm
    arm.close()


def dark_spot(picture):
    """Return size and centre (row, column) of the largest dark spot."""
    dark = (picture.max(axis=2) < DARK).astype(np.uint8)
    count, _, stats, centres = cv2.connectedComponentsWithStats(dark)
    if count < 2:
        return 0, (0.0, 0.0)
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    column, row = centres[largest]
    return int(stats[largest, cv2.CC_STAT_AREA]), (row, column)


def test_pictures_have_the_sizes_of_the_robot_file(peg):
    wrist, front = peg.render('wrist'), peg.render('front')
    assert wrist.shape == (160, 160, 3) and front.shape == (240, 320, 3)
    for picture in (wrist, front):
        assert picture.dtype == np.uint8 and picture.mean() > 50 and picture.std() > 20


def test_the_wrist_sees_the_hole_where_it_is(peg):
    """To the right in the picture is y of the tool, up is x."""
    places = []
    for seed in range(20):
        peg.reset(seed)
        tool, hole = peg.true_tool(), peg.goal().position
        turn = peg.data.site('tool').xmat.reshape(3, 3)
        size, (row, column) = dark_spot(peg.render('wrist'))
        if size > 90:
            places.append([*((hole - tool.position) @ turn)[:2], -row, column])
    places = np.array(places)
    assert len(places) >= 16
    assert np.corrcoef(places[:, 1], places[:, 3])[0, 1] > 0.9
    assert np.corrcoef(places[:, 0], places[:, 2])[0, 1] > 0.6


def test_the_field_of_view_is_that_of_the_robot_file(peg):
    """The hole is seen where a pinhole of that angle puts it."""
    errors = []
    for seed in range(20):
        peg.reset(seed)
        eye = peg.data.camera('wrist')
        x, y, z = (peg.goal().position - eye.xpos) @ eye.xmat.reshape(3, 3)
        focal = 80.0 / np.tan(0.5 * 1.2)
        size, (row, column) = dark_spot(peg.render('wrist'))
        if size > 150:
            errors.append([column - (79.5 - focal * x / z), row - (79.5 + focal * y / z)])
    assert len(errors) >= 10
    assert np.median(np.abs(errors), axis=0).max() < 2.5


def test_the_wrist_sees_the_peg_at_one_place(peg):
    for seed in range(5):
        peg.reset(seed)
        picture = peg.render('wrist').astype(int)
        red = (picture[..., 0] > 70) & (picture[..., 0] > 2 * picture[..., 2] + 20)
        assert red[115:135, 66:94].mean() > 0.9


def test_looks_differ_and_come_back(peg):
    peg.reset(0)
    first = peg.render('wrist')
    peg.reset(1)
    second = peg.render('wrist')
    board = second[5:20, 40:80].mean(axis=(0, 1)) - first[5:20, 40:80].mean(axis=(0, 1))
    assert np.abs(board).max() > 5
    peg.step(20)
    peg.reset(0)
    assert (peg.render('wrist') == first).all()


def test_the_front_camera_sees_the_target(reach):
    seen = []
    for seed in range(3):
        reach.reset(seed)
        picture = reach.render('front').astype(int)
        others = picture.sum(axis=2)
        seen.append([int((2 * picture[..., i] > others + 100).sum()) for i in range(3)])
    assert min(map(min, seen)) >= 3


def test_only_known_cameras_render(peg):
    with pytest.raises(KeyError):
        peg.render('ceiling')
