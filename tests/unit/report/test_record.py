import json

import numpy as np
import pytest
from takeover.report.record import load_run, RunRecord, RunRecordError, save_run


def test_a_run_survives_being_saved(run, tmp_path):
    save_run(run, tmp_path)
    loaded = load_run(tmp_path)
    for episode, before in zip(loaded.episodes, run.episodes, strict=True):
        np.testing.assert_array_equal(episode.track, before.track)
        np.testing.assert_array_equal(episode.obstacles, before.obstacles)
        assert (episode.number, episode.seed, episode.outcome) == (
            before.number,
            before.seed,
            before.outcome,
        )
    assert loaded.hops == run.hops
    assert loaded.events == run.events
    assert loaded.screen.inputs == run.screen.inputs
    assert loaded.goals == run.goals == 4
    np.testing.assert_array_equal(loaded.frames[0].pixels, run.frames[0].pixels)
    save_run(loaded, tmp_path / '..')
    assert (tmp_path / '../run.json').read_text() == (tmp_path / 'run.json').read_text()


def test_an_empty_run_survives_too(tmp_path):
    save_run(RunRecord(ended_because='nothing moved'), tmp_path)
    assert load_run(tmp_path).ended_because == 'nothing moved'


def test_the_numbers_are_readable_without_this_library(run, tmp_path):
    save_run(run, tmp_path)
    data = json.loads((tmp_path / 'run.json').read_text())
    with np.load(tmp_path / 'run.npz', allow_pickle=False) as arrays:
        assert arrays[data['episodes'][0]['track']].shape[1] == 6


def damage(folder, how):
    json_file, npz_file = folder / 'run.json', folder / 'run.npz'
    if how == 'missing':
        json_file.unlink()
    elif how == 'format':
        json_file.write_text(json_file.read_text().replace('takeover.run/1', 'takeover.run/9'))
    elif how == 'truncated':
        npz_file.write_bytes(npz_file.read_bytes()[:-200])
    elif how == 'field':
        json_file.write_text(json_file.read_text().replace('"duration_s"', '"duration_ms"'))
    else:
        json_file.write_text('[1, 2')


@pytest.mark.parametrize('how', ['missing', 'format', 'truncated', 'field', 'not json'])
def test_a_damaged_run_is_refused_in_one_sentence(run, tmp_path, how):
    save_run(run, tmp_path)
    damage(tmp_path, how)
    with pytest.raises(RunRecordError, match=str(tmp_path)):
        load_run(tmp_path)
