"""Networks of the learners: actor, critics, and the layers they are made of.

Modules here turn tensors into tensors. They know no loss, no optimiser, no environment and no
file; observations are vectors [B, n], actions are normalised to [-1, 1]. Every random number comes
from a generator that the caller owns, so that a learner can be resumed to the bit.
"""
