"""The folder of policies: order, what is kept, and what a kill leaves behind."""

from pathlib import Path

import pytest
from takeover.policy import store as store_module
from takeover.policy.errors import BundleError
from takeover.policy.store import PolicyStore, StoreError
from tests.policy_candidates import good


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def files(tmp_path):
    """Return bundles of distinct versions."""
    return [Path(good(tmp_path, number).file) for number in range(6)]


@pytest.fixture
def store(tmp_path):
    """Return an empty store that keeps three."""
    return PolicyStore(tmp_path / 'store', keep=3)


def names(store):
    """Return the counters that are there."""
    return [policy.counter for policy in store.policies()]


def test_an_empty_store(store):
    assert store.policies() == [] and store.current() is None and store.pinned() is None


def test_the_newest_are_kept_in_order_and_the_last_is_current(store, files):
    added = [store.add(file) for file in files]
    assert names(store) == [4, 5, 6]
    assert store.current() == added[-1] and store.policies() == added[-3:]
    assert added[-1].path.name == f'000006_{added[-1].bundle().version}.onnx'
    assert (store.folder / 'current').resolve().read_bytes() == files[-1].read_bytes()


def test_the_newest_is_not_stored_twice(store, files):
    assert store.add(files[0]) == store.add(files[0])
    assert names(store) == [1]


def test_the_pinned_and_the_current_one_stay(store, files):
    added = [store.add(file) for file in files[:2]]
    store.pin(added[0].version)
    for file in files[2:]:
        store.add(file)
    assert names(store) == [1, 4, 5, 6] and store.pinned() == added[0]
    store.make_current(added[0].version)
    store.unpin()
    store.make_current(store.policies()[1].version)
    store.add(files[0])
    assert names(store) == [5, 6, 7] and store.pinned() is None


def test_a_version_that_is_not_there_is_refused(store, files):
    store.add(files[0])
    for act in (store.make_current, store.pin, store.find):
        with pytest.raises(StoreError, match="no policy '0123'"):
            act('0123')


def test_a_damaged_file_is_not_added(store, files, tmp_path):
    store.add(files[0])
    bad = tmp_path / 'bad.onnx'
    bad.write_bytes(files[1].read_bytes()[:-1])
    with pytest.raises(BundleError, match='damaged'):
        store.add(bad)
    assert names(store) == [1]


def test_keep_must_be_positive(tmp_path):
    with pytest.raises(StoreError, match='keep is 0; it must be 1 or more'):
        PolicyStore(tmp_path, keep=0)


def test_foreign_files_are_left_alone(store, files):
    store.add(files[0])
    (store.folder / 'notes.txt').write_text('mine')
    (store.folder / '1_short.onnx').write_text('mine')
    store.add(files[1])
    assert names(store) == [1, 2]
    assert (store.folder / 'notes.txt').exists() and (store.folder / '1_short.onnx').exists()


@pytest.mark.parametrize('at', ['write', 'link', 'prune'])
def test_a_writer_killed_at_any_point_leaves_a_store_that_goes_on(store, files, monkeypatch, at):
    first = [store.add(file) for file in files[:3]]

    def die(*_):
        if at == 'write':
            (store.folder / '.000004_half.onnx.1.tmp').write_bytes(b'half')
        raise Killed

    with monkeypatch.context() as patch:
        if at == 'write':
            patch.setattr(store_module, 'write_atomically', die)
        else:
            patch.setattr(store, f'_{at}', die)
        with pytest.raises(Killed):
            store.add(files[3])
    reader = PolicyStore(store.folder, keep=3)
    assert reader.current() is not None and reader.current().bundle()
    assert [policy.bundle().version for policy in reader.policies()][:3] == [
        policy.version for policy in first
    ]
    again = reader.add(files[3])
    assert reader.current() == again and names(reader) == [2, 3, 4]
    assert not list(store.folder.glob('.*.tmp'))


def test_a_policy_removed_under_a_reader_is_one_sentence(store, files):
    stored = store.add(files[0])
    stored.path.unlink()
    with pytest.raises(BundleError, match='cannot be read'):
        stored.bundle()
    assert store.current() is None
