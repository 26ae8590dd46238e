"""ROS 2 bindings of the takeover library and the nodes that run on the robot.

A node is parameters, topics, one library object and one step; decisions live in the library.
"""
