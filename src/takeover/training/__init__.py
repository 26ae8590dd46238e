"""Train an agent in a Gymnasium environment: loop, evaluation, log, checkpoints, curves.

The loop is synchronous: act, store, learn what is owed. That makes a run repeatable: everything it
does follows from its configuration, and a run that was killed and resumed ends with the same
weights, bit for bit, as one that was left alone (one CPU, one thread).

`returns`, `run_folder` and `curves` need no torch; the others do.
"""
