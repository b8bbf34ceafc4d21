"""Roofs that lean back: told by colour and hips, as steep as they were drawn; asked for, they fill the outline from the camera."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from derrumbe.survey.geometry import Geometry
from tests.survey.scenes import WALL, Scene, building, overlap
from tests.survey.test_geometry import FRONTAL, silhouette, surveyed

WIDE = {"size": (20.0, 9.9, 14.0), "eye": (3.0, 1.7, 34.0), "aim": (0.0, 6.0, 0.0)}


def seen(scene: Scene, **knobs: float) -> Geometry:
    return surveyed(scene, known_focal=scene.camera.focal_px, **knobs)


def front_slopes(found: Geometry, roofed: bool = True) -> np.ndarray:
    """Return pitches, degrees, of the surface above the eaves that looks to the front, one for each 0.2 m² of it: of what throws the shadow, or of the
    building itself."""
    vertices, triangles = (found.roofed if roofed else None) or (found.vertices, found.triangles)
    corners = vertices[triangles]
    cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = np.linalg.norm(cross, axis=1)
    normal = cross / np.maximum(area, 1e-12)[:, None]
    front = (normal[:, 2] > 0.2) & (corners[:, :, 1].mean(axis=1) > found.storey_tops[-1] + 0.05) & (np.abs(normal[:, 0]) < 0.1)
    return np.repeat(np.degrees(np.arccos(np.clip(normal[front, 1], -1, 1))), np.round(2.5 * area[front]).astype(int))


@pytest.mark.parametrize("pitch", [45.0, 60.0])
def test_a_hipped_roof_throws_the_shadow_of_one_as_steep_as_its_hips(pitch: float) -> None:
    found = seen(building(**WIDE, hips=(pitch, 4.0)))
    assert np.median(front_slopes(found)) == pytest.approx(pitch, abs=4.0)
    assert found.roofed is not None
    assert found.roofed[0][:, 1].max() * 20.0 / found.facades[0].width == pytest.approx(13.9, rel=0.03)
    assert np.percentile(front_slopes(found, roofed=False), 10) > 85, "the building itself stays upright"


@pytest.mark.parametrize("scene", [{"gable": 5.0}, {"hips": (50.0, 4.0), "roof": WALL}, {}])
def test_gables_and_what_looks_like_the_wall_are_no_roofs(scene: dict) -> None:
    assert seen(building(**(WIDE if "hips" in scene else FRONTAL), **scene)).roofed is None


def test_the_artists_pitch_is_obeyed_and_fills_the_outline() -> None:
    scene = building(**WIDE, hips=(50.0, 4.0))
    found = seen(scene, roof_pitch=65.0, height=21.0, depth=3.0)
    assert np.median(front_slopes(found, roofed=False)) == pytest.approx(65.0, abs=0.5)
    assert found.height == pytest.approx(21.0, rel=0.02), "a height that is said is that of the ridge"
    assert found.depth > 3.0, "a roof deepens what it stands on"
    wanted = cv2.fillPoly(np.zeros(scene.codes.shape[:2], np.uint8), [np.round(scene.outline).astype(int)], 1) > 0
    drawn = silhouette(found.camera, found, scene.codes.shape[:2])
    assert overlap(drawn, wanted) > 0.985
    assert np.count_nonzero(wanted & ~drawn) < 0.004 * np.count_nonzero(wanted)


def test_90_degrees_are_no_roof() -> None:
    assert seen(building(**WIDE, hips=(50.0, 4.0)), roof_pitch=90.0).roofed is None
