"""camera_node over real DDS: honest frames, and what it says when there are none."""

import array
import threading
import time

import cv2
from diagnostic_msgs.msg import DiagnosticStatus
from nav_msgs.msg import Odometry
import numpy as np
import pytest
from rclpy.lifecycle import TransitionCallbackReturn
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from takeover.camera.frame import Frame, Intrinsics
from takeover.image import shape_picture
from takeover.image_form import ImageForm
from takeover.simulation.offscreen import CameraUnavailable
from takeover.simulation.rover import RoverSimulation
from takeover_msgs.msg import EpisodeState
from takeover_nodes import camera_node, qos
from takeover_nodes.camera_messages import image_message, image_pixels, info_message
from takeover_nodes.conversions import ns_to_stamp
from tests.cameras import video_camera, write_video
from tests.nodes.camera_rig import camera, SIZE
from tests.stack import wait_until

OK, WARN, ERROR = DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR
RAW, INFO = 'camera/image_raw', 'camera/camera_info'
RESIZED, RESIZED_INFO = 'camera/resize/image_raw', 'camera/resize/camera_info'
LENS = '{fx: 60.0, fy: 60.0, cx: 31.5, cy: 23.5}'
MODE = 'width: 64, height: 48, rate_hz: 30.0, frame: camera_optical_frame'


@pytest.fixture
def video(tmp_path):
    return write_video(tmp_path / 'video.avi', 30, 30.0, **SIZE)


@pytest.fixture
def file(tmp_path):
    """Return a function that writes a file of cameras, and gives it as a parameter."""

    def write(text):
        path = tmp_path / 'cameras.yaml'
        path.write_text(text)
        return f'config_file:={path}'

    return write


def of_video(video, **keys):
    return video_camera(video, **SIZE, **keys)


def noise(seed):
    return np.random.default_rng(seed).integers(30, 220, (48, 64, 3), dtype=np.uint8)


def test_a_frame_is_published_whole_and_as_the_task_sees_it_with_one_stamp(
    file, video, repository
):
    task = repository / 'config' / 'tasks' / 'rover_lane.yaml'
    given = file(of_video(video, intrinsics=LENS)), f'task_file:={task}'
    begin_ns = time.time_ns()
    with camera(*given, hear=(RAW, INFO, RESIZED, RESIZED_INFO)) as rig:
        topics = (RAW, INFO, RESIZED, RESIZED_INFO)

        def on_all():
            return len(set.intersection(*(set(rig.stamps(topic)) for topic in topics))) >= 3

        wait_until(on_all, 'the same stamps on all four')
        heard = {
            topic: {stamp: m for stamp, m in zip(rig.stamps(topic), rig.wait_for(topic, 3))}
            for topic in topics
        }
        rig.wait_for_status(OK, 'of 30 Hz')
    stamps = [stamp for stamp in heard[RAW] if all(stamp in found for found in heard.values())]
    assert stamps == sorted(set(stamps)) and begin_ns < stamps[0] <= stamps[-1] < time.time_ns()
    for stamp in stamps:
        whole, small = heard[RAW][stamp], heard[RESIZED][stamp]
        assert (whole.width, whole.height, whole.encoding) == (64, 48, 'bgr8')
        assert (small.width, small.height, small.encoding) == (64, 64, 'rgb8')
        form = ImageForm(crop=(0.3, 0.0, 1.0, 1.0))
        expected = shape_picture(image_pixels(whole), 'bgr8', form, 64, 64)
        assert (image_pixels(small) == expected).all()
        assert {found[stamp].header.frame_id for found in heard.values()} == {
            'camera_optical_frame'
        }
    whole, small = heard[INFO][stamps[0]], heard[RESIZED_INFO][stamps[0]]
    assert (whole.k[0], small.width, small.height) == (60.0, 64, 64)
    # 48 rows less the 14 that are cropped become 64; the picture begins at row 14.
    assert small.k[4] == small.p[5] == pytest.approx(60.0 * 64 / 34)
    assert small.k[5] == pytest.approx((23.5 - 14 + 0.5) * 64 / 34 - 0.5)
    assert small.roi.width == small.roi.height == 0


def test_whole_frames_cost_nothing_while_nobody_listens(file, video):
    given = file(of_video(video)), 'resize_width:=32', 'resize_height:=24'
    with camera(*given, hear=(RESIZED,)) as rig:
        whole = []
        rig.node.out['image'].publish = rig.node.out['info'].publish = whole.append
        pictures = rig.wait_for(RESIZED, 3)
        assert (pictures[0].width, pictures[0].height) == (32, 24)
        assert whole == []


def test_a_camera_that_is_unplugged_is_silence_at_once_and_comes_back(file, video, tmp_path):
    with camera(file(of_video(video)), hear=(RAW,)) as rig:
        rig.wait_for(RAW, 3)
        video.rename(tmp_path / 'away.avi')
        facts = rig.wait_for_status(ERROR, 'lost after')
        assert facts['state'] == 'lost'
        rig.wait_for_status(ERROR, 'is not there')
        silent = len(rig.observer.heard[RAW])
        wait_until(lambda: int(rig.status()[2]['attempts']) >= 2, 'it is tried again')
        assert len(rig.observer.heard[RAW]) == silent
        (tmp_path / 'away.avi').rename(video)
        wait_until(lambda: len(rig.observer.heard[RAW]) >= silent + 3, 'back')
        facts = rig.wait_for_status(OK, 'Hz')
        assert (facts['reconnects'], facts['attempts']) == ('1', '0')
        stamps = rig.stamps(RAW)
        assert stamps == sorted(set(stamps))


def test_a_frozen_camera_is_named_and_no_frame_is_published_again(file, tmp_path):
    path = tmp_path / 'frozen.avi'
    writer = cv2.VideoWriter(
        str(path), cv2.CAP_OPENCV_MJPEG, cv2.VideoWriter.fourcc(*'MJPG'), 30.0, (64, 48)
    )
    for _ in range(30):
        writer.write(noise(0))
    writer.release()
    with camera(file(of_video(path)), hear=(RAW,)) as rig:
        facts = rig.wait_for_status(ERROR, 'frozen: ')
        wait_until(lambda: int(rig.status()[2]['fault: frozen']) >= 20, 'many of them')
        assert facts['published'] == '1' and len(rig.observer.heard[RAW]) <= 1


def test_a_slow_camera_is_named_with_its_rate_and_its_frames_are_still_true(file, tmp_path):
    path = write_video(tmp_path / 'slow.avi', 30, 5.0, **SIZE)
    with camera(file(of_video(path)), hear=(RAW,)) as rig:
        rig.wait_for(RAW, 3)
        facts = rig.wait_for_status(ERROR, '; slow: ')
        assert int(facts['fault: silent']) >= 1 and float(facts['rate_hz']) < 8.0
        assert np.diff(rig.stamps(RAW)).min() > 0.1e9


def test_another_size_than_asked_for_is_named_and_never_published(file, video):
    given = file(video_camera(video, width=32, height=24)), 'attempts_at_start:=2'
    with camera(*given, hear=(RAW,)) as rig:
        facts = rig.wait_for_status(ERROR, 'gives 64x48, asked for is 32x24')
        assert facts['published'] == '0' and len(rig.observer.heard[RAW]) == 0


def test_a_camera_that_is_missing_at_the_start_is_told_and_found_later(file, tmp_path):
    path = tmp_path / 'second.avi'
    given = file(of_video(path)), 'attempts_at_start:=2', 'max_pause_s:=0.5'
    with camera(*given, hear=(RAW,)) as rig:
        assert rig.node.active
        rig.wait_for_status(ERROR, 'missing after')
        assert len(rig.observer.heard[RAW]) == 0
        write_video(tmp_path / 'there.avi', 30, **SIZE).rename(path)
        rig.wait_for(RAW, 3)
        rig.wait_for_status(OK, 'Hz')


def test_inactive_it_is_silent_and_lets_go_of_the_camera(file, video):
    with camera(file(of_video(video)), hear=(RAW,)) as rig:
        for _ in range(2):
            before = len(rig.observer.heard[RAW])
            wait_until(lambda: len(rig.observer.heard[RAW]) > before, 'frames')  # noqa: B023 called at once
            assert rig.node.trigger_deactivate() is TransitionCallbackReturn.SUCCESS
            published = rig.node.published
            rig.wait_for_status(OK, 'inactive')
            assert rig.node.published == published and rig.node.capture is None
            assert rig.node.trigger_activate() is TransitionCallbackReturn.SUCCESS
        assert rig.node.trigger_deactivate() is TransitionCallbackReturn.SUCCESS
        assert rig.node.trigger_cleanup() is TransitionCallbackReturn.SUCCESS


@pytest.mark.parametrize(
    ('given', 'message'),
    [
        (('use_sim_time:=true',), 'use_sim_time must be false'),
        (('camera:=front',), "no camera 'front'; legal: camera"),
        (('resize_width:=32',), 'both resize_width and resize_height'),
    ],
)
def test_what_cannot_be_is_refused_at_configure(file, video, capfd, given, message):
    with camera(file(of_video(video)), *given, active=False) as rig:
        assert rig.node.trigger_configure() is TransitionCallbackReturn.FAILURE
    assert message in capfd.readouterr().err


class Hanging:
    """A source that never comes back from its first read."""

    description = 'hanging camera'

    def open(self):
        """Do nothing."""

    def read(self, timeout_s):
        """Hang."""
        threading.Event().wait(60.0)

    def facts(self):
        """Return nothing."""
        return {}

    def close(self):
        """Do nothing."""


def test_a_camera_that_hangs_does_not_hold_the_node_and_is_not_opened_beside_itself(
    file, video, monkeypatch, capfd
):
    monkeypatch.setattr(camera_node, 'make_source', lambda *_: Hanging())
    with camera(file(of_video(video))) as rig:
        assert rig.node.trigger_deactivate() is TransitionCallbackReturn.SUCCESS
        assert rig.node.trigger_activate() is TransitionCallbackReturn.FAILURE
        assert 'hanging camera hangs since it was last active' in capfd.readouterr().err


class WithDepth:
    """A source that a test plays, at 30 Hz."""

    description = 'test camera'

    def __init__(self):
        self.number = 0

    def open(self):
        """Do nothing."""

    def read(self, timeout_s):
        """Return a frame with depth and lens."""
        time.sleep(1.0 / 30.0)
        self.number += 1
        depth = np.full((48, 64), self.number, dtype=np.uint16)
        lens = Intrinsics(64, 48, 50.0, 50.0, 31.5, 23.5)
        return Frame(noise(self.number), 'rgb8', time.time_ns(), lens, depth)

    def facts(self):
        """Return the offset of its clock."""
        return {'clock_offset_ms': 1.25}

    def close(self):
        """Do nothing."""


def test_depth_is_published_in_millimetres_with_the_stamp_of_the_colours(file, video, monkeypatch):
    monkeypatch.setattr(camera_node, 'make_source', lambda *_: WithDepth())
    depth_topic = 'camera/depth/image_rect_raw'
    with camera(file(of_video(video)), hear=(depth_topic, INFO)) as rig:
        depth = rig.wait_for(depth_topic, 2)[-1]
        assert (depth.encoding, depth.step, depth.width, depth.height) == ('16UC1', 128, 64, 48)
        values = np.frombuffer(depth.data, dtype='<u2')
        assert len(set(values.tolist())) == 1 and values[0] > 0
        wait_until(lambda: set(rig.stamps(depth_topic)) & set(rig.stamps(INFO)), 'the same stamp')
        assert rig.observer.last(INFO).k[0] == 50.0, 'the lens of the camera itself'
        facts = rig.wait_for_status(OK, 'Hz')
        assert facts['clock_offset_ms'] == '1.250'
        assert 0.0 <= float(facts['age_s']) < 5.0 and float(facts['capture_to_publish_ms']) > 0.0


class Driver:
    """Publishes a camera's frames as another driver does."""

    def __init__(self, rig, topic=RAW, message=Image):
        node = rig.observer.node
        self.images = node.create_publisher(message, topic, qos.SENSOR)
        self.infos = node.create_publisher(CameraInfo, 'camera/camera_info', qos.SENSOR)
        self.number = 0
        wait_until(lambda: self.images.get_subscription_count(), 'heard')

    def picture(self):
        """Return the next picture and its stamp."""
        self.number += 1
        return noise(self.number), 10**9 * 100 + 33_000_000 * self.number

    def publish(self, picture, stamp_ns):
        """Publish a picture and its lens."""
        lens = Intrinsics(64, 48, 70.0, 70.0, 31.5, 23.5)
        self.infos.publish(info_message(lens, 64, 48, stamp_ns, 'driver'))
        self.images.publish(image_message(picture, 'rgb8', stamp_ns, 'driver'))

    def publish_until(self, condition, what):
        """Publish new pictures until something holds."""

        def step():
            self.publish(*self.picture())
            time.sleep(0.02)
            return condition()

        wait_until(step, what)


def test_a_topic_keeps_its_stamps_and_is_not_published_twice(file):
    given = (
        file(f'cameras:\n  camera: {{source: topic, topic: {RAW}, {MODE}}}\n'),
        'resize_width:=32',
        'resize_height:=24',
    )
    with camera(*given, hear=(RAW, RESIZED, RESIZED_INFO)) as rig:
        rig.wait_for_status(None, f'nobody publishes /{RAW}')
        driver = Driver(rig)
        driver.publish_until(
            lambda: (
                len(set(rig.stamps(RESIZED)) & set(rig.stamps(RAW))) >= 3
                and rig.observer.last(RESIZED_INFO)
                and rig.observer.last(RESIZED_INFO).k[0] > 0.0
            ),
            'resized pictures with the stamps of the driver',
        )
        assert {m.header.frame_id for _, m in rig.observer.heard[RAW]} == {'driver'}
        assert rig.observer.last(RESIZED).header.frame_id == 'camera_optical_frame'
        assert rig.observer.last(RESIZED_INFO).k[0] == 35.0, "half of the driver's"


def test_a_topic_that_repeats_itself_or_has_another_size_is_named(file):
    given = (
        file(f'cameras:\n  camera: {{source: topic, topic: {RAW}, {MODE}}}\n'),
        'resize_width:=32',
        'resize_height:=24',
    )
    with camera(*given, hear=(RESIZED,)) as rig:
        driver = Driver(rig)
        driver.publish_until(lambda: rig.observer.last(RESIZED), 'pictures')
        still, stamp_ns = driver.picture()

        def restamp():
            nonlocal stamp_ns
            stamp_ns += 33_000_000
            driver.publish(still, stamp_ns)
            time.sleep(0.02)
            return int(rig.node.capture.status().faults.get('frozen', 0)) >= 3

        wait_until(restamp, 'frozen')
        restamped = [
            stamp for stamp in rig.stamps(RESIZED) if stamp > 10**11 + 33_000_000 * driver.number
        ]
        assert len(restamped) <= 1, 'the same picture was never published again'
        wrong = np.ascontiguousarray(noise(1)[:, :32])

        def send_wrong():
            driver.publish(wrong, driver.picture()[1] + 10**12)
            time.sleep(0.02)
            return 'wrong_size' in rig.node.capture.status().faults

        wait_until(send_wrong, 'wrong size')
        assert all(message.width == 32 for message in rig.wait_for(RESIZED, 1))


def test_a_compressed_topic_is_decoded(file):
    text = f'cameras:\n  camera: {{source: topic, topic: cam/image, compressed: true, {MODE}}}\n'
    with camera(file(text), hear=(RAW,)) as rig:
        driver = Driver(rig, 'cam/image/compressed', CompressedImage)
        sent = {}

        def send():
            pixels, stamp_ns = driver.picture()
            sent[stamp_ns] = pixels
            message = CompressedImage(format='png')
            message.header.stamp = ns_to_stamp(stamp_ns)
            message.data = array.array('B', cv2.imencode('.png', pixels)[1].tobytes())
            driver.images.publish(message)
            time.sleep(0.02)
            return len(rig.observer.heard[RAW]) >= 3

        wait_until(send, 'decoded pictures')
        for stamp_ns, message in zip(rig.stamps(RAW), rig.wait_for(RAW, 3)):
            assert (image_pixels(message) == sent[stamp_ns]).all() and message.encoding == 'bgr8'

        def send_rubbish():
            driver.images.publish(CompressedImage(format='jpeg', data=b'rubbish'))
            time.sleep(0.02)
            return rig.node.capture.status().facts['undecodable'] > 0

        wait_until(send_rubbish, 'rubbish is counted')


def test_the_simulated_camera_shows_the_course_of_the_episode(file, task, robot, repository):
    simulation = RoverSimulation(robot, task.episode, seed=3)
    try:
        simulation.render()
    except CameraUnavailable as error:
        pytest.skip(str(error))
    finally:
        simulation.close()
    files = repository / 'config'
    given = (
        file(f'cameras:\n  camera: {{source: sim, {MODE}}}\n'),
        f'task_file:={files / "tasks/rover_path.yaml"}',
        f'robot_file:={files / "robots/rover.yaml"}',
    )
    with camera(*given, hear=(RAW, INFO)) as rig:
        node = rig.observer.node
        odom = node.create_publisher(Odometry, 'ground_truth/odom', qos.SENSOR)
        episode = node.create_publisher(EpisodeState, 'episode', qos.LATCHED)
        state = EpisodeState(episode=1, seed=3)
        state.header.stamp = ns_to_stamp(10**9)
        episode.publish(state)
        stamps = []

        def drive():
            stamps.append(2 * 10**9 + 20_000_000 * len(stamps))
            pose = Odometry()
            pose.header.frame_id, pose.header.stamp = 'map', ns_to_stamp(stamps[-1])
            pose.pose.pose.position.x, pose.pose.pose.orientation.w = 0.01 * len(stamps), 1.0
            odom.publish(pose)
            time.sleep(0.02)
            return len(rig.observer.heard[RAW]) >= 3

        wait_until(drive, 'pictures')
        assert set(rig.stamps(RAW)) <= set(stamps), 'the stamps are those of the poses'
        first, *_, last = rig.wait_for(RAW, 3)
        assert (first.width, first.height) == (64, 48)
        assert (image_pixels(first) != image_pixels(last)).any()
        assert rig.observer.last(INFO).k[0] > 0.0
        for listener in list(rig.observer.node.subscriptions):
            if listener.topic_name.startswith('/camera/'):
                rig.observer.node.destroy_subscription(listener)
        rig.wait_for_status(OK, 'nobody listens')
        assert rig.node.capture is None, 'nothing is rendered for nobody'


def test_what_dds_lacks_for_whole_frames_is_told(file, video, monkeypatch):
    monkeypatch.delenv('FASTRTPS_DEFAULT_PROFILES_FILE', raising=False)
    monkeypatch.delenv('RMW_IMPLEMENTATION', raising=False)
    with camera(file(of_video(video))) as rig:
        rig.wait_for_status(OK, 'Hz')
        level, message, facts = rig.status('dds')
        assert level == WARN and 'FASTRTPS_DEFAULT_PROFILES_FILE is not set' in message
        assert 'launch files' in facts['remedy 1']
