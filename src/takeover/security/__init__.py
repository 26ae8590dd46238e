"""Who may say and hear what in the graph, and the policy for DDS security (SROS 2) made from it.

Nothing here imports ROS: the table of rights is compared with the graph of a running stack by
tests/system/test_node_rights.py.
"""
