"""course_node tells what the simulation tells of the same course."""

import pytest
import rclpy
from rclpy.publisher import Publisher
from takeover.errors import TakeoverError
from takeover_nodes.course_node import CourseNode
from takeover_nodes.sim_node import SimNode


@pytest.fixture
def told(ros, monkeypatch):
    """Return a function that starts a node and returns what it said, by topic."""
    said = {}
    monkeypatch.setattr(
        Publisher,
        'publish',
        lambda publisher, message: said.setdefault(publisher.topic_name, (message, publisher)),
    )

    def start(node_class: type, **parameters: str) -> dict:
        said.clear()
        ros(*[word for name, value in parameters.items() for word in ('-p', f'{name}:={value}')])
        node_class().destroy_node()
        return dict(said)

    return start


def places(message) -> list[tuple[float, float]]:
    """Return where the points of a path are, or the markers of an array."""
    poses = [m.pose for m in getattr(message, 'markers', [])]
    poses = poses or [stamped.pose for stamped in message.poses]
    return [(pose.position.x, pose.position.y) for pose in poses]


def test_path_and_obstacles_are_those_of_the_simulation_with_the_same_seed(told):
    ours = told(CourseNode, task_file='rover_path', seed='7')
    path, publisher = ours['/path']
    assert path.header.frame_id == 'odom'
    assert publisher.qos_profile.durability.name == 'TRANSIENT_LOCAL'
    rclpy.shutdown()
    theirs = told(SimNode, task_file='rover_path', seed='7', camera='false')
    assert len(places(path)) > 100
    for topic in ('/path', '/obstacles'):
        assert places(ours[topic][0]) == places(theirs[topic][0])


def test_an_arm_has_no_course(told):
    with pytest.raises(TakeoverError, match='arm_reach: episode.kind is reach; legal: path'):
        told(CourseNode, task_file='arm_reach')
