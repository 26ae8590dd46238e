"""The node that learns while a robot drives; the only ROS package that needs torch."""
