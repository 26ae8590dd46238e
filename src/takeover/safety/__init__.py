"""Between any command and the robot: limits, time-outs, refusals and the latched stop.

Nothing here reads a clock. Callers pass `now_s` (steady clock, seconds) and `now_ns` (the clock
the messages are stamped with, nanoseconds); every rule can therefore be tested without waiting.
"""
