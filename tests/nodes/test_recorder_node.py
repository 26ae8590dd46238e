"""recorder_node as a process: what was said is what is in the log, whatever happens around it."""

import signal
import subprocess

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from nav_msgs.msg import Odometry
import numpy as np
import pytest
from rclpy.serialization import deserialize_message
from rosbags.highlevel import AnyReader
from sensor_msgs.msg import Image
from takeover.command import Source
from takeover.data.log_check import check_log
from takeover.data.log_messages import EpisodeEnd, UndoEpisode
from takeover.data.log_reader import log_files, LogReader, read_log, read_steps
from takeover.data.log_scan import LogScan
from takeover.task import load_task
from takeover_msgs.msg import PolicyObservation, RecorderState
from takeover_msgs.msg import UndoEpisode as UndoMessage
from takeover_nodes import conversions, qos
from tests.nodes.fake_drive import FakeDrive, STEPS_OF_EPISODE
from tests.nodes.recorder import (
    hear_state,
    logged_steps,
    recorder,
    TASK,
    wait_until_acknowledged,
)
from tests.stack import DEADLINE_S, new_domain, Observer, wait_until
from tests.vision_policies import LANE_FILE


@pytest.fixture
def observer():
    """Return a node of the test in a domain of its own, which hears the recorder."""
    domain = new_domain()
    observer = Observer(domain)
    observer.domain = domain
    hear_state(observer)
    observer.hear(DiagnosticArray, '/diagnostics', qos.DIAGNOSTICS)
    yield observer
    observer.close()


def stop(process) -> None:
    process.send_signal(signal.SIGINT)
    assert process.wait(DEADLINE_S) == 0


def status(observer) -> DiagnosticStatus | None:
    """Return what the recorder says of itself."""
    for _, array in reversed(observer.heard['/diagnostics']):
        for one in array.status:
            if one.name == 'recorder_node: log':
                return one
    return None


def facts(observer) -> dict[str, str]:
    found = status(observer)
    return {} if found is None else {pair.key: pair.value for pair in found.values}


def test_what_was_said_is_in_the_log(observer, task, tmp_path):
    drive = FakeDrive(observer, task)
    with recorder(observer.domain, tmp_path) as process:
        before = drive.begin(observer)
        drive.drive(lambda: drive.count >= STEPS_OF_EPISODE + 5)
        state = wait_until_acknowledged(observer, drive.sequence)
        stop(process)
    assert state.steps - before.steps == len(drive.said)
    assert state.incomplete == before.incomplete
    assert state.state == RecorderState.STATE_RECORDING

    steps = logged_steps(tmp_path)
    assert [step.sequence for step in steps] == list(drive.said)
    for step in steps:
        said = drive.said[step.sequence]
        command, reward = said.command, said.reward
        assert step.stamp_ns == conversions.stamp_to_ns(command.header.stamp)
        assert step.observation_stamp_ns == conversions.stamp_to_ns(command.observation_stamp)
        np.testing.assert_array_equal(step.observation, command.observation)
        np.testing.assert_array_equal(step.policy_action, command.values)
        np.testing.assert_array_equal(step.commanded, reward.commanded)
        np.testing.assert_array_equal(step.executed, said.executed.executed)
        assert step.source is Source(reward.source)
        assert step.policy_version == command.policy_version
        for name in ('episode', 'reward', 'onset', 'stored', 'terminated', 'truncated', 'outcome'):
            assert getattr(step, name) == getattr(reward, name), name
    (file,) = log_files([tmp_path])
    reader = LogReader(file)
    ends = [event for event in reader.events() if isinstance(event, EpisodeEnd)]
    assert [(end.episode, end.outcome) for end in ends] == [(1, 1)]
    assert reader.finished and not reader.torn_bytes and not reader.damage
    assert reader.metadata['task'] == task.task
    assert reader.metadata['spec_hash'] == drive.spec_hash


def test_another_reader_of_ros_bags_opens_the_log(observer, task, tmp_path):
    drive = FakeDrive(observer, task)
    with recorder(observer.domain, tmp_path) as process:
        drive.begin(observer)
        said = drive.step()
        wait_until_acknowledged(observer, drive.sequence)
        stop(process)
    with AnyReader(log_files([tmp_path])) as reader:
        (connection,) = (c for c in reader.connections if c.topic == '/takeover/step')
        assert connection.msgtype == 'takeover_msgs/msg/Step'
        *_, (_, _, data) = reader.messages([connection])
        step = reader.deserialize(data, connection.msgtype)
    assert step.sequence == drive.sequence
    assert step.header.frame_id == 'base_link'
    assert step.observation.tolist() == said.command.observation.tolist()


def test_inputs_and_images_are_kept_as_they_came(observer, task, tmp_path):
    # Before those of the drive: a recorder that knows them knows these, too.
    odometry = observer.node.create_publisher(Odometry, 'odom', qos.SENSOR)
    camera = observer.node.create_publisher(Image, 'camera/image_raw', qos.SENSOR)
    drive = FakeDrive(observer, task)
    image = Image(height=2, width=3, step=9, encoding='rgb8', data=bytes(range(18)))
    image.header.frame_id = 'camera_optical_frame'
    moved = Odometry()
    moved.pose.pose.position.x = 1.25
    with recorder(observer.domain, tmp_path, 'images:=[camera/image_raw]') as process:
        drive.begin(observer)
        wait_until(
            lambda: odometry.get_subscription_count() and camera.get_subscription_count(),
            'inputs and images are listened to',
        )
        odometry.publish(moved)
        camera.publish(image)
        # Best effort: they are there when a later state of the log has grown by them.
        kinds = {'nav_msgs/msg/Odometry': moved, 'sensor_msgs/msg/Image': image}

        def kept() -> dict:
            return {
                message.type: message
                for file in sorted(tmp_path.glob('*.mcap'))
                for block in LogScan(file).blocks(kinds)
                for message in block
            }

        wait_until(lambda: len(kept()) == 2, 'both are in the log')
        stop(process)
    found = kept()
    assert found['nav_msgs/msg/Odometry'].topic == '/odom'
    assert found['sensor_msgs/msg/Image'].topic == '/camera/image_raw'
    for kind, sent in kinds.items():
        assert deserialize_message(found[kind].data, type(sent)) == sent


def test_a_step_without_one_of_its_parts_is_a_gap(observer, task, tmp_path):
    drive = FakeDrive(observer, task)
    with recorder(observer.domain, tmp_path) as process:
        before = drive.begin(observer)
        for without in ('', 'policy/command', '', 'safety/executed_command', ''):
            drive.step(without)
        state = wait_until_acknowledged(observer, drive.sequence)
        stop(process)
    assert state.incomplete - before.incomplete == 2
    first = next(iter(drive.said))
    assert [step.sequence - first for step in logged_steps(tmp_path)] == [0, 2, 4]


@pytest.fixture
def lane():
    """Return a task with images."""
    return load_task(LANE_FILE)


def test_a_step_of_a_task_with_images_has_the_pixels_that_were_acted_on(observer, lane, tmp_path):
    drive = FakeDrive(observer, lane)
    camera = observer.node.create_publisher(Image, *lane.images[0].inputs, qos.SENSOR)
    with recorder(observer.domain, tmp_path, task_file=LANE_FILE) as process:
        before = drive.begin(observer)
        for without in ('', 'policy/observation', ''):
            drive.step(without)
        drive.drive(lambda: drive.count >= STEPS_OF_EPISODE + 5)
        state = wait_until_acknowledged(observer, drive.sequence)
        assert camera.get_subscription_count() == 0, 'the camera is not recorded a second time'
        stop(process)
    assert state.incomplete - before.incomplete == 1
    steps = logged_steps(tmp_path)
    assert [step.sequence - min(drive.said) for step in steps[:3]] == [0, 2, 3]
    assert len(steps) == len(drive.said) - 1
    for step in steps:
        said = drive.said[step.sequence]
        assert step.pixels.tobytes() == bytes(said.pictures.images[0].data)
        (stamp,) = said.command.image_stamps
        assert step.image_stamps_ns == (conversions.stamp_to_ns(stamp),)
        np.testing.assert_array_equal(step.observation, said.command.observation)
    (file,) = log_files([tmp_path])
    assert check_log(file).good


def test_pictures_of_another_size_are_refused_and_said(observer, lane, tmp_path):
    drive = FakeDrive(observer, lane)
    with recorder(observer.domain, tmp_path, task_file=LANE_FILE) as process:
        drive.begin(observer)
        drive.step('policy/observation')
        drive.out['policy/observation'].publish(PolicyObservation(sequence=drive.sequence))
        drive.step()
        wait_until_acknowledged(observer, drive.sequence)
        wait_until(lambda: facts(observer).get('refused') == '1', 'the refusal is told')
        assert 'the pictures have 0 numbers, the task has 12288' in status(observer).message
        stop(process)
    assert [step.sequence for step in logged_steps(tmp_path)] == [drive.sequence]


def test_a_command_for_another_task_is_refused_and_said(observer, task, tmp_path):
    drive = FakeDrive(observer, task)
    with recorder(observer.domain, tmp_path) as process:
        drive.begin(observer)
        drive.step(spec_hash='f' * 16)
        drive.step()
        wait_until_acknowledged(observer, drive.sequence)
        wait_until(lambda: facts(observer).get('refused') == '1', 'the refusal is told')
        assert status(observer).level == DiagnosticStatus.WARN
        assert 'ffffffffffffffff' in status(observer).message
        stop(process)
    assert [step.sequence for step in logged_steps(tmp_path)] == [drive.sequence]


def test_an_episode_that_is_taken_back_is_not_learned_from(observer, task, tmp_path):
    # Before those of the drive: a recorder that knows them knows this one, too.
    undo = observer.node.create_publisher(UndoMessage, 'intervention/undo', qos.RECORD)
    drive = FakeDrive(observer, task)
    with recorder(observer.domain, tmp_path) as process:
        drive.begin(observer)
        wait_until(undo.get_subscription_count, 'the recorder hears of it')
        for _ in range(3):
            drive.step()
        first = next(iter(drive.said))
        undo.publish(UndoMessage(episode=1, first_sequence=first, last_sequence=drive.sequence))
        wait_until_acknowledged(observer, drive.sequence)
        wait_until(
            lambda: any(isinstance(event, UndoEpisode) for event in read_log([tmp_path])),
            'the undo is in the log',
        )
        stop(process)
    assert len(logged_steps(tmp_path)) == 3
    assert [step for step in read_steps([tmp_path]) if step.episode] == []


def test_a_folder_that_cannot_be_written_to_is_told_and_waited_for(observer, task, tmp_path):
    folder = tmp_path / 'logs'
    folder.write_text('a file where the folder should be')
    drive = FakeDrive(observer, task)
    with recorder(observer.domain, folder) as process:
        wait_until(
            lambda: (
                (state := observer.last('recorder/state'))
                and state.state == RecorderState.STATE_STOPPED
            ),
            'the recorder says that it does not record',
        )
        wait_until(
            lambda: (one := status(observer)) and one.level == DiagnosticStatus.ERROR,
            'and says so in /diagnostics',
        )
        assert str(folder) in status(observer).message
        folder.unlink()
        wait_until(
            lambda: observer.last('recorder/state').state == RecorderState.STATE_RECORDING,
            'it records when it can',
        )
        drive.begin(observer)
        drive.step()
        wait_until_acknowledged(observer, drive.sequence)
        stop(process)
    assert [step.sequence for step in logged_steps(folder)] == [drive.sequence]


def test_limits_that_contradict_each_other_are_refused(observer, tmp_path):
    with recorder(
        observer.domain, tmp_path, 'min_free_mb:=900.0', stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.wait(DEADLINE_S) == 2
        assert 'legal: 0 <= min_free_mb <= min_free_images_mb' in process.stderr.read()
    assert TASK.is_file() and not list(tmp_path.iterdir())
