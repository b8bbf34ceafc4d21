"""Laws of marching: Beer-Lambert, a clean and smooth split at solids, no halos, no light from nowhere."""

import cv2
import numpy as np
import pytest

from derrumbe.core.records import FAR
from derrumbe.geom.camera import pixel_grid
from derrumbe.geom.lens import undistorted
from derrumbe.render.air import RIM, widened
from derrumbe.render.dust_lumps import Detail
from derrumbe.render.dust_march import Things, march
from tests.render import dust_slab


def nothing(view):
    return np.full((view.height, view.width), FAR, np.float32)


def over(front, behind):
    return front + (1 - front[..., 3:]) * behind


@pytest.mark.parametrize("thick", [0.05, 0.4])
@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_even_dust_hides_as_beer_and_lambert_say(thick, scale):
    view = dust_slab.view()
    front, behind = march(dust_slab.slab(thick), view, nothing(view), nothing(view), scale=scale, step=0.75, seed=1)
    middle = front[28:36, 40:56, 3]
    np.testing.assert_allclose(middle, 1 - np.exp(-6 * thick), rtol=0.006)
    assert not behind.any()


def test_a_solid_inside_shows_the_dust_before_it_only():
    view = dust_slab.view()
    solid, far = nothing(view), nothing(view)
    solid[:, 48:] = 32.3
    far[:] = 34.6
    front, behind = march(dust_slab.slab(0.4), view, solid, far, scale=0.5, step=0.75, seed=1)
    np.testing.assert_allclose(front[28:36, 52:58, 3], 1 - np.exp(-0.4 * 2.3), rtol=0.01)
    np.testing.assert_allclose(behind[28:36, 52:58, 3], 1 - np.exp(-0.4 * 2.3), rtol=0.01)
    np.testing.assert_allclose(front[28:36, 38:46, 3], 1 - np.exp(-0.4 * 4.6), rtol=0.01)
    assert not behind[:, :47].any()


def test_the_edge_of_a_solid_is_a_tent_wide():
    """Dust before what is near and before what is far meet as solids do that are drawn with smooth edges: over two pixels, with no halo."""
    view = dust_slab.view()
    solid = np.full_like(nothing(view), 33.0)
    solid[:, 48:] = 31.0
    front, _ = march(dust_slab.slab(0.4), view, solid, nothing(view), scale=0.5, step=0.75, seed=1)
    row = front[32, :, 3]
    np.testing.assert_allclose(row[44:47], row[46], rtol=0.01)
    np.testing.assert_allclose(row[49:52], row[50], rtol=0.01)
    assert row[46] > 2 * row[49]
    np.testing.assert_allclose(row[47:49], [0.75 * row[46] + 0.25 * row[49], 0.25 * row[46] + 0.75 * row[49]], rtol=0.02)


def test_dust_over_what_no_solid_covers_is_whole_beside_an_edge():
    view, lit = dust_slab.view(), dust_slab.lumps(density=0.4)
    far, solid = np.full_like(nothing(view), 48.0), nothing(view)
    solid[20:44, 30:60] = 38.0
    whole, _ = march(lit, view, nothing(view), far, scale=0.5, step=0.75, seed=1)
    front, behind = march(lit, view, solid, far, scale=0.5, step=0.75, seed=1)
    assert behind[30, 29].any()
    assert not behind[30, 28].any()
    np.testing.assert_allclose(over(front, behind), whole, atol=2e-3)


def test_solids_go_on_past_their_edges_where_there_are_none():
    depth = np.full((24, 24), FAR, np.float32)
    depth[8:16, 8:16], depth[8:16, 12:16] = 30.0, 20.0
    wide = widened(depth)
    np.testing.assert_array_equal(wide[8:16, 8:16], depth[8:16, 8:16])
    assert (wide[8:16, 16 : 16 + RIM] == 20).all()
    assert (wide[8:16, 8 - RIM : 8] == 30).all()
    assert (wide[:, : 8 - RIM] == FAR).all()


def test_a_piece_that_comes_before_a_thing_in_front_takes_no_dust_off_it():
    view = dust_slab.view()
    thing, piece = nothing(view), nothing(view)
    thing[:, 30:] = 33.3
    piece[:, 48:] = 31.0
    things = Things.at(thing)
    front, _ = march(dust_slab.slab(0.4), view, piece, nothing(view), scale=0.5, step=0.75, seed=1, things=things)
    np.testing.assert_allclose(things.dust[28:36, 38:58], 1 - np.exp(-0.4 * 3.3), rtol=0.01)
    np.testing.assert_allclose(front[28:36, 52:58, 3], 1 - np.exp(-0.4 * 3.3), rtol=0.01)


def test_a_piece_so_near_that_it_hides_a_thing_in_front_has_no_dust_of_that_before_it():
    view = dust_slab.view()
    thing, piece = np.full_like(nothing(view), 70.0), nothing(view)
    piece[:, 30:] = 31.0
    front, _ = march(dust_slab.slab(0.4), view, piece, nothing(view), scale=0.5, step=0.75, seed=1, things=Things.at(thing))
    np.testing.assert_allclose(front[28:36, 38:58, 3], 1 - np.exp(-0.4 * 1.0), rtol=0.02)


@pytest.mark.parametrize("depth", [20.0, 33.7, 38.0, 41.5, 60.0])
def test_front_over_behind_is_the_march_without_a_split(depth):
    view, lit = dust_slab.view(), dust_slab.lumps(density=0.4)
    far = np.full_like(nothing(view), 48.0)
    whole, _ = march(lit, view, nothing(view), far, scale=0.5, step=0.75, seed=1)
    front, behind = march(lit, view, np.full_like(far, depth), far, scale=0.5, step=0.75, seed=1)
    np.testing.assert_allclose(over(front, behind), whole, atol=2e-3)


def test_fewer_rays_show_nearly_the_same():
    view, lit = dust_slab.view(), dust_slab.lumps()
    fine, coarse = (march(lit, view, nothing(view), nothing(view), scale=s, step=0.5, seed=1)[0] for s in (1.0, 0.5))
    assert np.abs(fine - coarse).mean() < 0.01


def test_smaller_steps_change_little():
    view, lit = dust_slab.view(), dust_slab.lumps()
    usual, small = (march(lit, view, nothing(view), nothing(view), scale=1.0, step=s, seed=1)[0] for s in (0.75, 0.2))
    assert np.abs(usual - small).mean() < 0.01


@pytest.mark.parametrize("albedo", [0.9, 0.999])
@pytest.mark.parametrize("make", [dust_slab.lumps, lambda *a: dust_slab.slab(0.01, *a), lambda *a: dust_slab.slab(3.0, *a)])
def test_in_even_light_no_dust_outshines_it(make, albedo):
    """A white furnace: with light 1 from everywhere, dust may at most vanish into it."""
    view = dust_slab.view()
    front, _ = march(make(dust_slab.FURNACE, albedo), view, nothing(view), nothing(view), scale=0.5, step=0.75, seed=1)
    hidden = front[..., 3] > 0.02
    assert (front[hidden, :3] / front[hidden, 3:]).max() < 1.15


def test_dust_is_never_brighter_than_a_white_wall_facing_the_sun():
    view, white = dust_slab.view(), np.array(dust_slab.DAY.rgb) + dust_slab.DAY.sky_rgb
    front, _ = march(dust_slab.lumps(), view, nothing(view), nothing(view), scale=0.5, step=0.75, seed=1)
    assert (front[..., :3] <= 1.1 * white).all()
    assert front[..., 0].max() > 0.2 * white[0]


def test_billows_outshine_no_dust_that_faces_the_sun_and_keep_their_shape():
    hard = dust_slab.DAY.model_copy(update={"direction": (0.0, 0.6, 0.8), "rgb": (1.5, 1.4, 1.25)})
    view, lit = dust_slab.view(192, 128), dust_slab.lumps(hard, density=8.0)
    plain, billowed = (
        march(lit, view, nothing(view), nothing(view), scale=1.0, step=0.5, seed=1, detail=detail)[0]
        for detail in (None, Detail(finer=4.0, shutter=0.0))
    )
    hidden = (plain[..., 3] > 0.95) & (billowed[..., 3] > 0.95)
    smooth, rough = ((each[..., :3] / each[..., 3:].clip(1e-4)).max(-1)[hidden] for each in (plain, billowed))
    assert rough.max() < 1.05 * max(lit.brightest, smooth.max())
    assert rough.mean() == pytest.approx(smooth.mean(), rel=0.1)
    assert rough.std() / rough.mean() > 1.1 * smooth.std() / smooth.mean()


def test_the_same_seed_is_the_same_picture_and_values_are_sound():
    view, lit = dust_slab.view(), dust_slab.lumps()
    first, again = (march(lit, view, nothing(view), nothing(view), scale=0.5, step=0.75, seed=3)[0] for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert np.isfinite(first).all()
    assert first.min() >= 0
    assert first[..., 3].max() <= 1


def test_a_cloud_behind_the_camera_is_not_seen():
    view = dust_slab.view(far=-30.0)
    front, behind = march(dust_slab.slab(1.0), view, nothing(view), nothing(view), scale=0.5, step=0.75, seed=1)
    assert not front.any()
    assert not behind.any()


def test_a_camera_inside_dust_sees_only_dust():
    view = dust_slab.view(far=-3.0)
    front, _ = march(dust_slab.slab(5.0), view, nothing(view), nothing(view), scale=0.5, step=0.75, seed=1)
    assert front[32, 48, 3] > 0.99


@pytest.mark.parametrize("size", [(97, 61), (50, 33), (7, 5)])
def test_odd_sizes_are_filled_to_the_borders(size):
    view = dust_slab.view(*size)
    front, _ = march(dust_slab.slab(0.4, shape=(64, 48, 12)), view, nothing(view), nothing(view), scale=0.37, step=0.75, seed=1)
    assert front.shape == (size[1], size[0], 4)
    assert front[..., 3].min() > 0.3


def test_dust_lies_where_the_lens_shows_it():
    """At each plate pixel there is the dust that a pinhole shows at that pixel straightened."""
    view, lit = dust_slab.view(), dust_slab.slab(0.4)
    bent = view.model_copy(update={"distortion": (-0.5,)})
    shown, _ = march(lit, bent, nothing(bent), nothing(bent), scale=1.0, step=0.25, seed=1)
    plain, _ = march(lit, view, nothing(view), nothing(view), scale=1.0, step=0.25, seed=1)
    places = (undistorted(bent, pixel_grid(bent)) - 0.5).astype(np.float32)
    wanted = cv2.remap(plain[..., 3], places[..., 0], places[..., 1], cv2.INTER_LINEAR)
    inside = (places >= 0).all(-1) & (places <= (view.width - 1, view.height - 1)).all(-1)
    off, unbent = (np.abs(shown[..., 3] - other)[inside].mean() for other in (wanted, plain[..., 3]))
    assert off < 0.01
    assert unbent > 3 * off
