"""`takeover plot`: a picture and a table of runs, and what it is refused for."""

import json
from pathlib import Path
import subprocess
import sys

import pytest
from takeover.cli.main import main

HEADER = 'step,return_mean,return_std,episodes,wall_s\n'
PNG = b'\x89PNG\r\n\x1a\n'


def write_run(path: Path, returns, agent: str = 'sac', seed: int = 0, **settings) -> Path:
    path.mkdir(parents=True)
    values = {'env': 'Pendulum-v1', 'agent': agent, 'seed': seed, 'steps': 500} | settings
    (path / 'config.json').write_text(json.dumps(values))
    write_csv(path / 'evaluations.csv', returns)
    return path


def write_csv(path: Path, returns) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = (f'{100 * i},{value},1.0,5,{i}\n' for i, value in enumerate(returns, start=1))
    path.write_text(HEADER + ''.join(rows))
    return path


def plot(*args) -> int:
    return main(['plot', *map(str, args)])


def test_one_run_is_drawn_into_its_folder(tmp_path, capsys):
    run = write_run(tmp_path / 'run', [0.0, 1.0, 2.0, 3.0, 4.0])
    assert plot(run) == 0
    said = capsys.readouterr().out
    assert f'picture: {run}/curves.png' in said
    assert 'mean of the last 4 evaluations of each seed' in said
    assert 'sac, Pendulum-v1  seed 0  2.50          500' in said
    assert (run / 'curves.png').read_bytes().startswith(PNG)


def test_several_runs_are_grouped_by_seed_and_drawn_here(tmp_path, capsys, monkeypatch):
    for seed in (0, 1):
        write_run(tmp_path / 'many' / f'seed_{seed}', [seed, 10.0 * seed], seed=seed)
    other = write_run(tmp_path / 'other', [5.0], agent='dsact')
    csv = write_csv(tmp_path / 'results' / 'Hopper-v5' / 'sb3_sac' / 'seed_0.csv', [7.0])
    monkeypatch.chdir(tmp_path)
    assert plot(tmp_path / 'many', other, csv.parent) == 0
    said = capsys.readouterr().out
    assert 'picture: curves.png' in said
    assert 'sac, Pendulum-v1    2 seeds  2.75 ± 3.89' in said
    assert 'dsact, Pendulum-v1  1 seed   5.00' in said
    assert 'sb3_sac, Hopper-v5  1 seed   7.00' in said
    assert (tmp_path / 'curves.png').read_bytes().startswith(PNG)


def test_curves_are_named_on_demand(tmp_path, capsys):
    runs = [write_run(tmp_path / agent, [1.0], agent) for agent in ('sac', 'dsact')]
    out = tmp_path / 'picture.svg'
    assert plot(*runs, '--labels', 'old', 'new way', '--out', out) == 0
    assert 'new way, Pendulum-v1' in capsys.readouterr().out
    assert out.read_text().startswith('<?xml')
    assert plot(*runs, '--labels', 'old', '--out', out) == 2
    assert '1 labels for 2 curves: sac (Pendulum-v1), dsact' in capsys.readouterr().err


def test_a_run_without_evaluations_is_left_out_and_alone_refused(tmp_path, capsys):
    new = write_run(tmp_path / 'new', [])
    run = write_run(tmp_path / 'run', [1.0], agent='dsact')
    assert plot(new, run, '--out', tmp_path / 'p.png') == 0
    assert f'takeover: {new}: no evaluations yet; left out' in capsys.readouterr().err
    assert plot(new) == 2
    assert f'no evaluations yet in {new}' in capsys.readouterr().err
    assert not (new / 'curves.png').exists()


def test_what_is_no_run_is_named(tmp_path, capsys):
    assert plot() == 2
    assert 'no RUN given' in capsys.readouterr().err
    assert plot(tmp_path) == 2
    assert f'{tmp_path}: not a training run; legal: a run folder' in capsys.readouterr().err
    assert plot(tmp_path / 'none') == 2
    assert f'{tmp_path}/none: no such file or folder' in capsys.readouterr().err
    (tmp_path / 'seed_0.csv').write_text('a,b\n1,2\n')
    assert plot(tmp_path / 'seed_0.csv') == 2
    assert "seed_0.csv: has no column 'step'" in capsys.readouterr().err


@pytest.mark.parametrize('name', ['none/p.png', 'p.xyz'])
def test_a_picture_that_cannot_be_written_is_named(name, tmp_path, capsys):
    run = write_run(tmp_path / 'run', [1.0])
    assert plot(run, '--out', tmp_path / name) == 2
    assert f'takeover: {tmp_path}/{name}: cannot be written: ' in capsys.readouterr().err


def test_no_torch_is_loaded(tmp_path):
    run = write_run(tmp_path / 'run', [1.0])
    code = (
        'import sys; from takeover.cli.main import main;'
        f'main(["plot", {str(run)!r}]); print("torch" in sys.modules)'
    )
    said = subprocess.check_output([sys.executable, '-c', code], text=True)
    assert said.endswith('False\n')
