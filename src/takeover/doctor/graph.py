"""What doctor_node measures of a ROS graph, as it hands it over: facts, no judgement.

Times of arrival are of the steady clock and only differences of them mean something; ages are of
the clock that stamps are made with. All in seconds.
"""

from functools import cached_property

from pydantic import Field
from takeover.config_file import StrictModel
from takeover.errors import TakeoverError

# The simulated robot; a graph with it has no real one.
SIMULATOR = 'sim_node'
Parameter = bool | int | float | str | list[str] | None


class Endpoint(StrictModel):
    """A publisher or a subscription of another node."""

    node: str = Field(description='full name')
    type: str = Field(description='of the message, such as nav_msgs/msg/Odometry')
    misfit: str = Field(default='', description='why its quality of service does not match; or ""')


class Sample(StrictModel):
    """One message that was heard."""

    arrived_s: float
    age_s: float | None = Field(default=None, description='arrival minus stamp; null: no stamp')
    stamp_ns: int = 0
    size: int = Field(default=0, description='bytes as sent')
    frame: str = ''
    digest: str = Field(default='', description='of the pixels of an image')
    axes: tuple[float, ...] = ()
    buttons: tuple[int, ...] = ()


class TopicFacts(StrictModel):
    """Who is on a topic, and what was heard there."""

    name: str = Field(description='full name')
    publishers: tuple[Endpoint, ...] = ()
    subscriptions: tuple[Endpoint, ...] = ()
    samples: tuple[Sample, ...] = ()

    @property
    def ages_s(self) -> list[float]:
        """Ages of the messages that have a stamp."""
        return [sample.age_s for sample in self.samples if sample.age_s is not None]

    @property
    def rate_hz(self) -> float:
        """Messages per second between the first and the last; 0 of fewer than two."""
        if len(self.samples) < 2:
            return 0.0
        span_s = self.samples[-1].arrived_s - self.samples[0].arrived_s
        return (len(self.samples) - 1) / max(span_s, 1e-9)

    def longest_gap_s(self, end_s: float) -> float:
        """Return the longest time without a message, from the first one to `end_s`."""
        times_s = [sample.arrived_s for sample in self.samples] + [end_s]
        return max(later - earlier for earlier, later in zip(times_s, times_s[1:]))

    @property
    def bytes_per_s(self) -> float:
        """Mean size of a message times the rate."""
        if not self.samples:
            return 0.0
        return self.rate_hz * sum(sample.size for sample in self.samples) / len(self.samples)


class ControllerFacts(StrictModel):
    """A node that takes the commands of the robot, and what it says about itself."""

    node: str
    parameters: dict[str, Parameter] | None = Field(description='null: it did not answer')


class DeviceStatus(StrictModel):
    """What the driver of an input device says in /diagnostics."""

    name: str
    ok: bool
    message: str


class GraphFacts(StrictModel):
    """Everything that was seen and heard."""

    measured_s: float
    end_s: float = Field(description='steady time at which hearing ended')
    rmw: str
    nodes: tuple[str, ...] = Field(description='full names; one that is there twice stands twice')
    topics: dict[str, TopicFacts] = Field(description='by relative name')
    controllers: tuple[ControllerFacts, ...] = ()
    devices: tuple[DeviceStatus, ...] = ()

    @cached_property
    def simulated(self) -> bool:
        """Whether the robot is a simulation."""
        return self.has(SIMULATOR)

    def has(self, node: str) -> bool:
        """Whether there is a node of this name, in whatever namespace."""
        return any(full.rpartition('/')[2] == node for full in self.nodes)


class GraphUnknown(TakeoverError):
    """The graph could not be looked at; the message says why, `remedy` what helps."""

    def __init__(self, why: str, remedy: str) -> None:
        """Keep both."""
        super().__init__(why)
        self.remedy = remedy
