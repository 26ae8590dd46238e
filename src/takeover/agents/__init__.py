"""Learners: how a policy is made from data.

Each agent is a frozen configuration with a sentence for every field, losses as module functions,
and a training function from data to `takeover.policy.onnx_export.MlpWeights`. Agents know
observations and actions as vectors; only `dagger` also drives an environment. Torch is imported in
the modules that use it.
"""
