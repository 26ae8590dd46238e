"""Cameras start in turn, in whichever process."""

import subprocess
import sys
import threading

from takeover.camera.starting import in_turn

COMES_S = 20.0
HOLDER = """
import pathlib, sys
from takeover.camera.starting import in_turn
with in_turn(pathlib.Path(sys.argv[1])):
    print('holds', flush=True)
    sys.stdin.read()
"""


def holder(lock_file):
    process = subprocess.Popen(
        [sys.executable, '-c', HOLDER, str(lock_file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == 'holds\n'
    return process


def waiting_thread(lock_file):
    came = threading.Event()

    def come():
        with in_turn(lock_file):
            came.set()

    thread = threading.Thread(target=come, daemon=True)
    thread.start()
    return came


def test_another_process_is_waited_for_and_one_that_was_killed_is_not(tmp_path):
    lock_file = tmp_path / 'lock'
    process = holder(lock_file)
    came = waiting_thread(lock_file)
    assert not came.wait(0.2)
    process.kill()
    assert came.wait(COMES_S)
    process.wait(COMES_S)


def test_without_the_file_cameras_still_start(tmp_path):
    with in_turn(tmp_path / 'no folder' / 'lock'):
        pass
