"""Cameras for tests and benchmarks: video files whose frames all differ, and files of cameras."""

from pathlib import Path

import cv2
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
import numpy as np
from tests.stack import Observer

WIDTH, HEIGHT = 640, 480


def write_video(
    path: Path, frames: int, rate_hz: float = 30.0, width: int = WIDTH, height: int = HEIGHT
) -> Path:
    """Write a video of coarse noise, each frame another; readable by OpenCV (MJPG in AVI)."""
    rng = np.random.default_rng(frames)
    codec = cv2.VideoWriter.fourcc(*'MJPG')
    writer = cv2.VideoWriter(str(path), cv2.CAP_OPENCV_MJPEG, codec, rate_hz, (width, height))
    for _ in range(frames):
        small = rng.integers(40, 216, (height // 16, width // 16, 3), dtype=np.uint8)
        writer.write(cv2.resize(small, (width, height)))
    writer.release()
    return path


def video_camera(video: Path, rate_hz: float = 30.0, **keys: object) -> str:
    """Return a file of cameras with one that plays a video again and again."""
    keys = {'width': WIDTH, 'height': HEIGHT, 'loop': 'true'} | keys
    given = ''.join(f', {key}: {value}' for key, value in keys.items())
    return (
        f'cameras:\n  camera: {{source: opencv, device: {video}, rate_hz: {rate_hz}, '
        f'frame: camera_optical_frame{given}}}\n'
    )


def bring_up(observer: Observer, node: str = 'camera_node') -> None:
    """Configure and activate a node that has no manager."""
    for transition in (Transition.TRANSITION_CONFIGURE, Transition.TRANSITION_ACTIVATE):
        request = ChangeState.Request(transition=Transition(id=transition))
        assert observer.call(ChangeState, f'{node}/change_state', request).success, transition
