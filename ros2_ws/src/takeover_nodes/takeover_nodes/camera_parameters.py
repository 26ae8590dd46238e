"""The parameters of camera_node."""

from dataclasses import dataclass

from takeover_nodes.parameters import parameter


@dataclass(frozen=True)
class CameraParameters:
    """Parameters of camera_node."""

    config_file: str = parameter(
        '',
        'cameras, a name or YAML: source, size, rate and frame of each; empty: those of the '
        'simulated robot',
    )
    camera: str = parameter(
        '',
        'name of the camera in it; empty: the only one, or of a simulated robot what the task '
        'sees',
    )
    task_file: str = parameter('', 'task YAML: crop, size and colours of the resized image')
    robot_file: str = parameter('', 'robot YAML, for source sim; empty: that of the task')
    resize_width: int = parameter(
        0, 'without a task: pixels of the resized image; 0: none', at_least=0, at_most=8192
    )
    resize_height: int = parameter(
        0, 'without a task: pixels of the resized image; 0: none', at_least=0, at_most=8192
    )
    attempts_at_start: int = parameter(
        5, 'attempts after which a camera is missing; it is still tried', at_least=1
    )
    max_pause_s: float = parameter(
        10.0, 'seconds between two attempts at most', at_least=0.1, at_most=600.0
    )
