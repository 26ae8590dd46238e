"""Write tables, verdicts and figures of the runs that are there, and the README of the results.

python -m benchmarks.rlif.report
"""

from collections.abc import Sequence
from statistics import median
import sys

from benchmarks.machine import verdict
from benchmarks.rlif.claims import claims, SeedResult
from benchmarks.rlif.experiment import (
    EVALUATION_COURSES,
    Experiment,
    EXPERIMENTS,
    FIGURES,
    read_rows,
    RESULTS,
)
from benchmarks.rlif.figures import draw_success, draw_takeovers, Runs
from benchmarks.rlif.operators import FILE as OPERATORS
from benchmarks.rlif.results import finished_runs, FinishedRun
from takeover.probability import wilson_interval

HEADING = """# Learning from take-overs: results

Each seed clones demonstrations until the clone has converged; then a scripted operator corrects
the policy, and it learns from the take-overs: on `rover_path` by the defaults of `takeover rlif`,
with DSAC-T's critics and with those of RLPD; on the other tasks by their file in
`config/training`, on `rover_lane` and `arm_peg` from pictures. Afterwards every policy of interest
drives alone, without noise, on the same courses (from seed {first} on), which were used for
nothing else. A success rate of 85 % on {courses} courses has a 95 % interval of {low:.0f} to
{high:.0f} %: a few points between two policies are chance, and the best of ten policies is
flattered by it.

* *start*: the converged clone of the demonstrations; *longer*: the same with more
  gradient steps (four times, from pictures twice), to see that it has converged.
* *HG-DAgger*: the same network cloned in the same way from the demonstrations and every step that
  the operator drove in this very run. In a loop of its own it would have been corrected more
  often, and would have had more of such steps.
* *deployed*: the version chosen at the end by driving alone (`takeover.policy.evidence`);
  *evidence*: how often it came to the goal itself, and how often it was corrected or failed. Who
  chooses sees no evaluation: a run has ended before one is made. The runs of the rover are older
  than this rule; they chose by take-overs and failures per second.
* *own best*: the best of all policies of this run in this table, by hindsight.
* *newest*: what had been learned, whether it was offered to drive or not.
* *take-overs*: up to the first mark, and from the last one on; *person*: share of all steps.

Made by `python -m benchmarks.rlif.queue`, `python -m benchmarks.rlif.operators` and
`python -m benchmarks.rlif.report`, one thread for each run. In the folder of each seed: settings,
machine and versions (`run.json`), episodes, evidence of each version, and the outcome of each
course by a letter (`outcomes.csv`: goal, collision, off the path, time limit).
"""


def heading() -> str:
    """Return what the numbers mean."""
    count = len(EVALUATION_COURSES)
    low, high = wilson_interval(round(0.85 * count), count)
    return HEADING.format(
        courses=count,
        first=EVALUATION_COURSES[0],
        low=100.0 * low,
        high=100.0 * high,
    )


def seed_rows(runs: Sequence[FinishedRun]) -> list[str]:
    """Return each seed as a row of Markdown, and the medians with the lowest and the highest."""
    lines = [
        '| seed | start | longer | HG-DAgger | longer | deployed | own best | newest at the end '
        '| evidence | take-overs | person |',
        '|---|---|---|---|---|---|---|---|---|---|---|',
    ]
    columns = [numbers(run.result) for run in runs]
    for run, values in zip(runs, columns):
        cells = [str(run.result.seed), *(f'{value:.1f}' for value in values), run.evidence]
        steps, mark = run.about['config']['steps'], min(run.result.newest)
        first, last = run.takeovers(0, mark), run.takeovers(steps - mark, steps)
        cells += [f'{first}, {last}', f'{100.0 * run.human_share:.1f} %']
        lines.append(f'| {" | ".join(cells)} |')
    medians = [spread(values) for values in zip(*columns)]
    return [*lines, f'| median | {" | ".join(medians)} | | | |']


def numbers(result: SeedResult) -> list[float]:
    """Return the success rates of a seed in the order of the table."""
    names = ('start', 'start_longer', 'hg_dagger', 'hg_dagger_longer', 'deployed')
    return [*(result.policies[name] for name in names), result.own_best, result.newest_at_end]


def spread(values: Sequence[float]) -> str:
    """Return the median, and from where to where the values go."""
    return f'**{median(values):.1f}** ({min(values):.1f} to {max(values):.1f})'


def curve_rows(runs: Sequence[FinishedRun]) -> list[str]:
    """Return the curves as a table: medians with the lowest and the highest seed."""
    results = [run.result for run in runs]
    starts = spread([each.policies['start'] for each in results])
    lines = ['| steps | newest | trusted |', '|---|---|---|', f'| 0 | {starts} | {starts} |']
    for steps in sorted(results[0].newest):
        newest = spread([each.newest[steps] for each in results])
        trusted = spread([each.trusted[steps] for each in results])
        lines.append(f'| {steps} | {newest} | {trusted} |')
    return lines


def verdicts(runs: Sequence[FinishedRun], experiment: Experiment) -> list[str]:
    """Return the claims, each with what was found."""
    return [
        f'* {found.claim}: {found.found}: {verdict(found.holds)}'
        for found in claims([run.result for run in runs], experiment.goals)
    ]


def where(runs: Sequence[FinishedRun], name: str) -> str:
    """Return settings, machine, versions and times of an experiment in a sentence or two."""
    about = runs[0].about
    software, took = about['software'], [run.about['cpu_s'] / 60.0 for run in runs]
    machines = sorted({run.about['machine'].partition(', load')[0] for run in runs})
    experiment = EXPERIMENTS[name]
    return (
        f'{len(runs)} seeds, {about["config"]["steps"]} steps, {experiment.demonstrations} '
        f'demonstrations, an operator of skill {experiment.operator_skill:g}, '
        f'{experiment.courses} courses. On {" and ".join(machines)}; '
        f'Python {software["python"]}, torch {software["torch"]}, mujoco {software["mujoco"]}; '
        f'{min(took):.1f} to {max(took):.1f} minutes of one core for a run.'
    )


def operator_rows() -> list[str]:
    """Return how often scripted drivers finish alone, as a table; nothing if not measured."""
    rows = read_rows(OPERATORS)
    if not rows:
        return []
    lines = [
        '## Operators',
        '',
        'How often scripted drivers finish alone: the operator with its hands on the stick all '
        'the time, through its device, on courses of its own; the operator who corrects and the '
        'expert (without a device) on the courses of the evaluations above.',
        '',
        '| task | driver | skill | courses from | success, % | 95 % interval |',
        '|---|---|---|---|---|---|',
    ]
    for row in rows:
        goals, courses = int(row['goals']), int(row['courses'])
        low, high = wilson_interval(goals, courses)
        lines.append(
            f'| {row["task"]} | {row["driver"]} | {row["skill"]} | {row["first_course"]} '
            f'| {100.0 * goals / courses:.1f} ({goals} of {courses}) '
            f'| {100.0 * low:.0f} to {100.0 * high:.0f} |'
        )
    return lines


def expert_success(task: str) -> float | None:
    """Return the success of the expert on the courses of the evaluations, percent."""
    for row in read_rows(OPERATORS):
        if (row['task'], row['driver']) == (task, 'expert'):
            return 100.0 * int(row['goals']) / int(row['courses'])
    return None


def main() -> int:
    """Draw and write."""
    lines = [heading()]
    for task, names in FIGURES.items():
        runs: Runs = {name: found for name in names if (found := finished_runs(name))}
        if runs:
            draw_success(runs, expert_success(task), RESULTS / f'{task}_success.png')
            draw_takeovers(runs, RESULTS / f'{task}_takeovers.png')
            lines += [f'![{task}: success over steps]({task}_success.png)', '']
            lines += [f'![{task}: take-overs]({task}_takeovers.png)', '']
        for name, found in runs.items():
            experiment = EXPERIMENTS[name]
            lines += [f'## {experiment.title}', '', where(found, name), '']
            lines += [*verdicts(found, experiment), '', 'Success in percent:', '']
            lines += [*seed_rows(found), '', *curve_rows(found), '']
    lines += operator_rows()
    text = '\n'.join(lines).rstrip() + '\n'
    (RESULTS / 'README.md').write_text(text)
    print(text)
    return 0


if __name__ == '__main__':
    sys.exit(main())
