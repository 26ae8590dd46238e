"""Policies as single files that prove what they are: write, read, verify, run."""
