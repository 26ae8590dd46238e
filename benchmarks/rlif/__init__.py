"""How much take-overs teach: runs of RLIF on the rover, kept under benchmarks/results/rlif.

Not part of `make bench`, which takes minutes; these take hours. A run (`run`) never sees an
evaluation; how often its policies finish alone is found afterwards (`evaluate`), from the bundles
it left. `queue` does what is missing, `operators` measures the scripted drivers, `report` writes
tables, verdicts and figures.
"""
