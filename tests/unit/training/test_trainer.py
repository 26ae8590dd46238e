"""The loop: how many updates, what is stored, and that a resumed run is the same run."""

import numpy as np
import pytest
from takeover.agents.actor_critic import DivergedError
from takeover.policy.onnx_policy import OnnxPolicy
from takeover.training.config import TrainingError
from takeover.training.run_folder import read_table
from takeover.training.trainer import due


def never(problem):
    raise AssertionError(f'refused: {problem}')


def interrupted(trainer, at):
    """Train until `at` steps; return the trainer, which has written a checkpoint."""
    trainer.run(stopping=lambda: trainer.progress.step >= at)
    assert trainer.progress.step == at
    return trainer


@pytest.mark.parametrize('agent', ['dsact', 'rlpd', 'sac'])
def test_two_runs_are_equal_and_another_seed_is_not(make, difference, agent):
    states = []
    for name, seed in (('one', 0), ('two', 0), ('three', 1)):
        trainer = make(name, agent=agent, seed=seed)
        trainer.run()
        states.append(trainer.state_dict()['learner'])
    assert difference(states[0], states[1]) is None
    assert difference(states[0], states[2]) is not None


@pytest.mark.parametrize(
    'changes',
    [
        {'agent': 'dsact'},
        {'agent': 'sac', 'normalise_observations': True},
        {'agent': 'rlpd', 'environments': 3, 'updates_per_step': 0.4},
        {'agent': 'sac', 'replay_capacity': 50},
    ],
)
@pytest.mark.parametrize('at', [30, 42, 87])
def test_a_resumed_run_equals_an_uninterrupted_one(make, difference, changes, at):
    whole = make('whole', **changes)
    whole.run()
    interrupted(make('parts', **changes), at)
    resumed = make('parts', **changes)
    resumed.resume(never)
    assert resumed.progress.step == at
    assert resumed.run()
    assert difference(resumed.state_dict(), whole.state_dict()) is None
    for table in ('progress_file', 'evaluations_file'):
        rows = [
            [
                {k: v for k, v in row.items() if k not in ('wall_s', 'updates_per_s')}
                for row in read_table(getattr(trainer.folder, table))
            ]
            for trainer in (whole, resumed)
        ]
        assert str(rows[0]) == str(rows[1])


def test_a_run_may_be_made_longer(make, difference):
    whole = make('whole', steps=150)
    whole.run()
    make('parts', steps=100).run()
    resumed = make('parts', steps=150)
    resumed.resume(never)
    resumed.run()
    assert difference(resumed.state_dict()['learner'], whole.state_dict()['learner']) is None


@pytest.mark.parametrize(
    ('changes', 'said'),
    [
        ({'seed': 1}, r'step_000000120: made with seed 0, this run has 1'),
        ({'env': 'InvertedPendulum-v5'}, "made with env 'Pendulum-v1'"),
        ({'agent': 'sac'}, "made with agent 'dsact', this run has 'sac'"),
    ],
)
def test_a_checkpoint_of_other_settings_is_refused_by_name(make, changes, said):
    make().run()
    with pytest.raises(TrainingError, match=said):
        make(**changes).resume(never)


@pytest.mark.parametrize(('rate', 'updates'), [(1.0, 80), (0.25, 20), (2.0, 160)])
def test_updates_follow_from_steps(make, rate, updates):
    trainer = make(updates_per_step=rate)
    trainer.run()
    assert trainer.learner.updates == trainer.progress.updates == updates


def test_what_is_stored_is_what_happened(make):
    trainer = make(reward_scale=0.5, environments=2)
    taken = []
    step = trainer.environments.step

    def spy(actions):
        answers = step(actions)
        taken.extend(zip(answers, actions))
        return answers

    trainer.environments.step = spy
    trainer.run()
    assert trainer.replay.inserted == len(taken) == 120
    rows = trainer.replay.sample(500, np.random.default_rng(0))
    stored = {
        (*o.tolist(), *a.tolist(), float(r), *n.tolist())
        for o, a, r, n in zip(
            rows.observation['vector'], rows.action, rows.reward, rows.next_observation['vector']
        )
    }
    happened = {
        (
            *s.observation.tolist(),
            *a.tolist(),
            float(np.float32(0.5 * s.reward)),
            *s.next_observation.tolist(),
        )
        for s, a in taken
    }
    assert stored <= happened and len(stored) > 90
    # Pendulum has a time limit and no terminal state.
    assert (rows.mask == 1.0).all()


def test_a_loss_that_is_not_finite_stops_the_run_and_keeps_the_checkpoint(make, monkeypatch):
    trainer = make()
    update = trainer.learner.update

    def poisoned(batch):
        if trainer.progress.step >= 70:
            batch.reward.fill_(np.inf)
        return update(batch)

    trainer.learner.update = poisoned
    with pytest.raises(DivergedError, match=r'update \d+: \w+ is (nan|inf|-inf)'):
        trainer.run()
    names = [path.name for path in trainer.folder.checkpoints.iterdir()]
    assert sorted(names) == ['step_000000030', 'step_000000060']
    resumed = make()
    resumed.resume(never)
    assert resumed.progress.step == 60 and resumed.run()


def test_the_exported_policy_acts_as_the_network_does(make):
    trainer = make(normalise_observations=True)
    trainer.run()
    policy = OnnxPolicy.load(trainer.folder.policy_file)
    assert policy.bundle.provenance['env'] == 'Pendulum-v1'
    assert policy.bundle.provenance['config']['agent'] == 'dsact'
    for observation in np.random.default_rng(0).normal(0.0, 2.0, (50, 3)).astype(np.float32):
        normalised = trainer.normaliser.apply(observation[None])
        expected = 2.0 * trainer.learner.act(normalised, deterministic=True)[0]
        assert policy.act(observation) == pytest.approx(expected, abs=1e-5)


def test_evaluating_draws_no_random_number_of_the_run(make, difference):
    often, never_before_the_end = make('often', evaluation_interval=7), make('seldom')
    often.run()
    never_before_the_end.run()
    one, other = (t.state_dict() for t in (often, never_before_the_end))
    assert difference(one['learner'], other['learner']) is None
    assert len(read_table(often.folder.evaluations_file)) == 18


def test_rlpd_draws_half_of_each_batch_from_an_earlier_run(make):
    earlier = make('earlier')
    earlier.run()
    trainer = make('later', agent='rlpd', prior=earlier.folder.path)
    batches = []
    update = trainer.learner.update
    trainer.learner.update = lambda batch: (batches.append(batch), update(batch))[1]
    trainer.run()
    seen = {row.tobytes() for row in earlier.replay.sample(5000, trainer.rng).action}
    for batch in batches:
        from_earlier = [row.tobytes() in seen for row in batch.action.numpy()]
        assert all(from_earlier[0::2]) and not any(from_earlier[1::2])


def test_prior_data_of_another_environment_is_refused(make):
    make('earlier').run()
    earlier = make('earlier')
    with pytest.raises(TrainingError, match='prior data of Pendulum-v1, this run is of Inverted'):
        make('later', env='InvertedPendulum-v5', prior=earlier.folder.path)


def test_due_notices_every_multiple_once():
    assert [step for step in range(1, 13) if due(step - 1, step, 4)] == [4, 8, 12]
    assert [step for step in range(3, 16, 3) if due(step - 3, step, 4)] == [6, 9, 12]
