"""`takeover policy distill` on a tiny configuration: the file, what it prints, the exit code."""

from pathlib import Path

from takeover.agents import dagger
from takeover.agents.bc import BcConfig
from takeover.cli.policy_distill import distill
from takeover.policy.bundle import read_bundle

TASK_FILE = Path(__file__).parents[3] / 'config' / 'tasks' / 'rover_path.yaml'


def test_it_writes_a_bundle_measures_it_and_says_when_it_drives_badly(
    tmp_path, monkeypatch, capsys
):
    full = dagger.DaggerConfig
    tiny = BcConfig(hidden=(16,), steps=100, batch_size=64)

    def shrunk(bc, seed):
        return full(courses=2, rounds=1, episodes=1, round_steps=100, bc=tiny, seed=seed)

    monkeypatch.setattr(dagger, 'DaggerConfig', shrunk)
    out = tmp_path / 'policy.onnx'
    assert distill(task=TASK_FILE, out=out, seed=3, episodes=1) == 1
    printed = capsys.readouterr().out
    bundle = read_bundle(out)
    assert f'version {bundle.version}' in printed
    assert printed.count('of 1 reached the goal (95 %') == 2
    assert bundle.provenance['config']['seed'] == 3
    assert bundle.provenance['command'].endswith('--seed 3')
