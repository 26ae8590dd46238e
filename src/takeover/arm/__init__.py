"""The kinematics of an arm: poses of the tool, Jacobians, joint velocities from a twist.

Everything comes from the chain in the robot file. Nothing here knows ROS, limits of an
acceleration, or time that passes: see `takeover.safety` for what may be done with it.
"""
