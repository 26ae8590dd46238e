"""Modes and the table of every change between them.

A pair that is not in the table leaves the mode as it is. Conditions (how long, how often, which
button) belong to the arbiter, which turns them into events; this table says what an event means.
"""

import enum


class Mode(enum.IntEnum):
    """Who drives; the numbers are those of InterventionState.msg."""

    HOLD = 0  # nobody: zero
    AUTONOMOUS = 1  # the policy
    HUMAN = 2  # the person at the input device
    HANDOVER = 3  # the new driver, blended in from the last command
    ESTOPPED = 4  # nobody, until the safety gate has been reset


class Event(enum.Enum):
    """What can change the mode.

    An event that takes the robot away from a driver concerns that driver alone: the arbiter does
    not raise POLICY_LOST while a person drives, nor RELEASE while the policy does.
    """

    POLICY_READY = 'policy ready'  # healthy for long enough, and nothing forbids it
    POLICY_LOST = 'policy lost'  # no good command for its time-out
    POLICY_DRIVES = 'policy drives'  # wholly: the hand-over to it is over
    TAKE_OVER = 'take-over'  # dead-man or deliberate motion, after it was seen released
    PERSON_DRIVES = 'person drives'  # wholly: the hand-over to the person is over
    RELEASE = 'release'  # dead-man released, or stick at rest
    DEVICE_LOST = 'input device lost'  # silent while it is needed
    ESTOP = 'e-stop'  # latched in the gate, or pressed on the device
    ESTOP_CLEARED = 'e-stop cleared'  # gate reset and input neutral


TABLE: dict[tuple[Mode, Event], Mode] = {
    (Mode.HOLD, Event.POLICY_READY): Mode.HANDOVER,
    (Mode.HOLD, Event.TAKE_OVER): Mode.HANDOVER,
    (Mode.HOLD, Event.ESTOP): Mode.ESTOPPED,
    (Mode.HANDOVER, Event.POLICY_DRIVES): Mode.AUTONOMOUS,
    (Mode.HANDOVER, Event.PERSON_DRIVES): Mode.HUMAN,
    (Mode.HANDOVER, Event.TAKE_OVER): Mode.HANDOVER,  # a new one, to the person
    (Mode.HANDOVER, Event.POLICY_LOST): Mode.HOLD,
    (Mode.HANDOVER, Event.RELEASE): Mode.HOLD,
    (Mode.HANDOVER, Event.DEVICE_LOST): Mode.HOLD,
    (Mode.HANDOVER, Event.ESTOP): Mode.ESTOPPED,
    (Mode.AUTONOMOUS, Event.POLICY_LOST): Mode.HOLD,
    (Mode.AUTONOMOUS, Event.TAKE_OVER): Mode.HANDOVER,
    (Mode.AUTONOMOUS, Event.DEVICE_LOST): Mode.HOLD,
    (Mode.AUTONOMOUS, Event.ESTOP): Mode.ESTOPPED,
    (Mode.HUMAN, Event.RELEASE): Mode.HOLD,
    (Mode.HUMAN, Event.DEVICE_LOST): Mode.HOLD,
    (Mode.HUMAN, Event.ESTOP): Mode.ESTOPPED,
    (Mode.ESTOPPED, Event.ESTOP_CLEARED): Mode.HOLD,
}


def next_mode(mode: Mode, event: Event) -> Mode:
    """Return the mode after `event`."""
    return TABLE.get((mode, event), mode)
