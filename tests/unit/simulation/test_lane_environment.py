"""The lane as an environment: a dict of what the policy's record holds, driven by sight."""

from dataclasses import replace
import hashlib
import warnings

from gymnasium.utils.env_checker import check_env
import numpy as np
import pytest
from takeover.action import ActionContract
from takeover.agents.evaluation import evaluate
from takeover.command import Source
from takeover.image import shape_picture
from takeover.intervention.joystick import load_joystick
from takeover.observation import ObservationBuilder
from takeover.samples import ImageSample
from takeover.simulation.course import Course
from takeover.simulation.environment import RoverPathEnv
from takeover.simulation.expert import PathExpert
from takeover.simulation.floor_lines import strips
from takeover.simulation.offscreen import CameraUnavailable
from takeover.simulation.operator import OperatorConfig
from takeover.simulation.rover import RoverSimulation, TruePose
from takeover.simulation.seat import seat_operator
from takeover.simulation.takeover_loop import TakeoverLoop
from takeover.task import load_task
from takeover.training.step_frames import StepFrames
from tests.small_lane import LANE_FILE, small_lane


@pytest.fixture(scope='module')
def lane():
    return load_task(LANE_FILE)


@pytest.fixture
def make(robot):
    """Return a function that makes environments, all closed in the end."""
    made = []

    def env(task, **options):
        made.append(RoverPathEnv(task, robot, **options))
        try:
            made[-1].reset(seed=1)
        except CameraUnavailable as error:
            pytest.skip(str(error))
        return made[-1]

    yield env
    for each in made:
        each.close()


def same(found, packed):
    return set(found) == set(packed.dtype.names) and all(
        np.array_equal(found[name], packed[name]) for name in found
    )


def test_it_passes_gymnasiums_checker(make, lane):
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        check_env(make(lane), skip_render_check=True)


@pytest.mark.parametrize('stacks', [None, {'forward': 3}, {'left': 1, 'right': 2}])
def test_the_observation_is_the_policys_record_as_a_dict(make, lane, stacks):
    task = lane if stacks is None else small_lane(**stacks)
    env = make(task)
    found, _ = env.reset(seed=1)
    assert env.observation_space.contains(found) and same(found, env.observation.packed)
    for _ in range(3):
        found, *_ = env.step(np.array([0.4, 0.5]))
        assert env.observation_space.contains(found) and same(found, env.observation.packed)
    assert env.observation.packed.dtype == task.observation_dtype
    assert env.observation.image_stamps_ns == (env.simulation.time_ns,) * len(task.images)
    for image in task.images:
        height, width, channels = image.shape
        picture = shape_picture(env.simulation.render(), 'rgb8', image.form, height, width)
        assert (found[image.name][..., channels - 3 :] == picture).all()
    found['observation'][0] = 9.0
    assert env.observation.packed['observation'][0] != 9.0


def test_what_is_seen_after_a_place_is_seen_from_there(make, lane):
    env = make(lane)
    before = env.observation.packed['forward'].copy()
    x, y, yaw = env.simulation.course.pose(2.0, 0.1)
    found = env.place(TruePose(x, y, yaw + 0.4, 0.3, 0.0), (x, y, yaw))
    assert (found['forward'] != before).any() and same(found, env.observation.packed)


def test_a_lane_has_no_path_among_its_inputs(make, lane):
    env = make(lane)
    assert 'path' not in env._topics and set(env.reset(seed=1)[0]) == {'observation', 'forward'}


def test_the_same_seed_gives_the_same_pictures_and_no_other_does(make, lane):
    env = make(lane)
    first = [env.reset(seed=seed)[0]['forward'] for seed in (1, 2, 1)]
    assert (first[0] == first[2]).all() and (first[0] != first[1]).any()


def test_the_expert_follows_the_lane_by_sight(make, robot, lane):
    """Wherever odometry believes to be: only a path that is given is followed where it says."""
    env = make(lane)
    expert = PathExpert(robot, lane.episode)
    blind = PathExpert(robot, lane.episode.model_copy(update={'lane_half_width_m': None}))
    x, y, yaw = env.simulation.course.pose(2.0)
    turns = {}
    for name, believed in (('right', (x, y, yaw)), ('wrong', (x, y + 0.5, yaw + 0.5))):
        env.simulation.place(TruePose(x, y, yaw, 0.4, 0.0), believed)
        turns[name] = expert.act(env.simulation)[1], blind.act(env.simulation)[1]
    assert turns['right'][0] == pytest.approx(turns['wrong'][0], abs=1e-3)
    assert abs(turns['right'][1] - turns['wrong'][1]) > 0.3


@pytest.mark.parametrize('seed', [3, 11])
def test_the_expert_keeps_the_lane_to_its_end(robot, lane, seed):
    simulation = RoverSimulation(robot, lane.episode, seed=seed)
    expert = PathExpert(robot, lane.episode)
    while not simulation.outcome.terminated and not simulation.outcome.truncated:
        simulation.set_command(*expert.act(simulation))
        simulation.step(5)
    assert simulation.outcome.name == 'GOAL'
    assert simulation.progress.mean_cross_track_m < 0.5 * lane.episode.corridor_half_width_m


def short(lane):
    return lane.model_copy(
        update={'episode': lane.episode.model_copy(update={'time_limit_s': 3.0})}
    )


def test_steps_of_the_loop_hold_the_pictures_the_policy_saw(make, repository, lane):
    """Also in stacks: rebuilt from the steps they are what the policy was given."""
    task = small_lane(forward=3)
    env = make(short(task))
    mapping = load_joystick(
        repository / 'config/inputs/joystick.yaml', ActionContract(task.action)
    )
    operator = seat_operator(env.task, env.robot, mapping, OperatorConfig(skill=1.0))
    loop, seen = TakeoverLoop(env, mapping, operator), []

    class Turning:
        version = 'turning'

        def act(self, observation):
            seen.append(observation.copy())
            return np.array([0.4, 0.3])

    steps = [step for seed in (3, 4) for step in loop.drive(seed, Turning())]
    assert len(steps) == len(seen) and {step.episode for step in steps} == {1, 2}
    assert Source.HUMAN in {step.source for step in steps}
    frames = StepFrames(task, 1000)
    for step, packed in zip(steps, seen, strict=True):
        assert step.pixels.size == task.pixels_size
        assert step.frame_ages_ms == (0.0,)
        assert (step.observation == packed['observation']).all()
        assert (frames.shown(frames.numbers(step)[None])['forward'][0] == packed['forward']).all()


def test_a_step_is_rebuilt_from_its_pixels_to_the_same_bytes(make, lane):
    env, builder = make(short(lane)), ObservationBuilder(lane)
    for _ in range(5):
        env.step(np.array([0.4, 0.2]))
        now_ns, observation = env.simulation.time_ns, env.observation
        builder.update('odom', env.simulation.odometry())
        pixels = observation.pixels.reshape(lane.images[0].shape)
        sample = ImageSample(now_ns, pixels, 'rgb8', 'camera_optical_frame')
        assert builder.update('camera/resize/image_raw', sample)
        assert builder.build(now_ns).packed.tobytes() == observation.packed.tobytes()


def test_an_evaluation_gives_the_policy_records(make, lane):
    env, seen = make(short(lane)), []

    def act(observation):
        seen.append(observation.dtype)
        return np.zeros(2)

    assert evaluate(env, act, [3]).outcomes == {3: 'TIME_LIMIT'}
    assert set(seen) == {lane.observation_dtype}


def test_a_lane_is_drawn_with_its_paint_and_gaps(lane):
    course = Course(3, lane.episode)
    worn = replace(course.look, worn=0.5)
    whole = replace(course.look, worn=0.0)
    counts = []
    for look in (whole, worn):
        course.look = look
        lines = strips(course)
        counts.append(len(lines))
        colours = {tuple(strip.rgba[:3].round(3)) for strip in lines[:-1]}
        assert colours == {tuple(np.float32(c).round(3)) for c in (look.middle_rgb, look.edge_rgb)}
    assert 0.3 * counts[0] < counts[1] < 0.7 * counts[0]


def test_a_path_is_drawn_as_ever(task):
    numbers = [
        round(float(value) * 1e6)
        for strip in strips(Course(0, task.episode))
        for part in (strip.half_size, strip.position, strip.rotation, strip.rgba)
        for value in part
    ]
    assert hashlib.sha256(repr(numbers).encode()).hexdigest()[:16] == 'd0c8672f65664422'
