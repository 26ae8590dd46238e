"""Reading and following: finished, live and torn files, each event once."""

import json
import os
from pathlib import Path
import shutil

import pytest
from takeover.data.errors import LogError
from takeover.data.log_check import check_log, repair_log
from takeover.data.log_disk import LogConfig
from takeover.data.log_follower import LogFollower
from takeover.data.log_messages import (
    encode_event,
    EpisodeEnd,
    headless_channels,
    PolicyChange,
    Step,
    UndoEpisode,
)
from takeover.data.log_reader import log_files, LogReader, read_log, read_steps
from takeover.data.log_scan import LogScan
from takeover.data.log_writer import LogWriter
from takeover.data.mcap_file import ChunkBuffer, McapFile
from takeover.data.step_codec import encode_step
from tests.drives import drive, SPEC_HASH

METADATA = {'task': 'test'}
STEPS = list(drive(4, 30))


def chunk_of(steps) -> ChunkBuffer:
    chunk = ChunkBuffer()
    for step in steps:
        data = encode_step(step, '', SPEC_HASH)
        chunk.add(1, step.sequence, step.stamp_ns, step.stamp_ns, data)
    return chunk


def write_file(path: Path, steps, chunk: int = 10, close: bool = True) -> list[int]:
    """Write chunks of steps; return the size of the file behind the head and behind each."""
    file = McapFile(path, headless_channels(), METADATA)
    sizes = [file.size]
    for start in range(0, len(steps), chunk):
        file.append(chunk_of(steps[start : start + chunk]))
        sizes.append(file.size)
    if close:
        file.finish()
    else:
        file.abandon()
    return sizes


def sequences(events) -> list[int]:
    return [event.sequence for event in events if isinstance(event, Step)]


ALL = sequences(STEPS)


def test_events_come_in_the_order_they_were_recorded(tmp_path):
    change, end = PolicyChange(1, 'v', 'f'), EpisodeEnd(2, 1, 0, 1, True, False, 1.0, 1.0)
    undo = UndoEpisode(3, 1, ALL[0], ALL[5])
    with LogWriter(tmp_path, headless_channels(), METADATA) as log:
        log.write_event(change)
        log.write_step(STEPS[0], SPEC_HASH)
        log.write_event(end)
        log.write_event(undo)
    events = list(read_log([tmp_path]))
    assert events[0] == change
    assert events[1].sequence == STEPS[0].sequence
    assert events[2:] == [end, undo]


def test_an_episode_is_taken_back_even_from_an_earlier_file(tmp_path):
    first = [step for step in STEPS if step.episode == 1]
    rest = [step for step in STEPS if step.episode > 1]
    write_file(tmp_path / '1.mcap', first[:9])
    with LogWriter(tmp_path, headless_channels(), METADATA) as log:
        for step in (*first[9:], *rest):
            log.write_step(step, SPEC_HASH)
        log.write_event(UndoEpisode(0, 1, first[0].sequence, first[-1].sequence))
    assert sequences(read_log([tmp_path])) == ALL
    assert sequences(read_steps([tmp_path])) == sequences(rest)


def test_a_step_of_another_task_names_the_file(tmp_path):
    write_file(tmp_path / 'a.mcap', STEPS)
    with pytest.raises(LogError, match=r'a\.mcap: step \d+: spec_hash'):
        list(read_steps([tmp_path], 'f' * 16))
    assert sequences(read_steps([tmp_path], SPEC_HASH)) == ALL


def test_what_is_no_log_is_named(tmp_path):
    with pytest.raises(LogError, match='no log in this folder'):
        log_files([tmp_path])
    with pytest.raises(LogError, match='nothing: is not there'):
        log_files([tmp_path / 'nothing'])
    with pytest.raises(LogError, match='no log given'):
        log_files([])
    (tmp_path / 'a.mcap').write_bytes(b'SQLite format 3\0')
    with pytest.raises(LogError, match=r'a\.mcap: begins with .*; an MCAP file with'):
        list(read_log([tmp_path]))


@pytest.mark.parametrize(('missing', 'lost'), [(1, 0), (9, 0), (200, 1), (900, 1)])
def test_a_torn_tail_costs_its_chunk_alone(tmp_path, missing, lost):
    path = tmp_path / 'a.mcap'
    sizes = write_file(path, STEPS, close=False)
    os.truncate(path, sizes[-1] - missing)
    reader = LogReader(path)
    whole = (len(STEPS) - 1) // 10 * 10
    # The index behind a chunk may be gone without it.
    assert sequences(reader.events()) == (ALL[:whole] if lost else ALL)
    assert not reader.finished
    assert 0 < reader.torn_bytes < sizes[-1] - sizes[-2]


def test_a_tail_of_zeros_as_after_a_power_cut_is_torn(tmp_path):
    path = tmp_path / 'a.mcap'
    sizes = write_file(path, STEPS, close=False)
    os.truncate(path, sizes[-2])
    os.truncate(path, sizes[-1] + 5000)
    reader = LogReader(path)
    assert sequences(reader.events()) == ALL[: (len(STEPS) - 1) // 10 * 10]
    assert reader.torn_bytes == sizes[-1] + 5000 - sizes[-2]


def test_a_flipped_bit_costs_its_chunk_and_is_named(tmp_path):
    path = tmp_path / 'a.mcap'
    sizes = write_file(path, STEPS)
    data = bytearray(path.read_bytes())
    data[sizes[1] + 150] ^= 0x10
    path.write_bytes(data)
    reader = LogReader(path)
    assert sequences(reader.events()) == ALL[:10] + ALL[20:]
    (damage,) = reader.damage
    assert damage.offset == sizes[1]
    assert damage.reason.startswith('chunk: ')
    found = check_log(path)
    assert not found.good
    assert found.problems() == [f'byte {sizes[1]}: {damage.reason}']
    assert found.steps == len(STEPS) - 10


def test_a_whole_file_is_good(tmp_path):
    write_file(tmp_path / 'a.mcap', STEPS)
    found = check_log(tmp_path / 'a.mcap')
    assert found.good and found.problems() == []
    assert found.steps == found.messages == len(STEPS)


def test_a_repaired_copy_is_whole_and_has_what_was_whole(tmp_path):
    path, copy = tmp_path / 'a.mcap', tmp_path / 'repaired/a.mcap'
    sizes = write_file(path, STEPS, close=False)
    os.truncate(path, sizes[3] + 77)
    assert [words[:20] for words in check_log(path).problems()] == [
        f'byte {sizes[3]}: 77 bytes'[:20],
        'was not closed, or i',
    ]
    repair_log(path, copy)
    assert check_log(copy).good
    assert sequences(read_log([copy])) == ALL[:30]
    assert LogScan(copy).path == copy
    reader = LogReader(copy)
    messages = [message for block in LogScan(copy).blocks() for message in block]
    assert messages == [message for block in LogScan(path).blocks() for message in block]
    assert list(reader.events()) and reader.metadata == METADATA
    with pytest.raises(LogError, match='cannot be written: File exists'):
        repair_log(path, copy)


def test_a_follower_tells_each_event_once_while_the_file_grows(tmp_path):
    follower = LogFollower(tmp_path / 'logs')
    assert follower.poll() == []
    (tmp_path / 'logs').mkdir()
    whole = tmp_path / 'whole'
    sizes = write_file(whole, STEPS)
    data, live = whole.read_bytes(), tmp_path / 'logs/a.mcap'
    live.touch()
    found, at = [], 0
    for end in (3, 8, sizes[0] - 5, *sorted([*sizes, *(size + 60 for size in sizes)]), len(data)):
        with live.open('ab') as file:
            file.write(data[at:end])
        at = end
        events = sequences(follower.poll())
        found += events
        assert follower.poll() == []
    assert found == ALL


def test_a_follower_goes_on_where_its_state_was_taken(tmp_path):
    write_file(tmp_path / 'a.mcap', STEPS, close=False)
    follower = LogFollower(tmp_path)
    found = sequences(follower.poll(limit=20))
    assert found == ALL[:20]
    saved = json.loads(json.dumps(follower.state_dict()))
    lost = follower.poll()
    assert lost
    again = LogFollower(tmp_path)
    again.load_state_dict(saved)
    assert sequences(again.poll()) == ALL[20:] == sequences(lost)
    assert again.poll() == []


def test_a_follower_leaves_a_torn_file_behind_when_there_is_a_newer_one(tmp_path):
    sizes = write_file(tmp_path / 'a.mcap', STEPS[:20], close=False)
    os.truncate(tmp_path / 'a.mcap', sizes[-1] - 900)
    follower = LogFollower(tmp_path)
    assert sequences(follower.poll()) == ALL[:10]
    write_file(tmp_path / 'b.mcap', STEPS[20:])
    assert sequences(follower.poll()) == ALL[20:]
    assert follower.poll() == []


def test_a_follower_says_a_repeated_step_once(tmp_path):
    write_file(tmp_path / 'a.mcap', [*STEPS[:5], STEPS[2], STEPS[4], STEPS[5]])
    assert sequences(LogFollower(tmp_path).poll()) == ALL[:6]
    assert sequences(read_log([tmp_path])) == ALL[:6]


def test_a_step_that_is_repeated_across_a_restart_is_said_once(tmp_path):
    file = McapFile(tmp_path / 'a.mcap', headless_channels(), METADATA)
    file.append(chunk_of(STEPS[:5]))
    follower = LogFollower(tmp_path)
    assert sequences(follower.poll()) == ALL[:5]
    again = LogFollower(tmp_path)
    again.load_state_dict(follower.state_dict())
    file.append(chunk_of(STEPS[3:8]))
    file.finish()
    assert sequences(again.poll()) == ALL[5:8]


def test_what_came_before_an_error_is_told_before_it(tmp_path):
    write_file(tmp_path / 'a.mcap', STEPS, close=False)
    (tmp_path / 'b.mcap').write_bytes(b'something else')
    follower = LogFollower(tmp_path)
    assert sequences(follower.poll()) == ALL
    for _ in range(2):
        with pytest.raises(LogError, match=r'b\.mcap'):
            follower.poll()


def test_a_step_of_another_task_in_the_middle_is_an_error_behind_those_before_it(tmp_path):
    file = McapFile(tmp_path / 'a.mcap', headless_channels(), METADATA)
    undo = UndoEpisode(0, 1, ALL[0], ALL[4])
    topic, data = encode_event(undo)
    first = chunk_of(STEPS[:5])
    first.add([channel.topic for channel in headless_channels()].index(topic) + 1, 0, 0, 0, data)
    file.append(first)
    foreign = ChunkBuffer()
    foreign.add(1, 0, 0, 0, encode_step(STEPS[5], '', 'f' * 16))
    file.append(foreign)
    file.finish()
    follower = LogFollower(tmp_path, SPEC_HASH)
    *steps, told = follower.poll()
    assert (sequences(steps), told) == (ALL[:5], undo)
    for _ in range(2):
        with pytest.raises(LogError, match='spec_hash'):
            follower.poll()


def test_a_file_that_shrank_is_an_error(tmp_path):
    path = tmp_path / 'a.mcap'
    sizes = write_file(path, STEPS, close=False)
    follower = LogFollower(tmp_path)
    follower.poll()
    os.truncate(path, sizes[1])
    with pytest.raises(LogError, match=rf'has {sizes[1]} bytes, but {sizes[-1]} were read'):
        follower.poll()


def test_a_damaged_chunk_is_counted_once(tmp_path):
    path = tmp_path / 'a.mcap'
    sizes = write_file(path, STEPS, close=False)
    data = bytearray(path.read_bytes())
    data[sizes[1] + 150] ^= 0x10
    path.write_bytes(data)
    follower = LogFollower(tmp_path)
    assert sequences(follower.poll()) == ALL[:10] + ALL[20:]
    follower.poll()
    assert follower.damaged == 1


@pytest.mark.parametrize(
    'state', [{}, {'format': 99, 'files': {}}, {'format': 1, 'files': {'a': {}}}]
)
def test_a_state_that_is_none_is_refused(state, tmp_path):
    with pytest.raises(LogError, match='cursor'):
        LogFollower(tmp_path).load_state_dict(state)


def test_a_finished_file_is_not_opened_again(tmp_path):
    write_file(tmp_path / 'a.mcap', STEPS)
    follower = LogFollower(tmp_path)
    assert sequences(follower.poll()) == ALL
    shutil.copy(tmp_path / 'a.mcap', tmp_path / 'a.copy')
    (tmp_path / 'a.mcap').write_bytes(b'')
    assert follower.poll() == []


def test_a_log_of_small_chunks_is_followed_while_a_writer_writes(tmp_path):
    follower, found = LogFollower(tmp_path), []
    with LogWriter(tmp_path, headless_channels(), METADATA, LogConfig(flush_s=0.01)) as log:
        for step in STEPS:
            log.write_step(step, SPEC_HASH)
            found += sequences(follower.poll())
    found += sequences(follower.poll())
    assert found == ALL
