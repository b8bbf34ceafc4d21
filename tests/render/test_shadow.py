"""The shadow layer on the ground."""

import numpy as np

from derrumbe.render.backdrop import Backdrop, Behind
from derrumbe.render.contact import Contact
from derrumbe.render.raster import Window
from derrumbe.render.receivers import Receivers, grid, place
from derrumbe.render.shadow import MOST, MOST_WALL, headroom, ratio, shown_before

from . import scenes
from .conftest import rendered

FLOATING = {piece: (lambda t: ((0.0, 0.6, 3.0), scenes.UPRIGHT)) for piece in range(4)}


def test_far_ground_keeps_exactly_one(shifted):
    """Over 100 m away, one block more or less is nothing."""
    shadow = shifted.layer(1002, "shadow")
    assert (shadow[74:78] == 1).all()
    assert (shadow[:20, :60] == 1).all()


def test_a_floating_block_darkens_the_ground_under_an_overcast_sky(tmp_path):
    """The lower blocks hover 3 m in front of where they stood, 0.6 m up: the ground below them sees less sky."""
    shot = rendered(tmp_path, scenes.Shot(moves=FLOATING, frames=2, sun=scenes.OVERCAST))
    shadow = shot.layer(1002, "shadow")
    # ground under the middle of the hovering blocks: (0, 0, 2.5), 9.5 m away
    y = int(72 + 240 * 2.5 / 9.0)
    assert shadow[y, 96].max() < 0.75
    assert shadow.min() >= 0
    assert shadow.max() <= 1.31


def test_the_sun_casts_from_its_own_side(tmp_path):
    """Sun from the right and front, low: the shadow of a block out in front falls to the left of it."""
    sun = scenes.CLEAR.model_copy(update={"direction": (0.8, 0.5, 0.33)})
    shot = rendered(tmp_path, scenes.Shot(moves={1: lambda t: ((-1.0, 0.0, 3.0), scenes.UPRIGHT)}, frames=2, sun=sun))
    shadow = shot.layer(1002, "shadow")[..., 1]
    ground = shadow[132:140]
    assert ground[:, 30:80].min() < 0.6
    assert ground[:, 125:190].min() > 0.75


def test_the_sky_catches_no_shadow(shifted):
    assert np.all(shifted.layer(1002, "shadow")[:70, :50] == 1)


def _level(light, shown):
    """Level receivers with the model's light and what the plate shows, (m,n) each."""
    shape = light.shape
    up = np.zeros((*shape, 3), np.float32)
    up[..., 1] = 1
    to = Receivers(2, np.full(shape, 9.0, np.float32), np.zeros((*shape, 3), np.float32), up)
    return headroom(shown, np.repeat(light[..., None], 3, -1), to)


def test_ground_that_the_plate_shows_in_the_sun_never_brightens():
    """The model's shadow covers columns 10 to 30, the plate's 10 to 20 only: what the model casts beyond it is not there."""
    light, shown = np.ones((24, 80)), np.full((24, 80), 0.6)
    light[:, 10:30] = 0.2
    shown[:, 10:20] = 0.15
    room = _level(light, shown)
    np.testing.assert_allclose(room[:, 20:30], 1, atol=1e-5)
    np.testing.assert_allclose(room[:, 10:20], MOST)


def test_dark_roofs_in_a_shadow_that_is_not_there_hardly_brighten():
    """The model's shadow covers columns 10 to 30, which the plate shows in the sun: pale walls and dark roofs, as bright together as what lies around."""
    light, shown = np.ones((24, 80)), np.full((24, 80), 0.5)
    light[:, 10:30] = 0.2
    shown[:, 10:30:2], shown[:, 11:30:2] = 0.2, 0.8
    assert _level(light, shown).max() < 1.08


def test_walls_brighten_little_and_nothing_is_ever_held_below_one():
    to = Receivers(2, np.full((6, 8), 9.0, np.float32), np.zeros((6, 8, 3), np.float32), np.full((6, 8, 3), [0, 0, 1], np.float32))
    assert (headroom(np.random.default_rng(1).random((6, 8)), np.ones((6, 8, 3)), to) == np.float32(MOST_WALL)).all()
    room = _level(np.random.default_rng(2).random((20, 30)), np.random.default_rng(3).random((20, 30)))
    assert 1 <= room.min() <= room.max() <= np.float32(MOST)


def test_a_foot_on_ground_that_the_plate_shows_lit_is_dark_though_the_model_had_it_in_the_shade():
    """The model's building left a fifth of the light; the plate shows no shade at the left, and one at the right."""
    most = np.tile(np.float32([1.0, MOST]), (4, 1))
    to = Receivers(2, np.full((4, 2), 9.0, np.float32), np.zeros((4, 2, 3), np.float32), np.zeros((4, 2, 3), np.float32))
    old, new = np.full((4, 2, 3), 0.2, np.float32), np.ones((4, 2, 3), np.float32)
    was = shown_before(old, new, most)
    np.testing.assert_allclose(new / was, ratio(new, old, to, most), rtol=1e-4)
    foot = 0.5 * new
    assert np.allclose(foot[:, 0] / was[:, 0], 0.5)
    assert (foot[:, 1] / was[:, 1] > foot[:, 0] / was[:, 0]).all()
    np.testing.assert_array_equal(shown_before(2 * new, new, most), 2 * new)


def test_settled_dust_lies_in_contact_shadow_as_the_plate_does():
    """Fine light in a small window is 0.3 of what the coarse grid has: ground and the dust on it are both darkened there, and only there."""
    camera, step = scenes.CAMERA, 2
    window = Window(0, 0, camera.width, camera.height)
    rows = np.arange(camera.height)[:, None] + 0.5 + np.zeros((1, camera.width))
    ground = np.where(rows > 80, 2.5 * camera.focal_px / np.maximum(rows - camera.cy, 1), 0).astype(np.float32)
    pixels = grid(window, step)
    to = place(camera, step, pixels, ground[1::2, 1::2], np.broadcast_to(np.float32([0, 1, 0]), (*pixels.shape[:2], 3)))
    light = np.ones((*pixels.shape[:2], 3), np.float32)
    near = Window(80, 120, 100, 130)
    contact = Contact(near, np.full((10, 20, 3), 0.3, np.float32), np.ones((10, 20), np.float32))
    form = np.ones((camera.height, camera.width, 2), np.float32)
    none = np.zeros(pixels.shape[:2], bool)
    found = Backdrop(camera, to, none, light[..., 0], light, light, light, 0.5 * light, 0.6 * light, form, contact)
    behind = Behind(ground, *np.zeros((2, *ground.shape), bool))
    shadow, dust = found.ratio(behind, 0), found.settled(behind, 0)
    inside, outside = np.s_[121:129, 81:99], np.s_[121:129, 120:150]
    np.testing.assert_allclose(shadow[inside], 0.3, atol=1e-3)
    np.testing.assert_allclose(dust[inside][..., :3], 0.3 * 0.4, atol=1e-3)
    np.testing.assert_allclose(shadow[outside], 1, atol=1e-3)
    np.testing.assert_allclose(dust[outside][..., :3], 0.4, atol=1e-3)
    np.testing.assert_allclose(dust[120:, :, 3], 0.5, atol=1e-3)


def test_a_wall_that_stands_takes_no_shadow_of_the_ground_far_behind_it():
    """Single pixels of a wall whose neighbours have gone: all receivers around are on dark ground behind, and lend it nothing."""
    camera, step = scenes.CAMERA, 2
    window = Window(0, 0, camera.width, camera.height)
    pixels = grid(window, step)
    far = np.full(pixels.shape[:2], 60.0, np.float32)
    to = place(camera, step, pixels, far, np.broadcast_to(np.float32([0, 0, 1]), (*far.shape, 3)))
    stands = np.zeros(far.shape, bool)
    stands[30:] = True
    dark = np.where(stands, 0.9, 0.3).astype(np.float32)[..., None] * np.ones(3, np.float32)
    found = Backdrop(camera, to, stands, np.ones_like(far), dark, dark, dark, None, None, None, None)
    depth, building = np.full((camera.height, camera.width), 60.0, np.float32), np.zeros((camera.height, camera.width), bool)
    depth[20, 40], building[20, 40] = 20.0, True
    depth[70:], building[70:] = 60.0, True
    behind = Behind(depth, building, ~building)
    shadow = found.ratio(behind, 0)
    assert (shadow[20, 40] == 1).all()
    np.testing.assert_allclose(shadow[10:50, 60:], 0.3, atol=1e-5)
    np.testing.assert_allclose(shadow[72:], 0.9, atol=1e-5)
    half = behind.uncovered(shadow, np.full(depth.shape, 0.5), np.full(depth.shape, 0.2))
    np.testing.assert_allclose(half[10:50, 60:], 1 - 0.375 * 0.7, atol=1e-5)
    np.testing.assert_allclose(half[72:], 0.9, atol=1e-5)
