"""The headless loop, shortly."""

from takeover.action import ActionContract
from takeover.agents.rlif import RlifConfig
from takeover.data.assembler import TransitionAssembler
from takeover.intervention.joystick import load_joystick
from takeover.policy.evidence import Evidence
from takeover.training.rlif_run import RlifRun, RlifRunConfig
from takeover.training.takeover_learner import TakeoverConfig

SMALL = RlifRunConfig(
    steps=300,
    demonstrations=1,
    learner=TakeoverConfig(
        critic_from=20, actor_from=40, learner=RlifConfig(hidden=(16,), pretraining_steps=50)
    ),
)


def test_a_run_corrects_learns_and_deploys_a_version_that_drove(repository, task, robot, tmp_path):
    joystick = repository / 'config' / 'inputs' / 'joystick.yaml'
    mapping, steps = load_joystick(joystick, ActionContract(task.action)), []
    run = RlifRun(task, robot, mapping, SMALL, tmp_path, 'test', steps.append)
    demonstrated = run.demonstrate()
    first = run.policy.version
    rows = list(run.drive())
    assert demonstrated[-1].terminated and rows[0].version == first
    assert rows[-1].steps == len(steps) >= SMALL.steps
    assert {step.policy_version for step in steps} == {row.version for row in rows}
    transitions = list(TransitionAssembler(0.05).assemble(steps))
    assert run.learner.counts.transitions == len(transitions)
    assert run.learner.learner.updates == len(transitions) - 20
    evidence = Evidence(0.05)
    evidence.take_all(steps)
    assert run.deployed().version == evidence.trusted().version
    updates = [policy.bundle().provenance['updates'] for policy in run.store.policies()]
    assert updates[0] == 0 and updates == sorted(updates) and updates[-1] > 0
    run.close()
