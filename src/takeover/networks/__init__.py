"""Networks of the learners: actor, critics, encoders of pictures, and the layers they are made of.

Modules here turn tensors into tensors. They know no loss, no optimiser, no environment and no
file; observations are vectors [B, n], which an encoder makes of a vector and pictures where there
are some, and actions are normalised to [-1, 1]. Every random number comes from a generator that
the caller owns, so that a learner can be resumed to the bit.
"""
