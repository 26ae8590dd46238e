"""`takeover policy list`: what a person sees of a store."""

from pathlib import Path

import onnx
from takeover.cli.main import main
from takeover.policy.bundle_writer import write_bundle
from takeover.policy.store import PolicyStore
from takeover.task import load_task
from tests.policy_candidates import base, good, TASK_FILE


def learned(path: Path) -> Path:
    """Write a bundle with the provenance of a learner; one text tries to be markup."""
    bundle = base()
    provenance = {
        'date': '2026-01-02',
        'updates': 4200,
        'evidence': {'takeovers': 0, 'episodes': 7},
        'reason': '[red]x\x1b[2J',
    }
    model = onnx.load_from_string(bundle.model_bytes)
    write_bundle(model, load_task(TASK_FILE), provenance, bundle.parity.observations, path)
    return path


def test_list_shows_version_time_updates_evidence_and_the_current_one(
    tmp_path, capsys, monkeypatch
):
    monkeypatch.setenv('COLUMNS', '160')
    store = PolicyStore(tmp_path / 'store')
    first = store.add(good(tmp_path, 0).file)
    second = store.add(learned(tmp_path / 'learned.onnx'))
    store.pin(first.version)
    assert main(['policy', 'list', str(store.folder)]) == 0
    lines = capsys.readouterr().out.splitlines()
    (row,) = [line for line in lines if second.version in line]
    for text in ('current', '2026-01-02', '4200', '"takeovers": 0'):
        assert text in row
    (row,) = [line for line in lines if first.version in line]
    assert 'pinned' in row and 'current' not in row


def test_a_damaged_policy_is_named_and_the_others_are_shown(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv('COLUMNS', '300')
    store = PolicyStore(tmp_path / 'store')
    bad = store.add(good(tmp_path, 0).file)
    fine = store.add(good(tmp_path, 1).file)
    bad.path.write_bytes(bad.path.read_bytes()[:-1])
    assert main(['policy', 'list', str(store.folder)]) == 0
    shown = capsys.readouterr().out
    assert 'damaged' in shown and fine.version in shown


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path, capsys):
    assert main(['policy', 'list', str(tmp_path / 'nowhere')]) == 2
    assert 'nowhere: no such folder' in capsys.readouterr().err


def test_a_rollback_without_patience_is_refused(capsys):
    assert main(['policy', 'rollback', '--timeout', '0']) == 2
    assert '--timeout is 0; it must be more than 0 seconds' in capsys.readouterr().err
