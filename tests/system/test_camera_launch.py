"""camera.launch.xml as people start it: twice, for two cameras, one of which is not there."""

from diagnostic_msgs.msg import DiagnosticArray
from sensor_msgs.msg import Image
from takeover_nodes import qos
from tests.cameras import HEIGHT, video_camera, WIDTH, write_video
from tests.stack import running, wait_until

PRESENT, ABSENT = 'camera/resize/image_raw', 'wrist/image_raw'


def test_a_missing_second_camera_keeps_nobody_from_starting(tmp_path, repository):
    cameras = tmp_path / 'cameras.yaml'
    cameras.write_text(
        video_camera(write_video(tmp_path / 'video.avi', 60))
        + f'  wrist: {{source: opencv, device: {tmp_path}/no.avi, width: {WIDTH}, '
        f'height: {HEIGHT}, rate_hz: 30.0, frame: wrist_optical_frame}}\n'
    )
    task = repository / 'config' / 'tasks' / 'rover_lane.yaml'
    first = ('camera.launch.xml', f'cameras:={cameras}', 'camera:=camera', f'task:={task}')
    second = (
        'camera.launch.xml',
        f'cameras:={cameras}',
        'camera:=wrist',
        'node:=wrist_camera_node',
        'manager:=wrist_manager_node',
    )
    with running(first, second, folder=tmp_path) as (_, observer):
        observer.hear(Image, PRESENT, qos.SENSOR)
        observer.hear(Image, ABSENT, qos.SENSOR)
        told = []

        def note(array: DiagnosticArray) -> None:
            told.extend(s.message for s in array.status if s.name == 'wrist_camera_node: camera')

        observer.node.create_subscription(DiagnosticArray, '/diagnostics', note, qos.DIAGNOSTICS)
        wait_until(lambda: len(observer.heard[PRESENT]) >= 10, 'pictures of the first camera')
        picture = observer.last(PRESENT)
        assert (picture.width, picture.height, picture.encoding) == (64, 64, 'rgb8')
        wait_until(lambda: any('is not there' in text for text in told), 'the second is named')
        for node in ('camera_node', 'wrist_camera_node'):
            wait_until(lambda: observer.lifecycle_state(node) == 'active', f'{node} is active')  # noqa: B023 called at once
        assert observer.heard[ABSENT] == []
