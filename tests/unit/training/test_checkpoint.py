"""Checkpoints: whole or not at all, and a bad one is refused by name."""

import json
import os
import shutil

import pytest
from takeover.training import checkpoint
from takeover.training.checkpoint import (
    CheckpointError,
    checkpoints,
    newest_checkpoint,
    read_checkpoint,
    write_checkpoint,
)
import torch

STATE = {'step': 5, 'weights': {'w': torch.arange(6.0)}, 'rng': 'text', 'list': [1, 2.5, None]}


def write(folder, *steps, keep=10):
    return [write_checkpoint(folder, step, STATE | {'step': step}, keep) for step in steps]


def never(problem):
    raise AssertionError(f'refused: {problem}')


def test_what_is_written_is_read(tmp_path, difference):
    (path,) = write(tmp_path, 5)
    assert path.name == 'step_000000005'
    assert difference(read_checkpoint(path), STATE) is None


def test_the_newest_is_taken_and_only_the_newest_are_kept(tmp_path):
    write(tmp_path, 1, 2, 3, 20, keep=2)
    assert [path.name for path in checkpoints(tmp_path)] == ['step_000000003', 'step_000000020']
    assert newest_checkpoint(tmp_path, never)[1]['step'] == 20


def test_a_checkpoint_of_the_same_step_is_replaced(tmp_path):
    write_checkpoint(tmp_path, 5, STATE, 3)
    write_checkpoint(tmp_path, 5, STATE | {'rng': 'other'}, 3)
    assert read_checkpoint(tmp_path / 'step_000000005')['rng'] == 'other'


def truncate(path):
    os.truncate(path / 'state.pt', 100)


def flip_a_byte(path):
    data = bytearray((path / 'state.pt').read_bytes())
    data[len(data) // 2] ^= 1
    (path / 'state.pt').write_bytes(data)


def remove_state(path):
    (path / 'state.pt').unlink()


def remove_manifest(path):
    (path / 'manifest.json').unlink()


def cut_manifest(path):
    os.truncate(path / 'manifest.json', 10)


def other_format(path):
    manifest = json.loads((path / 'manifest.json').read_text())
    (path / 'manifest.json').write_text(json.dumps(manifest | {'format': 'somebody/7'}))


def other_content(path):
    (path / 'state.pt').write_bytes(b'not a state at all')
    manifest = json.loads((path / 'manifest.json').read_text())
    manifest['bytes'] = (path / 'state.pt').stat().st_size
    manifest['sha256'] = checkpoint._digest(path / 'state.pt')
    (path / 'manifest.json').write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    ('damage', 'said'),
    [
        (truncate, r'torn: state.pt has 100 bytes, the manifest says \d+'),
        (flip_a_byte, 'damaged: state.pt does not have the digest'),
        (remove_state, 'torn: No such file or directory: .*state.pt'),
        (remove_manifest, 'torn: No such file or directory: .*manifest.json'),
        (cut_manifest, 'torn: manifest.json is not JSON'),
        (other_format, "foreign: its format is 'somebody/7', not 'takeover.checkpoint/1'"),
        (other_content, 'foreign: state.pt cannot be loaded'),
    ],
)
def test_a_bad_one_is_refused_by_name_and_the_one_before_is_used(tmp_path, damage, said):
    old, new = write(tmp_path, 1, 2)
    damage(new)
    with pytest.raises(CheckpointError, match=f'step_000000002: {said}'):
        read_checkpoint(new)
    told = []
    path, state = newest_checkpoint(tmp_path, told.append)
    assert (path, state['step']) == (old, 1)
    assert len(told) == 1 and 'step_000000002' in told[0]


def test_without_any_good_one_it_says_so(tmp_path):
    (path,) = write(tmp_path, 1)
    truncate(path)
    with pytest.raises(CheckpointError, match='holds no checkpoint that can be used'):
        newest_checkpoint(tmp_path, lambda problem: None)
    with pytest.raises(CheckpointError, match='holds no checkpoint that can be used'):
        newest_checkpoint(tmp_path / 'nothing', never)


def test_what_a_killed_writer_leaves_is_no_checkpoint_and_is_cleared(tmp_path):
    (path,) = write(tmp_path, 1)
    shutil.copytree(path, tmp_path / '.unfinished_step_000000002')
    assert checkpoints(tmp_path) == [path]
    write(tmp_path, 2)
    assert [p.name for p in sorted(tmp_path.iterdir())] == ['step_000000001', 'step_000000002']


def test_a_full_disk_costs_no_older_checkpoint(tmp_path, monkeypatch):
    write(tmp_path, 1)

    def full(state, path):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(torch, 'save', full)
    with pytest.raises(CheckpointError, match='step_000000002: cannot be written: .*No space'):
        write(tmp_path, 2, keep=1)
    assert newest_checkpoint(tmp_path, never)[1]['step'] == 1
