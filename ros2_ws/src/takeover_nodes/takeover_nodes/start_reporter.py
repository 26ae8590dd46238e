"""The part of intervention_node that tells where the tool of an arm was when an episode began."""

from geometry_msgs.msg import PoseStamped
from nav_msgs.msg import Odometry
from takeover.command import Source
from takeover.intervention.episode_start import EPISODE_START, EpisodeStart
from takeover.intervention.episode_tracker import EpisodeTracker
from takeover_nodes import qos
from takeover_nodes.arm_messages import pose_message, tool_sample
from takeover_nodes.managed_node import ManagedNode


class StartReporter:
    """Binds an `EpisodeStart` to the state of the tool and to `episode_start`."""

    def __init__(
        self, node: ManagedNode, start: EpisodeStart, tracker: EpisodeTracker, tool_topic: str
    ) -> None:
        """Make the entities; they live until the node's cleanup.

        Args:
            node: the node they belong to.
            start: what decides.
            tracker: knows whether an episode is under way.
            tool_topic: where the state of the tool is published.
        """
        self._node, self._start, self._tracker = node, start, tracker
        self._held = True
        self._publisher = node.speak(PoseStamped, EPISODE_START, qos.LATCHED)
        # An episode may begin while nobody arbitrates.
        node.hear(Odometry, tool_topic, self.on_tool, qos.SENSOR, while_inactive=True)

    def on_step(self, source: Source) -> None:
        """Hear who drives."""
        self._held = source is Source.HOLD

    def on_tool(self, message: Odometry) -> None:
        """Take a state of the tool."""
        follow = self._held and self._tracker.between
        pose = self._start.on_tool(tool_sample(message), self._node.now_ns(), follow)
        if pose is not None:
            self._publisher.publish(pose_message(pose, pose.stamp_ns))
