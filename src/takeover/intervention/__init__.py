"""Who drives: the policy, a person, or nobody.

Nothing here reads a clock or a device. Callers pass what they heard and `now_s` (steady clock).
"""
