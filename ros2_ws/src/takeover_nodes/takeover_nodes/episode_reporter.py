"""The part of intervention_node that tells what each step of the policy is worth."""

from takeover.intervention.arbiter import ArbiterOutput
from takeover.intervention.episode_tracker import DecidedStep, EpisodeTracker, LabelledStep
from takeover.intervention.human_command import Press
from takeover_msgs.msg import Command, EpisodeState, StepReward, UndoEpisode
from takeover_nodes import conversions, qos
from takeover_nodes.managed_node import ManagedNode


class EpisodeReporter:
    """Binds an `EpisodeTracker` to `episode`, `intervention/reward` and `intervention/undo`."""

    def __init__(self, node: ManagedNode, tracker: EpisodeTracker, frame: str) -> None:
        """Make the entities; they live until the node's cleanup.

        Args:
            node: the node they belong to.
            tracker: what decides.
            frame: frame of the commanded values.
        """
        self.tracker = tracker
        self._node, self._frame = node, frame
        self.reward_publisher = node.speak(StepReward, 'intervention/reward', qos.RECORD)
        self.undo_publisher = node.speak(UndoEpisode, 'intervention/undo', qos.RECORD)
        # An episode may begin or end while nobody arbitrates.
        node.hear(EpisodeState, 'episode', self.on_episode, qos.LATCHED, while_inactive=True)

    def on_episode(self, state: EpisodeState) -> None:
        """Take a report of an episode."""
        stamp_ns = conversions.stamp_to_ns(state.header.stamp)
        self._publish(
            self.tracker.report(
                state.episode,
                state.terminated,
                state.truncated,
                state.outcome,
                stamp_ns,
                moved_m=state.mean_speed_m_s * state.elapsed_s,
            )
        )

    def on_press(self, press: Press) -> None:
        """Take a button of the person."""
        now_ns = self._node.now_ns()
        if press is not Press.UNDO:
            self._publish(self.tracker.press(press, now_ns))
            return
        span = self.tracker.undo()
        if span is None:
            self._node.get_logger().warning('undo: no episode that could be taken back')
            return
        undo = UndoEpisode(
            episode=span.episode,
            first_sequence=span.first_sequence,
            last_sequence=span.last_sequence,
        )
        undo.header.stamp = conversions.ns_to_stamp(now_ns)
        self.undo_publisher.publish(undo)
        self._node.get_logger().info(f'episode {span.episode} taken back')

    def on_step(self, policy: Command, output: ArbiterOutput, decided_ns: int) -> None:
        """Take the first decision on a command of the policy."""
        step = DecidedStep(
            sequence=policy.sequence,
            source=output.source,
            commanded=output.values,
            policy_ns=conversions.stamp_to_ns(policy.header.stamp),
            decided_ns=decided_ns,
            observation_ns=conversions.stamp_to_ns(policy.observation_stamp),
        )
        self._publish(self.tracker.step(step))

    def stop(self) -> None:
        """Tell what is still to be told."""
        self._publish(self.tracker.stop())

    def _publish(self, known: list[LabelledStep]) -> None:
        for labelled in known:
            step, label = labelled.step, labelled.label
            reward = StepReward(
                sequence=step.sequence,
                episode=label.episode,
                source=int(step.source),
                commanded=step.commanded,
                reward=label.reward,
                onset=label.onset,
                stored=label.stored,
                terminated=label.terminated,
                truncated=label.truncated,
                outcome=label.outcome,
            )
            reward.header.frame_id = self._frame
            reward.header.stamp = conversions.ns_to_stamp(step.decided_ns)
            self.reward_publisher.publish(reward)
