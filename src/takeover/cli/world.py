"""`takeover world`: the courses of a task for other simulators."""

from pathlib import Path
from typing import Annotated

from takeover.errors import TakeoverError
import tyro

START_SUFFIX = '.start.yaml'


def export(
    task: Annotated[Path, tyro.conf.Positional] = Path('rover_path'),
    *,
    robot: Path | None = None,
    seed: int = 0,
    output: Path | None = None,
) -> None:
    """Write the world of one course for Gazebo Harmonic (SDF), and where the rover starts in it.

    Obstacles, floor and lines are those of the MuJoCo simulation with the same seed. The start is
    written beside it, as NAME.sdf.start.yaml, which gazebo.launch.xml reads. Files of these names
    are replaced.

    Args:
        task: Task of a rover, by name or file.
        robot: Robot, by name or file; default: that of the task.
        seed: Of the course, as in `takeover launch sim.launch.xml seed:=N`.
        output: File to write; default: the task's name and .sdf, here.
    """
    from takeover.simulation.sdf_world import start_parameters, world_sdf
    from takeover.task import load_task_and_robot

    spec, robot_spec = load_task_and_robot(task, robot)
    world = world_sdf(spec, robot_spec, seed)
    start = start_parameters(spec, robot_spec, seed)
    output = output or Path(f'{spec.task}.sdf')
    start_file = output.with_name(output.name + START_SUFFIX)
    write(output, world)
    write(start_file, start)
    print(f'{output}: course of seed {seed} of {spec.task}; start in {start_file}')


def write(file: Path, text: str) -> None:
    """Write a file.

    :raises TakeoverError: it cannot be written.
    """
    try:
        file.write_text(text)
    except OSError as error:
        raise TakeoverError(f'{file}: cannot be written: {error.strerror}') from None


commands = {'export': export}
