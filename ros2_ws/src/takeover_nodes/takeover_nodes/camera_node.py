"""camera_node: one camera, its frames checked, cropped and resized, and never lied about.

A frame is published once, as soon as it is there, with the time of its capture. One that something
is wrong with is not published at all, and neither is an old one: silence makes the policy hold,
and `/diagnostics` says why. A camera that is missing keeps nobody from starting.

Whole frames are published only while somebody listens to them; a simulated camera renders only
while somebody listens to anything of it.
"""

import sys

from sensor_msgs.msg import CameraInfo, Image
from takeover.camera.capture import CameraCapture
from takeover.camera.capture_status import CaptureState, RetryConfig
from takeover.camera.frame import Frame, Intrinsics
from takeover.camera.frame_check import FrameCheck
from takeover.camera.resize import Resize, resize_for
from takeover.camera.source import CameraError
from takeover.dds_check import check_dds
from takeover.image_form import ImageForm
from takeover.task import load_task
from takeover_nodes import diagnostics, qos
from takeover_nodes.arm_loading import load_for_arm
from takeover_nodes.camera_messages import DEPTH_ENCODING, image_message, info_message
from takeover_nodes.camera_parameters import CameraParameters
from takeover_nodes.camera_report import verdict
from takeover_nodes.camera_sources import find_camera, make_source, OF_ARM
from takeover_nodes.managed_node import ManagedNode
from takeover_nodes.spinning import run

# How often the clock is looked at while no frame comes.
LOOK_PERIOD_S = 0.1


class CameraNode(ManagedNode):
    """Publishes what one CameraCapture gives."""

    NAME = 'camera_node'
    PARAMETERS = CameraParameters

    def __init__(self) -> None:
        """Load the simulation of an arm, should it be looked at."""
        super().__init__()
        if self.get_parameter('config_file').value in ('', OF_ARM):
            load_for_arm(self, 'takeover.simulation.arm.camera_source')

    def configure(self) -> None:
        """Read what the camera is; it is opened at activation."""
        given = self.parameters
        self.camera, self.config = find_camera(given)
        if self.config.HOST_CLOCK and self.get_parameter('use_sim_time').value:
            raise CameraError(
                f"camera '{self.camera}' stamps with the host's clock: use_sim_time must be false"
            )
        self.resize = self.resize_wanted()
        self.source = make_source(self, self.config, given.task_file, given.robot_file)
        self.capture: CameraCapture | None = None
        self.last_capture: CameraCapture | None = None
        self.published, self.told = 0, None
        self.publish_age_s = 0.0
        self.reported_faults: dict[str, int] = {}
        self.make_publishers()
        self.dds = check_dds(3 * self.config.width * self.config.height)
        for finding in self.dds:
            log = self.get_logger().warning if finding.warn else self.get_logger().info
            log(str(finding))
        self.diagnostics.add('camera', self.status)
        self.diagnostics.add('dds', self.dds_status)

    def resize_wanted(self) -> Resize | None:
        """Return how the resized image is made: by the task, else by the parameters."""
        given = self.parameters
        if given.task_file:
            topic = f'{self.camera}/resize/image_raw'
            resize = resize_for(load_task(given.task_file), topic)
            if resize is None:
                self.get_logger().info(f'{topic} is no input of the task: nothing is resized')
            return resize
        if bool(given.resize_width) != bool(given.resize_height):
            raise CameraError('give both resize_width and resize_height, or neither')
        if not given.resize_width:
            return None
        return Resize(ImageForm(), given.resize_height, given.resize_width)

    def make_publishers(self) -> None:
        """Make the publishers; what the driver of a topic publishes already is left to it."""
        names = {'image': 'image_raw', 'info': 'camera_info', 'depth': 'depth/image_rect_raw'}
        if self.resize is not None:
            names |= {'resized': 'resize/image_raw', 'resized_info': 'resize/camera_info'}
        if getattr(self.config, 'topic', None) == f'{self.camera}/image_raw':
            del names['image'], names['info']
        self.out = {
            key: self.speak(
                CameraInfo if key.endswith('info') else Image, f'{self.camera}/{name}', qos.SENSOR
            )
            for key, name in names.items()
        }

    def activate(self) -> None:
        """Let the camera be opened, now or as soon as somebody listens.

        Raises:
            CameraError: it hangs since it was last active.
        """
        self.told = None
        if self.hangs():
            raise CameraError(self.hanging())
        self.every(LOOK_PERIOD_S, self.look)
        self.follow_demand()

    def follow_demand(self) -> None:
        """Open the camera, or close one that is open on demand and that nobody listens to."""
        wanted = not self.config.ON_DEMAND or any(map(self.heard, self.out))
        if wanted and self.capture is None:
            if self.hangs():
                self.get_logger().error(self.hanging(), throttle_duration_sec=5.0)
            else:
                self.open()
        elif not wanted and self.capture is not None:
            self.close()

    def open(self) -> None:
        """Let the camera be opened, in a thread of its own."""
        config, given = self.config, self.parameters
        period_s = 1.0 / config.rate_hz
        check = FrameCheck(config.width, config.height, period_s, config.checks, self.now_s())
        # Looking for a topic costs nothing; a device may need its time.
        max_pause_s = given.max_pause_s if config.HOST_CLOCK else min(given.max_pause_s, 1.0)
        retry = RetryConfig(max_pause_s=max_pause_s, attempts_at_start=given.attempts_at_start)
        self.capture = CameraCapture(self.source, check, self.on_news, retry)
        self.reported_faults = {}
        self.capture.start()

    def close(self) -> None:
        """Let go of the camera."""
        if self.capture is not None:
            self.capture.close()
            self.last_capture, self.capture = self.capture, None

    def hangs(self) -> bool:
        """Tell whether the camera was closed and its thread does not come back from it."""
        return self.last_capture is not None and not self.last_capture.ended

    def hanging(self) -> str:
        """Say so."""
        return (
            f'{self.source.description} hangs since it was last active: unplug it, or start '
            'this node again'
        )

    def deactivate(self) -> None:
        """Let go of the camera."""
        self.close()

    def on_news(self) -> None:
        """Publish the frame that has come, in the thread that captured it: no executor waits."""
        capture = self.capture
        frame = capture.take() if self.active and capture is not None else None
        if frame is not None:
            self.publish(frame)

    def publish(self, frame: Frame) -> None:
        """Publish a frame where somebody listens; what the policy waits for comes first."""
        if self.resize is not None:
            lens = frame.intrinsics and self.resize.lens(frame.intrinsics)
            if self.heard('resized'):
                self.send('resized', self.resize.picture(frame), self.resize.form.encoding, frame)
            if self.heard('resized_info'):
                self.send_info('resized_info', lens, self.resize.width, self.resize.height, frame)
        if self.heard('image'):
            self.send('image', frame.pixels, frame.encoding, frame)
        if self.heard('info') or self.heard('image'):
            height, width = frame.pixels.shape[:2]
            self.send_info('info', frame.intrinsics, width, height, frame)
        if frame.depth is not None and self.heard('depth'):
            self.send('depth', frame.depth, DEPTH_ENCODING, frame)
        self.published += 1
        self.publish_age_s = 1e-9 * (self.now_ns() - frame.stamp_ns)

    def heard(self, key: str) -> bool:
        """Tell whether somebody listens to a topic of ours."""
        return key in self.out and self.out[key].get_subscription_count() > 0

    def send(self, key: str, pixels: object, encoding: str, frame: Frame) -> None:
        """Publish pixels of a frame, with its stamp."""
        self.out[key].publish(image_message(pixels, encoding, frame.stamp_ns, self.config.frame))

    def send_info(
        self, key: str, lens: Intrinsics | None, width: int, height: int, frame: Frame
    ) -> None:
        """Publish the lens of a frame, with its stamp."""
        self.out[key].publish(info_message(lens, width, height, frame.stamp_ns, self.config.frame))

    def look(self) -> None:
        """Tell at once when the camera came or went, and by log what is wrong with frames."""
        self.follow_demand()
        if self.capture is None:
            return
        status = self.capture.status()
        if status.fault is not None:
            self.get_logger().warning(
                f'{status.fault.name}: {status.fault.text}', throttle_duration_sec=5.0
            )
        news = (status.state, status.reason)
        if news == self.told:
            return
        self.told = news
        name = f"camera '{self.camera}'"
        if status.state is CaptureState.STREAMING:
            self.get_logger().info(f'{name} is there: {self.source.description}')
        elif status.state is CaptureState.OPENING and status.attempts:
            self.get_logger().warning(f'{name} opening: {status.reason}')
        elif status.attempts:
            self.get_logger().error(f'{name} {status.state.value}: {status.reason}')
        self.diagnostics.publish()

    def status(self) -> diagnostics.Status:
        """Report the camera, its frames and what was wrong with them."""
        if self.parameters is None:
            return diagnostics.STALE, 'not configured', {}
        if self.capture is None:
            words = 'nobody listens' if self.active else 'inactive'
            return diagnostics.OK, words, {'camera': self.camera}
        status = self.capture.status()
        stamp_ns = status.newest_stamp_ns
        facts = {
            'camera': self.camera,
            'source': self.source.description,
            'state': status.state.value,
            'attempts': status.attempts,
            'rate_hz': status.rate_hz,
            'age_s': 'none' if stamp_ns is None else 1e-9 * (self.now_ns() - stamp_ns),
            'capture_to_publish_ms': 1e3 * self.publish_age_s,
            'frames': status.frames,
            'published': self.published,
            'dropped': status.dropped,
            'reconnects': status.reconnects,
            **{f'fault: {name}': count for name, count in status.faults.items()},
            **status.facts,
        }
        before, self.reported_faults = self.reported_faults, status.faults
        return *verdict(status, before, self.config.rate_hz), facts

    def dds_status(self) -> diagnostics.Status:
        """Report what DDS lacks for whole frames."""
        if self.parameters is None:
            return diagnostics.STALE, 'not configured', {}
        facts = {f'remedy {number}': item.remedy for number, item in enumerate(self.dds, start=1)}
        wrong = '; '.join(item.text for item in self.dds if item.warn)
        return (diagnostics.WARN, wrong, facts) if wrong else (diagnostics.OK, 'ready', facts)


def main() -> None:
    """Run camera_node."""
    sys.exit(run(CameraNode))
