"""The resized pictures of a camera, as the task rover_lane asks for them or worse."""

import array

import numpy as np
from sensor_msgs.msg import Image
from takeover.specs import TaskSpec
from takeover_nodes import qos
from takeover_nodes.camera_messages import image_message
from tests.stack import Observer

PERIOD_S = 0.05


class LaneCamera:
    """Publishes pictures of noise from a timer of the observer's node, and remembers them."""

    def __init__(self, observer: Observer, task: TaskSpec) -> None:
        """Publish from now on."""
        (self.image,) = task.images
        (self.topic,) = self.image.inputs
        self.frame = task.inputs[self.topic].frame
        self.clock = observer.node.get_clock()
        self.publisher = observer.node.create_publisher(Image, self.topic, qos.SENSOR)
        self.rng = np.random.default_rng(0)
        self.sent: dict[int, bytes] = {}
        """The pixels of every picture by the time of its capture."""
        self.be_good()
        observer.node.create_timer(PERIOD_S, self.look)

    def be_good(self) -> None:
        """Publish what the task asks for, each picture once."""
        self.on, self.again, self.wrong = True, False, {}

    def look(self) -> None:
        """Publish the next picture."""
        if not self.on:
            return
        if not self.again:
            self.message = self.picture()
            for name, value in self.wrong.items():
                setattr(self.message, name, value)
        self.publisher.publish(self.message)

    def picture(self) -> Image:
        """Return a picture taken now."""
        pixels = self.rng.integers(0, 256, self.image.shape, np.uint8)
        stamp_ns = self.clock.now().nanoseconds
        self.sent[stamp_ns] = pixels.tobytes()
        return image_message(pixels, self.image.form.encoding, stamp_ns, self.frame)


# Fields of a picture that the task does not ask for, and what is said of it.
WRONG = {
    'another size': (
        {'height': 32, 'data': array.array('B', bytes(32 * 64 * 3))},
        'is rgb8 [32, 64, 3], the task needs rgb8 [64, 64, 3]',
    ),
    'another encoding': (
        {'encoding': 'bgr8'},
        'is bgr8 [64, 64, 3], the task needs rgb8 [64, 64, 3]',
    ),
    'no picture': ({'width': 65}, 'bytes do not fit height, width and step'),
}
