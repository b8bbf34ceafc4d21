"""Wind blows where the frame says and is weak at the ground."""

import numpy as np
import pytest

from derrumbe.dust.wind import heading, profile
from tests.dust import collapse


@pytest.mark.parametrize(("degrees", "way"), [(0, (0, 0, -1)), (90, (1, 0, 0)), (180, (0, 0, 1)), (-90, (-1, 0, 0))])
def test_headings(degrees, way):
    np.testing.assert_allclose(heading(collapse.camera(), degrees), way, atol=1e-9)


def test_a_tilted_camera_keeps_wind_level():
    tilt = np.deg2rad(25)
    level = np.array(collapse.camera().rotation)
    rotation = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]]) @ level
    view = collapse.camera().model_copy(update={"rotation": tuple(map(tuple, rotation))})
    np.testing.assert_allclose(heading(view, 0), (0, 0, -1), atol=1e-9)


def test_the_knob_holds_at_ten_metres_and_wind_grows_with_height():
    speed = profile(np.array([0.0, 1.0, 10.0, 40.0]), 3.0, np.array([1.0, 0, 0]))[:, 0]
    assert speed[0] == 0
    assert speed[2] == pytest.approx(3.0)
    assert (np.diff(speed) > 0).all()
