"""A differential-drive rover in MuJoCo, the course it drives, and the expert that drives it well.

Nothing here knows of ROS or of learning. Time passes only when the simulation is stepped; whoever
steps it decides how fast. Import the module you need: MuJoCo, Gymnasium and OpenGL are loaded by
the modules that use them.
"""
