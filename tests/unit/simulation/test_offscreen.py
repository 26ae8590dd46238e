"""The sentence when there is no renderer."""

import mujoco.egl
import pytest
from takeover.simulation.offscreen import CameraUnavailable, OffscreenRenderer


def test_without_a_renderer_the_message_names_the_packages(simulation, monkeypatch):
    def fail(*args):
        raise ImportError('libEGL.so.1: cannot open shared object file')

    monkeypatch.setattr(mujoco.egl, 'GLContext', fail)
    with pytest.raises(CameraUnavailable) as caught:
        OffscreenRenderer(simulation.model, max_geoms=1)
    assert 'libegl1 libegl-mesa0 libgl1-mesa-dri' in str(caught.value)
    assert 'libEGL.so.1' in str(caught.value)
