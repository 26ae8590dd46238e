"""Parts of nodes joined without DDS: what one publishes, the other has heard at once.

Time is the test's. So a whole loop of simulation and safety gate runs in one process, the same way
every time.
"""

from collections import defaultdict
from types import SimpleNamespace


class Wire:
    """The topics, a clock, and everything that was said."""

    def __init__(self):
        self.now_s = 1000.0
        self.hearers = defaultdict(list)
        self.said = defaultdict(list)

    def node(self):
        """Return a node on this wire."""
        return WireNode(self)

    def say(self, topic, message):
        """Publish a message."""
        self.said[topic].append(message)
        for hear in list(self.hearers[topic]):
            hear(message)

    def last(self, topic):
        """Return the newest message of a topic, or None."""
        return self.said[topic][-1] if self.said[topic] else None


class WirePublisher:
    """Publishes on a wire."""

    def __init__(self, wire, message, topic):
        self.wire, self.message, self.topic_name = wire, message, topic

    def publish(self, message):
        """Publish; of the right type only."""
        assert isinstance(message, self.message)
        self.wire.say(self.topic_name, message)

    def get_subscription_count(self):
        """Return how many listen."""
        return len(self.wire.hearers[self.topic_name])


class WireNode:
    """As much of a node, plain or managed, as parts of nodes need."""

    def __init__(self, wire):
        self.wire = wire
        self.warnings, self.requests = [], []

    def create_publisher(self, message, topic, profile):
        """Make a publisher."""
        return WirePublisher(self.wire, message, topic)

    def create_subscription(self, message, topic, callback, profile):
        """Subscribe."""
        self.wire.hearers[topic].append(callback)

    speak = create_publisher

    def hear(self, message, topic, callback, profile, while_inactive=False):
        """Subscribe."""
        self.create_subscription(message, topic, callback, profile)

    def create_client(self, service, name):
        """Make a client whose requests are noted."""
        note = self.requests.append
        return SimpleNamespace(service_is_ready=lambda: True, call_async=lambda _: note(name))

    def now_s(self):
        """Return the time of the test."""
        return self.wire.now_s

    def now_ns(self):
        """Return the time of the test."""
        return round(1e9 * self.wire.now_s)

    def get_clock(self):
        """Return a clock with the time of the test."""
        from takeover_nodes.conversions import ns_to_stamp

        now_ns = self.now_ns()
        time = SimpleNamespace(nanoseconds=now_ns, to_msg=lambda: ns_to_stamp(now_ns))
        return SimpleNamespace(now=lambda: time)

    def get_logger(self):
        """Return a logger that keeps warnings."""

        def warn(text, **_):
            self.warnings.append(text)

        return SimpleNamespace(warning=warn, info=lambda *_, **__: None, error=warn)
