"""A person pushes forward and the tool moves forward, however the tool is turned."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from takeover.action import ActionContract
from takeover.arm_samples import ToolSample
from takeover.command import Source
from takeover.intervention.arbiter import Arbiter
from takeover.intervention.arbiter_config import ArbiterConfig
from takeover.intervention.command_reader import CommandReader
from takeover.intervention.spacemouse import load_spacemouse, SpaceMouseMapping
from takeover.simulation.hand import SpaceMouseHand
from takeover.specs import ActionSpec, TWIST
from takeover.task import load_task
from tests.conftest import REPOSITORY

TASK = load_task(REPOSITORY / 'config' / 'tasks' / 'arm_reach.yaml')
BASE, TOOL = 'panda_link0', 'panda_hand_tcp'
LINEAR, ANGULAR = 0.15, 0.8
REACH = np.array([LINEAR] * 3 + [ANGULAR] * 3)
AXES = {name: {'axis': name, 'dead_zone': 0.1, 'expo': 0.3} for name in TWIST}
MOTION = ArbiterConfig(take_over='motion', handover_s=0.0)

numbers = st.floats(-1.0, 1.0)
# Not all zero, so that it is a rotation.
rotations = (
    st.tuples(numbers, numbers, numbers, numbers)
    .filter(lambda q: np.linalg.norm(q) > 0.1)
    .map(lambda q: np.array(q) / np.linalg.norm(q))
)
frames = st.sampled_from(['base', 'tool'])
# Shares of the travel, short enough that a turned triple stays within the bounds.
triples = st.tuples(numbers, numbers, numbers).map(
    lambda v: np.array(v) / max(1.0, np.linalg.norm(v))
)


def action_in(frame: str) -> ActionContract:
    """Return the action of the shipped task, meant in a frame."""
    fields = TASK.action.model_dump(mode='json') | {'frame': frame}
    return ActionContract(ActionSpec.model_validate_json(json.dumps(fields)))


ACTIONS = {frame: action_in(frame) for frame in (BASE, TOOL)}
actions = st.sampled_from(sorted(ACTIONS))


def mapping_in(frame: str | None) -> SpaceMouseMapping:
    """Return a mapping of six straight axes."""
    return SpaceMouseMapping.model_validate(
        {'frame': frame, 'axes': AXES, 'open_button': 0, 'close_button': 1}
    )


MAPPINGS = {frame: mapping_in(frame) for frame in ('base', 'tool')}


def tool_at(rotation: np.ndarray, stamp_ns: int = 1) -> ToolSample:
    """Return a tool that is turned so."""
    return ToolSample(stamp_ns, np.zeros(3), rotation, np.zeros(3), np.zeros(3), BASE)


def in_base(values, action_frame: str, rotation: np.ndarray) -> np.ndarray:
    """Return the velocity [6] in the base frame that an action is."""
    twist = np.array(values[:6]).reshape(2, 3)
    return (Rotation.from_quat(rotation).apply(twist) if action_frame == TOOL else twist).ravel()


@settings(deadline=None)
@given(rotation=rotations, frame=frames, action_frame=actions, linear=triples, angular=triples)
def test_what_is_pushed_is_what_moves(rotation, frame, action_frame, linear, angular):
    """SpaceMouse, arbiter, twist of the action, velocity of the tool in the base frame."""
    arbiter = Arbiter(ACTIONS[action_frame], MOTION, MAPPINGS[frame])
    pushed = np.concatenate([linear, angular])
    axes = MAPPINGS[frame].full_scale * pushed
    shape = MAPPINGS[frame].axes['linear.x']
    output, now_s = None, 10.0
    for step in range(12):
        now_s += 0.05
        assert arbiter.on_tool(tool_at(rotation, step + 1), now_s) is None
        if step:
            assert arbiter.on_twist(tuple(axes), step, now_s) is None
        else:
            arbiter.on_twist((0.0,) * 6, step, now_s)
        arbiter.on_joy((), (0, 0), step, now_s)
        output = arbiter.step(now_s)
    if max(map(shape.deflection, pushed)) < MOTION.motion_start:
        return
    assert output.source is Source.HUMAN
    meant = np.array([shape.to_si(share, -reach, reach) for share, reach in zip(pushed, REACH)])
    if frame == 'tool':
        meant = Rotation.from_quat(rotation).apply(meant.reshape(2, 3)).ravel()
    assert in_base(output.values, action_frame, rotation) == pytest.approx(meant, abs=1e-9)


@settings(deadline=None)
@given(rotation=rotations, axis=st.integers(0, 5), share=st.floats(0.2, 1.0), back=st.booleans())
def test_forward_is_forward_and_never_backward(rotation, axis, share, back):
    """One axis pushed moves the tool along this axis of the base alone, to its side."""
    mapping = load_spacemouse('spacemouse_arm', ACTIONS[TOOL])
    axes = np.zeros(6)
    axes[axis] = mapping.full_scale * (-share if back else share)
    reader = CommandReader(mapping, ACTIONS[TOOL])
    values = reader.command(axes, (0,) * reader.buttons_needed, tool_at(rotation)).values
    moved = in_base(values, TOOL, rotation)
    assert (moved[axis] < 0.0) == back and abs(moved[axis]) > 1e-4
    assert np.delete(moved, axis) == pytest.approx(np.zeros(5), abs=1e-9)


@settings(deadline=None)
@given(
    rotation=rotations,
    frame=st.sampled_from(['base', 'tool', None]),
    action_frame=actions,
    linear=triples,
    angular=triples,
    gripper=st.sampled_from([-0.1, 0.0, 0.1]),
)
def test_a_hand_asks_for_what_is_wanted(rotation, frame, action_frame, linear, angular, gripper):
    """The hand is the inverse of the reader in all frames."""
    action, mapping = ACTIONS[action_frame], mapping_in(frame)
    wanted = (*(LINEAR * linear), *(ANGULAR * angular), gripper)
    hand, reader = SpaceMouseHand(mapping, action, BASE), CommandReader(mapping, action)
    axes, buttons = hand.message(wanted, rotation)
    assert max(map(abs, axes)) <= mapping.full_scale
    command = reader.command(axes, buttons, tool_at(rotation))
    assert command.values == pytest.approx(wanted, abs=1e-6)


@settings(deadline=None)
@given(rotation=rotations, frame=frames, action_frame=actions, axes=st.tuples(*[numbers] * 6))
def test_nobody_asks_for_more_than_the_bounds(rotation, frame, action_frame, axes):
    """Whatever is pushed, and however the tool is turned."""
    action = ACTIONS[action_frame]
    command = CommandReader(MAPPINGS[frame], action).command(axes, (1, 0), tool_at(rotation))
    assert (action.low <= command.values).all() and (command.values <= action.high).all()
    assert command.values[-1] == action.high[-1]
