"""`takeover train`: from the command line to the folder of a run, and back from a checkpoint."""

from io import StringIO
import os
from pathlib import Path
import re
import shutil
import signal
import subprocess
import sys
import time

import gymnasium
import numpy as np
import pytest
from rich.console import Console
from takeover.cli.main import main
from takeover.cli.train_display import Bars, describe, Lines, Row
from takeover.cli.train_options import command_line, settings
from takeover.policy.onnx_policy import OnnxPolicy
from takeover.training.checkpoint import checkpoints
from takeover.training.config import TrainConfig
from takeover.training.run_folder import read_table, RunFolder, RunFolderError
import tyro

DEADLINE_S = 300.0
TINY = (
    '--agent sac --sac.hidden 16 16 --sac.batch-size 16 --warm-up-steps 50 --replay-capacity 1000 '
    '--evaluation-interval 100 --evaluation-episodes 1 --checkpoint-interval 100 --log-interval 50'
).split()
PENDULUM = ['--env', 'Pendulum-v1', *TINY]
BROKEN = """
import gymnasium
import numpy as np
from gymnasium.spaces import Box

class Broken(gymnasium.Env):
    observation_space = Box(-1.0, 1.0, (3,), np.float32)
    action_space = Box(-1.0, 1.0, (1,), np.float32)
    metadata = {'render_modes': [], 'render_fps': 20}
    taken = 0

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.steps = 0
        return np.zeros(3, np.float32), {}

    def step(self, action):
        Broken.taken += 1
        self.steps += 1
        seen = np.full(3, np.nan if Broken.taken > 150 else 0.5, np.float32)
        return seen, 0.0, False, self.steps == 20, {}

gymnasium.register('TakeoverBroken-v0', Broken)
"""


def train(*args: str) -> int:
    return main(['train', *map(str, args)])


def start(*args: str) -> subprocess.Popen:
    command = [sys.executable, '-m', 'takeover.cli.main', 'train', *map(str, args)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_until(condition, child: subprocess.Popen | None = None) -> None:
    deadline_s = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline_s
        assert child is None or child.poll() is None, child.communicate()
        time.sleep(0.05)


def steps_of(path: Path) -> list[int]:
    return [int(each.name[5:]) for each in checkpoints(path / 'checkpoints')]


@pytest.fixture(scope='session')
def finished(tmp_path_factory) -> Path:
    """A run of 300 steps that nobody changes."""
    path = tmp_path_factory.mktemp('train') / 'run'
    assert train(*PENDULUM, '--steps', 300, '--out', path) == 0
    return path


@pytest.fixture
def run(finished, tmp_path) -> Path:
    """A copy of that run."""
    return Path(shutil.copytree(finished, tmp_path / 'run'))


def test_help_has_every_setting_with_a_sentence_and_its_default(capsys):
    with pytest.raises(SystemExit) as exit:
        train('--help')
    assert exit.value.code == 0
    said = re.sub(r'[│╭╰─╮╯]', '', capsys.readouterr().out)
    for name in settings(TrainConfig()):
        option = f'--{name.replace("_", "-")}'
        found = re.search(rf'^ +{re.escape(option)}[ ,][^\n]*\n((?:(?! +--).*\n)*)', said, re.M)
        assert found, option
        assert re.match(r' *[A-Z].*[.)] \(default: .+\)', ' '.join(found[1].split())), option


def test_an_unknown_option_is_refused_with_the_nearest(capsys):
    with pytest.raises(SystemExit) as exit:
        train('--stepz', 3)
    assert exit.value.code == 2
    assert '--steps INT' in capsys.readouterr().err


def test_a_run_from_the_shell_leaves_all_its_files(tmp_path):
    path = tmp_path / 'run'
    child = start(*PENDULUM, '--steps', 200, '--out', path)
    said, complaint = child.communicate(timeout=DEADLINE_S)
    assert (child.returncode, complaint) == (0, '')
    assert re.search(r'^1 thread, fp32 products', said, re.M)
    assert 'Pendulum-v1: sac, 1108 parameters, 370 of them in the actor, 200 steps' in said
    assert f'folder: {path}' in said
    assert re.search(
        r'^sac in Pendulum-v1: step \d+/200, .*updates/s, alpha .*, q .* left', said, re.M
    )
    assert re.search(
        r'evaluation after 200 steps: return -\d+\.\d\d ± 0.00 over 1 episode$', said, re.M
    )
    assert f'takeover evaluate {path}/policy.onnx' in said
    assert f'takeover plot {path}' in said
    folder = RunFolder(path)
    assert [row['step'] for row in folder.evaluations()] == [100.0, 200.0]
    rows = read_table(folder.progress_file)
    assert [row['step'] for row in rows] == [50.0, 100.0, 150.0, 200.0]
    assert {'training_return', 'updates_per_s', 'q', 'alpha', 'sigma'} <= set(rows[0])
    assert rows[-1]['updates'] == 150.0
    assert steps_of(path) == [100, 200]
    assert list(folder.tensorboard.glob('events.*'))
    action = OnnxPolicy.load(folder.policy_file).act(np.zeros(3, np.float32))
    assert action.shape == (1,)


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_a_checkpoint_to_go_on_from(number, tmp_path, capsys):
    path = tmp_path / 'run'
    child = start(*PENDULUM, '--steps', 10**6, '--out', path)
    wait_until(lambda: steps_of(path), child)
    child.send_signal(number)
    said, _ = child.communicate(timeout=DEADLINE_S)
    assert child.returncode == 128 + number
    done = steps_of(path)[-1]
    assert f'stopped by {number.name} after {done} steps' in said
    assert f'takeover train --resume {path}' in said
    assert train('--resume', path, '--steps', done + 20) == 0
    assert f'goes on from {path}/checkpoints/step_{done:09d}' in capsys.readouterr().out
    assert RunFolder(path).config()['steps'] == done + 20
    assert RunFolder(path).evaluations()[-1]['step'] == done + 20


def test_a_run_stopped_before_its_first_checkpoint_begins_again(run, capsys):
    shutil.rmtree(run / 'checkpoints')
    assert train('--resume', run) == 0
    assert 'has no checkpoint yet; starts at the beginning' in capsys.readouterr().out
    assert [row['step'] for row in RunFolder(run).evaluations()] == [100.0, 200.0, 300.0]


def test_a_finished_run_says_so(run, capsys):
    before = (run / 'evaluations.csv').read_text()
    assert train('--resume', run) == 0
    assert f'{run}: is finished, all 300 steps are done; --steps' in capsys.readouterr().out
    assert (run / 'evaluations.csv').read_text() == before


def test_a_torn_checkpoint_is_named_and_the_one_before_it_used(run, finished, capsys):
    torn = run / 'checkpoints' / 'step_000000300' / 'state.pt'
    torn.write_bytes(torn.read_bytes()[:1000])
    assert train('--resume', run) == 0
    said = capsys.readouterr()
    assert f'takeover: {torn.parent}: torn: ' in said.err
    assert 'the one before it is used' in said.err
    assert f'goes on from {run}/checkpoints/step_000000200' in said.out
    # Rows after the checkpoint are cut and written anew, here with the same numbers.
    for table, same in (('evaluations.csv', 'return_mean'), ('progress.csv', 'q')):
        rows, expected = read_table(run / table), read_table(finished / table)
        assert [row['step'] for row in rows] == [row['step'] for row in expected]
        assert [str(row[same]) for row in rows] == [str(row[same]) for row in expected]


def test_without_any_good_checkpoint_nothing_is_touched(run, capsys):
    for path in run.glob('checkpoints/*/state.pt'):
        path.write_bytes(b'torn')
    before = (run / 'evaluations.csv').read_text()
    assert train('--resume', run) == 2
    assert 'holds no checkpoint that can be used' in capsys.readouterr().err
    assert (run / 'evaluations.csv').read_text() == before


@pytest.mark.parametrize(
    'args, sentence',
    [
        (
            ['--seed', '3'],
            '--seed: the run in {run} has 0, and that cannot change; with --resume, ',
        ),
        (['--sac.batch-size', '32'], '--sac.batch-size: the run in {run} has 16'),
        (['--steps', '200'], '--steps is 200; the run has 300 behind it already'),
        (['--seeds', '2'], '--seeds and --out belong to a new run'),
        (['--out', 'x'], '--seeds and --out belong to a new run'),
        (['--config', 'x'], '--config belongs to a new run'),
    ],
)
def test_a_run_goes_on_with_its_own_settings(args, sentence, run, capsys):
    assert train('--resume', run, *args) == 2
    assert sentence.format(run=run) in capsys.readouterr().err
    assert RunFolder(run).config()['steps'] == 300


def test_two_processes_cannot_train_in_one_folder(run, capsys):
    with RunFolder(run).held():
        assert train('--resume', run, '--steps', 400) == 2
    assert f'{run}: another process is training in it' in capsys.readouterr().err


def test_a_folder_with_a_run_is_not_overwritten(finished, tmp_path, capsys):
    assert train(*PENDULUM, '--out', finished) == 2
    assert f'{finished}: holds a run already; continue it with --resume' in capsys.readouterr().err
    assert train(*PENDULUM, '--seeds', 2, '--out', finished) == 2


def test_a_folder_that_is_no_run_is_named(tmp_path, capsys):
    assert train('--resume', tmp_path) == 2
    assert f'{tmp_path}: not the folder of a training run' in capsys.readouterr().err


@pytest.mark.parametrize(
    'args, sentence',
    [
        (['--env', 'NoSuchThing-v0'], "environment 'NoSuchThing-v0': "),
        (['--env', 'CartPole-v1'], 'actions are Discrete(2); legal: a Box'),
        (['--steps', '0'], 'steps is 0; legal: 1 or more'),
        (['--seeds', '0'], '--seeds is 0; it must be 1 or more'),
        (['--sac.discount', '2'], 'discount is 2.0; legal: from 0 to 1'),
        (['--agent', 'sac', '--dsact.delay', '3'], "--dsact.delay: the agent is 'sac'; give"),
    ],
)
def test_what_cannot_be_trained_is_refused_before_a_folder_is_made(
    args, sentence, tmp_path, capsys
):
    assert train(*args, '--out', tmp_path / 'run') == 2
    assert sentence in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_options_win_over_the_file_and_the_file_over_the_defaults(tmp_path, capsys):
    file = tmp_path / 'settings.yaml'
    file.write_text('agent: sac\nsteps: 70\nseed: 5\nsac: {hidden: [8, 8], batch_size: 4}\n')
    options = ['--env', 'Pendulum-v1', '--warm-up-steps', '50', '--steps', '60']
    path = tmp_path / 'run'
    assert train('--config', file, *options, '--evaluation-episodes', 1, '--out', path) == 0
    values = RunFolder(path).config()
    assert (values['steps'], values['seed'], values['agent']) == (60, 5, 'sac')
    assert (values['sac']['hidden'], values['sac']['batch_size']) == ([8, 8], 4)
    assert 'dsact' not in values


@pytest.mark.parametrize(
    'name, text, sentence',
    [
        ('s.yaml', 'stepz: 3', "stepz: unknown key; did you mean 'steps'?"),
        ('s.json', '{"sac": {"hiden": [8]}}', "sac.hiden: unknown key; did you mean 'hidden'?"),
        ('s.yaml', 'steps: many', 'steps: Input should be a valid integer'),
        ('s.yaml', 'sac: {discount: 3}', 'discount is 3.0; legal: from 0 to 1'),
    ],
)
def test_a_wrong_file_of_settings_is_named(name, text, sentence, tmp_path, capsys):
    file = tmp_path / name
    file.write_text(text)
    assert train('--config', file, '--out', tmp_path / 'run') == 2
    assert f'takeover: {file}: {sentence}' in capsys.readouterr().err


def test_an_environment_that_breaks_says_from_where_to_go_on(tmp_path, capsys, monkeypatch):
    (tmp_path / 'takeover_broken.py').write_text(BROKEN)
    monkeypatch.syspath_prepend(str(tmp_path))
    path = tmp_path / 'run'
    try:
        code = train('--env', 'takeover_broken:TakeoverBroken-v0', *TINY, '--out', path)
    finally:
        gymnasium.registry.pop('TakeoverBroken-v0', None)
    assert code == 2
    said = capsys.readouterr().err
    assert "next_observation 'vector' must be finite" in said
    assert f'the last good checkpoint is {path}/checkpoints/step_000000100: once the cause' in said
    assert f'`takeover train --resume {path}` goes on from there' in said
    assert steps_of(path) == [100]


def test_a_diverging_run_names_quantity_and_update(tmp_path, capsys):
    path = tmp_path / 'run'
    options = ['--sac.largest-value', '1e-6', '--checkpoint-interval', '40']
    assert train(*PENDULUM, *options, '--out', path) == 2
    said = capsys.readouterr().err
    assert 'update 1: q is ' in said
    assert 'beyond largest_value 1e-06; the last good checkpoint is ' in said
    assert steps_of(path) == [40]


def test_several_seeds_are_trained_continued_and_a_failing_one_is_named(tmp_path, capsys):
    path = tmp_path / 'seeds'
    assert train(*PENDULUM, '--steps', 200, '--seed', 4, '--seeds', 2, '--out', path) == 0
    said = capsys.readouterr().out
    assert 'seed 4' in said and 'seed 5' in said
    assert re.search(r'^sac, Pendulum-v1 +2 seeds +-\d+\.\d\d ± \d+\.\d\d$', said, re.M)
    configs = [RunFolder(path / f'seed_{seed}').config() for seed in (4, 5)]
    assert [config.pop('seed') for config in configs] == [4, 5]
    assert configs[0] == configs[1]
    assert (path / 'seed_4' / 'policy.onnx').is_file()

    for state in path.glob('seed_5/checkpoints/*/state.pt'):
        state.write_bytes(b'torn')
    assert train('--resume', path, '--steps', 250) == 2
    said = capsys.readouterr()
    assert '1 of 2 seeds failed: seed_5 (exit code 2, ' in said.err
    assert 'holds no checkpoint that can be used' in said.err
    assert f'see {path}/seed_5/train.log' in said.err
    assert f'`takeover train --resume {path}` goes on' in said.err
    assert RunFolder(path / 'seed_4').evaluations()[-1]['step'] == 250.0
    assert RunFolder(path / 'seed_5').evaluations()[-1]['step'] == 200.0

    assert train(*PENDULUM, '--seeds', 2, '--out', path) == 2
    assert f'{path}: holds a run already' in capsys.readouterr().err


def test_a_signal_stops_all_seeds_with_a_checkpoint(tmp_path):
    path = tmp_path / 'seeds'
    child = start(*PENDULUM, '--steps', 10**6, '--seeds', 2, '--out', path)
    runs = [path / 'seed_0', path / 'seed_1']
    # On one core, the second seed waits for the first.
    at_once = runs[: len(os.sched_getaffinity(0))]
    wait_until(lambda: all(map(steps_of, at_once)), child)
    child.send_signal(signal.SIGINT)
    said, _ = child.communicate(timeout=DEADLINE_S)
    assert child.returncode == 130
    assert f'stopped by SIGINT; continue with\n  takeover train --resume {path}' in said
    for run in at_once:
        assert (
            f'stopped by SIGTERM after {steps_of(run)[-1]} steps'
            in (run / 'train.log').read_text()
        )


def test_seeds_end_with_a_parent_that_dies_without_a_word(tmp_path):
    path = tmp_path / 'seeds'
    child = start(*PENDULUM, '--steps', 10**6, '--seeds', 2, '--out', path)
    wait_until(lambda: steps_of(path / 'seed_0'), child)
    child.kill()
    child.communicate(timeout=DEADLINE_S)

    def free() -> bool:
        try:
            with RunFolder(path / 'seed_0').held(), RunFolder(path / 'seed_1').held():
                return True
        except RunFolderError:
            return False

    wait_until(free)


def test_the_command_line_of_settings_gives_the_settings():
    given = (
        '--env Pendulum-v1 --agent dsact --steps 7 --seed 2 --prior a/b --normalise-observations '
        '--dsact.hidden 8 4 --dsact.target-entropy -2.5 --dsact.no-twin-distributions'
    )
    assert command_line(tyro.cli(TrainConfig, args=given.split())) == f'takeover train {given}'


def test_what_is_not_known_is_not_described():
    nan = float('nan')
    assert describe(nan, nan, nan, {}) == ''
    assert describe(nan, -3.0, 80.4, {'q': nan}) == 'training return -3.0, 80 updates/s'
    numbers = {'alpha': 0.25, 'sigma': 1.5, 'q': -12.34}
    assert describe(5.0, -3.0, nan, numbers) == 'return 5.0, alpha 0.25, sigma 1.5, q -12.3'


def test_plain_lines_come_each_tenth_and_only_for_what_moved():
    stream = StringIO()
    with Lines(Console(file=stream, width=20)) as lines:
        for step in range(0, 101):
            lines.show([Row('one', step, 100, 'return 1.0'), Row('two', 0, 0, '')])
    said = stream.getvalue().splitlines()
    assert len(said) == 10
    assert said[0].startswith('one: step 10/100, return 1.0, ')
    assert said[-1] == 'one: step 100/100, return 1.0'


def test_bars_show_steps_and_what_is_known():
    stream = StringIO()
    with Bars(Console(file=stream, force_terminal=True, width=80)) as bars:
        bars.show([Row('seed 0', 20, 100, 'return 1.0'), Row('seed 1', 0, 100, 'waiting')])
    said = stream.getvalue()
    assert all(text in said for text in ('seed 0', '20/100', 'return 1.0', 'seed 1', 'waiting'))
