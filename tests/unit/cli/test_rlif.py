import pytest
from takeover.cli.rlif import command
from takeover.data.log_reader import read_steps
from takeover.errors import TakeoverError
from takeover.outcome import Outcome
from takeover.policy.store import PolicyStore
from takeover.specs import spec_hash

pytest.importorskip('torch')


def test_a_folder_that_exists_is_left_alone(tmp_path):
    with pytest.raises(TakeoverError, match='exists already'):
        command(out=tmp_path)


def test_a_negative_number_of_episodes_is_refused(tmp_path):
    with pytest.raises(TakeoverError, match='0 or more'):
        command(out=tmp_path / 'run', episodes=-1)
    assert not (tmp_path / 'run').exists()


def test_what_was_shown_and_what_was_driven_is_in_two_logs(repository, task, tmp_path):
    run = tmp_path / 'run'
    joystick = repository / 'config/inputs/joystick.yaml'
    task_file = repository / 'config/tasks/rover_path.yaml'
    assert command(task=task_file, device=joystick, out=run, steps=1, episodes=0) == 0
    shown = list(read_steps([run / 'demonstrations'], spec_hash(task)))
    ends = [step for step in shown if step.terminated]
    assert [step.outcome for step in ends] == [Outcome.GOAL] * 4
    assert any(step.intervened for step in shown)
    driven = list(read_steps([run / 'log'], spec_hash(task)))
    assert {step.policy_version for step in driven} == {
        PolicyStore(run / 'policies').policies()[0].version
    }
    assert 'not evaluated' in (run / 'report.html').read_text()
