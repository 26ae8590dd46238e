"""A run that never was, made through the observer the way the monitor makes real ones."""

import math

import numpy as np
import pytest
from takeover.report.observer import Expectations, RunObserver
from takeover.report.record import EpisodeRecord

START_S = 100.0
HZ = 20


def drive_episode(observer, number, now_s, outcome='goal', last=False, seconds=24.0):
    """Let one episode pass; return the time at its end."""
    rng = np.random.default_rng(number)
    s = np.linspace(0.0, 11.5, 231)
    bend = 0.5 + 0.2 * number
    path = np.stack([s, bend * np.sin(0.6 * s) * (1.0 - np.exp(-s))], axis=1)
    observer.on_course('path', path)
    beside = ((2.5, 0.3), (5.5, -0.2), (8.0, 0.4))
    observer.on_course(
        'obstacles', np.array([(x, path[int(20 * x), 1] + side, 0.2) for x, side in beside])
    )
    for i in range(int(seconds * HZ)):
        time_s, share = now_s + i / HZ, i / (seconds * HZ)
        place = path[int(share * 200)]
        speed = 0.42 + 0.08 * math.sin(0.2 * i)
        mode = 'human' if number == 2 and 0.3 < share < 0.45 else 'autonomous'
        observer.on_mode(
            mode,
            'dead-man held' if mode == 'human' else 'policy is healthy',
            int(number >= 2),
            time_s,
        )
        observer.on_executed((speed, 0.1))
        for topic in ('odom', 'scan', 'policy/command'):
            observer.heard(topic, time_s)
        observer.on_truth(
            place[0], place[1] + 0.12 * math.sin(0.05 * i), 0.0, speed - 0.02, 0.1, time_s
        )
        observer.on_episode(
            EpisodeRecord(number, number - 1, 'running', i / HZ, share, 0.4, 0.08), last, time_s
        )
        if observer.wants_picture():
            yy, xx = np.mgrid[0:60, 0:80]
            observer.on_picture(
                np.stack([3 * xx, 4 * yy, 2 * xx + yy], -1).astype(np.uint8), time_s
            )
        if i % (4 * HZ) == 0:
            observer.screen(time_s)
        sequence = 10_000 * number + i
        stamps = np.cumsum(
            [
                int(1e9 * time_s + rng.normal(0, 2e5)),
                *(1e6 * rng.lognormal(-0.5, 0.4, 3)).astype(int),
            ]
        )
        observer.jitter.tick(int(stamps[0]))
        observer.latency.on_policy_command(sequence, int(stamps[1]))
        observer.latency.on_forwarded(
            sequence, int(stamps[0]), int(stamps[2]), int(stamps[3]), mode == 'autonomous'
        )
    end_s = now_s + seconds
    observer.on_episode(
        EpisodeRecord(number, number - 1, outcome, seconds, 0.87, 0.41, 0.09), last, end_s
    )
    return end_s


@pytest.fixture(scope='session')
def observer():
    """An observer that has seen five episodes, one of them a collision."""
    watched = RunObserver(
        Expectations(episodes=5, corridor_half_width_m=1.2, goal_tolerance_m=1.5), START_S
    )
    watched.on_policy(
        'rover_path',
        '0123456789ab',
        'a' * 16,
        '/models/rover_path.onnx',
        2400,
        3,
        'scan: older than 0.15 s',
    )
    watched.on_gate('standby', 'never commanded', 0, {}, START_S)
    now_s = START_S + 2.0
    refused = {'command older than 0.35 s': 2}
    for number in range(1, 6):
        watched.on_gate('forwarding', '', number - 1, refused, now_s)
        outcome = 'collision' if number == 3 else 'goal'
        now_s = drive_episode(
            watched, number, now_s, outcome, number == 5, seconds=9.0 if number == 3 else 24.0
        )
        watched.on_gate('stopping', 'no command for 0.35 s', number, refused, now_s)
        watched.on_gate('stopped', 'no command for 0.35 s', number, refused, now_s + 0.4)
        now_s += 1.0
    watched.end_s = now_s
    return watched


@pytest.fixture(scope='session')
def run(observer):
    """The record of that run."""
    observer.screen(observer.end_s)
    return observer.record(
        observer.end_s, 'the last episode ended', {'operating system': 'Test OS 1', 'cores': '2'}
    )
