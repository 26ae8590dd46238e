"""What learners learn from: logs of steps, transitions, the replay buffer, its mixing, its pace.

A log holds steps: what was seen, who drove, what was sent, what it was worth. A transition is one
step and what came of it. This package writes and reads logs, joins and stores, draws batches and
says when the next batch is due. It must not know where steps come from (ROS, a simulator, a
person) nor what is done with them (losses, networks): no torch or ROS is imported here. The clock
is read only to name files, to bring a log to the disk in time, and to give up waiting. Actions in
the replay buffer are normalised to [-1, 1]; those in a log are SI.
"""
