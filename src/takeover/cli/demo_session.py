"""What a live session is framed by: demonstrations and a clone before it, a choice after it.

The folder of a session: demonstrations/ and log/ hold logs, learner/ is the learner's own,
learner.yaml its settings, start.onnx what drives first, deployed.onnx what is to drive in the end.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from takeover.action import ActionContract
from takeover.data.log_metadata import log_metadata
from takeover.data.log_writer import write_steps
from takeover.intervention.joystick import load_joystick
from takeover.policy.bundle_writer import write_atomically
from takeover.policy.evidence import VersionEvidence
from takeover.policy.onnx_policy import OnnxPolicy
from takeover.policy.store import StoredPolicy
from takeover.report.learning_evaluation import evaluate_policy, EvaluatedPolicy
from takeover.simulation.demonstrations import drive_demonstrations
from takeover.simulation.environment import RoverPathEnv
from takeover.simulation.takeover_loop import LoopConfig
from takeover.specs import spec_hash
from takeover.task import load_task_and_robot
from takeover.training import compute
from takeover.training.log_training import LogTraining
from takeover.training.rlif_run import (
    COURSES_OF_A_SEED,
    DEMONSTRATION_COURSES,
    EVALUATION_COURSES,
    LIVE_LATENCY_S,
    RlifRunConfig,
    TRAINING_COURSES,
)
from takeover.training.takeover_settings import config_from_file, config_values
import yaml

CONFIG = Path('config/training/rlif_good_start.yaml')
TASK, JOYSTICK = Path('config/tasks/rover_path.yaml'), Path('config/inputs/joystick.yaml')


class DemoSession:
    """`demonstrate`, `clone`; then others drive and learn; then `deployed`."""

    failure_reward = LoopConfig().labels.failure_reward

    def __init__(
        self, share: Path, folder: Path, demonstrations: int, seed: int, command: str
    ) -> None:
        """Prepare.

        :param share: folder that config/ is in.
        :param folder: of the session, there already.
        :param demonstrations: episodes to clone.
        :param seed: of courses, people, weights and batches.
        :param command: what was typed, for the provenance of the policies.
        """
        compute.prepare()
        self.folder, self._demonstrations, self._seed = folder, demonstrations, seed
        self._task_file = share / TASK
        self.task, robot = load_task_and_robot(self._task_file)
        self._mapping = load_joystick(share / JOYSTICK, ActionContract(self.task.action))
        self.env = RoverPathEnv(self.task, robot, latency_s=LIVE_LATENCY_S, gated=True)
        self.demonstrations_dir, self.log_dir = folder / 'demonstrations', folder / 'log'
        self.learner_dir, self.config_file = folder / 'learner', folder / 'learner.yaml'
        self.start_file, self.deployed_file = folder / 'start.onnx', folder / 'deployed.onnx'
        self.config = replace(config_from_file(share / CONFIG), seed=seed)
        self.first_course = TRAINING_COURSES + COURSES_OF_A_SEED * seed
        self._command = command
        self._training = LogTraining(
            self.task,
            self.log_dir,
            self.learner_dir,
            [self.demonstrations_dir],
            self.config,
            command,
        )
        self.evidence: VersionEvidence | None = None
        """Of the deployed version."""

    @property
    def cloning_steps(self) -> int:
        """Steps of cloning the demonstrations."""
        return self.config.learner.pretraining_steps

    def demonstrate(self, on_episode: Callable[[int], None]) -> None:
        """Let the demonstrator drive, and write the log of it."""
        steps = drive_demonstrations(
            self.env,
            self._mapping,
            self._demonstrations,
            RlifRunConfig().demonstrator_skill,
            DEMONSTRATION_COURSES + COURSES_OF_A_SEED * self._seed,
            self._seed,
            on_episode=on_episode,
        )
        metadata = log_metadata(self._task_file, self._command, {})
        write_steps(self.demonstrations_dir, steps, spec_hash(self.task), metadata)

    def clone(self, on_step: Callable[[int], None]) -> OnnxPolicy:
        """Clone the demonstrations; the learner's folder is then as its node would have begun it.

        :return: the policy that drives first.
        """
        self.config_file.write_text(yaml.safe_dump(config_values(self.config), sort_keys=False))
        with self._training.held():
            self._training.start(cloning=on_step)
            stored = self._training.publish('a clone of the demonstrations')
            self._training.checkpoint()
        return self._kept(stored, self.start_file)

    def evaluate(
        self, name: str, policy: OnnxPolicy, episodes: int, on_episode: Callable[[int], None]
    ) -> EvaluatedPolicy:
        """Let a policy drive alone on courses of no other use."""
        done = 0

        def count(*_: object) -> None:
            nonlocal done
            done += 1
            on_episode(done)

        courses = range(EVALUATION_COURSES, EVALUATION_COURSES + episodes)
        return evaluate_policy(self.env, policy, name, courses, count)

    def deployed(self) -> OnnxPolicy:
        """Choose the version to trust by the log alone, and keep it as deployed.onnx.

        The current one, if none drove.
        """
        training = self._training
        while training.poll():
            pass
        best = training.trusted()
        chosen = training.store.find(best.version) if best else training.store.current()
        self.evidence = best or VersionEvidence(chosen.version)
        return self._kept(chosen, self.deployed_file)

    def _kept(self, stored: StoredPolicy, path: Path) -> OnnxPolicy:
        """Copy a policy out of the learner's store; return it as loaded from the copy."""
        write_atomically(path, stored.bundle().model_bytes)
        return OnnxPolicy.load(path, self.task)
