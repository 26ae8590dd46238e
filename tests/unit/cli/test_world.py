"""`takeover world export`: two files, or one sentence."""

import pytest
from takeover.cli.main import main
from takeover.simulation.sdf_world import start_parameters, world_sdf
from takeover.task import load_task_and_robot
from tests.sdformat import complaints


def test_export_writes_the_world_and_where_the_rover_starts(tmp_path, capsys, task_and_robot):
    file = tmp_path / 'seven.sdf'
    assert main(['world', 'export', 'rover_path', '--seed', '7', '--output', str(file)]) == 0
    assert file.read_text() == world_sdf(*task_and_robot, 7)
    start = tmp_path / 'seven.sdf.start.yaml'
    assert start.read_text() == start_parameters(*task_and_robot, 7)
    said = capsys.readouterr().out
    assert 'seed 7 of rover_path' in said and str(start) in said
    assert complaints(file) == []


def test_without_arguments_it_is_the_first_course_of_the_first_task_here(
    tmp_path, monkeypatch, task_and_robot
):
    monkeypatch.chdir(tmp_path)
    assert main(['world', 'export']) == 0
    assert (tmp_path / 'rover_path.sdf').read_text() == world_sdf(*task_and_robot, 0)


def test_a_task_and_a_robot_of_ones_own(tmp_path, repository):
    mine = tmp_path / 'mine.yaml'
    text = (repository / 'config' / 'robots' / 'rover.yaml').read_text()
    mine.write_text(text.replace('timestep_s: 0.002', 'timestep_s: 0.001'))
    task = repository / 'config' / 'tasks' / 'rover_lane.yaml'
    file = tmp_path / 'lane.sdf'
    words = [str(task), '--robot', str(mine), '--output', str(file)]
    assert main(['world', 'export', *words]) == 0
    assert file.read_text() == world_sdf(*load_task_and_robot(task, mine), 0)
    assert '<max_step_size>0.001<' in file.read_text()


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        (['arm_peg'], 'arm_peg: episode.kind is peg; only a rover on a course has a world'),
        (['--seed', '-1'], 'seed is -1, must be 0 or more'),
        (['rover_pth'], 'rover_pth: is no name of tasks; legal: '),
        (['--output', '{}/none/x.sdf'], 'none/x.sdf: cannot be written: No such file'),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_no_file(
    tmp_path, capsys, monkeypatch, words, message
):
    monkeypatch.chdir(tmp_path)
    words = [word.format(tmp_path) for word in words]
    assert main(['world', 'export', *words]) == 2
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
