"""`takeover policy distill`: make the demo policy from the scripted expert, and measure it."""

from pathlib import Path


def distill(
    task: Path = Path('config/tasks/rover_path.yaml'),
    out: Path = Path('models/demo/rover_path.onnx'),
    seed: int = 0,
    episodes: int = 100,
) -> int:
    """Train a policy to drive like the scripted expert, write its bundle, and let it drive alone.

    Takes about ten minutes on one core. The same seed gives the same network on the same machine.
    Exit 1 when the policy reaches the goal in less than 90 of 100 episodes.

    Args:
        task: The task file; its robot is looked up beside it.
        out: The policy bundle to write.
        seed: Of courses, noise and network.
        episodes: Courses of the evaluation, seeds 0 and up; none of them is trained on.
    """
    from takeover.agents.bc import BcConfig
    from takeover.agents.dagger import DaggerConfig, LIVE_LATENCY_S
    from takeover.agents.distill import distill as run
    from takeover.agents.evaluation import evaluate
    from takeover.policy.onnx_policy import OnnxPolicy
    from takeover.simulation.environment import RoverPathEnv
    from takeover.task import load_task_and_robot

    spec, robot = load_task_and_robot(task)
    with _Bars() as bars:
        bundle = run(
            spec,
            robot,
            DaggerConfig(bc=BcConfig(), seed=seed),
            out,
            f'takeover policy distill --task {task} --out {out} --seed {seed}',
            bars,
        )
        policy = OnnxPolicy.load(out, spec)
        bars.say(f'{out}: version {bundle.version}, {out.stat().st_size / 1000.0:.0f} kB')
        worst = 1.0
        for name, env in (
            ('bare robot', RoverPathEnv(spec, robot)),
            (
                f'{1e3 * LIVE_LATENCY_S:.0f} ms late and through the safety limits',
                RoverPathEnv(spec, robot, latency_s=LIVE_LATENCY_S, gated=True),
            ),
        ):

            def note(course: int, outcome: str, name: str = name) -> None:
                bars.note(f'alone, {name}', course + 1, episodes, outcome.lower())

            result = evaluate(env, policy.act, range(episodes), note)
            bars.say(f'{name}: {result}')
            worst = min(worst, result.successes / max(result.episodes, 1))
    return 0 if worst >= 0.9 else 1


class _Bars:
    """One progress bar for each stage; a `takeover.agents.dagger.Progress`."""

    def __init__(self) -> None:
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
        )

        self._bars = Progress(
            TextColumn('{task.description}'),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn('{task.fields[detail]}'),
        )
        self._tasks = {}

    def __enter__(self) -> '_Bars':
        self._bars.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._bars.stop()

    def note(self, stage: str, done: int, total: int, detail: str = '') -> None:
        """Move the bar of a stage."""
        if stage not in self._tasks:
            self._tasks[stage] = self._bars.add_task(stage, total=total, detail='')
        self._bars.update(self._tasks[stage], completed=done, detail=detail)

    def say(self, text: str) -> None:
        """Print a line above the bars."""
        self._bars.console.print(text, markup=False, highlight=False, soft_wrap=True)
