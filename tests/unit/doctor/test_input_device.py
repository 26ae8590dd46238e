"""The person's device: zero is not silence, and silence has three causes."""

from types import SimpleNamespace

import pytest
from takeover.devices.device import DeviceError, DeviceForbidden, Identity
from takeover.doctor.finding import Severity
from takeover.doctor.graph import DeviceStatus, Endpoint
from takeover.doctor.input_device import check
from tests.unit.doctor.healthy import changed, graph_of, samples, setting_of, topics_of

PAD = Identity('A Pad', 0x045E, 0x028E)
LB, B = 4, 1


def judged(*, device='', mapping='', task='rover_path', find=None, devices=None, **changes):
    setting = setting_of(task, device=device, mapping=mapping)
    topic = 'spacenav/joy' if setting.device == 'spacemouse' else 'joy'
    facts = changed(topics_of(setting)[topic], **changes)
    kept = {} if devices is None else {'devices': devices}
    graph = graph_of(setting, topics={topic: facts}, **kept)
    (finding,) = check(setting, graph, {setting.device: find})
    return finding


def says(axes=(0.0,) * 8, buttons=(0,) * 11, **fields):
    return {'samples': samples(axes=axes, buttons=buttons, **fields)}


def pressed(button):
    return tuple(int(i == button) for i in range(11))


def failing(error):
    def find(wanted):
        raise error

    return find


@pytest.mark.parametrize('task', ['rover_path', 'arm_reach'])
def test_a_device_at_rest_is_heard_and_well(task):
    finding = judged(task=task)
    assert finding.severity is Severity.OK
    assert 'zeros are heard' in finding.found and 'reading a pad' in finding.found


def test_a_driver_without_a_device_is_told_from_zeros():
    status = DeviceStatus(name='joystick_node: device', ok=False, message='no joystick in /d')
    finding = judged(samples=(), devices=(status,))
    assert finding.severity is Severity.ERROR
    assert '/joystick_node runs and says nothing: no device' in finding.found
    assert finding.cause == 'no joystick in /d'


def test_a_driver_that_does_not_repeat_is_told_what_to_set():
    finding = judged(samples=(), devices=())
    assert finding.severity is Severity.ERROR and 'autorepeat_rate' in finding.remedy


def test_without_a_driver_the_device_is_looked_for_here():
    closed = []
    opened = SimpleNamespace(identity=PAD, close=lambda: closed.append(True))
    finding = judged(samples=(), publishers=(), find=lambda wanted: opened)
    assert finding.severity is Severity.ERROR and closed
    assert 'A Pad (045e:028e)' in finding.found and 'teleop.launch.xml' in finding.remedy


def test_a_device_that_may_not_be_read_names_the_right_that_is_missing():
    find = failing(DeviceForbidden('/dev/input/event3: permission denied; usermod -aG input'))
    finding = judged(samples=(), publishers=(), find=find)
    assert finding.severity is Severity.ERROR
    assert 'may not be read' in finding.found and 'usermod -aG input' in finding.cause


def test_no_device_says_what_was_sought():
    find = failing(DeviceError('no SpaceMouse is plugged in'))
    finding = judged(samples=(), publishers=(), find=find, device='spacemouse')
    assert finding.severity is Severity.ERROR and 'no SpaceMouse' in finding.found
    assert 'spacemouse:=true' in finding.remedy


def test_without_the_library_it_says_so():
    find = failing(ModuleNotFoundError('no', name='evdev'))
    finding = judged(samples=(), publishers=(), find=find)
    assert finding.severity is Severity.ERROR and 'evdev' in finding.cause


def test_a_driver_that_cannot_be_heard_gives_the_reason():
    end = Endpoint(node='/joy_node', type='sensor_msgs/msg/Joy', misfit='Reliability: best effort')
    finding = judged(samples=(), publishers=(end,))
    assert finding.severity is Severity.ERROR and 'best effort' in finding.cause


def test_a_keyboard_is_heard_as_a_joystick_with_a_mapping_of_its_own():
    assert judged(device='keyboard').severity is Severity.OK
    finding = judged(device='keyboard', samples=(), publishers=())
    assert finding.severity is Severity.ERROR and 'keyboard_node' in finding.remedy


def test_a_driver_of_another_message_is_named():
    end = Endpoint(node='/joy_node', type='std_msgs/msg/String')
    finding = judged(samples=(), publishers=(end,))
    assert finding.severity is Severity.ERROR and 'std_msgs/msg/String' in finding.cause


def test_pauses_longer_than_the_time_out_are_an_error():
    finding = judged(**says(rate_hz=2.0, count=16))
    assert finding.severity is Severity.ERROR
    assert '500 ms' in finding.found and '300 ms' in finding.cause


def test_too_few_axes_mean_another_device_than_the_mapping_is_for():
    finding = judged(**says(axes=(0.0, 0.0)))
    assert finding.severity is Severity.ERROR and 'fewer than 4 axes' in finding.found


def test_a_few_buttons_need_the_mapping_for_them():
    few = says(axes=(), buttons=(0, 0))
    finding = judged(task='arm_reach', **few)
    assert finding.severity is Severity.ERROR and '--mapping' in finding.remedy
    finding = judged(task='arm_reach', mapping='spacemouse_arm_two_buttons', **few)
    assert finding.severity is Severity.OK


def test_a_mapping_that_cannot_be_used_is_an_error_that_names_it(tmp_path):
    file = tmp_path / 'mine.yaml'
    file.write_text('axes: {}\n')
    finding = judged(mapping=str(file))
    assert finding.severity is Severity.ERROR and 'mine.yaml' in finding.found


def test_one_long_pause_is_a_warning():
    said = samples(axes=(0.0,) * 8, buttons=(0,) * 11)
    finding = judged(samples=(*said[:100], *said[120:]))
    assert finding.severity is Severity.WARNING


def test_a_stick_that_is_not_at_rest_is_a_warning():
    finding = judged(**says(axes=(0.0, 0.5, 0.0, 0.0)))
    assert finding.severity is Severity.WARNING and 'deflected by' in finding.found


def test_a_pressed_e_stop_is_a_warning():
    finding = judged(**says(buttons=pressed(B)))
    assert finding.severity is Severity.WARNING and 'e-stop' in finding.cause


def test_a_held_deadman_at_rest_is_well():
    assert judged(**says(buttons=pressed(LB))).severity is Severity.OK


def test_nobody_at_a_device_is_told():
    setting = setting_of(device='none')
    (finding,) = check(setting, graph_of(setting))
    assert finding.severity is Severity.INFO and 'nobody can take over' in finding.found
