"""Relighting, sky and sun against arithmetic."""

import numpy as np
import pytest

from derrumbe.render.light import DEEPEST, illumination, light_at, sent_back
from derrumbe.render.occlusion import Occluders

from . import scenes
from .conftest import rendered


def quad(corners):
    return np.array(corners, float), np.array([[0, 1, 2], [0, 2, 3]], np.int32)


def lit(sun, occluders, point, normal, rays=256):
    points, normals = np.array([point], float), np.array([normal], float)
    return light_at(illumination(sun), occluders, points, normals, np.array([5]), first_ray=0, sky_rays=rays)[0]


def test_open_sky_and_sun_add_up():
    found = lit(scenes.CLEAR, Occluders(), (0, 0, 0), (0, 1, 0))
    assert np.allclose(found, np.array([0.3, 0.4, 0.5]) + 0.6, atol=0.01)


def test_a_wall_sees_half_sky_half_ground():
    found = lit(scenes.OVERCAST, Occluders(), (0, 1, 0), (0, 0, 1), rays=1024)
    assert np.allclose(found, 0.5 * 0.6 + 0.5 * 0.1, atol=0.01)


def test_a_roof_takes_sun_and_sky():
    roof = Occluders(quad([(-50, 2, -50), (-50, 2, 50), (50, 2, 50), (50, 2, -50)]))
    found = lit(scenes.CLEAR, roof, (0, 0, 0), (0, 1, 0))
    assert (found < 0.15).all()


def test_rays_do_not_hit_the_surface_they_start_from():
    wall = Occluders(quad([(-5, 0, -30), (5, 0, -30), (5, 9, -30), (-5, 9, -30)]))
    found = lit(scenes.OVERCAST, wall, (0, 1, -30), (0, 0, 1), rays=1024)
    assert np.allclose(found, 0.35, atol=0.01)


@pytest.mark.parametrize("degrees", [20.0, 35.0])
def test_a_face_that_turns_from_the_sun_darkens_by_the_ratio(tmp_path, degrees):
    """Sun only, no sky: the plate's colour times new n·l over old n·l. The turn is about x, backwards, so the face looks up or down."""
    sun = scenes.CLEAR.model_copy(update={"direction": (0.0, 0.0, 1.0), "sky_rgb": (1e-4,) * 3, "ground_rgb": (1e-4,) * 3})
    half = np.radians(degrees) / 2
    turn = (np.cos(half), -np.sin(half), 0.0, 0.0)
    shot = rendered(tmp_path, scenes.Shot(moves={5: lambda t: ((-1.0, -2.0, 3.0), turn)}, frames=2, sun=sun))
    pieces, depth = shot.layer(1002, "pieces"), shot.layer(1002, "depth")
    normal = shot.layer(1002, "normal")
    face = (pieces[..., 3] == 1) & (depth < 100) & (np.abs(normal[..., 2] - np.cos(np.radians(degrees))) < 0.01)
    assert face.sum() > 500
    plate = scenes.picture(scenes.CAMERA)[2:42, 96:136]
    assert np.median(pieces[..., 1][face]) / np.median(plate[..., 1]) == pytest.approx(np.cos(np.radians(degrees)), rel=0.06)


def test_a_cloud_lights_who_stands_in_the_sun_more_than_who_stands_in_its_shadow():
    def half(points, normals):
        return np.full(len(points), 0.5, np.float32)

    def hidden(points, normals):
        return np.zeros(len(points), np.float32)

    ground = np.zeros((1, 3)), np.array([[0.0, 1.0, 0.0]]), np.array([5])
    lamp, rays = illumination(scenes.CLEAR), {"first_ray": 0, "sky_rays": 256}
    open_, sunlit, shaded = (
        light_at(lamp, Occluders(), *ground, **rays, **airs)[0] for airs in ({}, {"sky_air": half}, {"sky_air": half, "sun_air": hidden})
    )
    assert (shaded < 0.4 * open_).all()
    # path tracing: a lit cloud adds up to a twentieth to sunlit ground before it
    assert (sunlit < 1.1 * open_).all()
    assert (sunlit - 0.6 > shaded).all()


def test_in_even_light_without_sun_dust_adds_nothing():
    def some(points, normals):
        return np.full(len(points), 0.3, np.float32)

    ground = np.zeros((1, 3)), np.array([[0.0, 1.0, 0.0]]), np.array([5])
    found = light_at(illumination(scenes.OVERCAST), Occluders(), *ground, first_ray=0, sky_rays=256, sky_air=some)[0]
    assert (found < 0.6).all()


@pytest.mark.parametrize("rays", [2, 5])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.8, 1.0])
def test_rooms_get_dark_inwards_however_many_rays_are_cast(rays, share):
    """What comes back to a place of which a `share` is blocked is the same on the average for any number of rays, and little where all is."""
    shut = np.random.default_rng(5).binomial(rays, share, 200_000).astype(np.float32)
    assert sent_back(shut, rays).mean() == pytest.approx(share * (1 - (1 - DEEPEST) * share), abs=4e-3)
