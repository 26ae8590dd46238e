"""`takeover log`: what a person sees, and the exit code a script sees."""

from dataclasses import replace
from pathlib import Path

from matplotlib import image
from matplotlib.colors import to_rgb
import numpy as np
import pyarrow.parquet
import pytest
from takeover.cli import log_picture
from takeover.cli.log_tables import duration, size
from takeover.cli.main import main
from takeover.command import Source
from takeover.data.log_messages import headless_channels, UndoEpisode
from takeover.data.log_reader import log_files
from takeover.data.log_summary import summarise
from takeover.data.log_writer import LogWriter
from takeover.report.figures import HUMAN, POLICY, STOP
from tests.drives import drive, SPEC_HASH
from tests.pictured_logs import AGE_NS, pictured_steps, write_pictured_log

STEPS = list(drive(6, 40))
LEFT_OUT = STEPS[10]


@pytest.fixture
def folder(tmp_path) -> Path:
    """Return a folder with a log: a step is missing, and episode 2 was taken back."""
    second = [step.sequence for step in STEPS if step.episode == 2]
    with LogWriter(tmp_path / 'logs', headless_channels(), {'task': 'test'}) as log:
        for step in STEPS:
            if step is not LEFT_OUT:
                log.write_step(step, SPEC_HASH)
        log.write_event(UndoEpisode(0, 2, second[0], second[-1]))
    return tmp_path / 'logs'


def test_info_says_what_was_driven(folder, capsys):
    assert main(['log', 'info', str(folder)]) == 0
    shown = ' '.join(capsys.readouterr().out.split())
    kept = [step for step in STEPS if step is not LEFT_OUT]
    driven = sum(step.source is Source.HUMAN for step in kept) / len(kept)
    onsets = sum(step.onset for step in kept)
    for words in (
        '6: 3 goal, 1 collision',
        '1 off path',
        '1 time limit',
        '1 taken back',
        f'{len(kept)} in',
        '1 gaps',
        f'{driven:.0%} of driven steps; {onsets} take-overs',
        f'{onsets} penalised steps',
        '000000000000 ... 000000000003',
    ):
        assert words in shown, words
    assert 'remarks' not in shown


def test_info_of_several_files_ends_with_their_sum(folder, capsys):
    with LogWriter(folder, headless_channels(), {}) as log:
        log.write_step(STEPS[0], SPEC_HASH)
    assert main(['log', 'info', str(folder)]) == 0
    shown = capsys.readouterr().out
    assert '2 files' in shown
    assert f'{len(STEPS)} in' in shown


def test_check_of_a_whole_log_is_a_yes(folder, capsys):
    assert main(['log', 'check', str(folder)]) == 0
    assert f'{len(STEPS) - 1} steps' in capsys.readouterr().out


def test_check_names_the_byte_and_repairs(folder, capsys):
    (path,) = log_files([folder])
    data = path.read_bytes()
    path.write_bytes(data[:-200])
    assert main(['log', 'check', str(folder)]) == 1
    shown = capsys.readouterr().out
    assert 'DAMAGED' in shown and 'bytes are no whole record' in shown
    assert not (folder / 'repaired').exists()
    assert main(['log', 'check', '--repair', str(path)]) == 1
    assert 'closed copy' in capsys.readouterr().out
    assert main(['log', 'check', str(folder / 'repaired' / path.name)]) == 0
    assert log_files([folder]) == [path], 'the copy is not read with the logs'


def test_check_goes_on_behind_a_file_that_is_no_log(folder, capsys):
    (folder / '0.mcap').write_bytes(b'something else')
    assert main(['log', 'check', str(folder)]) == 1
    shown = capsys.readouterr().out
    assert 'NO LOG' in shown and 'whole' in shown


def test_a_path_that_is_not_there_is_an_error(tmp_path, capsys):
    assert main(['log', 'info', str(tmp_path / 'nothing')]) == 2
    assert 'is not there' in capsys.readouterr().err


def test_export_writes_every_step(folder, tmp_path, capsys):
    out = tmp_path / 'out'
    assert main(['log', 'export', str(folder), '--out', str(out)]) == 0
    table = pyarrow.parquet.read_table(out / 'steps.parquet').to_pylist()
    kept = [step for step in STEPS if step is not LEFT_OUT]
    assert [row['sequence'] for row in table] == [step.sequence for step in kept]
    for row, step in zip(table, kept):
        assert row['source'] == step.source.name.lower()
        assert row['undone'] == (step.episode == 2)
        assert row['reward'] == step.reward
        np.testing.assert_array_equal(np.float32(row['observation']), step.observation)
        np.testing.assert_array_equal(row['executed'], step.executed)
    assert f'{len(kept)} steps' in capsys.readouterr().out
    assert sorted(file.name for file in out.iterdir()) == ['steps.parquet', 'timeline.png']


def test_info_says_how_many_steps_have_pictures_and_how_old_these_were(tmp_path, capsys):
    steps = pictured_steps()
    # One of a hundred was late.
    late = replace(steps[0], image_stamps_ns=(steps[0].stamp_ns - 90_000_000,))
    write_pictured_log(tmp_path, [late, *steps[1:]])
    assert main(['log', 'info', str(tmp_path)]) == 0
    shown = ' '.join(capsys.readouterr().out.split())
    p99 = np.percentile([90.0, *[1e-6 * AGE_NS] * (len(steps) - 1)], 99)
    assert f'in {len(steps)} of {len(steps)} steps' in shown
    assert f'age of the frame p50 {1e-6 * AGE_NS:.0f} ms, p99 {p99:.0f} ms' in shown


def test_info_of_a_log_without_pictures_does_not_speak_of_them(folder, capsys):
    assert main(['log', 'info', str(folder)]) == 0
    assert 'pictures' not in capsys.readouterr().out


def test_export_leaves_pictures_out_and_keeps_their_age(tmp_path):
    steps, out = pictured_steps(), tmp_path / 'out'
    write_pictured_log(tmp_path / 'logs', steps)
    assert main(['log', 'export', str(tmp_path / 'logs'), '--out', str(out)]) == 0
    table = pyarrow.parquet.read_table(out / 'steps.parquet')
    assert 'pixels' not in table.column_names
    assert table['frame_ages_ms'].to_pylist() == [[pytest.approx(1e-6 * AGE_NS)]] * len(steps)
    assert (out / 'steps.parquet').stat().st_size < steps[0].pixels.size * len(steps) / 4


@pytest.mark.parametrize(
    ('wrong', 'words'),
    [
        ({'pixels': np.zeros(12000, np.uint8)}, '1 pictures of 12000 numbers'),
        ({'pixels': np.zeros(0, np.uint8), 'image_stamps_ns': ()}, '0 pictures of 0 numbers'),
        ({'image_stamps_ns': (1, 2)}, '2 pictures of 12288 numbers'),
    ],
)
def test_check_finds_pictures_that_are_not_those_of_the_task(tmp_path, capsys, wrong, words):
    steps = pictured_steps()
    write_pictured_log(tmp_path / 'good', steps)
    assert main(['log', 'check', str(tmp_path / 'good')]) == 0
    write_pictured_log(tmp_path / 'bad', [*steps[:5], replace(steps[5], **wrong), *steps[6:]])
    assert main(['log', 'check', str(tmp_path / 'bad')]) == 1
    shown = ' '.join(capsys.readouterr().out.split())
    assert f'step {steps[5].sequence} has {words}, the task has 1 of 12288' in shown


def shares(path: Path) -> dict[str, float]:
    """Return which share of a picture has a colour."""
    pixels = image.imread(path)[..., :3]
    return {
        colour: float(np.all(np.abs(pixels - to_rgb(colour)) < 0.02, axis=-1).mean())
        for colour in (POLICY, HUMAN, STOP)
    }


def test_the_picture_shows_who_drove_and_the_labels(folder, tmp_path):
    assert log_picture.draw(summarise(log_files([folder])), tmp_path / 'a.png')
    with_person = shares(tmp_path / 'a.png')
    assert with_person[POLICY] > with_person[HUMAN] > 0.01
    assert with_person[STOP] > 0.0005
    with LogWriter(tmp_path / 'alone', headless_channels(), {}) as log:
        for step in STEPS:
            if step.episode == 3:
                log.write_step(step, SPEC_HASH)
    assert log_picture.draw(summarise(log_files([tmp_path / 'alone'])), tmp_path / 'b.png')
    alone = shares(tmp_path / 'b.png')
    assert alone[POLICY] > 0.01 and alone[HUMAN] == 0.0


def test_many_episodes_make_a_picture_of_thin_lines(tmp_path):
    with LogWriter(tmp_path, headless_channels(), {}) as log:
        for step in drive(90, 6):
            log.write_step(step, SPEC_HASH)
    assert log_picture.draw(summarise(log_files([tmp_path])), tmp_path / 'a.png')
    assert shares(tmp_path / 'a.png')[POLICY] > 0.05


def test_a_log_without_episodes_has_no_picture(tmp_path, capsys):
    with LogWriter(tmp_path, headless_channels(), {}):
        pass
    assert main(['log', 'export', str(tmp_path), '--out', str(tmp_path / 'out')]) == 0
    assert 'no timeline.png' in capsys.readouterr().out
    assert main(['log', 'info', str(tmp_path)]) == 0


@pytest.mark.parametrize(
    ('count', 'words'), [(12, '12 B'), (4_500, '4.5 kB'), (2.25e6, '2.2 MB'), (7e9, '7.0 GB')]
)
def test_sizes_are_said_in_a_unit_that_fits(count, words):
    assert size(count) == words
    assert duration(125.2) == '2:05 min'
