"""The checks notice the mistakes that re-implementations make.

A mistake is an edit of the product's own source: the function is compiled again with it, in place,
for as long as the test runs. An edit that no longer fits the source fails the test, so the list
stays true. Every check named must pass before the edit and fail with it.
"""

from collections.abc import Callable
from dataclasses import dataclass
import functools
import inspect
from pathlib import Path
import sys
from types import CodeType

import pytest
from takeover.agents import actor_critic, distributional_critic, ensemble_critic
from takeover.agents.dsact import DsactLearner
from takeover.agents.rlpd import RlpdLearner
from takeover.agents.sac import SequentialActorCritic
from takeover.data import mixing
from takeover.data.replay_buffer import ReplayBuffer
from takeover.networks import actor, critic, stacked
from tests.unit.agents import conformance as c

pytestmark = pytest.mark.usefixtures('one_thread')
DistributionalCritic = distributional_critic.DistributionalCritic
EnsembleCritic = ensemble_critic.EnsembleCritic


@dataclass(frozen=True)
class Mistake:
    """What is wrong, the edit of one function that makes it so, and the checks that notice."""

    name: str
    function: Callable
    right: str
    wrong: str
    checks: tuple[Callable[[], None], ...]


MISTAKES = (
    Mistake(
        'sigma learns its variance by least squares',
        distributional_critic.gaussian_gradients,
        '(variance * std + EPSILON)',
        '1.0 * std',
        (c.check_gaussian_gradients, c.check_scale, c.check_average),
    ),
    Mistake(
        'only the mean is scaled by omega',
        distributional_critic.gaussian_gradients,
        'by_std = -weight * (',
        'by_std = -(',
        (c.check_gaussian_gradients, c.check_scale, c.check_average),
    ),
    Mistake(
        'omega is missing',
        distributional_critic.critic_gradients,
        'average.square() + EPSILON if',
        '1.0 if',
        (c.check_gaussian_gradients, c.check_scale),
    ),
    Mistake(
        'omega divides',
        distributional_critic.critic_gradients,
        'average.square() + EPSILON if',
        '1.0 / (average.square() + EPSILON) if',
        (c.check_gaussian_gradients, c.check_scale, c.check_average),
    ),
    Mistake(
        'the sample is not clipped',
        distributional_critic.critic_gradients,
        '(target_sample - mean).clamp(-bound, bound)',
        'target_sample - mean',
        (c.check_gaussian_gradients, c.check_huber_gradients, c.check_average),
    ),
    Mistake(
        'the mean learns from the clipped sample',
        distributional_critic.critic_gradients,
        'error = target_mean - mean',
        'error = (target_sample - mean).clamp(-bound, bound)',
        (c.check_mean_and_sample_stay_apart, c.check_gaussian_gradients),
    ),
    Mistake(
        'the Huber function without its half',
        distributional_critic.huber_ratio_gradients,
        'clipped_error.abs() - 0.5 * size',
        'clipped_error.abs()',
        (c.check_huber_gradients,),
    ),
    Mistake(
        'the target is drawn for each critic on its own',
        distributional_critic.td_targets,
        'lower_sample = torch.where(first, sample[0], sample[-1])',
        'lower_sample = lower_mean + (sample - mean)',
        (c.check_minimum_by_mean, c.check_targets_in_the_loss),
    ),
    Mistake(
        'the lower sample instead of that of the lower mean',
        distributional_critic.td_targets,
        'lower_sample = torch.where(first, sample[0], sample[-1])',
        'lower_sample = torch.minimum(sample[0], sample[-1])',
        (c.check_minimum_by_mean, c.check_targets_in_the_loss),
    ),
    Mistake(
        'the higher mean',
        distributional_critic.td_targets,
        'mean[0] < mean[-1]',
        'mean[0] > mean[-1]',
        (c.check_minimum_by_mean, c.check_targets_in_the_loss),
    ),
    Mistake(
        'a tie goes to the first',
        distributional_critic.td_targets,
        'mean[0] < mean[-1]',
        'mean[0] <= mean[-1]',
        (c.check_minimum_by_mean,),
    ),
    Mistake(
        'the target has no sample',
        distributional_critic.td_targets,
        'sample = mean + std *',
        'sample = mean + 0.0 * std *',
        (c.check_minimum_by_mean, c.check_sample_reaches_only_sigma, c.check_targets_in_the_loss),
    ),
    Mistake(
        'the noise has tails',
        distributional_critic.td_targets,
        'noise.clamp(-NOISE_BOUND, NOISE_BOUND)',
        'noise',
        (c.check_minimum_by_mean,),
    ),
    Mistake(
        'entropy is a cost',
        distributional_critic.td_targets,
        'entropy_bonus = alpha',
        'entropy_bonus = -alpha',
        (c.check_minimum_by_mean, c.check_targets_in_the_loss),
    ),
    Mistake(
        'entropy is a cost to the ensemble',
        ensemble_critic.td_target,
        '- alpha * log_prob',
        '+ alpha * log_prob',
        (c.check_ensemble_target,),
    ),
    Mistake(
        'the sample is bootstrapped through failures',
        distributional_critic.td_targets,
        'mask * (lower_sample',
        '(lower_sample',
        (c.check_minimum_by_mean, c.check_ends),
    ),
    Mistake(
        'the mean is bootstrapped through failures',
        distributional_critic.td_targets,
        'mask * (lower_mean',
        '(lower_mean',
        (c.check_minimum_by_mean, c.check_ends),
    ),
    Mistake(
        'the ensemble is bootstrapped through failures',
        ensemble_critic.td_target,
        'discount * mask *',
        'discount *',
        (c.check_ensemble_target, c.check_ends),
    ),
    Mistake(
        'the replay forgets failures',
        ReplayBuffer.sample,
        "1.0 - columns['terminated'].take(ends).astype(np.float32)",
        'np.ones(len(starts), np.float32)',
        (c.check_ends,),
    ),
    Mistake(
        'the replay takes a time limit for a failure',
        ReplayBuffer.sample,
        "columns['terminated'].take(ends)",
        "(columns['terminated'] | columns['truncated']).take(ends)",
        (c.check_ends,),
    ),
    Mistake(
        'the average is moved after the loss',
        DistributionalCritic.loss,
        'average = self.average.update(std.detach(), config.average_rate)',
        'average = self.average.value\n        '
        'self.average.update(std.detach(), config.average_rate)',
        (c.check_average, c.check_omega_is_a_number),
    ),
    Mistake(
        'the average starts at 0',
        distributional_critic.SigmaAverage.update,
        ' if self.started else mean',
        '',
        (c.check_average, c.check_omega_is_a_number),
    ),
    Mistake(
        'gradients go through omega and the bound',
        DistributionalCritic.loss,
        'self.average.update(std.detach(),',
        'self.average.update(std,',
        (c.check_omega_is_a_number, c.check_detachment),
    ),
    Mistake(
        'gradients go through the weights of the errors',
        DistributionalCritic.loss,
        'mean.detach(), std.detach(), target_mean',
        'mean, std, target_mean',
        (c.check_omega_is_a_number, c.check_average),
    ),
    Mistake(
        'gradients go through the target',
        DistributionalCritic.loss,
        'with torch.no_grad():',
        'with torch.enable_grad():',
        (c.check_detachment,),
    ),
    Mistake(
        "gradients go through the ensemble's target",
        EnsembleCritic.loss,
        'with torch.no_grad():',
        'with torch.enable_grad():',
        (c.check_detachment,),
    ),
    Mistake(
        'the mean learns from the sample',
        DistributionalCritic.loss,
        'if not config.expected_value_substitution:',
        'if True:',
        (c.check_sample_reaches_only_sigma, c.check_targets_in_the_loss),
    ),
    Mistake(
        'sigma has a floor',
        critic.GaussianCritics.forward,
        'softplus(heads[..., 1])',
        'softplus(heads[..., 1]) + 1e-6',
        (c.check_no_floor,),
    ),
    Mistake(
        'the online policy draws the next action',
        DsactLearner.update,
        'self.sample(self.target_actor',
        'self.sample(self.actor',
        (c.check_next_action_is_the_target_policys,),
    ),
    Mistake(
        'the actor is not delayed',
        DsactLearner.update,
        'delayed = (self.updates + 1) % self.config.delay == 0',
        'delayed = True',
        (c.check_delay,),
    ),
    Mistake(
        'targets are not delayed',
        DsactLearner.update,
        'step(self.critic_optimiser, self.critic.parameters, critic_gradients)',
        'step(self.critic_optimiser, self.critic.parameters, critic_gradients)\n        '
        'self.critic.follow(self.config.target_rate)',
        (c.check_delay, c.check_polyak),
    ),
    Mistake(
        "the target policy doesn't follow",
        DsactLearner.update,
        'follow(self._target_actor_parameters, self._actor_parameters,',
        'follow(self._actor_parameters, self._actor_parameters,',
        (c.check_delay, c.check_polyak),
    ),
    Mistake(
        'the critics step before the actor looks',
        DsactLearner.update,
        'delayed = (',
        'step(self.critic_optimiser, self.critic.parameters, critic_gradients)\n        '
        'delayed = (',
        (c.check_gradients_come_before_steps,),
    ),
    Mistake(
        'the actor goes for the higher mean',
        DistributionalCritic.pessimistic_mean,
        'torch.minimum(',
        'torch.maximum(',
        (c.check_actor_takes_the_lower_mean,),
    ),
    Mistake(
        "SAC's actor goes for the higher value",
        EnsembleCritic.pessimistic_mean,
        '.amin(',
        '.amax(',
        (c.check_actor_takes_the_lower_mean,),
    ),
    Mistake(
        'the actor shuns entropy',
        actor_critic.actor_loss,
        'alpha * log_prob -',
        '-alpha * log_prob -',
        (c.check_actor_takes_the_lower_mean,),
    ),
    Mistake(
        'the temperature rises when it is to fall',
        actor_critic.alpha_gradient,
        'return -(',
        'return (',
        (c.check_temperature,),
    ),
    Mistake(
        'the target entropy has the wrong sign',
        actor_critic.alpha_gradient,
        '.mean() + target_entropy',
        '.mean() - target_entropy',
        (c.check_temperature,),
    ),
    Mistake(
        'targets jump nearly all the way',
        actor_critic.follow,
        'list(sources), rate)',
        'list(sources), 1.0 - rate)',
        (c.check_polyak,),
    ),
    Mistake(
        'online networks follow the targets',
        actor_critic.follow,
        'list(targets), list(sources)',
        'list(sources), list(targets)',
        (c.check_polyak, c.check_delay),
    ),
    Mistake(
        'the density forgets the squashing',
        actor.squash,
        '(normal - jacobian)',
        'normal',
        (c.check_density,),
    ),
    Mistake(
        'the density counts the range the wrong way',
        actor.squash,
        '- log_half_range',
        '+ log_half_range',
        (c.check_density,),
    ),
    Mistake(
        'layer norm comes after the activation',
        stacked.StackedMlp.forward,
        """                if self.norms:
                    values = self.norms[index](values)
                values = self.activation(values)
""",
        """                values = self.activation(values)
                if self.norms:
                    values = self.norms[index](values)
""",
        (c.check_layer_norm,),
    ),
    Mistake(
        'only the first hidden layer is normalised',
        stacked.StackedMlp.forward,
        'if self.norms:',
        'if self.norms and index == 0:',
        (c.check_layer_norm,),
    ),
    Mistake(
        "RLPD's critics are not normalised",
        stacked.StackedMlp.forward,
        'if self.norms:',
        'if False:',
        (c.check_layer_norm, c.check_bounded),
    ),
    Mistake(
        'the minimum over all 10',
        EnsembleCritic.target_values,
        'if self.subset == self.members:',
        'if True:',
        (c.check_subset,),
    ),
    Mistake(
        'always the same two',
        EnsembleCritic.draw_subset,
        'torch.randperm(self.members, generator=self.generator)',
        'torch.arange(self.members)',
        (c.check_subset,),
    ),
    Mistake(
        'two that may be one',
        EnsembleCritic.draw_subset,
        'torch.randperm(self.members, generator=self.generator)',
        'torch.randint(self.members, (self.members,), generator=self.generator)',
        (c.check_subset,),
    ),
    Mistake(
        'the mean of the two',
        ensemble_critic.td_target,
        'values.amin(dim=0)',
        'values.mean(dim=0)',
        (c.check_ensemble_target,),
    ),
    Mistake(
        "RLPD's actor goes for the minimum",
        RlpdLearner.objective,
        'self.critic.mean(',
        'self.critic.pessimistic_mean(',
        (c.check_actor_takes_the_mean,),
    ),
    Mistake(
        "RLPD's actor moves with every critic step",
        RlpdLearner.update_critics,
        'numbers = self.update_critic(part, self.config.entropy_backup)',
        'numbers = self.update_critic(part, self.config.entropy_backup)\n            '
        'numbers |= self.update_actor(part)',
        (c.check_actor_moves_once,),
    ),
    Mistake(
        'every critic step takes the same rows',
        RlpdLearner.update_critics,
        'slice(start, start + size)',
        'slice(0, size)',
        (c.check_actor_moves_once,),
    ),
    Mistake(
        'targets follow only once for all critic steps',
        SequentialActorCritic.update_critic,
        'self.critic.follow(self.config.target_rate)',
        'pass',
        (c.check_actor_moves_once,),
    ),
    Mistake(
        'the entropy is backed up when it is not to be',
        SequentialActorCritic.update_critic,
        'self.alpha if entropy_backup else torch.zeros(())',
        'self.alpha',
        (c.check_entropy_backup,),
    ),
    Mistake(
        'prior and online rows are stacked, not mixed',
        mixing._interleaved,
        """    mixed[0::2] = even
    mixed[1::2] = odd
""",
        """    mixed[: len(even)] = even
    mixed[len(even) :] = odd
""",
        (c.check_slices,),
    ),
)


def with_mistake(mistake: Mistake) -> CodeType:
    """Return the code of the function with the edit in it."""
    function = mistake.function
    file = sys.modules[function.__module__].__file__
    whole, own = Path(file).read_text(), inspect.getsource(function)
    assert whole.count(own) == 1
    assert own.count(mistake.right) == 1, f'{mistake.right!r} is not in the product: {own}'
    edited = whole.replace(own, own.replace(mistake.right, mistake.wrong))
    code = compile(edited, file, 'exec')
    for name in function.__qualname__.split('.'):
        inner = [each for each in code.co_consts if isinstance(each, CodeType)]
        (code,) = (each for each in inner if each.co_name == name)
    return code


@functools.cache
def passes(check: Callable[[], None]) -> bool:
    """Run a check of the product as it is, once for all the mistakes it is to notice."""
    check()
    return True


@pytest.mark.parametrize('mistake', MISTAKES, ids=lambda mistake: mistake.name.replace(' ', '-'))
def test_a_mistake_is_noticed(mistake, monkeypatch):
    assert all(passes(check) for check in mistake.checks)
    monkeypatch.setattr(mistake.function, '__code__', with_mistake(mistake))
    for check in mistake.checks:
        with pytest.raises(AssertionError):
            check()


def test_the_list_is_long_and_says_each_thing_once():
    assert len({mistake.name for mistake in MISTAKES}) == len(MISTAKES) >= 10
