"""What has not moved is the plate; what has moved wears it."""

import numpy as np
import pytest

from derrumbe.core.records import FAR

from . import scenes
from .conftest import Rendered, rendered

BLOCK = (slice(2, 37), slice(102, 136))
"""Pixels of piece 5 at rest: x 0..2 m, y 4..6 m, less 5 pixels of torn border on the sides where it broke off."""


def test_nothing_moved_is_blank(tmp_path):
    shot = rendered(tmp_path, scenes.Shot(frames=2))
    assert shot.guides.untouched == shot.guides.frames
    for frame in shot.guides.frames:
        for name in ("pieces", "debris", "dust_front", "dust_behind", "removed", "normal", "motion", "id"):
            assert not shot.layer(frame, name).any(), name
        assert (shot.layer(frame, "shadow") == 1).all()
        assert (shot.layer(frame, "depth") == np.float32(FAR)).all()


def test_frames_before_the_first_move_are_one_file(shifted):
    assert shifted.guides.untouched is not None
    assert (shifted.guides.untouched.first, shifted.guides.untouched.last) == (1001, 1001)


def test_pieces_that_stand_are_the_plate(shifted):
    """Away from the block's two places and its lens skirt, torn rims and all, nothing covers and nothing is removed."""
    touched = np.zeros((144, 192), bool)
    touched[0:49, 90:192] = True
    for name in ("removed", "id"):
        assert not shifted.layer(1003, name)[~touched].any()
    assert not shifted.layer(1003, "pieces")[~touched].any()


def test_vacated_pixels_are_removed(shifted):
    assert (shifted.layer(1003, "removed")[BLOCK] == 1).all()


def test_edge_pixels_of_the_outline_go_with_it(shifted):
    """The plate's pixels just outside the outline hold some of the building, so they go too."""
    assert (shifted.layer(1003, "removed")[0:2, 100:130] == 1).all()


def test_a_whole_pixel_shift_shows_the_plates_own_pixels(tmp_path):
    """40 pixels to the right, at the same depth, in even light: the same pixels, to half precision."""
    shot = rendered(tmp_path, scenes.Shot(moves={5: lambda t: ((2.0, 0.0, 0.0), scenes.UPRIGHT)}, sun=scenes.OVERCAST))
    plate = scenes.picture(scenes.CAMERA)
    pieces = shot.layer(1002, "pieces")
    there = (slice(3, 41), slice(137, 175))
    assert (pieces[..., 3][there] == 1).all()
    # the light may change (its neighbour is gone), the pattern may not
    scale = pieces[there][..., :3] / plate[3:41, 97:135]
    assert abs(np.median(scale) - 1) < 0.25
    smooth = np.median(scale, (0, 1))
    assert np.percentile(np.abs(scale / smooth - 1), 95) < 0.12


def test_a_piece_that_barely_stirs_keeps_the_plates_colour(tmp_path):
    """A 2 mm drop leaves the block where it was: no pop."""
    shot = rendered(tmp_path, scenes.Shot(moves={5: lambda t: ((0.0, -0.002, 0.0), scenes.UPRIGHT)}))
    plate, inner = scenes.picture(scenes.CAMERA), (slice(4, 37), slice(102, 134))  # inside its torn rims
    pieces = shot.layer(1002, "pieces")
    assert (pieces[..., 3][inner] == 1).all()
    change = np.abs(pieces[..., :3][inner] / plate[inner] - 1)
    assert change.mean() < 0.01
    assert np.percentile(change, 95) < 0.03


def test_alpha_is_a_share(sliding):
    for frame in (1002, 1003, 1004):
        for name in ("pieces", "debris"):
            alpha = sliding.layer(frame, name)[..., 3]
            assert alpha.min() >= 0
            assert alpha.max() <= 1
        removed = sliding.layer(frame, "removed")
        assert removed.min() >= 0
        assert removed.max() <= 1


def test_blur_is_as_long_as_the_shutter(sliding):
    """The right edge of the block ramps from 1 to 0 over the 2 pixels that it travels while the shutter is open."""
    row = sliding.layer(1003, "pieces")[20, :, 3]
    # where the edge is at the shutter's opening: 4 px a frame; released sample 4 is 1 sample after the last rest one
    opens = 136 + 4 * (1003 - 1001 - 3 / 4)
    assert row[130 : int(opens)].min() == 1
    assert row[int(np.ceil(opens + 2)) : 160].max() == 0
    blurred = row[136:160].sum()
    assert blurred == pytest.approx(opens + 1 - 136, abs=0.3)


def test_a_short_shutter_blurs_less(tmp_path):
    from derrumbe.render.settings import Settings, Shutter

    move = {5: lambda t: ((48.0 * t, 0.0, 0.0), scenes.UPRIGHT)}
    edges = []
    for angle in (0.0, 180.0):
        shot = rendered(tmp_path / f"{angle}", scenes.Shot(moves=move, frames=2), Settings(camera=Shutter(shutter=angle)))
        row = shot.layer(1002, "pieces")[20, :, 3]
        edges.append(int(((row > 0.01) & (row < 0.99)).sum()))
    # 48 m/s is 40 pixels a frame: 20 in half a turn, at both edges of the block
    assert edges[0] <= 4
    assert 30 <= edges[1] <= 42


def test_pieces_are_blurred_as_the_plate_is(sliding, tmp_path):
    """Where the artist says nothing the plate's own shutter counts: a crisp one leaves no ramp."""
    from derrumbe.core.records import FilmedShutter, Located
    from derrumbe.core.work import Work
    from derrumbe.render.run import run
    from derrumbe.render.settings import Settings

    inputs, told = sliding.inputs, FilmedShutter(angle=0.0, edges=500)
    crisp = Located(inputs.film_set.record.model_copy(update={"shutter": told}), inputs.film_set.folder)
    made = run(Settings(), Work(tmp_path), inputs.plate, crisp, inputs.pieces, inputs.motion, inputs.cloud)
    short, usual = (shot.layer(1003, "pieces")[20, 130:160, 3] for shot in (Rendered(inputs, made, tmp_path), sliding))
    assert np.count_nonzero((short > 0.01) & (short < 0.99)) < np.count_nonzero((usual > 0.01) & (usual < 0.99))


def test_sky_inside_the_outline_does_not_fall(tmp_path):
    """An outline is drawn coarser than a roof's edge: where the matte says sky, a piece has nothing to show, front or side."""
    from derrumbe.core.work import Work
    from derrumbe.media.exr import read_exr, write_exr
    from derrumbe.render.run import run
    from derrumbe.render.settings import Settings

    inputs = scenes.stage(tmp_path, scenes.Shot(moves={5: lambda t: ((2.0, 0.0, 0.0), scenes.UPRIGHT)}, frames=2))
    matte = np.ones((144, 192), np.float32)
    matte[:22, 96:136] = 0
    write_exr(tmp_path / "set/building_matte.exr", matte, ("Y",))
    made = run(Settings(), Work(tmp_path / "render"), inputs.plate, inputs.film_set, inputs.pieces, inputs.motion, inputs.cloud)
    layers = tmp_path / "render" / made.picture.format(frame=1002)
    alpha = read_exr(layers, ("pieces.A",))[..., 0]
    assert not alpha[2:20, 140:172].any()
    assert (alpha[26:38, 140:172] == 1).all()
    assert (read_exr(layers, ("id.Y",))[2:20, 140:172] == 0).all()


def test_a_face_that_the_plate_showed_wears_it_whatever_it_is_called(tmp_path):
    from derrumbe.core.files import load_arrays, save_arrays
    from derrumbe.core.work import Work
    from derrumbe.media.exr import read_exr
    from derrumbe.render.run import run
    from derrumbe.render.settings import Settings

    shot = scenes.Shot(moves={5: lambda t: ((2.0, 0.0, 0.0), scenes.UPRIGHT)}, frames=2, sun=scenes.OVERCAST)
    inputs = scenes.stage(tmp_path, shot)
    path = inputs.pieces.path(inputs.pieces.record.arrays)
    arrays = load_arrays(path)
    arrays["triangle_face"][arrays["triangle_piece"] == 5] = 3
    save_arrays(path, **arrays)
    made = run(Settings(), Work(tmp_path / "render"), inputs.plate, inputs.film_set, inputs.pieces, inputs.motion, inputs.cloud)
    found = read_exr(tmp_path / "render" / made.picture.format(frame=1002), ("pieces.R", "pieces.G", "pieces.B"))[3:37, 142:173]
    wanted = scenes.picture(scenes.CAMERA)[3:37, 102:133]
    assert np.corrcoef(found.ravel(), wanted.ravel())[0, 1] > 0.98
