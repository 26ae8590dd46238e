"""policy_node with a camera: it shows what it acted on, and without good pictures is silent."""

import numpy as np
import pytest
from takeover.policy.onnx_policy import OnnxPolicy
from takeover.specs import VECTOR_FIELD
from takeover.task import load_task
from takeover_msgs.msg import PolicyObservation
from takeover_nodes import qos
from takeover_nodes.conversions import stamp_to_ns
from tests.lane_camera import LaneCamera, WRONG
from tests.policy_alone import policy_alone
from tests.stack import wait_until
from tests.vision_policies import good_vision, LANE_FILE

TASK = load_task(LANE_FILE)
MAX_AGE_NS = round(1e9 * TASK.inputs['camera/resize/image_raw'].max_age_s)
# Far more than a busy machine takes, far less than a tick that waited for a check.
LONGEST_GAP_S = 1.0
COMMAND, OBSERVATION = 'policy/command', 'policy/observation'


@pytest.fixture(scope='module')
def started(tmp_path_factory):
    """Start a node once for this file; return it, its camera and the file of its policy."""
    folder = tmp_path_factory.mktemp('images')
    file = good_vision(folder, 0).file
    with policy_alone(folder / 'node.log') as alone:
        camera = LaneCamera(alone.observer, TASK)
        alone.observer.hear(PolicyObservation, OBSERVATION, qos.RECORD)
        alone.start(task_file=LANE_FILE, policy_file=file)
        wait_until(lambda: alone.observer.last(OBSERVATION), 'observations are heard')
        yield alone, camera, file


@pytest.fixture
def node(started):
    """Return the node, which drives."""
    alone, camera, _ = started
    camera.be_good()
    wait_until_it_drives_on(alone)
    return alone


@pytest.fixture
def camera(started):
    """Return the camera."""
    return started[1]


def wait_until_it_drives_on(alone):
    """Wait until there are more commands."""
    count = len(alone.commands())
    wait_until(lambda: len(alone.commands()) > count + 3, 'it drives')


def told(alone, words):
    """Return the first report of the policy from now on that says so, with its facts."""
    alone.diagnostics.clear()

    def report():
        for status in list(alone.diagnostics):
            if status.name == 'policy_node: policy' and words in status.message:
                return status, {pair.key: pair.value for pair in status.values}
        return None

    return wait_until(report, f'/diagnostics says: {words}')


def wait_until_silent(alone, reason):
    """Wait until it skips ticks for a reason; return how many commands there were until then."""
    told(alone, reason)
    return len(alone.commands())


def test_each_command_says_which_picture_it_is_based_on_and_shows_it(node, camera, started):
    count = len(node.commands())
    wait_until(lambda: len(node.commands()) > count + 20, 'commands')
    commands = node.commands()[count : count + 20]
    wait_until(
        lambda: node.observer.last(OBSERVATION).sequence >= commands[-1].sequence, 'observations'
    )
    shown = {seen.sequence: seen for _, seen in node.observer.since(OBSERVATION, 0.0)}
    policy = OnnxPolicy.load(started[2], TASK)
    for command in commands:
        (stamp,) = command.image_stamps
        pixels = camera.sent[stamp_to_ns(stamp)]
        seen = shown[command.sequence]
        (image,) = seen.images
        assert seen.header == command.header
        assert bytes(image.data) == pixels
        assert (image.header.stamp, image.header.frame_id) == (stamp, camera.frame)
        assert (image.height, image.width, image.step, image.encoding) == (64, 64, 192, 'rgb8')
        assert 0 <= stamp_to_ns(command.tick_stamp) - stamp_to_ns(stamp) <= MAX_AGE_NS
        record = np.zeros((), TASK.observation_dtype)
        record[VECTOR_FIELD] = command.observation
        record['forward'] = np.frombuffer(pixels, np.uint8).reshape(64, 64, 3)
        assert policy.act(record) == pytest.approx(command.values, abs=1e-6)
    _, facts = told(node, 'acting')
    assert 0.0 <= float(facts['frame_age_ms']) <= 1e-6 * MAX_AGE_NS
    assert facts['oldest_frame'] == 'forward'


@pytest.mark.parametrize('how', ['off', 'again'])
def test_a_camera_that_stops_ends_the_commands(node, camera, how):
    setattr(camera, 'on' if how == 'off' else 'again', how != 'off')
    count = wait_until_silent(node, 'camera/resize/image_raw: ')
    told(node, 'camera/resize/image_raw is ')
    assert len(node.commands()) == count
    for command in node.commands():
        (stamp,) = command.image_stamps
        assert stamp_to_ns(command.tick_stamp) - stamp_to_ns(stamp) <= MAX_AGE_NS
    camera.be_good()
    wait_until_it_drives_on(node)


@pytest.mark.parametrize('wrong', WRONG)
def test_a_picture_that_the_task_did_not_ask_for_is_refused_and_told(node, camera, wrong):
    fields, reason = WRONG[wrong]
    camera.wrong = fields
    status, facts = told(node, f'refused camera/resize/image_raw: {reason}')
    assert status.message.startswith('ticks without a command')
    assert int(facts[f'refused: camera/resize/image_raw: {reason}']) >= 1
    count = len(node.commands())
    told(node, reason)
    assert len(node.commands()) == count


def test_policies_that_see_are_exchanged_between_two_ticks(node, tmp_path):
    first, seen = len(node.commands()), len(node.observer.heard[OBSERVATION])
    for number in range(1, 4):
        candidate = good_vision(tmp_path, number)
        node.announce(candidate)
        node.wait_until_driven_by(candidate.version)
    commands = node.commands()[first:]
    # A late command expires on its way to the test, an observation does not.
    observations = node.observer.heard[OBSERVATION][seen:]
    assert (np.diff([observation.sequence for _, observation in observations]) == 1).all()
    ticks_s = 1e-9 * np.array([stamp_to_ns(command.tick_stamp) for command in commands])
    assert np.diff(ticks_s).max() < LONGEST_GAP_S
    wait_until(lambda: node.state.swaps >= 3, 'the swaps are reported')
    assert node.state.refused_version == ''
