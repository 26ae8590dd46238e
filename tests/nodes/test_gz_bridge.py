"""What the bridge to Gazebo carries is what a robot of ours says and hears, by name and type."""

import pytest
from takeover_nodes.sim_node import SimNode
import yaml

# What a ROS machine has and the simulated rover does not say.
BESIDE = {
    '/joint_states': 'sensor_msgs/msg/JointState',
    '/tf': 'tf2_msgs/msg/TFMessage',
}
# What Gazebo cannot say: course_node does, and the operator's buttons end episodes.
NOT_OF_GAZEBO = {'/path', '/obstacles', '/ground_truth/odom', '/episode'}
EVERY_NODE = {'/rosout', '/parameter_events', '/diagnostics'}


@pytest.fixture
def bridge(repository):
    """Return the types of topics by name, those to ROS and those to Gazebo."""
    found = {'GZ_TO_ROS': {}, 'ROS_TO_GZ': {}}
    for entry in yaml.safe_load((repository / 'config' / 'gz_bridge.yaml').read_text()):
        name = entry['ros_topic_name']
        found[entry['direction']][name if name[0] == '/' else f'/{name}'] = entry['ros_type_name']
    return found


@pytest.fixture
def rover(ros):
    """Return the types of the topics that the simulated rover publishes and hears, by name."""
    ros('-p', 'task_file:=rover_path', '-p', 'publish_clock:=true')
    node = SimNode()
    said = dict(node.get_publisher_names_and_types_by_node('sim_node', '/'))
    heard = dict(node.get_subscriber_names_and_types_by_node('sim_node', '/'))
    node.on_stop_requested()
    node.destroy_node()
    return (
        {name: types[0] for name, types in found.items() if name not in EVERY_NODE}
        for found in (said, heard)
    )


def test_the_rover_in_gazebo_says_and_hears_what_the_simulated_one_does(bridge, rover):
    said, heard = rover
    expected = {name: kind for name, kind in said.items() if name not in NOT_OF_GAZEBO}
    assert len(expected) == len(said) - len(NOT_OF_GAZEBO)
    assert bridge['GZ_TO_ROS'] == expected | BESIDE
    assert bridge['ROS_TO_GZ'] == heard == {'/cmd_vel': 'geometry_msgs/msg/TwistStamped'}
