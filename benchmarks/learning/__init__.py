"""Learning results: long runs whose tables and figures are kept under benchmarks/results/learning.

Not part of `make bench`, which takes minutes; these take hours. Each module says its command.
"""
