"""How a node's process ends: with its last act done, and an exit code that tells why."""

import contextlib
import os
from pathlib import Path
import signal
import subprocess
import sys
import time

import pytest
from std_msgs.msg import Bool
from takeover_nodes import qos
from tests.stack import new_domain, Observer, wait_until

EXAMPLE = Path(__file__).with_name('spinning_example.py')


@contextlib.contextmanager
def example(*arguments: str):
    """Run the example beside an observer that is connected to it."""
    domain = new_domain()
    observer = Observer(domain)
    observer.hear(Bool, 'last_words', qos.LATCHED)
    process = subprocess.Popen(
        [sys.executable, EXAMPLE, *arguments],
        env=os.environ
        | {'ROS_DOMAIN_ID': str(domain), 'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST'},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process, observer
    finally:
        process.kill()
        process.wait()
        observer.close()


def connected(observer: Observer) -> bool:
    """Tell whether the observer hears the example."""
    return observer.last('last_words') is not None


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize('kind', ['ticking', 'idle'])
def test_a_signal_ends_the_process_cleanly_after_its_last_act(number, kind):
    with example(kind) as (process, observer):
        wait_until(lambda: connected(observer), 'the node is up')
        process.send_signal(number)
        assert process.wait(20.0) == 0
        wait_until(lambda: observer.last('last_words').data, 'the last act was heard')


def test_ctrl_c_that_arrives_again_and_again_does_not_cut_the_end_short():
    with example('ticking') as (process, observer):
        wait_until(lambda: connected(observer), 'the node is up')
        while process.poll() is None:
            process.send_signal(signal.SIGINT)
            time.sleep(0.001)
        assert process.returncode == 0, process.stderr.read()
        assert 'Traceback' not in process.stderr.read()


def test_an_error_in_a_callback_ends_the_process_after_its_last_act():
    with example('bug') as (process, observer):
        assert process.wait(20.0) == 1
        assert 'ZeroDivisionError' in process.stderr.read()


def test_a_mistake_of_the_user_is_one_sentence():
    with example('mistake') as (process, _):
        assert process.wait(20.0) == 2
        told = process.stderr.read()
        assert 'the file is not there' in told
        assert 'Traceback' not in told
