"""course_node: the path and the obstacles of one course, where no simulation of ours tells them.

In Gazebo nobody gives the path that the policy follows: this node does, once, latched, in the
frame of odometry; and the obstacles for a viewer. Both are those of the world that `takeover world
export` wrote for the same task and seed.
"""

from dataclasses import dataclass
import sys

from nav_msgs.msg import Path
from rclpy.node import Node
from takeover.episode_spec import PathEpisodeSpec
from takeover.errors import TakeoverError
from takeover.samples import PathSample
from takeover.simulation.course import Course
from takeover.task import load_task
from takeover_nodes import parameters, qos, sensor_messages
from takeover_nodes.parameters import parameter, required
from takeover_nodes.spinning import run
from visualization_msgs.msg import MarkerArray

WORLD_FRAME = 'odom'


@dataclass(frozen=True)
class CourseParameters:
    """Parameters of course_node."""

    task_file: str = required('task YAML: the course')
    seed: int = parameter(0, 'seed of the course', at_least=0)


class CourseNode(Node):
    """Says once where the path and the obstacles are."""

    def __init__(self) -> None:
        """Lay out the course and tell it.

        Raises:
            TakeoverError: the task has no course.
        """
        super().__init__('course_node')
        parameters.declare(self, CourseParameters)
        given = parameters.read(self, CourseParameters)
        task = load_task(given.task_file)
        if not isinstance(task.episode, PathEpisodeSpec):
            raise TakeoverError(f'{task.task}: episode.kind is {task.episode.kind}; legal: path')
        course = Course(given.seed, task.episode)
        now_ns = self.get_clock().now().nanoseconds
        path = sensor_messages.path_message(PathSample(now_ns, course.points, WORLD_FRAME), now_ns)
        obstacles = sensor_messages.obstacles_message(course.obstacles, now_ns, WORLD_FRAME)
        self.path_publisher = self.create_publisher(Path, 'path', qos.LATCHED)
        self.obstacles_publisher = self.create_publisher(MarkerArray, 'obstacles', qos.LATCHED)
        self.path_publisher.publish(path)
        self.obstacles_publisher.publish(obstacles)
        self.get_logger().info(f'course of seed {given.seed} of {task.task}')


def main() -> None:
    """Run course_node."""
    sys.exit(run(CourseNode))
