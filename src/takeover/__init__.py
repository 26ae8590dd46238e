"""Takeover: a control stack for robots that learn from being corrected.

The library knows nothing of ROS. Calls point downward only: specs <- {observation, action} <-
{safety, intervention} <- policy; the simulator and the command line sit on top. Nodes that bind it
to ROS 2 live in `ros2_ws/src`.
"""

__version__ = '0.1.0'
