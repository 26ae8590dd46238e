"""One step of the policy, complete: the unit of the log and of all that is learned from it."""

from dataclasses import dataclass, field

import numpy as np
from takeover.command import Source
from takeover.image_form import NO_PIXELS


@dataclass(frozen=True, eq=False)
class Step:
    """What was seen, who drove, what was sent, and what it was worth. SI; see Step.msg."""

    sequence: int
    """Of the policy's command; strictly increasing, also across restarts."""
    stamp_ns: int
    """ROS time (or simulated time) of the policy's command."""
    episode: int
    """From 1; 0: the step belongs to none."""
    source: Source
    observation: np.ndarray
    """The numbers the policy acted on, float32 [n], in the units of the task's features."""
    policy_action: np.ndarray
    """What the policy asked for, float64 [m]; a shadow while a person drives."""
    commanded: np.ndarray
    """What the arbiter sent to the safety gate, float64 [m]."""
    executed: np.ndarray
    """What the gate sent to the robot when that arrived, float64 [m]."""
    reward: float
    onset: bool = False
    """Whether a person took over from the policy right after this step."""
    stored: bool = True
    """False: left out of learning by the labelling rule in use."""
    terminated: bool = False
    truncated: bool = False
    outcome: int = 0
    """How the episode ended with this step (EpisodeState.msg); 0 while it did not."""
    policy_version: str = ''
    observation_stamp_ns: int = 0
    image_stamps_ns: tuple[int, ...] = ()
    """Time of capture of the newest picture of each image feature."""
    pixels: np.ndarray = field(default_factory=lambda: NO_PIXELS)
    """These pictures, uint8 [sum of height * width * channels], one after the other."""
    robot: int = 0
    """Of whose log it is, where those of several robots are read; no log says it."""

    @property
    def frame_ages_ms(self) -> tuple[float, ...]:
        """How old each of these pictures was when the policy published its command."""
        return tuple(1e-6 * (self.stamp_ns - stamp_ns) for stamp_ns in self.image_stamps_ns)

    @property
    def intervened(self) -> bool:
        """Whether a person drove."""
        return self.source is Source.HUMAN
