"""Robots in MuJoCo: a differential-drive rover with its course and expert, and an arm (`arm`).

Nothing here knows of ROS or of learning. Time passes only when the simulation is stepped; whoever
steps it decides how fast. Import the module you need: MuJoCo, Gymnasium and OpenGL are loaded by
the modules that use them.
"""
