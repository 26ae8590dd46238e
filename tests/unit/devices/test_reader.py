"""The thread that reads a device: what it offers, and that it offers nothing once it is gone."""

from queue import Empty, Queue
import threading
import time

import pytest
from takeover.devices.device import DeviceError, DeviceLost, DeviceState, Identity
from takeover.devices.reader import DeviceReader, QUEUE

PAD = Identity('Pad', 1, 2)
DEADLINE_S = 30.0


def wait_until(condition, what):
    end_s = time.monotonic() + DEADLINE_S
    while time.monotonic() < end_s:
        if condition():
            return
        time.sleep(0.005)
    raise AssertionError(f'not within {DEADLINE_S:g} s: {what}')


def at(position, *buttons):
    return DeviceState((position,), buttons or (0,))


class FakeDevice:
    """A device that goes through the states it is given; an exception among them is raised."""

    def __init__(self, state):
        self.identity, self.state, self.problem = PAD, state, None
        self.coming: Queue = Queue()
        self.closed = False

    def read(self, timeout_s):
        """Return the states of one report."""
        try:
            states = self.coming.get(timeout=max(timeout_s, 0.001))
        except Empty:
            return []
        if isinstance(states, BaseException):
            raise states
        self.state = states[-1]
        return states

    def facts(self):
        """Return something."""
        return {'reports': 7}

    def close(self):
        """Note it."""
        self.closed = True


class Rig:
    """A reader, the devices it will find, and what it offered."""

    def __init__(self, max_rate_hz=1000.0):
        self.to_find: Queue = Queue()
        self.known = []
        self.offered = []
        self.guard = threading.Lock()
        self.reader = DeviceReader(self.open, self.on_news, max_rate_hz)

    def open(self, known):
        """Open the next device, or none."""
        self.known.append(known)
        try:
            return self.to_find.get_nowait()
        except Empty:
            raise DeviceError('no pad') from None

    def on_news(self):
        """Take at once what is offered."""
        with self.guard:
            self.offered += self.reader.take()

    def find(self, state):
        """Plug a device in and wait until it is read."""
        device = FakeDevice(state)
        self.to_find.put(device)
        found = self.reader.presence.found
        wait_until(lambda: self.reader.presence.found > found, 'found')
        wait_until(lambda: self.reader.state() is not None, 'read')
        return device


@pytest.fixture
def rig():
    made = Rig()
    made.reader.start()
    yield made
    made.reader.close()


def test_without_a_device_there_is_no_state_but_a_reason(rig):
    wait_until(lambda: rig.reader.presence.problem == 'no pad', 'the reason')
    assert rig.reader.state() is None and rig.offered == []


def test_a_device_that_is_found_is_offered_in_the_state_it_reports(rig):
    rig.find(at(0.5, 1))
    assert rig.reader.state() == at(0.5, 1)
    wait_until(lambda: rig.offered == [at(0.5, 1)], 'offered')
    assert rig.reader.presence.identity == PAD and rig.reader.presence.problem is None
    assert rig.reader.facts == {'reports': 7}


def test_news_are_offered_and_the_state_stays(rig):
    device = rig.find(at(0.0))
    device.coming.put([at(0.5)])
    wait_until(lambda: rig.offered[-1] == at(0.5), 'offered')
    assert rig.reader.state() == at(0.5)
    assert rig.reader.take() == []


def test_one_that_is_lost_is_silence_and_its_last_news_are_dropped():
    rig = Rig()
    rig.reader._notify = lambda: None
    rig.reader.start()
    device = rig.find(at(0.7, 1))
    device.coming.put([at(0.8, 0)])
    device.coming.put(DeviceLost('the pad is gone'))
    wait_until(lambda: rig.reader.presence.problem, 'lost')
    assert rig.reader.state() is None and rig.reader.take() == []
    assert rig.reader.presence.problem == 'the pad is gone'
    assert rig.reader.presence.lost == 1
    wait_until(lambda: device.closed, 'closed')
    rig.reader.close()


def test_one_that_comes_back_starts_from_what_it_reports_and_no_other_is_asked_for(rig):
    rig.find(at(0.7, 1)).coming.put(DeviceLost('gone'))
    wait_until(lambda: rig.reader.presence.lost == 1, 'lost')
    assert rig.known[0] is None
    rig.find(at(0.0, 0))
    assert rig.reader.state() == at(0.0, 0)
    assert rig.known[-1] == PAD
    assert rig.offered == [at(0.7, 1), at(0.0, 0)]


def test_motion_is_offered_at_most_at_the_given_rate_and_the_last_is_not_lost():
    rig = Rig(max_rate_hz=5.0)
    rig.reader.start()
    device = rig.find(at(0.0))
    for step in range(1, 101):
        device.coming.put([at(step / 100)])
    wait_until(lambda: rig.offered[-1] == at(1.0), 'the last state')
    assert len(rig.offered) < 20
    rig.reader.close()


def test_every_press_of_a_button_is_offered_at_once_and_in_order():
    rig = Rig(max_rate_hz=0.01)
    rig.reader.start()
    device = rig.find(at(0.0, 0))
    device.coming.put([at(0.1, 1), at(0.2, 0), at(0.3, 0), at(0.3, 1)])
    wait_until(lambda: len(rig.offered) == 4, 'all presses')
    assert rig.offered[1:] == [at(0.1, 1), at(0.2, 0), at(0.3, 1)]
    rig.reader.close()


def test_a_node_that_does_not_look_does_not_grow_the_queue():
    rig = Rig()
    rig.reader._notify = lambda: None
    rig.reader.start()
    device = rig.find(at(0.0, 0))
    device.coming.put([at(0.0, step % 2) for step in range(1000)])
    wait_until(lambda: rig.reader.state() == at(0.0, 1), 'read')
    assert len(rig.reader.take()) == QUEUE
    rig.reader.close()


def test_a_device_with_a_problem_is_silence_until_the_problem_is_over(rig):
    device = rig.find(at(0.7))
    device.problem = 'the link is lost'
    wait_until(lambda: rig.reader.presence.problem == 'the link is lost', 'the problem')
    assert rig.reader.state() is None
    offered = len(rig.offered)
    device.coming.put([at(0.8, 1)])
    wait_until(device.coming.empty, 'read')
    device.problem = None
    wait_until(lambda: rig.reader.state() == at(0.8, 1), 'well again')
    assert rig.reader.presence.problem is None and rig.reader.presence.lost == 0
    assert len(rig.offered) <= offered + 1


def test_a_thread_that_hangs_is_silence():
    now = [0.0]
    device = FakeDevice(at(0.7))
    stuck = threading.Event()

    def read(timeout_s):
        stuck.wait()
        return []

    device.read = read
    reader = DeviceReader(lambda known: device, lambda: None, 100.0, clock=lambda: now[0])
    reader.start()
    wait_until(lambda: reader.state() is not None, 'read')
    now[0] += 1.0
    assert reader.state() is None
    stuck.set()
    wait_until(lambda: reader.state() is not None, 'alive again')
    reader.close()


def test_what_ends_the_thread_is_not_silent(rig):
    rig.find(at(0.7)).coming.put(ZeroDivisionError('a defect'))

    def dies():
        try:
            return rig.reader.state() == 'never'
        except ZeroDivisionError:
            return True

    wait_until(dies, 'the defect reaches the node')
