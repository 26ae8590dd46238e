"""sim_node: the simulated rover behind the topics of a real base.

It knows nothing of who drives: it takes `cmd_vel`, and stops by itself when no command comes. It
paces the simulation on the steady clock, runs one episode after the other, and resets on request.
"""

from dataclasses import dataclass
import sys
import time

from geometry_msgs.msg import TwistStamped
from nav_msgs.msg import Odometry, Path
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rosgraph_msgs.msg import Clock as ClockMessage
from sensor_msgs.msg import CameraInfo, Image, LaserScan
from takeover.errors import TakeoverError
from takeover.outcome import Outcome
from takeover.samples import OdometrySample
from takeover.simulation.camera_source import forward_lens
from takeover.simulation.rover import RoverSimulation, TICK_S
from takeover.task import load_task_and_robot
from takeover_msgs.msg import EpisodeState
from takeover_msgs.srv import ResetEpisode
from takeover_nodes import conversions, diagnostics, parameters, qos, sensor_messages
from takeover_nodes.camera_messages import image_message, info_message
from takeover_nodes.parameters import parameter, required
from takeover_nodes.spinning import run
from visualization_msgs.msg import MarkerArray

# The simulation is advanced this often; each time by as many of its own ticks as are due.
PERIOD_S = 0.02
# After a stall longer than this the lost time is dropped: no burst of catching up.
MAX_CATCH_UP_S = 0.1
EPISODE_PERIOD_S = 0.2
BASE_FRAME, CAMERA_FRAME, WORLD_FRAME = 'base_link', 'camera_optical_frame', 'map'


@dataclass(frozen=True)
class SimParameters:
    """Parameters of sim_node."""

    task_file: str = required('task YAML: the course')
    robot_file: str = required('robot YAML: physics and sensors')
    seed: int = parameter(0, 'seed of the first episode; each next one adds 1', at_least=0)
    episodes: int = parameter(0, 'episodes to run; 0 runs without end', at_least=0)
    reset_pause_s: float = parameter(
        1.0, 'seconds of standstill between two episodes', at_least=0.1, at_most=60.0
    )
    real_time_factor: float = parameter(
        1.0, 'simulated seconds per second', at_least=0.05, at_most=20.0
    )
    camera: bool = parameter(True, 'render the forward camera when somebody listens')
    publish_clock: bool = parameter(False, 'publish /clock and stamp in simulated time')
    silence_sensors: bool = parameter(
        False, 'publish no odom and no scan: a sensor that died, for fault tests', dynamic=True
    )


class SimNode(Node):
    """Paces one RoverSimulation and publishes its sensors."""

    def __init__(self) -> None:
        """Build the simulation of the first seed and start the episode."""
        super().__init__('sim_node')
        parameters.declare(self, SimParameters)
        self.given = parameters.read(self, SimParameters)
        task, robot = load_task_and_robot(self.given.task_file, self.given.robot_file)
        self.simulation = RoverSimulation(robot, task.episode, self.given.seed)
        self.camera_spec = robot.simulation.camera
        self.scan_period_s = 1.0 / robot.simulation.lidar.rate_hz
        self.sim_time_base_ns = 0
        self.episode, self.next_seed = 0, self.given.seed
        self.camera_on = self.given.camera and self.camera_works()
        self.meter = diagnostics.TickMeter(PERIOD_S)
        self.dropped_s = 0.0
        self.make_entities()
        self.reset(self.next_seed)
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(PERIOD_S, self.advance, clock=steady)
        self.create_timer(EPISODE_PERIOD_S, self.publish_episode, clock=steady)
        diagnostics.Diagnostics(self).add('simulation', self.status)

    def make_entities(self) -> None:
        """Make publishers, the command subscription and the reset service."""
        self.odom_publisher = self.create_publisher(Odometry, 'odom', qos.SENSOR)
        self.truth_publisher = self.create_publisher(Odometry, 'ground_truth/odom', qos.SENSOR)
        self.scan_publisher = self.create_publisher(LaserScan, 'scan', qos.SENSOR)
        self.path_publisher = self.create_publisher(Path, 'path', qos.LATCHED)
        self.obstacles_publisher = self.create_publisher(MarkerArray, 'obstacles', qos.LATCHED)
        self.episode_publisher = self.create_publisher(EpisodeState, 'episode', qos.LATCHED)
        if self.given.camera:
            # Else they are those of a camera_node.
            self.image_publisher = self.create_publisher(Image, 'camera/image_raw', qos.SENSOR)
            self.info_publisher = self.create_publisher(
                CameraInfo, 'camera/camera_info', qos.SENSOR
            )
        self.clock_publisher = self.create_publisher(ClockMessage, '/clock', qos.SENSOR)
        self.create_subscription(TwistStamped, 'cmd_vel', self.on_twist, qos.command())
        self.create_service(ResetEpisode, '~/reset', self.on_reset)

    def camera_works(self) -> bool:
        """Render once: the renderer is made before the clock runs, or its absence told."""
        try:
            self.simulation.render()
        except TakeoverError as error:
            self.get_logger().error(f'camera off: {error}')
            return False
        return True

    def on_stop_requested(self) -> None:
        """Free the renderer."""
        self.simulation.close()

    def on_twist(self, message: TwistStamped) -> None:
        """Take a command as a base does; between episodes the brake is on."""
        if self.simulation.outcome is not Outcome.RUNNING:
            return
        twist = message.twist
        if not self.simulation.set_command(twist.linear.x, twist.angular.z):
            self.get_logger().warning('cmd_vel is not finite: ignored', throttle_duration_sec=2.0)

    def on_reset(
        self, request: ResetEpisode.Request, response: ResetEpisode.Response
    ) -> ResetEpisode.Response:
        """Abort the running episode and start the one of the seed asked for."""
        if request.seed < 0:
            response.message = f'seed is {request.seed}, must be 0 or more'
            return response
        if self.simulation.outcome is Outcome.RUNNING:
            self.publish_episode(aborted=True)
        try:
            self.reset(request.seed)
        except TakeoverError as error:
            response.message = str(error)
            return response
        response.success, response.episode = True, self.episode
        response.message = f'episode {self.episode} of seed {request.seed}'
        return response

    def reset(self, seed: int) -> None:
        """Start the next episode; stamps go on where the last one ended."""
        self.sim_time_base_ns += self.simulation.time_ns
        self.simulation.reset(seed)
        self.episode += 1
        self.next_seed = seed + 1
        self.ended_s: float | None = None
        self.last_stamps = {'odom': -1, 'scan': -1, 'camera': -1}
        self.paced_from_s, self.paced_ticks = time.monotonic(), 0
        course = self.simulation.course
        now_ns = self.stamp_ns(self.simulation.time_ns)
        self.path_publisher.publish(sensor_messages.path_message(self.simulation.path(), now_ns))
        self.obstacles_publisher.publish(
            sensor_messages.obstacles_message(course.obstacles, now_ns, WORLD_FRAME)
        )
        self.publish_episode()
        self.get_logger().info(f'episode {self.episode}: seed {seed}')

    def advance(self) -> None:
        """Let the simulated time that is due pass, then publish what is new."""
        now_s = time.monotonic()
        self.meter.tick(now_s)
        due_s = (now_s - self.paced_from_s) * self.given.real_time_factor
        late_s = due_s - self.paced_ticks * TICK_S
        if late_s > MAX_CATCH_UP_S * max(1.0, self.given.real_time_factor):
            self.dropped_s += late_s
            self.paced_from_s, self.paced_ticks = now_s, 0
            late_s = TICK_S
        ticks = int(late_s / TICK_S + 1e-6)
        self.simulation.step(ticks)
        self.paced_ticks += ticks
        if self.given.publish_clock:
            stamp = conversions.ns_to_stamp(self.stamp_ns(self.simulation.time_ns))
            self.clock_publisher.publish(ClockMessage(clock=stamp))
        self.publish_sensors()
        self.end_episode(now_s)

    def end_episode(self, now_s: float) -> None:
        """When the episode is over: brake, tell, pause, start the next one."""
        if self.simulation.outcome is Outcome.RUNNING:
            return
        if self.ended_s is None:
            self.ended_s = now_s
            self.simulation.set_command(0.0, 0.0)
            self.final_progress = self.simulation.progress
            self.publish_episode()
            self.get_logger().info(
                f'episode {self.episode}: {self.simulation.outcome.name.lower()} '
                f'after {self.final_progress.elapsed_s:.1f} s'
            )
        elif now_s - self.ended_s >= self.given.reset_pause_s and not self.is_last():
            self.reset(self.next_seed)

    def is_last(self) -> bool:
        """Tell whether no further episode follows by itself."""
        return 0 < self.given.episodes <= self.episode

    def stamp_ns(self, sample_ns: int) -> int:
        """ROS time at which a sample of simulated time `sample_ns` of this episode was taken."""
        if self.given.publish_clock:
            return self.sim_time_base_ns + sample_ns
        age_s = 1e-9 * (self.simulation.time_ns - sample_ns) / self.given.real_time_factor
        return self.get_clock().now().nanoseconds - round(1e9 * age_s)

    def is_new(self, sensor: str, sample_ns: int) -> bool:
        """Tell whether a sample has not been published yet."""
        new = sample_ns > self.last_stamps[sensor]
        self.last_stamps[sensor] = max(sample_ns, self.last_stamps[sensor])
        return new

    def publish_sensors(self) -> None:
        """Publish odometry, scan, true pose and picture where there is a new one."""
        silent = self.get_parameter('silence_sensors').value
        odometry, scan = self.simulation.odometry(), self.simulation.scan()
        if self.is_new('odom', odometry.stamp_ns) and not silent:
            self.odom_publisher.publish(
                sensor_messages.odometry_message(
                    odometry, BASE_FRAME, self.stamp_ns(odometry.stamp_ns)
                )
            )
        if self.is_new('scan', scan.stamp_ns) and not silent:
            self.scan_publisher.publish(
                sensor_messages.laser_scan_message(
                    scan, self.scan_period_s, self.stamp_ns(scan.stamp_ns)
                )
            )
        now_ns, pose = self.simulation.time_ns, self.simulation.true_pose
        truth = OdometrySample(
            now_ns,
            pose.x_m,
            pose.y_m,
            pose.yaw_rad,
            pose.linear_m_s,
            pose.angular_rad_s,
            WORLD_FRAME,
        )
        self.truth_publisher.publish(
            sensor_messages.odometry_message(truth, BASE_FRAME, self.stamp_ns(now_ns))
        )
        picture = now_ns - now_ns % round(1e9 / self.camera_spec.rate_hz)
        if self.camera_on and self.is_new('camera', picture):
            self.publish_picture(self.stamp_ns(now_ns))

    def publish_picture(self, stamp_ns: int) -> None:
        """Render and publish the camera when somebody listens."""
        listeners = (
            self.image_publisher.get_subscription_count()
            + self.info_publisher.get_subscription_count()
        )
        if not listeners:
            return
        spec = self.camera_spec
        lens = forward_lens(spec.width, spec.height, spec.fov_y_rad)
        pixels = self.simulation.render()
        self.image_publisher.publish(image_message(pixels, 'rgb8', stamp_ns, CAMERA_FRAME))
        self.info_publisher.publish(
            info_message(lens, spec.width, spec.height, stamp_ns, CAMERA_FRAME)
        )

    def publish_episode(self, aborted: bool = False) -> None:
        """Publish how the episode stands."""
        outcome = self.simulation.outcome
        running = self.ended_s is None
        progress = self.simulation.progress if running else self.final_progress
        state = EpisodeState(
            episode=self.episode,
            seed=self.simulation.seed,
            outcome=EpisodeState.ABORTED if aborted else int(outcome),
            terminated=outcome.terminated,
            truncated=outcome.truncated or aborted,
            elapsed_s=progress.elapsed_s,
            progress=progress.share,
            mean_speed_m_s=progress.mean_speed_m_s,
            mean_cross_track_m=progress.mean_cross_track_m,
            last=self.is_last(),
        )
        now_ns = self.stamp_ns(self.simulation.time_ns)
        state.header.stamp = conversions.ns_to_stamp(now_ns)
        self.episode_publisher.publish(state)

    def status(self) -> diagnostics.Status:
        """Report the pace and whether the camera works."""
        facts = {
            **self.meter.facts(),
            'episode': self.episode,
            'camera': self.camera_on,
            'dropped_s': self.dropped_s,
        }
        if self.given.camera and not self.camera_on:
            return diagnostics.WARN, 'camera off: no offscreen renderer', facts
        return diagnostics.OK, self.simulation.outcome.name.lower(), facts


def main() -> None:
    """Run sim_node."""
    sys.exit(run(SimNode))
