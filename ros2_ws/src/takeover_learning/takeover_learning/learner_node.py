"""learner_node: follows the log, learns from it, and offers the policies that come of that.

It owns no motion and is nobody's dependency. The learning is done in a thread of `LearnerService`,
so that this node answers and tells while it learns; what is there at a kill is resumed from.
"""

from dataclasses import dataclass
import os
from pathlib import Path
import sys
import threading
from typing import TYPE_CHECKING

from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from takeover.errors import TakeoverError
from takeover.specs import spec_hash
from takeover.task import load_task
from takeover.training.learner_report import LearnerReport, LearnerState, Offer, ServiceConfig
from takeover_msgs.msg import LearnerStatus, PolicyCandidate
from takeover_nodes import parameters, qos, spinning
from takeover_nodes.diagnostics import Diagnostics, ERROR, OK, Status, WARN
from takeover_nodes.parameters import parameter, required

if TYPE_CHECKING:
    from takeover.training.learner_service import LearnerService

# How soon a new policy is announced, and how often the state is told.
LOOK_PERIOD_S = 0.1
STATUS_PERIOD_S = 1.0


@dataclass(frozen=True)
class LearnerParameters:
    """Parameters of learner_node."""

    task_file: str = required('task YAML: what a step consists of')
    log_dir: str = required('folder of the log that is followed; may not be there yet')
    learner_dir: str = required('folder of checkpoints, progress and policies; made if need be')
    other_log_dirs: str = parameter(
        '', 'folders of the logs of other robots that do the same task, separated by commas'
    )
    robots: str = parameter(
        '',
        'namespaces of the robots that policies are offered to, separated by commas; empty: that '
        'of this node',
    )
    demonstrations: list[str] = parameter([], 'log files or folders to begin with')
    config_file: str = parameter(
        '', "YAML of the learner; empty: rlif_NAME.yaml of the task's name, or the defaults"
    )
    publish_period_s: float = parameter(
        30.0, 'seconds between two policies', at_least=1.0, at_most=3600.0
    )
    checkpoint_period_s: float = parameter(
        60.0, 'seconds between two checkpoints', at_least=1.0, at_most=3600.0
    )
    hold_clean: bool = parameter(
        True, 'offer no other policy while the one that drives was not corrected and did not fail'
    )
    niceness: int = parameter(
        10, 'how far the learner steps back for other processes', at_least=0, at_most=19
    )


class LearnerNode(Node):
    """Runs a LearnerService, and tells what it reports."""

    def __init__(self) -> None:
        """Begin to learn, in a thread."""
        super().__init__('learner_node')
        parameters.declare(self, LearnerParameters)
        self.given = parameters.read(self, LearnerParameters)
        os.nice(max(0, self.given.niceness - os.nice(0)))
        self.task = load_task(self.given.task_file)
        self.spec_hash = spec_hash(self.task)
        self.service: LearnerService | None = None
        self.failure = ''
        self.stopping = threading.Event()
        self.candidates = [
            self.create_publisher(PolicyCandidate, topic, qos.LATCHED)
            for topic in offer_topics(self.given.robots)
        ]
        self.learner_status = self.create_publisher(LearnerStatus, 'learner/status', qos.LATCHED)
        self.announced: Offer | None = None
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(LOOK_PERIOD_S, self.look, clock=steady)
        self.create_timer(STATUS_PERIOD_S, self.tell, clock=steady)
        Diagnostics(self).add('learning', self.status)
        self.thread = threading.Thread(target=self.learn, name='learner', daemon=True)
        self.thread.start()

    def learn(self) -> None:
        """Learn until asked to stop; the work of the thread."""
        try:
            self.service = self.make_service()
        except Exception as error:  # noqa: BLE001 a thread that dies must not do so in silence
            known = isinstance(error, TakeoverError)
            self.failure = str(error) if known else f'{type(error).__name__}: {error}'
            self.get_logger().error(f'cannot learn: {self.failure}')
            return
        self.service.run()

    def make_service(self) -> 'LearnerService':
        """Return the service that the parameters ask for."""
        # Only in the thread: torch takes seconds to import, many on a machine that is busy.
        from takeover.training.learner_service import LearnerService
        from takeover.training.log_training import LogTraining
        from takeover.training.takeover_settings import config_of_task

        given = self.given
        path = Path(given.config_file) if given.config_file else None
        config = config_of_task(self.task.task, path)
        training = LogTraining(
            self.task,
            Path(given.log_dir),
            Path(given.learner_dir),
            [path for path in given.demonstrations if path],
            config,
            'learner_node',
            self.get_logger().warning,
            separated(given.other_log_dirs),
        )
        periods = ServiceConfig(
            given.publish_period_s, given.checkpoint_period_s, given.hold_clean
        )
        return LearnerService(training, periods, self.get_logger().info, self.stopping)

    @property
    def report(self) -> LearnerReport:
        """Where the learner is."""
        if self.failure:
            return LearnerReport(LearnerState.FAILED, self.failure)
        return self.service.report if self.service else LearnerReport()

    def look(self) -> None:
        """Announce a policy that has not been announced yet."""
        offer = self.service.offer if self.service else None
        if offer is None or offer is self.announced:
            return
        self.announced = offer
        message = PolicyCandidate(
            version=offer.policy.version,
            spec_hash=self.spec_hash,
            file=str(offer.policy.path),
            reason=offer.reason,
        )
        message.header.stamp = self.get_clock().now().to_msg()
        for candidate in self.candidates:
            candidate.publish(message)

    def tell(self) -> None:
        """Publish how the learner goes on."""
        report = self.report
        message = LearnerStatus(
            state=int(report.state),
            message='; '.join(filter(None, (report.message, report.warning))),
            transitions=report.transitions,
            interventions=report.interventions,
            takeovers=report.takeovers,
            behind=report.behind,
            updates=report.updates,
            updates_per_s=report.updates_per_s,
            q=report.q,
            sigma=report.sigma,
            alpha=report.alpha,
            version=self.announced.policy.version if self.announced else '',
        )
        message.header.stamp = self.get_clock().now().to_msg()
        self.learner_status.publish(message)

    def status(self) -> Status:
        """Return how the learner goes on, for `/diagnostics`."""
        report = self.report
        level, message = OK, report.message
        if report.state == LearnerStatus.STATE_FAILED:
            level = ERROR
        elif report.warning or report.damaged:
            level = WARN
            message = report.warning or f'{report.damaged} damaged chunks of the log left out'
        facts = {
            'behind': report.behind,
            'transitions': report.transitions,
            'takeovers': report.takeovers,
            'updates': report.updates,
            'updates_per_s': report.updates_per_s,
            'damaged_chunks': report.damaged,
            'policy_version': self.announced.policy.version if self.announced else '',
        }
        return level, message, facts

    def on_stop_requested(self) -> None:
        """Let the learner write a checkpoint, and wait for it."""
        self.stopping.set()
        self.thread.join()
        self.tell()


def separated(text: str) -> list[str]:
    """Return what stands between commas, without blanks around it."""
    return [part.strip() for part in text.split(',') if part.strip()]


def offer_topics(robots: str) -> list[str]:
    """Return where policies are offered: to each robot in its namespace, or in this node's.

    Namespaces are of the whole graph, with or without the slash before them.
    """
    named = dict.fromkeys(robot.strip('/') for robot in separated(robots))
    return [f'/{robot}/learner/policy' for robot in named if robot] or ['learner/policy']


def main() -> None:
    """Run learner_node."""
    sys.exit(spinning.run(LearnerNode))
