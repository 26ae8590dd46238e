"""sim_node: a simulated robot behind the topics of a real one.

It knows nothing of who drives: the robot takes the commands of its controller, and stops by itself
when none come. This node paces the simulation on the steady clock, runs one episode after the
other, and resets on request; topics, sensors and commands are in sim_rover.py and sim_arm.py.
"""

from dataclasses import dataclass
import sys
import time

from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rosgraph_msgs.msg import Clock as ClockMessage
from takeover.errors import TakeoverError
from takeover.outcome import Outcome
from takeover.simulation.ticks import TICK_S
from takeover.task import load_task_and_robot
from takeover_msgs.msg import EpisodeState
from takeover_msgs.srv import ResetEpisode
from takeover_nodes import conversions, diagnostics, parameters, qos
from takeover_nodes.parameters import parameter, required
from takeover_nodes.sim_robot import make_robot, Pacing
from takeover_nodes.spinning import run

# The simulation is advanced this often; each time by as many of its own ticks as are due.
PERIOD_S = 0.02
# After a stall longer than this the lost time is dropped: no burst of catching up.
MAX_CATCH_UP_S = 0.1
EPISODE_PERIOD_S = 0.2
# A robot that is placed before its episode begins is placed after this share of the pause.
PLACED_AFTER = 0.5


@dataclass(frozen=True)
class SimParameters:
    """Parameters of sim_node."""

    task_file: str = required('task YAML: course, or start and goal')
    robot_file: str = parameter('', 'robot YAML: physics and sensors; empty: that of the task')
    seed: int = parameter(0, 'seed of the first episode; each next one adds 1', at_least=0)
    episodes: int = parameter(0, 'episodes to run; 0 runs without end', at_least=0)
    reset_pause_s: float = parameter(
        1.0, 'seconds of standstill between two episodes', at_least=0.1, at_most=60.0
    )
    real_time_factor: float = parameter(
        1.0, 'simulated seconds per second', at_least=0.05, at_most=20.0
    )
    camera: bool = parameter(True, 'render the cameras when somebody listens')
    publish_clock: bool = parameter(False, 'publish /clock and stamp in simulated time')
    silence_sensors: bool = parameter(
        False, 'publish no sensor: one that died, for fault tests', dynamic=True
    )


class SimNode(Node):
    """Paces one simulated robot, and tells how its episodes go."""

    def __init__(self) -> None:
        """Build the simulation of the first seed and start the episode."""
        super().__init__('sim_node')
        parameters.declare(self, SimParameters)
        self.given = parameters.read(self, SimParameters)
        task, robot = load_task_and_robot(self.given.task_file, self.given.robot_file or None)
        self.sim_time_base_ns = 0
        self.episode, self.next_seed = 0, self.given.seed
        self.meter = diagnostics.TickMeter(PERIOD_S)
        self.dropped_s = 0.0
        self.pacing = Pacing(self.stamp_ns, self.given.real_time_factor)
        given = self.given
        self.robot = make_robot(self, self.pacing, task, robot, given.seed, given.camera)
        self.simulation = self.robot.simulation
        self.camera_on = self.given.camera and all(c.works for c in self.robot.cameras)
        self.episode_publisher = self.create_publisher(EpisodeState, 'episode', qos.LATCHED)
        self.clock_publisher = self.create_publisher(ClockMessage, '/clock', qos.SENSOR)
        self.create_service(ResetEpisode, '~/reset', self.on_reset)
        self.reset(self.next_seed)
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(PERIOD_S, self.advance, clock=steady)
        self.create_timer(EPISODE_PERIOD_S, self.publish_episode, clock=steady)
        diagnostics.Diagnostics(self).add('simulation', self.status)

    def on_stop_requested(self) -> None:
        """Free the renderer."""
        self.simulation.close()

    def on_reset(
        self, request: ResetEpisode.Request, response: ResetEpisode.Response
    ) -> ResetEpisode.Response:
        """Abort the running episode and start the one of the seed asked for.

        A robot that has to be placed first begins after the pause, as it always does.
        """
        if request.seed < 0:
            response.message = f'seed is {request.seed}, must be 0 or more'
            return response
        number = self.episode + 1
        if self.pacing.running:
            self.end(Outcome.ABORTED)
        if self.robot.PLACED_EARLY:
            self.next_seed, self.goes_on, self.placed = request.seed, True, False
        else:
            try:
                self.reset(request.seed)
            except TakeoverError as error:
                response.message = str(error)
                return response
        response.success, response.episode = True, number
        response.message = f'episode {number} of seed {request.seed}'
        return response

    def reset(self, seed: int) -> None:
        """Start the next episode; stamps go on where the last one ended."""
        self.place(seed)
        self.episode += 1
        self.next_seed = seed + 1
        self.ended_s: float | None = None
        self.pacing.running = True
        self.paced_from_s, self.paced_ticks = time.monotonic(), 0
        self.robot.tell()
        self.publish_episode()
        self.get_logger().info(f'episode {self.episode}: seed {seed}')

    def place(self, seed: int) -> None:
        """Put the robot to the start of a seed, at simulated time zero."""
        self.sim_time_base_ns += self.simulation.time_ns
        self.simulation.reset(seed)
        self.robot.forget()

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
        self.robot.publish(silent=self.get_parameter('silence_sensors').value)
        self.robot.publish_pictures()
        if not self.pacing.running:
            self.pause(now_s)
        elif self.simulation.outcome is not Outcome.RUNNING:
            self.end(self.simulation.outcome)

    def end(self, outcome: Outcome) -> None:
        """End the episode under way: brake, and tell."""
        self.ended_s = time.monotonic()
        self.pacing.running, self.placed, self.goes_on = False, False, not self.is_last()
        self.robot.brake()
        self.final = outcome, self.simulation.seed, self.simulation.progress
        self.publish_episode()
        self.get_logger().info(
            f'episode {self.episode}: {outcome.name.lower()} '
            f'after {self.simulation.progress.elapsed_s:.1f} s'
        )

    def pause(self, now_s: float) -> None:
        """Between two episodes: place the robot in time, and start the next one."""
        if not self.goes_on:
            return
        paused_s = now_s - self.ended_s
        due_s = PLACED_AFTER * self.given.reset_pause_s
        if self.robot.PLACED_EARLY and not self.placed and paused_s >= due_s:
            self.place(self.next_seed)
            self.placed = True
        elif paused_s >= self.given.reset_pause_s:
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

    def publish_episode(self) -> None:
        """Publish how the episode stands, or stood when it ended."""
        simulation = self.simulation
        now = simulation.outcome, simulation.seed, simulation.progress
        outcome, seed, progress = now if self.pacing.running else self.final
        state = EpisodeState(
            episode=self.episode,
            seed=seed,
            outcome=int(outcome),
            terminated=outcome.terminated,
            truncated=outcome.truncated,
            elapsed_s=progress.elapsed_s,
            progress=progress.share,
            last=self.is_last(),
            **self.robot.numbers(progress),
        )
        state.header.stamp = conversions.ns_to_stamp(self.stamp_ns(simulation.time_ns))
        self.episode_publisher.publish(state)

    def status(self) -> diagnostics.Status:
        """Report the pace and whether the cameras work."""
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
