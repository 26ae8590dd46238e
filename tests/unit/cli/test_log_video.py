"""`takeover log export --video`: the video plays, shows who drove, and is whole or not there."""

from dataclasses import replace

import av
import numpy as np
from PIL.ImageColor import getrgb
import pytest
from takeover.cli import log_video
from takeover.cli.log_task import task_of_log
from takeover.cli.main import main
from takeover.command import Source
from takeover.data.log_reader import log_files
from takeover.data.log_summary import summarise
from takeover.image_form import NO_PIXELS
from takeover.report.figures import HOLD, HUMAN, POLICY
from takeover.report.video import BT_601, VideoError, write_video
from takeover.report.video_frame import VideoFrames
from tests.drives import drive
from tests.pictured_logs import GREEN, pictured_steps, RED, TASK, TASK_FILE, write_pictured_log

STEPS = pictured_steps()
COLOURS = {Source.POLICY: POLICY, Source.HUMAN: HUMAN, Source.HOLD: HOLD}


@pytest.fixture
def folder(tmp_path):
    """Return the folder of a log: nobody drives first, and one step has no picture."""
    steps = [replace(STEPS[0], source=Source.HOLD), *STEPS[1:]]
    steps[5] = replace(steps[5], pixels=NO_PIXELS, image_stamps_ns=())
    return write_pictured_log(tmp_path / 'logs', steps)


def decode(path):
    """Return the video stream's description and all frames, RGB."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = [frame.to_ndarray(format='rgb24') for frame in container.decode(stream)]
        context = stream.codec_context
        matrix = context.colorspace
        return (context.name, context.pix_fmt, matrix, float(stream.average_rate)), frames


def near(pixels, colour):
    """Tell whether pixels [..., 3] have a colour, as far as compression keeps it."""
    return np.abs(pixels.astype(int) - np.array(colour)).max(axis=-1) < 14


def test_the_video_has_a_frame_for_each_pictured_step_and_shows_who_drives(folder, tmp_path):
    out = tmp_path / 'seen.mp4'
    assert main(['log', 'export', str(folder), '--video', str(out)]) == 0
    description, frames = decode(out)
    assert description == ('h264', 'yuv420p', BT_601, TASK.rate_hz)
    shown = [step for index, step in enumerate(STEPS) if index != 5]
    assert len(frames) == len(shown)
    assert {frame.shape for frame in frames} == {(*VideoFrames(TASK).size[::-1], 3)}
    sources = [Source.HOLD, *(step.source for step in shown[1:])]
    assert len(set(sources)) == 3
    for frame, source in zip(frames, sources):
        # The bar of who drives is the widest line of one colour.
        widest = {
            other: int(near(frame, getrgb(colour)).sum(axis=1).max())
            for other, colour in COLOURS.items()
        }
        assert max(widest, key=widest.get) is source
        assert widest[source] > 0.9 * (frame.shape[1] - 32)
    assert not list(tmp_path.glob('*.unfinished'))


def test_a_picture_is_enlarged_without_blur_and_in_its_colours(folder, tmp_path):
    frames = VideoFrames(TASK)
    (summary,) = summarise(log_files([folder]))
    frame = frames.draw(STEPS[0], summary.episodes[0], 0)
    red, green = ((frame == colour).all(axis=-1) for colour in (RED, GREEN))
    assert red.sum() == green.sum() == 448 * 224
    edge = np.flatnonzero(red.any(axis=0)).max()
    assert green[:, edge + 1].sum() == 448


def test_pictures_of_two_cameras_stand_beside_each_other_in_even_size(folder):
    values = TASK.model_dump()
    (image,) = [feature for feature in values['features'] if feature['kind'] == 'image']
    grey = image | {'name': 'rear', 'shape': (45, 37, 1), 'size': 45 * 37}
    grey['form'] = image['form'] | {'encoding': 'mono8'}
    frames = VideoFrames(type(TASK)(**{**values, 'features': (*values['features'], grey)}))
    pixels = np.concatenate([STEPS[0].pixels, np.full(45 * 37, 77, np.uint8)])
    (summary,) = summarise(log_files([folder]))
    frame = frames.draw(replace(STEPS[0], pixels=pixels), summary.episodes[0], 0)
    assert frame.shape[:2] == frames.size[::-1]
    assert all(length % 2 == 0 for length in frames.size)
    rear = (frame == 77).all(axis=-1)
    assert rear.sum() >= 450 * 370
    assert (
        np.flatnonzero(rear.any(axis=0)).min()
        > np.flatnonzero((frame == GREEN).all(-1).any(0)).max()
    )


def test_a_command_fills_its_bar_from_zero(folder):
    (summary,) = summarise(log_files([folder]))
    episode, frames = summary.episodes[0], VideoFrames(TASK)
    policy = replace(STEPS[1], source=Source.POLICY, policy_action=np.zeros(2))

    def filled(*executed):
        step = replace(policy, executed=np.array(executed))
        rows = (frames.draw(step, episode, 1) == getrgb(POLICY)).all(axis=-1)[512:570, :365]
        return [int(part[:, 110:].sum(axis=1).max()) for part in (rows[20:40], rows[45:])]

    nothing, half, whole = filled(0.0, 0.0), filled(0.3, 0.75), filled(9.0, -1.5)
    assert nothing[0] < half[0] < whole[0] and nothing[1] < half[1] < whole[1]
    assert abs(whole[0] - 2 * half[0]) < 8, 'from 0 to 0.6 m/s, never out of the bar'
    assert abs(whole[1] - 2 * half[1]) < 8, 'to either side of zero'


def test_table_and_video_come_from_one_command(folder, tmp_path, capsys):
    out, video = tmp_path / 'out', tmp_path / 'a.mp4'
    words = ['log', 'export', str(folder), '--out', str(out), '--video', str(video)]
    assert main(words) == 0
    assert (out / 'steps.parquet').is_file() and video.is_file()
    assert f'{len(STEPS) - 1} frames' in capsys.readouterr().out


def test_an_interrupted_export_leaves_what_was_there(folder, tmp_path, monkeypatch):
    out = tmp_path / 'seen.mp4'
    out.write_bytes(b'before')
    draw, drawn = VideoFrames.draw, []

    def interrupted(self, *args):
        drawn.append(1)
        if len(drawn) > 8:
            raise KeyboardInterrupt
        return draw(self, *args)

    monkeypatch.setattr(log_video.VideoFrames, 'draw', interrupted)
    assert main(['log', 'export', str(folder), '--video', str(out)]) == 130
    assert out.read_bytes() == b'before'
    assert sorted(path.name for path in tmp_path.iterdir()) == ['logs', 'seen.mp4']


@pytest.mark.parametrize(
    ('options', 'words'),
    [
        ([], '--out FOLDER, --video FILE.mp4, or both'),
        (['--video', 'a.avi'], 'legal: a name that ends in .mp4'),
        (['--video', 'no/such/folder/a.mp4'], 'cannot be written: No such file'),
        (['--video', 'a.mp4', '--task', 'config/tasks/rover_path.yaml'], 'no image feature'),
        (['--video', 'a.mp4', '--task', 'nothing.yaml'], 'nothing.yaml'),
    ],
)
def test_what_cannot_be_exported_is_refused_in_words(folder, repository, capsys, options, words):
    options = [str(repository / word) if word.startswith('config') else word for word in options]
    assert main(['log', 'export', str(folder), *options]) == 2
    assert words in ' '.join(capsys.readouterr().err.split())


def test_a_log_without_pictures_is_refused_in_words(tmp_path, capsys):
    write_pictured_log(tmp_path / 'logs', drive(1, 6, observation=2))
    assert main(['log', 'export', str(tmp_path / 'logs'), '--video', str(tmp_path / 'a.mp4')]) == 2
    assert 'no step has pictures; legal: logs of rover_lane' in capsys.readouterr().err
    assert not (tmp_path / 'a.mp4').exists()


def test_the_task_of_a_log_is_found_by_name_and_known_by_hash(folder, tmp_path, monkeypatch):
    assert task_of_log(log_files([folder])) == TASK
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'config' / 'tasks').mkdir(parents=True)
    other = TASK_FILE.read_text().replace('rate_hz: 20.0', 'rate_hz: 10.0')
    (tmp_path / 'config' / 'tasks' / 'rover_lane.yaml').write_text(other)
    assert task_of_log(log_files([folder])).rate_hz == 20.0, (
        'a file of another hash is passed over'
    )
    monkeypatch.setattr('takeover.cli.log_task._folders', lambda: [tmp_path / 'config' / 'tasks'])
    with pytest.raises(log_video.LogError, match='no file of it has this hash.*--task FILE'):
        task_of_log(log_files([folder]))


def test_a_disk_error_is_an_error_in_words(tmp_path):
    (tmp_path / 'a.mp4').mkdir()
    frames = [np.zeros((32, 32, 3), np.uint8)] * 3
    with pytest.raises(VideoError, match='cannot be written: Is a directory'):
        write_video(tmp_path / 'a.mp4', (32, 32), 20.0, frames)
    assert [path.name for path in tmp_path.iterdir()] == ['a.mp4']
