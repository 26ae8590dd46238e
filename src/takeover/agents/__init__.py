"""Learners: how a policy is made from data.

Each agent is a frozen configuration with a sentence for every field and losses as module
functions. Off-policy learners (`dsact`, `sac`, `rlpd`) are fed batches of transitions, one update
each, and are assembled from the same parts: `actor_critic` (actor, temperature, optimisers,
noise, state), `distributional_critic` and `ensemble_critic`. `bc` and `dagger` learn from
demonstrations by regression. Agents know observations and actions as vectors, and no files; only
`dagger` also drives an environment, `takeover.training` does so for the others. Torch is imported
in the modules that use it.
"""
