"""A ring of the newest observations and the transitions between them.

Every slot holds one observation, stored once: the next observation of a transition is the slot of
its successor, not a copy. A slot from which a transition starts also holds its action, reward and
end, and the index of that successor.

Slots are handed out in the order of the ring, and a transition's start is always handed out before
its successor. The start is therefore overwritten first: while a start is there, what follows it is
there too, and forgetting the transitions of overwritten starts is all that is needed. Each stream
(a parallel environment, a robot) has at most one open slot, its last next observation, where its
next transition will start; nothing ever links two streams, two episodes or the sides of a gap.
"""

from collections.abc import Iterable, Mapping

import numpy as np
from takeover.data.transition import (
    ArraySpec,
    check_array,
    check_observation,
    check_outcome,
    checked_action,
    ReplayError,
    TransitionBatch,
)

_NONE = -1
# Below this share of valid slots, listing them is cheaper than drawing until enough are valid.
_SMALLEST_SHARE = 0.25
_OBSERVATION = 'observation/'
_COUNTS = ('capacity', 'action_size', 'streams', 'allocated', 'inserted')


class ReplayBuffer:
    """The newest transitions of one or several streams, sampled uniformly with replacement.

    For one thread: who adds from one and samples from another takes a lock around both.
    """

    def __init__(
        self,
        capacity: int,
        observation: Mapping[str, ArraySpec],
        action_size: int,
        streams: int = 1,
    ):
        """Reserve the memory; the system provides its pages as they are filled.

        :param capacity: slots, each for one observation. A stream of episodes of n transitions
            takes n + 1 slots for each.
        :param observation: form of every array of an observation, by name.
        :param action_size: numbers in an action.
        :param streams: how many environments or robots insert, each a sequence of its own.
        :raises ReplayError: when there would be nothing to store or no room for one transition.
        """
        for name, value, least in (
            ('capacity', capacity, 2),
            ('action_size', action_size, 1),
            ('streams', streams, 1),
        ):
            if type(value) is not int or value < least:
                raise ReplayError(f'{name} must be an integer of at least {least}, is {value!r}')
        if not observation:
            raise ReplayError('observation must name at least one array, names none')
        self.capacity = capacity
        self.observation = dict(observation)
        self.action_size = action_size
        self.streams = streams
        self.inserted = 0
        """Transitions ever added; also those that are overwritten by now."""
        self._allocated = 0
        self._size = 0
        self._open = np.full(streams, _NONE, np.int64)
        self._columns = self._empty_columns()

    def _empty_columns(self) -> dict[str, np.ndarray]:
        forms = {
            'action': ((self.action_size,), 'float32'),
            'reward': ((), 'float32'),
            'terminated': ((), 'bool'),
            'truncated': ((), 'bool'),
            'next': ((), 'int64'),
            'valid': ((), 'bool'),
        }
        for name, spec in self.observation.items():
            forms[_OBSERVATION + name] = (spec.shape, spec.dtype)
        # Zeros, not empty: the same history gives the same state, and pages are as lazy.
        return {
            name: np.zeros((self.capacity, *shape), dtype)
            for name, (shape, dtype) in forms.items()
        }

    def __len__(self) -> int:
        """Return the number of transitions that can be sampled; less than `capacity`."""
        return self._size

    def add(
        self,
        observation: Mapping[str, np.ndarray],
        action: np.ndarray,
        reward: float,
        terminated: bool,
        truncated: bool,
        next_observation: Mapping[str, np.ndarray],
        stream: int = 0,
    ) -> int:
        """Insert what a stream did next; the oldest slots make room. Return its slot.

        An observation that is bit for bit the stream's last next observation continues from it.
        Any other starts anew, as after an episode's end or `break_stream`: a gap that nobody
        announced costs one slot and never becomes a transition.

        :param observation: arrays of exactly the declared form, copied.
        :param action: floating point [A], in [-1, 1].
        :param terminated: the episode ended in a state without future; clears the mask.
        :param truncated: the episode was cut off; the mask stays.
        :param next_observation: of the same episode, also at its end.
        :raises ReplayError: when something is not of the legal form; nothing is then changed.
        """
        stream = self._checked_stream(stream)
        check_observation('observation', self.observation, observation)
        check_observation('next_observation', self.observation, next_observation)
        action = checked_action(action, self.action_size)
        check_outcome(reward, terminated, truncated)
        start = int(self._open[stream])
        if not self._continues(start, observation):
            start = self._allocate(observation)
        successor = self._allocate(next_observation)
        columns = self._columns
        columns['action'][start] = action
        columns['reward'][start] = reward
        columns['terminated'][start] = terminated
        columns['truncated'][start] = truncated
        columns['next'][start] = successor
        columns['valid'][start] = True
        self._open[stream] = _NONE if terminated or truncated else successor
        self._size += 1
        self.inserted += 1
        return start

    def forget(self, slots: Iterable[int]) -> None:
        """Take transitions back; those of overwritten slots are gone already.

        :param slots: as `add` returned them, before anything overwrote them.
        """
        valid = self._columns['valid']
        for slot in slots:
            self._size -= int(valid[slot])
            valid[slot] = False

    def forget_until(self, name: str, least: int) -> None:
        """Take back the transitions whose observation `name` begins with a number below `least`.

        For numbers that never fall, such as those of frames: where a transition leads to is then
        there as long as it is.
        """
        column, valid = self._columns[_OBSERVATION + name], self._columns['valid']
        self.forget(np.flatnonzero(valid & (column.reshape(len(column), -1)[:, 0] < least)))

    def break_stream(self, stream: int = 0) -> None:
        """Announce a gap: what the stream adds next does not follow what it added last.

        :raises ReplayError: when there is no such stream.
        """
        self._open[self._checked_stream(stream)] = _NONE

    def sample(
        self,
        batch_size: int,
        rng: np.random.Generator,
        steps: int = 1,
        discount: float = 1.0,
    ) -> TransitionBatch:
        """Draw transitions, each with the same probability, with replacement.

        :param steps: of each return: the rewards of up to so many steps that followed each other,
            discounted. The mask then holds the power of `discount` that the value after them is
            still to be multiplied by, less one.
        :param discount: gamma; only with `steps` above 1.
        :raises ReplayError: when there is nothing to draw or a number is not positive.
        """
        if batch_size < 1:
            raise ReplayError(f'batch_size must be at least 1, is {batch_size}')
        if steps < 1:
            raise ReplayError(f'steps must be at least 1, is {steps}')
        if not self._size:
            raise ReplayError('the replay buffer is empty; at least one transition is needed')
        starts = self._draw(batch_size, rng)
        columns = self._columns
        ends, reward, power = self._fold(starts, steps, discount)
        successors = columns['next'].take(ends)
        observations = {name: columns[_OBSERVATION + name] for name in self.observation}
        return TransitionBatch(
            observation={name: column.take(starts, 0) for name, column in observations.items()},
            action=columns['action'].take(starts, 0),
            reward=reward,
            mask=power * (1.0 - columns['terminated'].take(ends).astype(np.float32)),
            next_observation={
                name: column.take(successors, 0) for name, column in observations.items()
            },
        )

    def state_dict(self) -> dict[str, np.ndarray | int]:
        """Return everything later samples depend on, as copies; only slots that were used."""
        used = min(self._allocated, self.capacity)
        counts = (self.capacity, self.action_size, self.streams, self._allocated, self.inserted)
        return {
            **dict(zip(_COUNTS, counts)),
            'open': self._open.copy(),
            **{name: column[:used].copy() for name, column in self._columns.items()},
        }

    def load_state_dict(self, state: Mapping[str, np.ndarray | int]) -> None:
        """Become the buffer whose state this is; it then adds and samples exactly as that one.

        :raises ReplayError: when it is the state of a buffer of another form or is damaged;
            nothing is then changed.
        """
        columns = self._empty_columns()
        names = {*_COUNTS, 'open', *columns}
        if state.keys() != names:
            wrong = sorted(names.symmetric_difference(state))
            raise ReplayError(f'state must hold exactly {sorted(names)}; differs in {wrong}')
        for name in ('capacity', 'action_size', 'streams'):
            own = getattr(self, name)
            if state[name] != own:
                raise ReplayError(f'{name} of the state is {state[name]}, must be {own}')
        allocated, inserted = int(state['allocated']), int(state['inserted'])
        if not 0 <= inserted <= allocated:
            raise ReplayError(f'inserted of the state must be in [0, {allocated}], is {inserted}')
        used = min(allocated, self.capacity)
        forms = {name: (column[:used].shape, column.dtype) for name, column in columns.items()}
        forms['open'] = (self._open.shape, self._open.dtype)
        for name, (shape, dtype) in forms.items():
            check_array(f'{name} of the state', state[name], shape, dtype)
        for name, least in (('next', 0), ('open', _NONE)):
            if ((state[name] < least) | (state[name] >= max(used, 1))).any():
                raise ReplayError(f'{name} of the state must be in [{least}, {used})')
        for name, column in columns.items():
            column[:used] = state[name]
        self._columns, self._open = columns, state['open'].copy()
        self._allocated, self.inserted = allocated, inserted
        self._size = int(np.count_nonzero(columns['valid']))

    def _checked_stream(self, stream: int) -> int:
        if not isinstance(stream, (int, np.integer)) or not 0 <= stream < self.streams:
            raise ReplayError(f'stream must be an integer in [0, {self.streams}), is {stream!r}')
        return int(stream)

    def _continues(self, slot: int, observation: Mapping[str, np.ndarray]) -> bool:
        """Whether this observation is already in an open slot that the successor leaves alone."""
        if slot == _NONE or slot == self._allocated % self.capacity:
            return False
        return all(
            self._columns[_OBSERVATION + name][slot].tobytes() == value.tobytes()
            for name, value in observation.items()
        )

    def _allocate(self, observation: Mapping[str, np.ndarray]) -> int:
        """Take the oldest slot for an observation; what started there is forgotten."""
        slot = self._allocated % self.capacity
        valid = self._columns['valid']
        self._size -= int(valid[slot])
        valid[slot] = False
        self._open[self._open == slot] = _NONE
        for name, value in observation.items():
            self._columns[_OBSERVATION + name][slot] = value
        self._allocated += 1
        return slot

    def _fold(
        self, starts: np.ndarray, steps: int, discount: float
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the last start of each return, its rewards, and discount ** (its length - 1).

        A successor from which a transition starts always continues the same stream; after an end
        or a gap none starts there.
        """
        columns = self._columns
        ends, reward = starts.copy(), columns['reward'].take(starts)
        power = np.ones(len(starts), np.float32)
        going = np.ones(len(starts), bool)
        for _ in range(steps - 1):
            following = columns['next'].take(ends)
            going &= columns['valid'].take(following)
            ends = np.where(going, following, ends)
            power = np.where(going, power * np.float32(discount), power)
            reward = np.where(going, reward + power * columns['reward'].take(following), reward)
        return ends, reward, power

    def _draw(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """Return `count` slots, uniform over those from which a transition starts."""
        valid = self._columns['valid'][: min(self._allocated, self.capacity)]
        share = self._size / len(valid)
        if share < _SMALLEST_SHARE:
            choices = np.flatnonzero(valid)
            return choices[rng.integers(len(choices), size=count)]
        found = np.empty(0, np.int64)
        while len(found) < count:
            # A few more than needed on average, so that one round is nearly always enough.
            drawn = rng.integers(len(valid), size=int(1.1 * (count - len(found)) / share) + 16)
            found = np.concatenate([found, drawn[valid[drawn]]])
        return found[:count]
