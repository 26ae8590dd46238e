"""Parameters of intervention_node, and the library's configuration they amount to."""

from dataclasses import dataclass
from typing import get_args

from takeover.action import ActionContract
from takeover.intervention.arbiter_config import ArbiterConfig
from takeover.intervention.command_reader import DeviceMapping
from takeover.intervention.device_choice import load_mapping, LOADERS
from takeover.intervention.episode_tracker import Episodes
from takeover.rewards.rlif import LabelConfig
from takeover.robot import RobotSpec
from takeover_nodes.parameters import parameter, ParameterError, required


@dataclass(frozen=True)
class InterventionParameters:
    """Parameters of intervention_node."""

    task_file: str = required('task YAML: the action the commands must match')
    robot_file: str = parameter('', 'robot YAML: limits and time-outs; empty: that of the task')
    input_file: str = parameter(
        '',
        'mapping of the input device, a name or YAML: buttons, axes, scales, and in which frame; '
        'empty: the one that is shipped for device and robot',
    )
    input_kind: str = parameter(
        '',
        'joystick (`joy`) or spacemouse (`spacenav/twist`, `spacenav/joy`); empty: spacemouse of '
        'an arm, else joystick',
    )
    require_input_device: bool = parameter(
        False, 'drive autonomously only while an input device is heard'
    )
    take_over: str = parameter(
        'deadman', 'deadman, motion (a stick moved on purpose) or both (either of them)'
    )
    handover_s: float = parameter(
        0.2, 'seconds of blending to a new driver; 0.0: at once', at_least=0.0, at_most=2.0
    )
    debounce_s: float = parameter(
        0.05, 'seconds the dead-man must be held to take over', at_least=0.0, at_most=0.5
    )
    motion_start: float = parameter(
        0.3, 'share of its travel beyond which a stick takes over', at_least=0.0, at_most=1.0
    )
    motion_end: float = parameter(
        0.1, 'share of its travel within which a stick is at rest', at_least=0.0, at_most=1.0
    )
    motion_hold_s: float = parameter(
        0.1, 'seconds a stick must be moved to take over', at_least=0.0, at_most=2.0
    )
    motion_release_s: float = parameter(
        0.5, 'seconds a stick must rest to give back', at_least=0.0, at_most=5.0
    )
    resume_delay_s: float = parameter(
        1.0, 'seconds to hold after the person has let go', at_least=0.0, at_most=30.0
    )
    episodes: str = parameter(
        'topic', 'topic: `episode` begins and ends them; operator: the buttons end them'
    )
    penalise: str = parameter(
        'onset', 'which steps cost 1: onset, every_step or reference (the released code of RLIF)'
    )
    penalise_window_s: float = parameter(
        0.0,
        'seconds before a take-over that share its cost; 0.0: the last step has it',
        at_least=0.0,
        at_most=5.0,
    )
    success_reward: float = parameter(0.0, 'for the last step of a success the policy drove')
    failure_reward: float = parameter(0.0, 'for the last step of a failure the policy drove')

    def __post_init__(self) -> None:
        """Refuse words that mean nothing.

        Raises:
            ParameterError: naming the parameter and the legal words.
        """
        for name, legal in (('input_kind', ('', *LOADERS)), ('episodes', get_args(Episodes))):
            if getattr(self, name) not in legal:
                words = ', '.join(filter(None, legal))
                raise ParameterError(
                    f'parameter {name} is {getattr(self, name)!r}; legal: {words}'
                )

    def mapping(self, action: ActionContract, robot: RobotSpec) -> DeviceMapping:
        """Read the mapping file of the input device."""
        return load_mapping(action, robot, self.input_kind, self.input_file)

    def arbiter_config(self, robot: RobotSpec) -> ArbiterConfig:
        """Return what the arbiter is to follow."""
        return ArbiterConfig(
            policy_timeout_s=robot.timeouts.policy_s,
            input_device_timeout_s=robot.timeouts.input_device_s,
            resume_delay_s=self.resume_delay_s,
            require_input_device=self.require_input_device,
            take_over=self.take_over,
            handover_s=self.handover_s,
            debounce_s=self.debounce_s,
            motion_start=self.motion_start,
            motion_end=self.motion_end,
            motion_hold_s=self.motion_hold_s,
            motion_release_s=self.motion_release_s,
            tool_timeout_s=robot.timeouts.observation_s,
        )

    def label_config(self) -> LabelConfig:
        """Return which steps cost how much."""
        return LabelConfig(
            penalise=self.penalise,
            window_s=self.penalise_window_s,
            success_reward=self.success_reward,
            failure_reward=self.failure_reward,
        )
