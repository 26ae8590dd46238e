"""How old a picture is when the policy has it, what making it costs, and how many are lost.

A video file of 640 x 480 plays the camera, at its real rate of 30 Hz, in a camera node of its own;
another process listens as the policy does. Age counts from the stamp, when the frame was due
(decoding it comes after), to the pixels in the other process. Whole frames go best effort, with
the shipped Fast DDS profile and without any; lost is a frame whose CameraInfo came and whose
pixels did not. The age is taken once more, without a target, while a niced process learns from
pictures beside.

    python -m benchmarks.camera [--seconds 60] [--minutes 0]

With `--minutes 10` it also plays for that long, and compares the node's memory at the end with
that after the first half minute.
"""

import argparse
from collections.abc import Iterator
import contextlib
from dataclasses import dataclass
import json
import os
from pathlib import Path
import subprocess
import sys
import tempfile
import time

from benchmarks.machine import machine, verdict
import numpy as np
from takeover.camera.frame import Frame
from takeover.camera.resize import Resize
from takeover.dds_check import PROFILE_VARIABLE
from takeover.image_form import ImageForm
from takeover.workspace import node_environment, package_prefix
from tests.cameras import bring_up, HEIGHT, video_camera, WIDTH, write_video
from tests.nodes.node_process import killed_at_the_end
from tests.stack import new_domain, Observer, REPOSITORY

AGE_TARGETS_MS, COST_TARGET_MS, LOSS_TARGET = (8.0, 20.0), 1.0, 0.01
GROWTH_TARGET_MB = 8.0
SIZE, RATE_HZ = 84, 30.0
FORM = ImageForm(crop=(0.3, 0.0, 1.0, 1.0))
WARM_UP_S, LEARNER_STARTS_S = 30.0, 10.0
RESIZED, INFO, WHOLE = 'camera/resize/image_raw', 'camera/camera_info', 'camera/image_raw'
FRAMES, CONTROL = 'fastdds_profile.xml', 'fastdds_control.xml'


def main() -> int:
    """Measure, print one line per number, return 1 when a target was missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--seconds', type=float, default=60.0, help='how long to listen each time')
    parser.add_argument('--minutes', type=float, default=0.0, help='how long to watch the memory')
    options = parser.parse_args()
    print(f'camera of {WIDTH} x {HEIGHT} at {RATE_HZ:g} Hz, {machine()}')
    passed = [report_cost()]
    with tempfile.TemporaryDirectory() as folder:
        cameras = Path(folder) / 'cameras.yaml'
        cameras.write_text(video_camera(write_video(Path(folder) / 'video.avi', 300)))
        with camera_node(cameras, FRAMES) as rig:
            passed.append(report_age('', rig.listen(CONTROL, options.seconds, RESIZED)))
            with learner_beside():
                report_age(' beside a learner', rig.listen(CONTROL, options.seconds, RESIZED))
            passed.append(report_loss('with the profile', rig, FRAMES, options.seconds))
            if options.minutes:
                passed.append(report_memory(rig, 60.0 * options.minutes))
        with camera_node(cameras, None) as rig:
            report_loss('without a profile', rig, None, options.seconds)
    return 0 if all(passed) else 1


@dataclass(frozen=True)
class Rig:
    """A camera node that plays, and the domain it is heard in."""

    domain: int
    pid: int

    def listen(
        self, profile: str | None, seconds: float, *topics: str
    ) -> dict[str, list[tuple[int, int]]]:
        """Return for each topic (stamp, age) in ns of what a process of its own hears."""
        code = 'from benchmarks.camera_receiver import main; main()'
        env = environment(self.domain, profile)
        command = [sys.executable, '-c', code, str(seconds), *topics]
        output = subprocess.check_output(command, env=env, cwd=REPOSITORY, text=True)
        lines = [json.loads(line) for line in output.splitlines()]
        return {line['topic']: line['samples'] for line in lines}

    def memory_mb(self) -> float:
        """Return what the node holds in memory."""
        pages = int(Path(f'/proc/{self.pid}/statm').read_text().split()[1])
        return pages * os.sysconf('SC_PAGESIZE') / 1e6


@contextlib.contextmanager
def camera_node(cameras: Path, profile: str | None) -> Iterator[Rig]:
    """Run a camera node while entered."""
    domain = new_domain()
    env = environment(domain, profile)
    program = package_prefix('takeover_nodes', env) / 'lib/takeover_nodes/camera_node'
    given = [f'config_file:={cameras}', f'resize_width:={SIZE}', f'resize_height:={SIZE}']
    words = [word for item in given for word in ('-p', item)]
    process = subprocess.Popen([program, '--ros-args', *words], env=env)
    with killed_at_the_end(process):
        observer = Observer(domain)
        try:
            bring_up(observer)
        finally:
            observer.close()
        yield Rig(domain, process.pid)


def environment(domain: int, profile: str | None) -> dict[str, str]:
    """Return the environment of a node with a Fast DDS profile of config/, or with none."""
    env = node_environment() | {
        'ROS_DOMAIN_ID': str(domain),
        'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST',
    }
    env.pop(PROFILE_VARIABLE, None)
    if profile is not None:
        env[PROFILE_VARIABLE] = str(REPOSITORY / 'config' / profile)
    return env


def report_cost() -> bool:
    """Print what crop and resize of one frame cost."""
    frame = Frame(
        np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8), 'bgr8', 0
    )
    resize = Resize(FORM, SIZE, SIZE)
    costs_ms = []
    for _ in range(2000):
        start_s = time.perf_counter()
        resize.picture(frame)
        costs_ms.append(1e3 * (time.perf_counter() - start_s))
    median, p99 = np.percentile(costs_ms, (50, 99))
    print(
        f'crop, resize to {SIZE} x {SIZE}, order of colours: median {median:.3f} ms, p99 '
        f'{p99:.3f} ms (target {COST_TARGET_MS:g} ms): {verdict(median < COST_TARGET_MS)}'
    )
    return bool(median < COST_TARGET_MS)


@contextlib.contextmanager
def learner_beside() -> Iterator[None]:
    """Keep a process busy that learns from pictures, niced as learner_node is."""
    code = 'from benchmarks.vision import learn_for_ever; learn_for_ever()'
    process = subprocess.Popen([sys.executable, '-c', code], cwd=REPOSITORY)
    with killed_at_the_end(process):
        time.sleep(LEARNER_STARTS_S)
        yield


def report_age(when: str, heard: dict[str, list[tuple[int, int]]]) -> bool:
    """Print how old the resized pictures were on arrival."""
    ages_ms = 1e-6 * np.array([age for _, age in heard[RESIZED]])
    median, p99 = np.percentile(ages_ms, (50, 99))
    passed = bool(median < AGE_TARGETS_MS[0] and p99 < AGE_TARGETS_MS[1])
    print(
        f'capture -> policy input{when}: median {median:.2f} ms, p99 {p99:.2f} ms, max '
        f'{ages_ms.max():.2f} ms, n {len(ages_ms)} (targets {AGE_TARGETS_MS[0]:g} and '
        f'{AGE_TARGETS_MS[1]:g} ms): {verdict(passed)}'
    )
    return passed


def report_loss(what: str, rig: Rig, profile: str | None, seconds: float) -> bool:
    """Print how many of the whole frames were lost."""
    heard = rig.listen(profile, seconds, INFO, WHOLE)
    sent, arrived = ({stamp for stamp, _ in heard[topic]} for topic in (INFO, WHOLE))
    # The last one may have been on its way.
    lost = len(sent - arrived - {max(sent)}) / len(sent)
    ages_ms = 1e-6 * np.array([age for _, age in heard[WHOLE]] or [np.nan])
    print(
        f'whole frames best effort {what}: {100.0 * lost:.2f} % lost of {len(sent)}, age median '
        f'{np.median(ages_ms):.2f} ms (target 1 % with it): '
        f'{verdict(lost < LOSS_TARGET) if profile else "no target"}'
    )
    return bool(lost < LOSS_TARGET)


def report_memory(rig: Rig, seconds: float) -> bool:
    """Print what the node's memory does while somebody listens to everything."""
    rig.listen(FRAMES, WARM_UP_S, RESIZED, WHOLE)
    before_mb = rig.memory_mb()
    heard = rig.listen(FRAMES, seconds, RESIZED, WHOLE)
    growth_mb = rig.memory_mb() - before_mb
    passed = growth_mb < GROWTH_TARGET_MB
    print(
        f'memory of the node: {before_mb:.1f} MB after {WARM_UP_S:g} s, {growth_mb:+.1f} MB after '
        f'{seconds / 60.0:g} min and {len(heard[RESIZED])} frames (target less than '
        f'{GROWTH_TARGET_MB:g} MB more): {verdict(passed)}'
    )
    return passed


if __name__ == '__main__':
    sys.exit(main())
