"""A preflight of the whole chain: what is there, whether it fits together, and what to do if not.

`takeover doctor` runs the checks. Each is one module with one function `check` that judges facts
and returns findings. Facts of the ROS graph are measured by doctor_node and come as `GraphFacts`,
so that nothing here needs ROS.
"""
