"""What learners learn from: transitions, the replay buffer, its mixing and its pace.

A transition is one step of an environment or a robot: observation, action, reward, what came next
and how the episode went on. This package stores transitions, draws batches of them and says when
the next batch is due. It must not know where transitions come from (ROS, a simulator, a person)
nor what is done with them (losses, networks): only numpy is imported here, never torch or ROS, and
no clock is read except to give up waiting. Actions are normalised to [-1, 1].
"""
