import pytest
from takeover.cli.rlif import command
from takeover.errors import TakeoverError

pytest.importorskip('torch')


def test_a_folder_that_exists_is_left_alone(tmp_path):
    with pytest.raises(TakeoverError, match='exists already'):
        command(out=tmp_path)


def test_a_negative_number_of_episodes_is_refused(tmp_path):
    with pytest.raises(TakeoverError, match='0 or more'):
        command(out=tmp_path / 'run', episodes=-1)
    assert not (tmp_path / 'run').exists()
