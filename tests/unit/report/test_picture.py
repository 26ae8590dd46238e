from dataclasses import replace

from PIL import Image
import pytest
from takeover.report.picture import PictureError, write_picture
from takeover.report.record import RunRecord


def test_the_picture_is_small_enough_for_a_readme(run, tmp_path):
    path = write_picture(run, tmp_path / 'docs/demo.png')
    assert path.stat().st_size < 300_000
    with Image.open(path) as picture:
        assert picture.width == 1600


def test_it_does_without_a_camera(run, tmp_path):
    assert write_picture(replace(run, frames=[]), tmp_path / 'demo.png').is_file()


def test_a_run_with_nothing_to_show_is_refused(tmp_path):
    with pytest.raises(PictureError, match='no episode'):
        write_picture(RunRecord(), tmp_path / 'demo.png')
