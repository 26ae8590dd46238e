"""What makes the learners DSAC-T, RLPD and SAC: numbers worked out by hand, as plain functions.

Each `check_...` raises AssertionError when the product does something else. The tests of the
learners call them; `test_mutations.py` puts typical mistakes into the product and demands that
the checks notice. Everything of the product is looked up in its module when a check runs, and
learners are the real ones with networks of a few units.

Two tricks: critics with zero weights put out their last bias, whatever they see, so a loss can be
followed by hand; and `learn_tables` trains tables with the real losses instead of networks.

The numbers in brackets name a check: 1 critic gradients, 2 detachment, 3 minimum by mean, 4 moving
average of sigma, 5 bandit, 6 scale, 7 bootstrapped sigma, 8 density, 9 temperature, 10 delay,
11 ends of episodes, 13 RLPD (12, Pendulum as published, is in benchmarks/learning).
"""

from collections.abc import Sequence
import math

import numpy as np
import pytest
from takeover.agents import actor_critic, distributional_critic, ensemble_critic
from takeover.agents.dsact import DsactConfig, DsactLearner
from takeover.agents.rlpd import RlpdConfig, RlpdLearner
from takeover.agents.sac import SacConfig, SacLearner
from takeover.agents.tensor_batch import TensorBatch
from takeover.data.mixing import symmetric_batch
from takeover.data.replay_buffer import ReplayBuffer
from takeover.data.transition import ArraySpec, VECTOR
from takeover.networks import actor, critic, stacked
import torch
from torch import autograd, nn
from torch.nn.functional import softplus

OBSERVATIONS, ACTIONS = 3, 2
ZERO = torch.zeros(())
CONFIGS = {DsactLearner: DsactConfig, RlpdLearner: RlpdConfig, SacLearner: SacConfig}

# Check 1: (Q, sigma, y_q, y_z, M) -> (dL/dQ, dL/dsigma).
GAUSSIAN_GRADIENTS = {
    (1.0, 2.0, 3.0, 5.0, 2.0): (-2.0, -6.074074),
    (1.0, 2.0, 3.0, 20.0, 2.0): (-2.0, -16.197531),
    (1.0, 2.0, 3.0, -20.0, 2.0): (-2.0, -16.197531),
    (0.0, 0.5, 1.0, -0.2, 0.5): (-1.0, 0.326667),
    (10.0, 4.0, 8.0, 9.0, 3.0): (1.130435, 2.129485),
    (0.0, 0.001, 0.5, 0.5, 1.0): (-5.499945, -2.749989),
}
HUBER_GRADIENTS = {
    (1.0, 2.0, 3.0, 5.0, 2.0): (-1.951220, -1.858304),
    (1.0, 2.0, 3.0, 20.0, 2.0): (-1.951220, -6.504065),
}


def tiny(kind: type, seed: int = 0, **changes):
    """Return a learner of a few units, `changes` apart with its own defaults."""
    config = CONFIGS[kind](**{'hidden': (8, 8), 'batch_size': 16, **changes})
    return kind(config, OBSERVATIONS, ACTIONS, seed)


def random_batch(rows: int, seed: int = 0, reward: float | None = None, mask: float = 1.0):
    """Return transitions of random observations and actions."""
    generator = torch.Generator().manual_seed(seed)
    before, after = torch.randn(2, rows, OBSERVATIONS, generator=generator)
    rewards = torch.randn(rows, generator=generator)
    if reward is not None:
        rewards = torch.full((rows,), reward)
    action = 2.0 * torch.rand(rows, ACTIONS, generator=generator) - 1.0
    return TensorBatch(before, action, rewards, torch.full((rows,), mask), after)


def weights(learner) -> dict[str, torch.Tensor]:
    """Return copies of all weights of a learner's networks, and the temperature."""
    own = {
        f'{name}.{key}': value.detach().clone()
        for name, module in learner.modules().items()
        for key, value in module.named_parameters()
    }
    return own | {'log_alpha': learner.log_alpha.detach().clone()}


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor], part: str = '') -> bool:
    """Return whether two `weights` are equal bit for bit, where names start with `part`."""
    names = [name for name in one if name.startswith(part)]
    assert names
    return all(torch.equal(one[name], other[name]) for name in names)


def set_heads(critics: critic.ValueCritics, heads: Sequence[Sequence[float]]) -> None:
    """Let member e put out heads[e] for every input."""
    with torch.no_grad():
        for parameter in critics.parameters():
            parameter.zero_()
        critics.mlp.layers[-1].bias.copy_(torch.tensor(heads)[:, None])


def normal_head(mean: float, std: float) -> tuple[float, float]:
    """Return the outputs that are this mean and standard deviation; softplus(-200) is 0."""
    return mean, math.log(math.expm1(std)) if std else -200.0


def distributional(online, target=((0.0, 0.0), (0.0, 0.0)), **changes):
    """Return critics with constant (mean, std) for each member, and constant targets."""
    config = DsactConfig(**{'hidden': (4,), **changes})
    generator = torch.Generator().manual_seed(0)
    critics = distributional_critic.DistributionalCritic(config, OBSERVATIONS, ACTIONS, generator)
    set_heads(critics.online, [normal_head(*head) for head in online])
    set_heads(critics.target, [normal_head(*head) for head in target])
    return critics


def head_gradients(critics, batch, alpha: float = 0.0, log_prob: float = 0.0):
    """Return the gradients [E, 2] of the real loss by the constant means and sigmas."""
    rows = len(batch)
    loss, _ = critics.loss(
        batch, lambda _: (torch.zeros(rows, ACTIONS), torch.full((rows,), log_prob)), ZERO + alpha
    )
    bias = critics.online.mlp.layers[-1].bias
    gradients = autograd.grad(loss, bias)[0][:, 0]
    slope = torch.sigmoid(bias.detach()[:, 0, 1])
    return torch.stack((gradients[:, 0], gradients[:, 1] / slope), dim=1)


def near(value, expected, tolerance: float = 1e-5) -> None:
    """Demand equality within a relative (or as large absolute) tolerance."""
    value = torch.as_tensor(value, dtype=torch.float64)
    expected = torch.as_tensor(expected, dtype=torch.float64)
    torch.testing.assert_close(value, expected.expand_as(value), rtol=tolerance, atol=tolerance)


# Checks 1 to 4 and 6: the losses of the distributional critics.


def gradients_of(arguments: Sequence[float], **changes) -> tuple[float, float]:
    """Return (dL/dQ, dL/dsigma) by autograd for (Q, sigma, y_q, y_z, M)."""
    mean, std, target_mean, target_sample, average = (
        torch.tensor([[value]]) for value in arguments
    )
    mean.requires_grad_()
    std.requires_grad_()
    gradients = distributional_critic.critic_gradients(
        mean.detach(),
        std.detach(),
        target_mean[0],
        target_sample[0],
        average,
        DsactConfig(**changes),
    )
    loss = distributional_critic.surrogate_loss(mean, std, *gradients)
    return tuple(float(gradient) for gradient in autograd.grad(loss, (mean, std)))


def check_gaussian_gradients() -> None:
    for arguments, expected in GAUSSIAN_GRADIENTS.items():
        near(gradients_of(arguments), expected)


def check_huber_gradients() -> None:
    for arguments, expected in HUBER_GRADIENTS.items():
        near(gradients_of(arguments, critic_loss='huber_ratio'), expected)


def check_scale() -> None:
    """Gradients follow the scale of the rewards, down to where epsilon rules (check 6)."""
    row = np.array([1.0, 2.0, 3.0, 5.0, 2.0])
    near(gradients_of(10.0 * row), (-20.0, -60.01), 1e-3)
    near(gradients_of(0.1 * row), (-0.2, -0.1556), 1e-4)
    # As softplus has it: sigma of 2 is this raw output, and its slope there is sigmoid(raw).
    raw = torch.tensor(1.854587)
    near(softplus(raw), 2.0)
    near(gradients_of(row)[1] * torch.sigmoid(raw), -5.252037)


def check_mean_and_sample_stay_apart() -> None:
    """The mean learns from y_q alone, sigma from y_z alone (check 2)."""
    base = (1.0, 2.0, 3.0, 5.0, 2.0)
    for loss in ('gaussian', 'huber_ratio'):
        by_mean, by_std = gradients_of(base, critic_loss=loss)
        other_sample = gradients_of((1.0, 2.0, 3.0, -4.0, 2.0), critic_loss=loss)
        other_mean = gradients_of((1.0, 2.0, -3.0, 5.0, 2.0), critic_loss=loss)
        assert other_sample[0] == by_mean and other_sample[1] != by_std
        assert other_mean[1] == by_std and other_mean[0] != by_mean


def check_sample_reaches_only_sigma() -> None:
    """Other noise changes the gradient by sigma and leaves that by the mean (check 2)."""
    heads = ((0.0, 1.0), (0.0, 1.0)), ((1.0, 1.0), (2.0, 1.0))
    first, second = (distributional(*heads) for _ in range(2))
    second.generator.manual_seed(1)
    batch = random_batch(8)
    one, other = (head_gradients(critics, batch) for critics in (first, second))
    assert torch.equal(one[:, 0], other[:, 0])
    assert (one[:, 1] != other[:, 1]).all()


def check_detachment() -> None:
    """Nothing but the online critics has a gradient in the loss (check 2)."""
    learner = tiny(DsactLearner)
    learner.target_actor.requires_grad_()
    learner.critic.target.requires_grad_()
    alpha = torch.tensor(0.5, requires_grad=True)
    loss, numbers = learner.critic.loss(
        random_batch(8), lambda seen: learner.sample(learner.target_actor, seen), alpha
    )
    others = [*learner.target_actor.parameters(), *learner.critic.target.parameters(), alpha]
    assert autograd.grad(loss, others, allow_unused=True, retain_graph=True) == (None,) * len(
        others
    )
    assert not learner.critic.average.value.requires_grad
    assert not any(number.requires_grad for number in numbers.values())
    assert all(gradient.any() for gradient in autograd.grad(loss, learner.critic.parameters))
    ensemble = tiny(SacLearner)
    ensemble.critic.target.requires_grad_()
    loss, _ = ensemble.critic.loss(
        random_batch(8), lambda seen: ensemble.sample(ensemble.actor, seen), alpha
    )
    others = [*ensemble.actor.parameters(), *ensemble.critic.target.parameters(), alpha]
    assert autograd.grad(loss, others, allow_unused=True) == (None,) * len(others)


def check_omega_is_a_number() -> None:
    """A first loss of two sigmas: omega and the bound are of their mean, and constants."""
    rows = torch.tensor([[1.0, 3.0], [1.0, 3.0]])
    critics = distributional(((0.0, 1.0), (0.0, 1.0)))
    std = rows.clone().requires_grad_()
    mean = torch.zeros(2, 2, requires_grad=True)
    critics.online = lambda observation, action: (mean, std)
    loss, _ = critics.loss(
        random_batch(2, reward=4.0, mask=0.0),
        lambda _: (torch.zeros(2, ACTIONS), torch.zeros(2)),
        ZERO,
    )
    by_mean, by_std = autograd.grad(loss, (mean, std))
    near(by_mean, -0.5 * 4.1 * 4.0 / (rows**2 + 0.1))
    near(by_std, -0.5 * 4.1 * (16.0 - rows**2) / (rows**3 + 0.1))


def target_pair(means, stds, noise, mask: float = 1.0) -> tuple[float, ...]:
    """Return (y_q, y_z of critic 1, y_z of critic 2) with r 1, gamma .9, alpha .2, log pi -1.5."""
    column = [torch.tensor(values)[:, None] for values in (means, stds, noise)]
    reward, log_prob = torch.ones(1), torch.tensor([-1.5])
    pair = distributional_critic.td_targets(
        reward, torch.tensor([mask]), 0.9, torch.tensor(0.2), log_prob, *column
    )
    target_mean, target_sample = (torch.broadcast_to(value, (2, 1)) for value in pair)
    assert torch.equal(target_mean[0], target_mean[1])
    return float(target_mean[0]), float(target_sample[0]), float(target_sample[1])


def check_minimum_by_mean() -> None:
    """Both critics learn from the same pair, of the critic with the lower mean (check 3)."""
    means, stds = (3.0, 2.9), (0.1, 10.0)
    near(target_pair(means, stds, (0.0, 1.0)), (3.88, 12.88, 12.88))
    near(target_pair(means, stds, (0.0, 5.0)), (3.88, 30.88, 30.88))
    near(target_pair(means, stds, (-1.0, 1.0)), (3.88, 12.88, 12.88))
    near(target_pair(means, stds, (0.5, -5.0)), (3.88, -23.12, -23.12))
    near(target_pair(means, stds, (0.0, 1.0), mask=0.0), (1.0, 1.0, 1.0))
    near(target_pair((2.9, 2.9), stds, (1.0, 1.0)), (3.88, 12.88, 12.88))


def check_targets_in_the_loss() -> None:
    """The loss uses y_q and the spread of y_z of check 3, the same for both critics."""
    critics = distributional(((0.0, 100.0), (0.0, 100.0)), ((3.0, 0.1), (2.9, 10.0)), discount=0.9)
    gradients = head_gradients(critics, random_batch(20_000, reward=1.0), 0.2, -1.5)
    near(gradients[:, 0], -3.88 * (1e4 + 0.1) / (1e4 + 0.1), 1e-4)
    assert gradients[0, 1] == gradients[1, 1]
    square = 1e4 - gradients[:, 1] * (1e6 + 0.1) / (1e4 + 0.1)
    # Of the square of 3.88 + 9 z, z cut at 3: variance 0.995 or so.
    near(square, 3.88**2 + 0.995 * 81.0, 0.05)


def check_average() -> None:
    """M starts with the first batch, then follows; the same loss already uses it (check 4)."""
    average = distributional_critic.SigmaAverage(2)
    first = torch.tensor([[1.0, 3.0], [5.0, 7.0]])
    near(average.update(first, 0.005), [2.0, 6.0])
    near(average.update(first + 2.0, 0.005), [2.01, 6.01])
    critics = distributional(((0.0, 2.0), (0.0, 2.0)))
    batch = random_batch(4, reward=100.0, mask=0.0)
    near(head_gradients(critics, batch)[:, 1], -16.197531)
    set_heads(critics.online, [normal_head(0.0, 4.0)] * 2)
    gradients = head_gradients(critics, batch)
    near(critics.average.value, 2.01)
    near(gradients[:, 0], -4.1401 * 100.0 / 16.1)
    near(gradients[:, 1], -4.1401 * (6.03**2 - 16.0) / 64.1)


def check_no_floor() -> None:
    """Sigma is softplus of the second output and nothing else."""
    critics = critic.GaussianCritics(2, 1, 1, (4,), 'gelu', torch.Generator())
    set_heads(critics, [(-3.0, 1.854587), (2.0, -30.0)])
    mean, std = critics(torch.zeros(1, 1), torch.zeros(1, 1))
    near(mean[:, 0], [-3.0, 2.0])
    near(std[0], 2.0)
    assert float(std[1].detach()) == pytest.approx(math.exp(-30.0), rel=1e-5)


# Checks 5 and 7: what the losses lead to, with tables for networks.


def learn_tables(
    configs,
    start,
    reward,
    steps: int,
    learning_rate: float,
    mask: float = 1.0,
    noise_scale: float = 1.0,
) -> torch.Tensor:
    """Train twin tables of one entry on 256 rewards a step; return (Q, sigma), [2, K, S].

    Each of K configurations has S columns. An entry follows itself (with `mask` 0 nothing
    follows), the target tables every second step. The numbers are means of the last 2 %.

    :param start: Q and sigma, [S] each; :param reward: mean and deviation, [S] each.
    :param noise_scale: 0 takes the sample out of the target.
    """
    rows, count, size = 256, len(configs), len(start[0])
    parts = [(config, slice(i * size, (i + 1) * size)) for i, config in enumerate(configs)]
    generator = torch.Generator().manual_seed(0)
    mean, raw = start[0].repeat(2, 1, count), start[1].expm1().log().repeat(2, 1, count)
    tables = [nn.Parameter(mean), nn.Parameter(raw)]
    targets = [table.detach().clone() for table in tables]
    average = distributional_critic.SigmaAverage(2)
    optimiser = actor_critic.adam(tables, learning_rate)
    reward_mean, reward_std = (value.repeat(count) for value in reward)
    reached, config = [], configs[0]
    for step in range(1, steps + 1):
        noise = torch.randn(3, rows, count * size, generator=generator)
        target = distributional_critic.td_targets(
            reward_mean + reward_std * noise[2],
            ZERO + mask,
            config.discount,
            ZERO,
            ZERO,
            targets[0],
            softplus(targets[1]),
            noise_scale * noise[:2],
        )
        std = softplus(tables[1])
        known = (tables[0].detach(), std.detach(), *target)
        now = average.update(known[1], config.average_rate)[:, None]
        each = [
            distributional_critic.critic_gradients(
                *(value[..., part] for value in (*known, now)), config
            )
            for config, part in parts
        ]
        gradients = [torch.cat(pair, dim=2) for pair in zip(*each)]
        loss = distributional_critic.surrogate_loss(tables[0], std, *gradients)
        actor_critic.step(optimiser, tables, autograd.grad(loss, tables))
        if step % 2 == 0:
            actor_critic.follow(targets, tables, config.target_rate)
        if step > 0.98 * steps:
            reached.append(torch.stack((tables[0].detach()[0, 0], std.detach()[0, 0])))
    return torch.stack(reached).mean(dim=0).unflatten(1, (count, size))


BOTH_LOSSES = tuple(
    DsactConfig(discount=0.9, critic_loss=loss) for loss in ('gaussian', 'huber_ratio')
)


# Checks 8 to 10: the policy, the temperature, the order of an update.


def check_density() -> None:
    """The density of a squashed action, in [-1, 1] and in other units (check 8)."""
    arguments = [torch.tensor([[value]]) for value in (0.3, math.log(0.8), 0.25)]
    action, log_prob = actor.squash(*arguments)
    near((action, log_prob), (0.462117, -0.486817))
    same_action, log_prob = actor.squash(*arguments, math.log(2.0))
    near((2.0 * same_action, log_prob), (0.924234, -1.179964))
    noise = torch.linspace(-7.0, 7.0, 20_001)[:, None]
    mean, log_std = (torch.full_like(noise, float(value)) for value in arguments[:2])
    for half_range in (1.0, 2.0):
        action, log_prob = actor.squash(mean, log_std, noise, math.log(half_range))
        mass = torch.trapezoid(log_prob.exp(), half_range * action[:, 0])
        near(mass, 1.0, 1e-3)
    action, log_prob = actor.squash(*(value.expand(1, 2) for value in arguments))
    near(log_prob, 2.0 * -0.486817)


def check_temperature() -> None:
    """Too random: the gradient by log_alpha is positive and the temperature falls (check 9)."""
    near(actor_critic.alpha_gradient(torch.tensor([0.0, 1.0]), -2.0), 1.5)
    for kind in (DsactLearner, SacLearner, RlpdLearner):
        for log_std, sign in ((0.4, -1.0), (-6.0, 1.0)):
            changes = {'delay': 1} if kind is DsactLearner else {}
            if kind is RlpdLearner:
                changes['utd_ratio'] = 1
            learner = tiny(kind, initial_log_alpha=0.7, alpha_learning_rate=1e-2, **changes)
            with torch.no_grad():
                learner.actor.layers[-1].weight.zero_()
                learner.actor.layers[-1].bias.copy_(torch.tensor([0.0, 0.0, log_std, log_std]))
            numbers = learner.update(random_batch(16))
            excess = numbers['entropy'] - learner.target_entropy
            assert math.copysign(1.0, excess) == -sign
            # RLPD's loss is in alpha, the others' in log alpha.
            scale = math.exp(0.7) if kind is RlpdLearner else 1.0
            near(learner.log_alpha.grad, scale * excess, 1e-4)
            near(learner.log_alpha.detach(), 0.7 + sign * 1e-2, 1e-4)


def check_delay() -> None:
    """Critics move in every iteration, all else in iterations 2 and 4 (check 10)."""
    learner = tiny(DsactLearner)
    batch = random_batch(16)
    for iteration in range(1, 5):
        before = weights(learner)
        learner.update(batch)
        after = weights(learner)
        for name, value in after.items():
            # Of critics each member on its own.
            parts = 2 if 'critics' in name else 1
            pairs = zip(before[name].reshape(parts, -1), value.reshape(parts, -1))
            expected = iteration % 2 == 0 or name.startswith('critics')
            for part in pairs:
                assert torch.equal(*part) != expected, (iteration, name)


def check_polyak() -> None:
    """Targets go 0.005 of the way towards the online networks (check 10)."""
    targets = [torch.zeros(2)]
    actor_critic.follow(targets, [torch.ones(2)], 0.005)
    near(targets[0], 0.005, 1e-7)
    learner = tiny(DsactLearner, critic_learning_rate=0.1, actor_learning_rate=0.1)
    for batch in (random_batch(16, 1), random_batch(16, 2)):
        before = weights(learner)
        learner.update(batch)
    after = weights(learner)
    for name in after:
        if name.startswith('target_'):
            online = after[name.removeprefix('target_')]
            near(after[name], before[name] + 0.005 * (online - before[name]), 1e-6)


def check_next_action_is_the_target_policys() -> None:
    """The critics' step depends on the target policy and not on the online one."""

    def critics_after(change: str) -> dict[str, torch.Tensor]:
        learner = tiny(DsactLearner)
        for name, module in learner.modules().items():
            if name == change:
                with torch.no_grad():
                    module.layers[-1].bias.add_(1.0)
        learner.update(random_batch(16))
        return weights(learner)

    base = critics_after('')
    assert same(base, critics_after('actor'), 'critics')
    assert not same(base, critics_after('target_actor'), 'critics')


def check_gradients_come_before_steps() -> None:
    """DSAC-T's actor learns from the critics as they were before the update, SAC's from after."""

    def actor_after(kind, rate: float) -> dict[str, torch.Tensor]:
        changes = {'delay': 1} if kind is DsactLearner else {}
        learner = tiny(kind, critic_learning_rate=rate, **changes)
        learner.update(random_batch(16))
        return weights(learner)

    assert same(actor_after(DsactLearner, 0.1), actor_after(DsactLearner, 1e-12), 'actor')
    assert not same(actor_after(SacLearner, 0.1), actor_after(SacLearner, 1e-12), 'actor')


def check_actor_takes_the_lower_mean() -> None:
    """What DSAC-T's and SAC's actor maximise: the lower mean, nothing of sigma or chance."""
    learner = tiny(DsactLearner)
    batch = random_batch(4)
    for sigma in (0.1, 50.0):
        set_heads(learner.critic.online, [normal_head(3.0, sigma), normal_head(2.0, 1.0)])
        near(learner.critic.pessimistic_mean(batch.observation, batch.action), 2.0)
    sac = tiny(SacLearner)
    set_heads(sac.critic.online, [(3.0,), (2.0,)])
    near(sac.objective(batch.observation, batch.action), 2.0)
    near(actor_critic.actor_loss(torch.tensor(0.5), torch.tensor([2.0, 4.0]), torch.ones(2)), 0.5)


# Check 11: what ends an episode.


def ring_replay(terminated: bool) -> ReplayBuffer:
    """Return 20 episodes of 10 steps around a ring of 10 places, reward 1; all end alike."""
    replay = ReplayBuffer(1000, {VECTOR: ArraySpec((10,), 'float32')}, 1)
    places, rng = np.eye(10, dtype=np.float32), np.random.default_rng(0)
    for _ in range(20):
        for step in range(10):
            last = step == 9
            after = {VECTOR: places[(step + 1) % 10]}
            ends = (last and terminated, last and not terminated)
            replay.add({VECTOR: places[step]}, rng.uniform(-1.0, 1.0, 1), 1.0, *ends, after)
    return replay


def ring_values(terminated: bool, kind: str) -> torch.Tensor:
    """Return the values [10] of the ring's places, learnt in tables, gamma 0.9."""
    replay, rng = ring_replay(terminated), np.random.default_rng(0)
    table = nn.Parameter(torch.zeros(2, 10))
    for _ in range(300):
        batch = TensorBatch.of(replay.sample(256, rng))
        now, then = (seen.argmax(dim=1) for seen in (batch.observation, batch.next_observation))
        after = table.detach()[:, then]
        arguments = (batch.reward, batch.mask, 0.9, ZERO, ZERO, after)
        if kind == 'ensemble':
            target = ensemble_critic.td_target(*arguments)
        else:
            spread = torch.zeros_like(after)
            target, sample = distributional_critic.td_targets(*arguments, spread, spread)
            near(sample, target)
        loss = ensemble_critic.critic_loss(table[:, now], target)
        with torch.no_grad():
            table -= 5.0 * autograd.grad(loss, table)[0]
    return table.detach()[0]


def check_ends() -> None:
    """A time limit is bootstrapped through, 1 / (1 - gamma); a failure is not (check 11)."""
    for kind in ('ensemble', 'distributional'):
        near(ring_values(False, kind), 10.0, 1e-3)
        left = 10.0 - torch.arange(10.0)
        near(ring_values(True, kind), (1.0 - 0.9**left) / 0.1, 1e-3)


def check_ensemble_target() -> None:
    """r + gamma mask (min Q - alpha log pi), by hand."""
    values = torch.tensor([[3.0, 3.0], [2.9, 4.0]])
    target = ensemble_critic.td_target(
        torch.ones(2),
        torch.tensor([1.0, 0.0]),
        0.9,
        torch.tensor(0.2),
        torch.tensor([-1.5, -1.5]),
        values,
    )
    near(target, [3.88, 1.0])
    near(ensemble_critic.critic_loss(values, torch.tensor([1.0, 2.0])), 2.5 + 3.805)


# Check 13: RLPD.


def numbered_ensemble() -> RlpdLearner:
    """Return an RLPD learner whose target critic e says e, and whose online ones say 0."""
    learner = tiny(RlpdLearner, discount=1.0, utd_ratio=2)
    set_heads(learner.critic.online, [(0.0,)] * 10)
    set_heads(learner.critic.target, [(float(member),) for member in range(10)])
    return learner


def check_subset() -> None:
    """The target is the minimum of 2 distinct members, others in every call (check 13 a)."""
    critics = numbered_ensemble().critic
    batch = random_batch(4, reward=0.0)
    pairs = []
    for _ in range(60):
        values = critics.target_values(batch.next_observation, batch.action)
        assert values.shape == (2, 4) and (values == values[:, :1]).all()
        pairs.append(frozenset(values[:, 0].tolist()))
    assert all(len(pair) == 2 for pair in pairs)
    assert len(set(pairs)) > 20 and frozenset.union(*pairs) == set(range(10))
    assert sum(one == other for one, other in zip(pairs, pairs[1:])) < 10
    lowest = []
    for _ in range(60):
        loss, _ = critics.loss(batch, lambda _: (batch.action, torch.zeros(4)), ZERO)
        lowest.append(round(float(loss.detach() / 10.0) ** 0.5))
    assert max(lowest) < 9 and len(set(lowest)) > 4
    # The mean of the lower of two out of 0 to 9 is 8/3.
    assert np.mean(lowest) == pytest.approx(8.0 / 3.0, abs=1.0)


def check_actor_takes_the_mean() -> None:
    """RLPD's actor maximises the mean of all 10 (check 13 b)."""
    learner = numbered_ensemble()
    set_heads(learner.critic.online, [(float(member) ** 2,) for member in range(10)])
    batch = random_batch(4)
    near(learner.objective(batch.observation, batch.action), 28.5)


def check_actor_moves_once() -> None:
    """20 critic steps, each with its targets', and one of actor and temperature (check 13 c)."""
    learner = tiny(RlpdLearner, batch_size=4)
    assert learner.batch_rows == 80
    seen = []
    update_critic = learner.update_critic

    def watched(batch, *rest):
        seen.append((weights(learner), batch))
        return update_critic(batch, *rest)

    learner.update_critic = watched
    batch = random_batch(80)
    learner.update(batch)
    last = weights(learner)
    assert len(seen) == 20 and learner.updates == 1
    for (before, part), (after, _) in zip(seen, seen[1:]):
        assert same(before, after, 'actor') and same(before, after, 'log_alpha')
        assert not same(before, after, 'critics') and not same(before, after, 'target_critics')
        assert len(part) == 4
    assert torch.equal(torch.cat([part.reward for _, part in seen]), batch.reward)
    assert not same(seen[-1][0], last, 'actor') and not same(seen[-1][0], last, 'log_alpha')
    steps = {
        name: {int(state['step']) for state in optimiser.state_dict()['state'].values()}
        for name, optimiser in learner.optimisers().items()
    }
    assert steps == {'actor': {1}, 'alpha': {1}, 'critic': {20}}


def check_slices() -> None:
    """Of 5120 rows, every slice of 256 that RLPD learns from is 128 and 128 (check 13 d)."""
    prior, online = (
        ReplayBuffer(200, {VECTOR: ArraySpec((OBSERVATIONS,), 'float32')}, ACTIONS)
        for _ in range(2)
    )
    for replay, sign, count in ((prior, -1.0, 150), (online, 1.0, 7)):
        for value in range(count):
            before, after = ({VECTOR: np.full(3, value + x, np.float32)} for x in (0.0, 0.5))
            replay.add(before, np.zeros(2, np.float32), sign, False, False, after)
    learner = tiny(RlpdLearner, batch_size=256)
    assert learner.batch_rows == 5120
    sums = []
    learner.update_critic = lambda part, _: (
        sums.append((len(part), float(part.reward.sum()))) or {}
    )
    rows = symmetric_batch(prior, online, learner.batch_rows, np.random.default_rng(0))
    learner.update(TensorBatch.of(rows))
    assert sums == [(256, 0.0)] * 20


def check_layer_norm() -> None:
    """Every hidden layer is normalised, then activated, as plain layers do it (check 13 e)."""
    critics = tiny(RlpdLearner).critic.online
    mlp = critics.mlp
    assert len(mlp.norms) == len(mlp.layers) - 1 == 2
    with torch.no_grad():
        for parameter in mlp.norms.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape, generator=torch.Generator()))
    batch = random_batch(5)
    inputs = torch.cat((batch.observation, batch.action), dim=1)
    expected = torch.stack([plain(mlp, member)(inputs)[:, 0] for member in range(10)])
    near(critics(batch.observation, batch.action), expected)


def plain(mlp: stacked.StackedMlp, member: int, activation: type = nn.ReLU) -> nn.Sequential:
    """Return one member as layers of torch."""
    layers = []
    for index, stack in enumerate(mlp.layers):
        linear = nn.Linear(*stack.weight.shape[1:])
        pairs = [(linear.weight, stack.weight[member].T), (linear.bias, stack.bias[member, 0])]
        layers.append(linear)
        if index < len(mlp.layers) - 1:
            if mlp.norms:
                norm = nn.LayerNorm(linear.out_features, eps=stacked.LAYER_NORM_EPSILON)
                own = mlp.norms[index]
                pairs += [(norm.weight, own.weight[member, 0]), (norm.bias, own.bias[member, 0])]
                layers.append(norm)
            layers.append(activation())
        with torch.no_grad():
            for target, source in pairs:
                target.copy_(source)
    return nn.Sequential(*layers)


def growth(layer_norm: bool) -> float:
    """Return by how much |Q| grows from actions of length 100 to such of 10 000, at most."""
    learner = tiny(RlpdLearner, hidden=(64, 64), layer_norm=layer_norm)
    batch = random_batch(64)
    direction = nn.functional.normalize(batch.action, dim=1)
    near_by, far, farther = (
        learner.critic.online(batch.observation, length * direction).abs().amax(dim=1)
        for length in (1.0, 100.0, 10_000.0)
    )
    if layer_norm:
        # What the last layer can make of a normalised one, whatever came in.
        bound = learner.critic.online.mlp.layers[-1].weight.square().sum(dim=1)[:, 0].sqrt() * 8.0
        assert (torch.maximum(far, farther) <= bound).all()
        assert far.max() < 3.0 * near_by.max()
    return float((farther / far).max().detach())


def check_bounded() -> None:
    """Far beyond the data the critics' values level off (check 13 f)."""
    assert growth(layer_norm=True) < 1.2
    assert growth(layer_norm=False) > 50.0


def check_entropy_backup() -> None:
    """Switched off, the temperature has no say in the critics' step; else it has."""

    def critics_after(entropy_backup: bool, log_alpha: float, kind: str):
        learner = tiny(
            RlpdLearner,
            critic=kind,
            utd_ratio=1,
            entropy_backup=entropy_backup,
            initial_log_alpha=log_alpha,
        )
        learner.update(random_batch(16))
        return weights(learner)

    for kind in ('ensemble', 'dsact'):
        assert same(critics_after(False, 0.0, kind), critics_after(False, 2.0, kind), 'critics')
        assert not same(critics_after(True, 0.0, kind), critics_after(True, 2.0, kind), 'critics')
