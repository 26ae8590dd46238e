"""The one test that needs Rerun, an extra: what is in a file that it wrote."""

import numpy as np
import pytest
from takeover.command import Source
from takeover.report.viewer import open_viewer, Target
from takeover.report.viewing import Viewing, ViewingError
from tests.pictured_logs import pictured_steps, TASK

chunk = pytest.importorskip('rerun.chunk', reason='Rerun is an extra: requirements/view.in')


def read(path):
    """Return the columns of a recording by entity: all values that were logged, in order."""
    found = {}
    for part in chunk.RrdReader(str(path)).stream():
        batch = part.to_record_batch()
        for name, column in zip(batch.schema.names, batch.columns):
            entity = found.setdefault(part.entity_path.lstrip('/'), {})
            # Python's own times are not as fine as these.
            values = column.cast('int64') if str(column.type).startswith('timestamp') else column
            entity.setdefault(name.rpartition(':')[2], []).extend(values.to_pylist())
    return found


def test_a_file_holds_what_was_shown_and_no_other_place_is_waited_for(tmp_path, monkeypatch):
    viewing = Viewing(TASK, ['camera/image_raw'])
    steps = pictured_steps(2)
    path = tmp_path / 'a.rrd'
    viewer = open_viewer(viewing.layout, Target(save=str(path)))
    for step in steps:
        viewer.show(viewing.step(step))
    viewer.show(viewing.camera('camera/image_raw', np.zeros((8, 8, 3), np.uint8)[..., ::-1], 5))
    viewer.close()
    found = read(path)
    sent = [value for (value,) in found['command/angular.z/sent']['scalars']]
    assert sent == [step.commanded[1] for step in steps]
    assert [value for (value,) in found['driver']['state']] == [
        'person' if step.source is Source.HUMAN else 'policy' for step in steps
    ]
    (first, *_) = found['sees/forward']['buffer']
    np.testing.assert_array_equal(np.array(first[0], np.uint8), steps[0].pixels)
    assert len(found['sees/forward']['buffer']) == len(steps)
    assert 'blob' in found['camera/camera/image_raw'], 'full pictures are compressed'
    assert found['reward']['time'] == [step.stamp_ns for step in steps]
    said = [value for (value,) in found['events']['text']]
    assert any(value.startswith('episode 2: ') for value in said)
    monkeypatch.delenv('DISPLAY', raising=False)
    monkeypatch.delenv('WAYLAND_DISPLAY', raising=False)
    for target, words in (
        (Target(save=str(tmp_path / 'no' / 'a.rrd')), 'its folder is not there'),
        (Target(connect='rerun+http://127.0.0.1:1/proxy'), 'no viewer is there'),
        (Target(connect='somewhere'), r'legal: rerun\+http://HOST:9876/proxy'),
        (Target(), 'no screen here; legal: save'),
    ):
        with pytest.raises(ViewingError, match=words):
            open_viewer(viewing.layout, target)
