"""What a log holds beside raw topics: steps and the events between them, and their messages."""

from dataclasses import dataclass

from takeover.data import cdr, step_codec
from takeover.data.errors import LogError
from takeover.data.mcap_file import LogChannel
from takeover.data.step import Step

STEP_TOPIC = '/takeover/step'
EPISODE_TOPIC = '/episode'
UNDO_TOPIC = '/intervention/undo'
POLICY_TOPIC = '/policy/version'
STEP, EPISODE, UNDO, POLICY = (
    f'takeover_msgs/msg/{name}' for name in ('Step', 'EpisodeState', 'UndoEpisode', 'PolicyState')
)
EVENT_TYPES = frozenset((STEP, EPISODE, UNDO, POLICY))
_SECOND_NS = 1_000_000_000


@dataclass(frozen=True)
class EpisodeEnd:
    """An episode ended, as the simulation or the operator said; the steps say it too."""

    stamp_ns: int
    episode: int
    seed: int
    outcome: int
    """Index into takeover.outcome.OUTCOMES."""
    terminated: bool
    truncated: bool
    elapsed_s: float
    progress: float


@dataclass(frozen=True)
class UndoEpisode:
    """A person took an episode back: nothing is to be learned from its steps."""

    stamp_ns: int
    episode: int
    first_sequence: int
    last_sequence: int
    robot: int = 0
    """See `Step.robot`."""

    def covers(self, step: Step) -> bool:
        """Whether a step is taken back."""
        within = self.first_sequence <= step.sequence <= self.last_sequence
        return within and step.episode == self.episode


@dataclass(frozen=True)
class PolicyChange:
    """Another policy drives from now on."""

    stamp_ns: int
    version: str
    file: str


Happening = EpisodeEnd | UndoEpisode | PolicyChange
Event = Step | Happening


def library_channel(topic: str, name: str) -> LogChannel:
    """Return the channel of a message whose definition the library has.

    :param name: package/Type.
    """
    package, message = name.split('/')
    return LogChannel(topic, f'{package}/msg/{message}', cdr.schema_text(name))


def step_channel(topic: str = STEP_TOPIC) -> LogChannel:
    """Return the channel of steps."""
    return library_channel(topic, step_codec.NAME)


def headless_channels() -> tuple[LogChannel, ...]:
    """Return the channels of a log that is written without ROS."""
    return (
        step_channel(),
        library_channel(EPISODE_TOPIC, 'takeover_msgs/EpisodeState'),
        library_channel(UNDO_TOPIC, 'takeover_msgs/UndoEpisode'),
        library_channel(POLICY_TOPIC, 'takeover_msgs/PolicyState'),
    )


def encode_event(event: Happening) -> tuple[str, bytes]:
    """Return topic and message of an event, for a log that is written without ROS."""
    sec, nanosec = divmod(event.stamp_ns, _SECOND_NS)
    values = {'header': {'stamp': {'sec': sec, 'nanosec': nanosec}}}
    for name, value in vars(event).items():
        if name not in ('stamp_ns', 'robot'):
            values[name] = value
    if isinstance(event, EpisodeEnd):
        return EPISODE_TOPIC, cdr.encode('takeover_msgs/EpisodeState', values)
    if isinstance(event, UndoEpisode):
        return UNDO_TOPIC, cdr.encode('takeover_msgs/UndoEpisode', values)
    return POLICY_TOPIC, cdr.encode('takeover_msgs/PolicyState', values)


@dataclass
class EventState:
    """What was seen last in a file: states are repeated, and events are told once."""

    last_sequence: int = -1
    ended_episode: int = 0
    """Number of the episode whose end was told and that no other has followed; 0: none."""
    version: str = ''


class EventDecoder:
    """Turns the messages of one file into events."""

    def __init__(self, spec_hash: str | None = None, state: EventState | None = None) -> None:
        """Continue from a state.

        :param spec_hash: hash of the task the steps must be of; None: of any.
        """
        self.state = state or EventState()
        self._spec_hash = spec_hash
        self._steps = step_codec.StepDecoder()

    def decode(self, kind: str, data: bytes) -> Event | None:
        """Return the event of a message, or None when it tells nothing new.

        :param kind: package/msg/Type.
        :raises MessageError: the bytes are not such a message.
        :raises LogError: the step is of another task.
        """
        if kind == STEP:
            return self._step(data)
        if kind not in EVENT_TYPES:
            return None
        values = cdr.decode(kind.replace('/msg/', '/'), data)
        stamp = values['header']['stamp']
        stamp_ns = stamp['sec'] * _SECOND_NS + stamp['nanosec']
        if kind == UNDO:
            return UndoEpisode(
                stamp_ns, values['episode'], values['first_sequence'], values['last_sequence']
            )
        if kind == POLICY:
            return self._policy(stamp_ns, values)
        return self._episode(stamp_ns, values)

    def _step(self, data: bytes) -> Step | None:
        step, spec_hash = self._steps.decode_with_hash(data)
        if self._spec_hash is not None and spec_hash != self._spec_hash:
            raise LogError(
                f'step {step.sequence}: spec_hash is {spec_hash!r}, the task has '
                f'{self._spec_hash!r}: it was recorded for another task'
            )
        if step.sequence <= self.state.last_sequence:
            return None
        self.state.last_sequence = step.sequence
        return step

    def _policy(self, stamp_ns: int, values: dict) -> PolicyChange | None:
        if values['version'] == self.state.version:
            return None
        self.state.version = values['version']
        return PolicyChange(stamp_ns, values['version'], values['file'])

    def _episode(self, stamp_ns: int, values: dict) -> EpisodeEnd | None:
        if values['outcome'] == 0:
            self.state.ended_episode = 0
            return None
        if values['episode'] == self.state.ended_episode:
            return None
        self.state.ended_episode = values['episode']
        names = ('episode', 'seed', 'outcome', 'terminated', 'truncated', 'elapsed_s', 'progress')
        return EpisodeEnd(stamp_ns, *(values[name] for name in names))
