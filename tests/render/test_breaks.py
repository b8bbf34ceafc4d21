"""What shows where a building breaks: cracks before the fall, bars out of concrete, dust on what lies, light at its foot."""

from __future__ import annotations

import numpy as np
import pytest

from derrumbe.media.deposits import read_deposit
from derrumbe.render.bars import SPLINTERED, _timbers
from derrumbe.render.cracks import GLASS, ROOF, edges_of
from derrumbe.render.receivers import Receivers
from derrumbe.render.scene import landings, load
from derrumbe.render.settled import cover, form, light_at_feet
from derrumbe.render.spalls import spalled, spalls_of

from . import scenes
from .conftest import rendered, steady


def cracks(time: float, opening: float = 0.02) -> dict[str, np.ndarray]:
    """Every bond of the façade cracks at the same time."""
    count = 7
    return {"time": np.full(count, time), "opening": np.full(count, opening), "grows": np.full(count, 0.05)}


def test_cracks_are_dark_lines_along_the_joints_and_grow(tmp_path):
    """Joints: x = 96, and y = 42 and 82. Some crack out of sight, so others are asked too: whatever is drawn lies by one of them."""
    shot = rendered(tmp_path, scenes.Shot(frames=4, cracks=cracks(0.045)))
    first, last = shot.layer(1002, "debris"), shot.layer(1004, "debris")
    assert shot.guides.untouched is not None
    assert shot.guides.untouched.last == 1001
    assert not shot.layer(1001, "debris").any()
    y, x = np.nonzero(last[..., 3] > 0.05)
    away = np.min([np.abs(x - 96), np.abs(y - 42), np.abs(y - 82)], axis=0)
    assert len(y) > 60
    assert np.percentile(away, 95) < 9
    assert 0 < first[..., 3].sum() < last[..., 3].sum()
    drawn = last[..., 3] > 0.2
    # dark, but for chips off the rim
    assert np.median(last[drawn][:, :3] / last[drawn][:, 3:]) < 0.05


@pytest.mark.parametrize("material", [GLASS, ROOF])
def test_glass_bursts_and_tiles_slip_instead_of_cracking(tmp_path, material):
    shot = rendered(tmp_path, scenes.Shot(frames=4, cracks=cracks(0.045), material=material))
    assert not shot.layer(1004, "debris").any()


def test_a_crack_under_a_sixth_of_a_pixel_is_not_drawn(tmp_path):
    """2 mm at 20 pixels a metre, crumbled to 3, twice as wide in places."""
    shot = rendered(tmp_path, scenes.Shot(frames=4, cracks=cracks(0.045, opening=0.002)))
    assert not shot.layer(1004, "debris").any()


def test_cracks_in_brickwork_go_along_and_up(tmp_path):
    """Every bit of crack lies along a course or along a joint, whichever way its face looks."""
    inputs = scenes.stage(tmp_path, scenes.Shot(cracks=cracks(0.045)))
    edges = edges_of(inputs)
    way = edges.b - edges.a
    assert len(way) > 20
    assert (np.sort(np.abs(way), 1)[:, :2] < 1e-9).all()
    assert np.abs(way[:, 1]).max() > 0.05


def test_nothing_is_touched_before_the_first_crack(tmp_path):
    shot = rendered(tmp_path, scenes.Shot(frames=3, cracks=cracks(np.inf)))
    assert shot.guides.untouched is not None
    assert len(shot.guides.untouched) == 3


def test_a_joint_that_opens_wide_loses_bits_of_face_along_its_rim_only(tmp_path):
    """Piece 5 goes 1 m to the right: the map of rims knows joint x = 0 between it and piece 4; face comes off near it, more the wider it gapes, and
    none while it is closed, far from it, or on glass."""
    inputs = scenes.stage(tmp_path, scenes.Shot(moves={5: steady(1.0, 0.0)}))
    spalls = spalls_of(inputs)
    bond = int(np.flatnonzero((load(inputs).bonds == (4, 5)).all(1))[0])
    left, top = load(inputs).window.x0, load(inputs).window.y0

    def share(gape: float, column: slice, material: int = 0) -> float:
        gapes = np.full(len(load(inputs).bonds), gape)
        found = [
            spalled(u + 0.5, v + 0.5, (u - 96) / 20, 2.5 - (v - 72) / 20, 0.0, 0.0, 1.0, material, spalls.bond, spalls.away, spalls.reach, spalls.opens,
                    gapes, left, top)
            for u in range(column.start, column.stop) for v in range(6, 36)
        ]  # fmt: skip
        return float(np.mean(found))

    near, far = slice(90, 103), slice(110, 125)
    assert (spalls.bond[6 - top : 36 - top, 90 - left : 103 - left] == bond).mean() > 0.8
    assert share(0.0, near) == share(0.02, near) == 0
    assert 0 < share(0.2, near) < share(1.0, near)
    assert 0.02 < share(1.0, near) < 0.6
    assert share(1.0, far) == 0
    assert share(1.0, near, GLASS) == 0


def test_bars_stick_out_of_parted_concrete_and_timbers_out_of_roofs(tmp_path):
    """The upper right block lies 2 m to the right: the gap between is open sky before a bare ground plane."""
    seen = {}
    for name, material in (("brick", 0), ("concrete", 1), ("tiles", 5)):
        shot = rendered(tmp_path / name, scenes.Shot(moves={5: steady(2.0, 1.0)}, frames=2, material=material))
        seen[name] = shot.layer(1002, "debris")[..., 3]
    assert not seen["brick"].any()
    assert seen["concrete"][:60, 90:140].max() > 0.05
    assert seen["tiles"][:60, 90:140].max() > 0.2


def test_rafters_run_up_the_slope_and_purlins_along_it():
    """Of a roof of 45 degrees that looks to the front: breaks along its ridge and at its gable, each seen from either side."""
    normal = np.array([[0.0, 1.0, -1.0], [0.0, -1.0, 1.0], [1.0, 0.0, 0.0], [-1.0, 0.0, 0.0]])
    own, above = np.arange(4), np.tile([0.0, np.sqrt(0.5), np.sqrt(0.5)], (4, 1))
    timbers = _timbers(own, own, np.zeros((4, 3)), normal, above, np.random.default_rng(2))
    assert (np.sum(timbers.way * normal, 1) / np.linalg.norm(normal, axis=1) > 0.9).all()
    assert np.abs(np.sum(timbers.way * above, 1)).max() < 3 * SPLINTERED
    assert not timbers.bend.any()


def test_settled_dust_lies_where_it_came_down(tmp_path):
    shot = rendered(tmp_path, scenes.Shot(moves={5: steady(0.5, 0.0)}, frames=2, settled=0.2))
    behind = shot.layer(1002, "dust_behind")
    # the made-up plate is so motley that little of it passes for plain ground
    assert behind[134:140, 120:180, 3].min() > 0.2
    assert not behind[134:140, 10:80].any()
    assert not behind[:40, :40].any()
    assert (behind[..., :3] <= 1.3 * behind[..., 3:]).all()


def test_a_piece_has_landed_when_it_loses_its_speed():
    """One falls and stops, one falls on, one was never let go."""
    time = np.arange(60) / 48.0
    fall = 0.5 * 9.81 * time**2
    position = np.zeros((60, 3, 3))
    position[:, 0, 1] = -np.minimum(fall, 0.5 * 9.81 * 0.6**2)
    position[:, 1, 1] = -fall
    landed = landings(position.astype(np.float32), np.array([1, 1, -1]), 48.0)
    assert abs(landed[0] - 0.6 * 48) <= 2
    assert np.isinf(landed[1:]).all()


def test_contact_shadow_is_tight_under_an_overcast_sky(tmp_path):
    """A block that stands 1.5 m out in front: dark at its foot, nearly as light as the open 10 pixels before it."""
    move = {piece: (lambda t: ((0.0, 0.0, 1.5), scenes.UPRIGHT)) for piece in range(6)}
    shot = rendered(tmp_path, scenes.Shot(moves=move, frames=2, sun=scenes.OVERCAST))
    column = shot.layer(1002, "shadow")[:, 96, 0]
    foot = int(np.flatnonzero(shot.layer(1002, "pieces")[:, 96, 3] > 0.5).max())
    assert column[foot + 1] < 0.85 * column[foot + 10]
    assert column[foot + 1] < 0.95 * column[foot + 4]


def test_settled_dust_fades_out_behind_the_foot_of_a_neighbour(tmp_path):
    """A card may be nothing but the foot of something low: ground goes on behind it, and so does the dust, ever less."""
    inputs = scenes.stage(tmp_path, scenes.Shot(frames=2, settled=0.2))
    high = np.array([0.0, 0.05, 0.5, 1.5, 4.0], np.float32)
    points = np.stack([np.full(5, 3.0), high, np.full(5, -4.0)], -1).astype(np.float32)[None]
    card = Receivers(1, np.ones((1, 5), np.float32), points, np.tile(np.float32([0, 0, 1]), (1, 5, 1)))
    eye = np.array([3.0, 2.5, 12.0])
    plain = np.full((1, 5, 3), 90, np.uint8)
    found = [cover(read_deposit(inputs.cloud, 1002), card, np.full((1, 5), stands), eye, plain, 1) for stands in (False, True)]
    assert all(each is not None for each in found)
    lies, stood = (each[0] for each in found)
    assert lies[0, 0] > 0.5
    assert (np.diff(lies[0]) < 1e-6).all()
    # above the eye no ground is behind
    assert lies[0, -1] == stood[0, -1] < 0.2
    assert (stood < 0.2).all()


@pytest.mark.parametrize("alike", [True, False])
def test_settled_dust_goes_on_over_what_looks_like_the_ground(tmp_path, alike):
    """Right of the middle is ground, left of it the same behind a card half-way to the eye, of its colour or of another."""
    inputs = scenes.stage(tmp_path, scenes.Shot(frames=2, settled=0.2))
    shape, eye = (40, 200), np.array([5.0, 5.0, 26.0])
    x, z = np.meshgrid(np.linspace(2, 8, shape[1]), np.linspace(-6, -2, shape[0]))
    right = (x > 5)[..., None]
    level = np.stack([x, np.zeros_like(x), z], -1)
    points = np.where(right, level, 0.5 * (level + eye)).astype(np.float32)
    normals = np.where(right, np.float32([0, 1, 0]), np.float32([0, 0, 1]))
    grain = np.random.default_rng(1).integers(0, 9, (*shape, 3), np.uint8)
    codes = np.where(right | alike, np.uint8(90), np.uint8(160)) + grain
    lies = cover(
        read_deposit(inputs.cloud, 1002), Receivers(1, np.ones(shape, np.float32), points, normals), np.zeros(shape, bool), eye, codes, 1
    )[0]
    beyond, on_ground = lies[5:-5, 92:99].mean(), lies[5:-5, 101:108].mean()
    assert on_ground > 0.5
    assert beyond > 0.9 * on_ground if alike else beyond < 0.6 * on_ground


def test_dust_at_a_neighbours_foot_has_the_light_of_the_ground_below():
    high = np.array([9.0, 2.0, 1.0, 0.0, 0.0], np.float32)[:, None]
    points = np.stack([np.zeros_like(high), high, np.zeros_like(high)], -1)
    normals = np.where((high > 0)[..., None], np.float32([0, 0, 1]), np.float32([0, 1, 0]))
    light = np.float32([0.3, 0.4, 0.5, 0.9, 1.0])[:, None, None] * np.ones(3, np.float32)
    out = light_at_feet(light, Receivers(1, np.ones((5, 1), np.float32), points, normals), np.zeros((5, 1), bool))
    np.testing.assert_allclose(out[:, 0, 0], [0.3, 0.9, 0.9, 0.9, 1.0])


def test_settled_dust_keeps_the_form_of_what_stands_on_the_ground():
    """A dark car and a white one, each with windows, on mottled asphalt: asphalt takes all the dust, cars little, and are told from it."""
    rng = np.random.default_rng(4)
    shown = np.full((200, 300, 3), 0.2, np.float32) * rng.uniform(0.95, 1.05, (200, 300, 1)).astype(np.float32)
    shown[90:106, 100:130], shown[90:106, 180:210] = (0.03, 0.03, 0.05), (0.7, 0.7, 0.7)
    shown[92:96, 185:205] = 0.05
    bright, holds = np.moveaxis(form(shown), -1, 0)
    assert holds[:60].min() > 0.99
    assert abs(bright[:60] - 1).max() < 0.05
    assert holds[92:104, 102:128].max() < 0.5
    assert holds[98:104, 182:208].max() < 0.5
    assert bright[92:96, 187:203].mean() < 0.8 * bright[98:104, 182:208].mean()
