"""Where a watching node's screen goes: a live one on a terminal, plain lines anywhere else."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TextIO

from rich.console import Console, RenderableType
from rich.live import Live


@dataclass(frozen=True)
class Looks:
    """How what is watched looks; the states and episodes are those of one observer."""

    screen: Callable[[Any], RenderableType]
    """Makes a whole screen of a state."""
    line: Callable[[Any], str]
    """Makes one line of a state."""
    episode_line: Callable[[Any], str]
    """Makes one line of an episode that has ended."""
    line_period_s: float
    """Seconds between two lines."""


class Display(Protocol):
    """Shows the state of a run and tells of each finished episode."""

    def show(self, state: Any, now_s: float) -> None:
        """Show the state; called often, may do nothing."""

    def episode(self, episode: Any) -> None:
        """Tell that an episode has ended."""

    def say(self, text: str) -> None:
        """Write one line that stays."""

    def close(self) -> None:
        """Leave the terminal as it was; may be called twice."""


def make_display(stream: TextIO, looks: Looks) -> Display:
    """Return the display that fits the stream."""
    return LiveDisplay(stream, looks) if stream.isatty() else LineDisplay(stream, looks)


class LiveDisplay:
    """One screen, drawn over itself."""

    def __init__(self, stream: TextIO, looks: Looks) -> None:
        """Take the terminal."""
        self.looks = looks
        # No thread of its own: it is drawn from the node's timer. What other parts of this
        # process print appears above it.
        self.live = Live(console=Console(file=stream), auto_refresh=False, transient=True)
        self.live.start()

    def show(self, state: Any, now_s: float) -> None:
        """Draw the screen."""
        self.live.update(self.looks.screen(state), refresh=True)

    def episode(self, episode: Any) -> None:
        """Nothing to do: the screen has a table of them."""

    def say(self, text: str) -> None:
        """Write one line above the screen, or where it was."""
        self.live.console.print(text, markup=False, highlight=False)

    def close(self) -> None:
        """Give the terminal back."""
        self.live.stop()


class LineDisplay:
    """A line now and then."""

    def __init__(self, stream: TextIO, looks: Looks) -> None:
        """Write to `stream`."""
        self.stream, self.looks = stream, looks
        self.next_s = 0.0

    def show(self, state: Any, now_s: float) -> None:
        """Write the state as one line, once in a while."""
        if now_s >= self.next_s:
            self.next_s = now_s + self.looks.line_period_s
            self.say(self.looks.line(state))

    def episode(self, episode: Any) -> None:
        """Write one line for the episode."""
        self.say(self.looks.episode_line(episode))

    def say(self, text: str) -> None:
        """Write one line at once, so that a reader of a pipe sees it."""
        self.stream.write(f'{text}\n')
        self.stream.flush()

    def close(self) -> None:
        """Nothing to give back."""
