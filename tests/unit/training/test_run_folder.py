"""The folder of a run: made once, tables that can be cut back, one process at a time."""

import math

import pytest
from takeover.training.run_folder import (
    read_table,
    refuse_used,
    RunFolder,
    RunFolderError,
    seed_folders,
    Table,
)


def test_settings_come_back(tmp_path):
    folder = RunFolder(tmp_path / 'a' / 'run')
    folder.create({'env': 'Hopper-v5', 'seed': 3})
    assert folder.config() == {'env': 'Hopper-v5', 'seed': 3}
    folder.change({'env': 'Hopper-v5', 'seed': 4})
    assert folder.config()['seed'] == 4
    assert [path.name for path in folder.path.iterdir()] == ['config.json']


def test_a_folder_with_a_run_takes_no_other(tmp_path):
    RunFolder(tmp_path / 'seed_0').create({})
    for path in (tmp_path, tmp_path / 'seed_0'):
        with pytest.raises(RunFolderError, match=f'{path}: holds a run already; continue it'):
            RunFolder(path).create({})
    refuse_used(tmp_path / 'seed_1')


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(RunFolderError, match='file: cannot be written: File exists'):
        RunFolder(tmp_path / 'file').create({})


@pytest.mark.parametrize(
    'text, sentence',
    [
        (None, 'not the folder of a training run: No such file'),
        ('{', 'config.json: not JSON'),
        ('[1]', 'config.json: must be a JSON object'),
    ],
)
def test_a_folder_without_settings_is_no_run(text, sentence, tmp_path):
    if text is not None:
        (tmp_path / 'config.json').write_text(text)
    with pytest.raises(RunFolderError, match=sentence):
        RunFolder(tmp_path).config()


def test_seeds_are_sorted_by_number(tmp_path):
    for name in ('seed_10', 'seed_9', 'seed_x', 'other'):
        RunFolder(tmp_path / name).create({})
    (tmp_path / 'seed_3').mkdir()
    assert [path.name for path in seed_folders(tmp_path)] == ['seed_9', 'seed_10']
    assert seed_folders(tmp_path / 'none') == []


def test_one_process_holds_a_folder(tmp_path):
    folder = RunFolder(tmp_path)
    with folder.held():
        with pytest.raises(RunFolderError, match='another process is training in it'):
            with folder.held():
                pass
    with folder.held():
        pass


def test_a_table_is_cut_back_to_a_step_and_goes_on(tmp_path):
    path = tmp_path / 'table.csv'
    table = Table(path, 0)
    for step in (100, 200, 300):
        table.append({'step': step, 'value': step / 3.0, 'unknown': math.nan})
    table.close()
    table = Table(path, 200)
    table.append({'step': 250, 'value': 1.0, 'unknown': 2.0})
    table.close()
    rows = read_table(path)
    assert [row['step'] for row in rows] == [100.0, 200.0, 250.0]
    assert rows[0]['value'] == pytest.approx(100 / 3.0, rel=1e-5)
    assert math.isnan(rows[0]['unknown'])


def test_half_a_row_of_a_killed_process_is_left_out(tmp_path):
    path = tmp_path / 'table.csv'
    path.write_text('step,value\n100,1.5\n200')
    assert read_table(path) == [{'step': 100.0, 'value': 1.5}]
    Table(path, 300).close()
    assert path.read_text() == 'step,value\n100,1.5\n'


def test_no_table_has_no_rows_and_another_file_is_refused(tmp_path):
    assert RunFolder(tmp_path).evaluations() == []
    path = tmp_path / 'evaluations.csv'
    path.write_text('step,return_mean\nmany,1\n')
    with pytest.raises(RunFolderError, match='evaluations.csv: not a table of numbers'):
        RunFolder(tmp_path).evaluations()
