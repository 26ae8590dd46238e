"""Which runs make one curve, its mean and spread, and the table of final returns."""

import json
from pathlib import Path

import numpy as np
import pytest
from takeover.training.curves import read_curves, table
from takeover.training.run_folder import RunFolderError


def write(path: Path, points: dict[int, float], **settings) -> Path:
    path.mkdir(parents=True)
    values = {'env': 'Hopper-v5', 'agent': 'sac', 'seed': 0, 'steps': 900} | settings
    (path / 'config.json').write_text(json.dumps(values))
    rows = ''.join(f'{step},{value},0,5,1\n' for step, value in points.items())
    (path / 'evaluations.csv').write_text('step,return_mean,return_std,episodes,wall_s\n' + rows)
    return path


def test_runs_that_differ_only_in_seed_make_one_curve(tmp_path):
    runs = [write(tmp_path / f'{seed}', {100: seed}, seed=seed) for seed in range(3)]
    # Steps and intervals say how long one looks, not what is learned.
    runs.append(write(tmp_path / '3', {100: 3.0}, seed=3, steps=10, log_interval=7))
    (curve,), empty = read_curves(runs)
    assert ([run.seed for run in curve.runs], empty) == (['0', '1', '2', '3'], [])
    assert (curve.label, curve.env) == ('sac', 'Hopper-v5')


def test_a_run_given_twice_counts_once(tmp_path):
    run = write(tmp_path / 'seed_0', {100: 1.0})
    assert [len(curve.runs) for curve in read_curves([run, tmp_path])[0]] == [1]


def test_labels_name_the_settings_that_differ(tmp_path):
    runs = [
        write(tmp_path / 'a', {100: 1.0}, sac={'batch_size': 64, 'discount': 0.9}),
        write(tmp_path / 'b', {100: 1.0}, sac={'batch_size': 128, 'discount': 0.9}),
        write(tmp_path / 'c', {100: 1.0}, agent='dsact'),
    ]
    labels = [curve.label for curve in read_curves(runs)[0]]
    assert labels == ['sac, batch_size 64', 'sac, batch_size 128', 'dsact']


def test_the_band_reaches_as_far_as_all_seeds_and_interpolates(tmp_path):
    write(tmp_path / 'seed_0', {100: 0.0, 200: 10.0, 300: 20.0, 400: 50.0}, seed=0)
    write(tmp_path / 'seed_1', {150: 1.0, 250: 3.0, 300: 4.0}, seed=1)
    (curve,), _ = read_curves([tmp_path])
    steps, returns = curve.band()
    np.testing.assert_allclose(steps, [150.0, 200.0, 250.0, 300.0])
    np.testing.assert_allclose(returns, [[5.0, 10.0, 15.0, 20.0], [1.0, 2.0, 3.0, 4.0]])
    assert not curve.even


def test_seeds_without_a_common_step_have_an_empty_band(tmp_path):
    write(tmp_path / 'seed_0', {100: 0.0}, seed=0)
    write(tmp_path / 'seed_1', {200: 0.0}, seed=1)
    (curve,), _ = read_curves([tmp_path])
    steps, returns = curve.band()
    assert (steps.shape, returns.shape) == ((0,), (2, 0))


def test_final_returns_are_of_the_last_four_evaluations(tmp_path):
    write(
        tmp_path / 'seed_0', dict(zip(range(100, 600, 100), (100.0, 1.0, 2.0, 3.0, 4.0))), seed=0
    )
    write(tmp_path / 'seed_1', {400: 5.0, 500: 6.0}, seed=1)
    (curve,), _ = read_curves([tmp_path])
    assert [run.final for run in curve.runs] == [2.5, 5.5]
    assert curve.final == (4.0, pytest.approx(np.std([2.5, 5.5], ddof=1)))
    assert table([curve])[1:] == [
        'curve           of       final return  steps',
        'sac, Hopper-v5  seed 0   2.50          500',
        'sac, Hopper-v5  seed 1   5.50          500',
        'sac, Hopper-v5  2 seeds  4.00 ± 2.12',
    ]


def test_one_seed_has_no_deviation(tmp_path):
    (curve,), _ = read_curves([write(tmp_path / 'run', {100: 1.0})])
    assert np.isnan(curve.final[1])
    assert table([curve])[-1] == 'sac, Hopper-v5  1 seed  1.00'


def test_tables_beside_each_other_make_a_curve_named_after_their_folders(tmp_path):
    folder = tmp_path / 'Hopper-v5' / 'sb3_sac'
    folder.mkdir(parents=True)
    for seed in (0, 1):
        (folder / f'seed_{seed}.csv').write_text('step,return_mean\n100,1.5\n')
    for paths in ([folder], sorted(folder.iterdir())):
        (curve,), _ = read_curves(paths)
        assert (curve.label, curve.env, len(curve.runs)) == ('sb3_sac', 'Hopper-v5', 2)


def test_seeds_without_evaluations_are_told(tmp_path):
    write(tmp_path / 'seed_0', {100: 1.0})
    new = write(tmp_path / 'seed_1', {}, seed=1)
    curves, empty = read_curves([tmp_path])
    assert ([len(curve.runs) for curve in curves], empty) == ([1], [new])


def test_settings_that_are_not_of_a_run_are_refused(tmp_path):
    path = write(tmp_path / 'run', {100: 1.0})
    (path / 'config.json').write_text('{"env": "Hopper-v5"}')
    with pytest.raises(RunFolderError, match=r'config\.json: agent is missing'):
        read_curves([path])
