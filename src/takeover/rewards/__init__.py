"""Rewards: what a take-over says about the steps before it.

There is no reward function. The labels come from who drove when (`rlif`), and may be joined by how
the episode ended. This package knows steps and episodes only, not where they come from.
"""
