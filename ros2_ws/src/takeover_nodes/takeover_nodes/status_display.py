"""Where monitor_node's screen goes: a live one on a terminal, plain lines anywhere else."""

from typing import Protocol, TextIO

from rich.console import Console
from rich.live import Live
from takeover.report.record import EpisodeRecord, ScreenState
from takeover.report.screen import episode_line, plain_line, render

LINE_PERIOD_S = 2.0


class Display(Protocol):
    """Shows the state of a run and tells of each finished episode."""

    def show(self, state: ScreenState, now_s: float) -> None:
        """Show the state; called often, may do nothing."""

    def episode(self, episode: EpisodeRecord) -> None:
        """Tell that an episode has ended."""

    def say(self, text: str) -> None:
        """Write one line that stays."""

    def close(self) -> None:
        """Leave the terminal as it was; may be called twice."""


def make_display(stream: TextIO) -> Display:
    """Return the display that fits the stream."""
    return LiveDisplay(stream) if stream.isatty() else LineDisplay(stream)


class LiveDisplay:
    """One screen, drawn over itself."""

    def __init__(self, stream: TextIO) -> None:
        """Take the terminal."""
        # No thread of its own: it is drawn from the node's timer. What other parts of this
        # process print appears above it.
        self.live = Live(console=Console(file=stream), auto_refresh=False, transient=True)
        self.live.start()

    def show(self, state: ScreenState, now_s: float) -> None:
        """Draw the screen."""
        self.live.update(render(state), refresh=True)

    def episode(self, episode: EpisodeRecord) -> None:
        """Nothing to do: the screen has a table of them."""

    def say(self, text: str) -> None:
        """Write one line above the screen, or where it was."""
        self.live.console.print(text, markup=False, highlight=False)

    def close(self) -> None:
        """Give the terminal back."""
        self.live.stop()


class LineDisplay:
    """A line now and then."""

    def __init__(self, stream: TextIO) -> None:
        """Write to `stream`."""
        self.stream = stream
        self.next_s = 0.0

    def show(self, state: ScreenState, now_s: float) -> None:
        """Write the state as one line, every two seconds."""
        if now_s >= self.next_s:
            self.next_s = now_s + LINE_PERIOD_S
            self.say(plain_line(state))

    def episode(self, episode: EpisodeRecord) -> None:
        """Write one line for the episode."""
        self.say(episode_line(episode))

    def say(self, text: str) -> None:
        """Write one line at once, so that a reader of a pipe sees it."""
        self.stream.write(f'{text}\n')
        self.stream.flush()

    def close(self) -> None:
        """Nothing to give back."""
