"""Input devices as the kernel shows them: joystick, SpaceMouse, keyboard.

What they report becomes axes and buttons in the conventions of sensor_msgs/Joy; what these mean
for a robot is decided in `takeover.intervention`. A device is read in a thread of its own
(`reader.DeviceReader`), which also notices that it has gone and finds it again. Parsing is apart
from hardware: `joystick_layout`, `spacemouse_reports` and `keys` open nothing.
"""
