"""The file of cameras: for each by its name where its frames come from, and in which mode.

A file of `config/cameras` describes one or several cameras. Each source has keys of its own. The
name of a camera is the first part of its topics: `<name>/image_raw`.
"""

from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, create_model, Field, model_validator
from takeover.camera.frame import Intrinsics
from takeover.camera.frame_check import FrameCheckConfig
from takeover.config_file import ConfigError, load_config, StrictModel
from takeover.spec_types import Positive, Topic

CameraName = Annotated[str, Field(pattern=r'^[a-z][a-z0-9_]*$', max_length=64)]
FrameId = Annotated[str, Field(pattern=r'^[A-Za-z][A-Za-z0-9_/]*$', max_length=128)]
# Lens models of sensor_msgs/distortion_models.hpp and how many coefficients they have.
DISTORTION_SIZES = {'plumb_bob': 5, 'rational_polynomial': 8, 'equidistant': 4, '': 0}


class LensConfig(StrictModel):
    """The calibration of a lens, in pixels of `width` x `height`, as CameraInfo has it."""

    fx: Positive
    fy: Positive
    cx: float
    cy: float
    distortion_model: Literal['plumb_bob', 'rational_polynomial', 'equidistant', ''] = ''
    distortion: tuple[float, ...] = ()

    @model_validator(mode='after')
    def _has_the_coefficients_of_its_model(self) -> 'LensConfig':
        size = DISTORTION_SIZES[self.distortion_model]
        if len(self.distortion) != size:
            raise ValueError(
                f'distortion of {self.distortion_model or "no model"} has {size} numbers, '
                f'not {len(self.distortion)}'
            )
        return self


class CameraConfig(StrictModel):
    """What every camera has; the sources are below."""

    HOST_CLOCK: ClassVar[bool] = True
    """Whether stamps are those of this host's clock, and not those of messages."""
    ON_DEMAND: ClassVar[bool] = False
    """Whether it is open only while somebody listens: it costs more than a device."""

    width: int = Field(ge=16, le=8192, description='pixels of the frames asked for')
    height: int = Field(ge=16, le=8192, description='pixels of the frames asked for')
    rate_hz: Annotated[float, Field(gt=0.0, le=240.0, description='frames per second asked for')]
    frame: FrameId = Field(description='frame_id: the optical frame, z forward, x right (REP 103)')
    intrinsics: LensConfig | None = Field(
        default=None, description='calibration, for a camera that does not know its own'
    )
    checks: FrameCheckConfig = FrameCheckConfig()

    @property
    def lens(self) -> Intrinsics | None:
        """The calibration of the file, or None."""
        if self.intrinsics is None:
            return None
        return Intrinsics(width=self.width, height=self.height, **self.intrinsics.model_dump())


class OpenCvConfig(CameraConfig):
    """A V4L2 device, a video file or a network stream, read through OpenCV."""

    source: Literal['opencv']
    device: int | str = Field(
        description='number or path of a V4L2 device, path of a video file, or a URL (rtsp://...)'
    )
    fourcc: str | None = Field(
        default=None, pattern=r'^[A-Z0-9]{4}$', description='V4L2: pixel format, such as MJPG'
    )
    exposure: float | None = Field(
        default=None, description="V4L2: in the driver's unit, often 0.1 ms; null: automatic"
    )
    loop: bool = Field(default=False, description='file: begin again at its end')
    at_real_rate: bool = Field(
        default=True, description='file: wait between frames as the camera did'
    )

    @property
    def kind(self) -> Literal['v4l2', 'file', 'stream']:
        """Which of the three `device` is."""
        if isinstance(self.device, int) or self.device.startswith('/dev/'):
            return 'v4l2'
        return 'stream' if '://' in self.device else 'file'

    @model_validator(mode='after')
    def _uses_what_its_kind_has(self) -> 'OpenCvConfig':
        if isinstance(self.device, int) and self.device < 0 or self.device == '':
            raise ValueError(
                "device must be 0, 1, ..., a path or a URL, for example '/dev/video0'"
            )
        for keys, kind in ((('fourcc', 'exposure'), 'v4l2'), (('loop', 'at_real_rate'), 'file')):
            for key in keys:
                if key in self.model_fields_set and self.kind != kind:
                    raise ValueError(
                        f'{key} is for a {kind}; device {self.device!r} is a {self.kind}'
                    )
        return self


class RealSenseConfig(CameraConfig):
    """An Intel RealSense, through pyrealsense2."""

    source: Literal['realsense']
    serial: str | None = Field(
        default=None,
        pattern=r'^[A-Za-z0-9]+$',
        description='serial number, in quotes; null: the only one that is plugged in',
    )
    depth: bool = Field(default=False, description='also depth, aligned to the colours')
    exposure_us: float | None = Field(
        default=None, gt=0.0, description='of the colour sensor, microseconds; null: automatic'
    )
    reset_on_start: bool = Field(
        default=False, description='reset the device before it is opened the first time'
    )
    recording: str | None = Field(
        default=None, description='a recording (.db3) to play in place of a camera'
    )
    loop: bool = Field(default=False, description='begin a recording again at its end')


class TopicConfig(CameraConfig):
    """An image topic that a driver publishes already; its stamps are kept."""

    HOST_CLOCK: ClassVar[bool] = False

    source: Literal['topic']
    topic: Topic = Field(description='relative name of the image topic, such as front/image_raw')
    compressed: bool = Field(
        default=False, description='hear `<topic>/compressed` (JPEG, PNG) instead'
    )


class NoiselessCheckConfig(FrameCheckConfig):
    """Checks of a simulated sensor, which has no noise: a world that stands looks the same."""

    may_repeat: bool = Field(default=True, description='identical pictures are legal')


class SimConfig(CameraConfig):
    """A camera of the simulated robot, rendered in the process of the camera node."""

    HOST_CLOCK: ClassVar[bool] = False
    ON_DEMAND: ClassVar[bool] = True

    source: Literal['sim']
    view: Literal['forward', 'wrist', 'front'] = Field(
        default='forward',
        description='which camera of the robot: forward (a rover), wrist or front (an arm)',
    )
    checks: NoiselessCheckConfig = NoiselessCheckConfig()


SOURCES = {
    'opencv': OpenCvConfig,
    'realsense': RealSenseConfig,
    'topic': TopicConfig,
    'sim': SimConfig,
}


class _SourceOnly(StrictModel):
    """As much of a camera as tells which keys it may have."""

    model_config = ConfigDict(extra='ignore')

    source: Literal['opencv', 'realsense', 'topic', 'sim']


class _SourcesOnly(StrictModel):
    cameras: dict[CameraName, _SourceOnly] = Field(min_length=1)


def load_cameras(path: str | Path) -> dict[str, CameraConfig]:
    """Read a file of cameras, for example config/cameras/usb.yaml; cameras by name.

    :raises ConfigError: naming file, line, key and the legal form of everything that is wrong.
    """
    sources = {name: one.source for name, one in load_config(path, _SourcesOnly).cameras.items()}
    reserved = [name for name in sources if hasattr(StrictModel, name)]
    if reserved:
        raise ConfigError(path, [f'{path}: cameras.{reserved[0]}: choose another name'])
    # One field for each camera, of the model of its source: so every fault has its line, and an
    # unknown key the legal ones of this source beside it.
    fields = {name: (SOURCES[source], ...) for name, source in sources.items()}
    section = create_model('Cameras', __base__=StrictModel, **fields)
    model = create_model('CamerasFile', __base__=StrictModel, cameras=(section, ...))
    cameras = dict(load_config(path, model).cameras)
    if problems := _shared_devices(cameras):
        raise ConfigError(path, [f'{path}: {problem}' for problem in problems])
    return cameras


def load_camera(path: str | Path, name: str = '') -> tuple[str, CameraConfig]:
    """Read one camera of a file; return its name and what the file says of it.

    :param name: empty: the only one of the file.
    :raises ConfigError: as `load_cameras`; also when the file has no such camera.
    """
    cameras = load_cameras(path)
    if not name and len(cameras) == 1:
        name = next(iter(cameras))
    if name not in cameras:
        wrong = f'no camera {name!r}' if name else 'several cameras, one must be named'
        raise ConfigError(path, [f'{path}: {wrong}; legal: {", ".join(cameras)}'])
    return name, cameras[name]


def _shared_devices(cameras: dict[str, CameraConfig]) -> list[str]:
    """Return a sentence for every two cameras that would open the same device."""
    problems, owners = [], {}
    several = sum(isinstance(camera, RealSenseConfig) for camera in cameras.values()) > 1
    for name, camera in cameras.items():
        if isinstance(camera, RealSenseConfig):
            if several and camera.serial is None:
                problems.append(f'cameras.{name}.serial: needed, there are several RealSenses')
            device = camera.serial
        else:
            owned = isinstance(camera, OpenCvConfig) and camera.kind == 'v4l2'
            device = str(camera.device) if owned else None
        if device is None:
            continue
        if device in owners:
            problems.append(f'cameras.{name}: {device} is that of {owners[device]} already')
        owners.setdefault(device, name)
    return problems
