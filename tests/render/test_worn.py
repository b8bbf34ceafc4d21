"""What pieces wear has no colour of what lies beyond them; what has moved by little shows the plate, moved by little."""

from __future__ import annotations

import numpy as np
import pytest

from derrumbe.render.worn import SHOWN, SMEARED, carried_on, smeared_px, solid_colour

from . import scenes
from .conftest import rendered

WALL, SKY = np.array([0.25, 0.16, 0.1]), np.array([0.6, 0.8, 1.1])


@pytest.mark.parametrize("softness", [0.4, 1.0])
@pytest.mark.parametrize("missed", [0, 2, 3])
def test_silhouettes_hold_nothing_of_the_sky(softness: float, missed: int):
    """A brown wall with dark windows before the sky, blurred by the lens, under an outline that is drawn too wide by a few pixels."""
    import cv2

    real = np.zeros((200, 300), bool)
    real[40:, 60:240] = True
    rng = np.random.default_rng(1)
    picture = np.where(real[..., None], WALL * rng.uniform(0.9, 1.1, (*real.shape, 1)), SKY).astype(np.float32)
    picture[50:60, 80:230:20] = 0.02
    picture = cv2.GaussianBlur(picture, (0, 0), softness)
    outline = np.zeros_like(real)
    outline[40 - missed :, 60 - missed : 240 + missed] = True
    clean = solid_colour(picture, outline, np.ones_like(real), softness, 0.0)
    assert clean[outline][:, 2].max() < 1.3 * WALL[2] + 0.02
    deep = np.zeros_like(real)
    deep[48:, 68:232] = True
    assert np.array_equal(clean[deep], picture[deep])


def test_a_column_between_openings_keeps_its_own_colour():
    """A red column two pixels wide under a pale cornice, with the sky on both sides of it."""
    picture = np.ones((200, 300, 3), np.float32) * SKY.astype(np.float32)
    picture[40:60, 60:240], picture[60:, 60:240] = (0.5, 0.5, 0.4), WALL
    outline = np.zeros(picture.shape[:2], bool)
    outline[40:, 60:240] = True
    for left in (100, 112):
        picture[62:90, left : left + 10], outline[62:90, left : left + 10] = SKY, False
    picture[62:90, 110:112] = column = (0.3, 0.05, 0.04)
    clean = solid_colour(picture, outline, np.ones_like(outline), 0.5, 0.0)
    np.testing.assert_allclose(clean[66:86, 110:112], np.broadcast_to(column, (20, 2, 3)), atol=1e-6)


def test_what_lies_beyond_a_railing_takes_the_roof_s_colour_and_not_that_of_the_sky_between_its_bars():
    """A matte takes a railing 3 pixels high on a roof whole, with clouds between its bars 6 pixels apart, over a sky too uneven to be told."""
    clouds = np.where(np.arange(720) % 40 < 20, 0.5, 1.0)
    picture = (SKY * np.broadcast_to(clouds, (200, 720))[..., None]).astype(np.float32)
    picture[60:, 60:660] = WALL
    picture[57:60, 60:660:6] = 0.02
    outline = np.zeros(picture.shape[:2], bool)
    outline[57:, 60:660] = True
    clean = solid_colour(picture, outline, np.ones_like(outline), 0.4, 0.0)
    np.testing.assert_allclose(clean[30:52, 80:640], np.broadcast_to(WALL, (22, 560, 3)), atol=1e-6)


def test_a_white_board_under_pale_tiles_keeps_its_colour_before_a_white_sky():
    """Tiles a little darker than the sky, a board as white as it, a brown wall; the matte lacks a bit of the board, and some tiles over it."""
    picture = np.ones((200, 300, 3), np.float32)
    picture[40:43, 60:240] = (0.55, 0.62, 0.64)
    picture[43:46, 60:240] = 0.98
    picture[46:, 60:240] = WALL
    outline = np.zeros(picture.shape[:2], bool)
    outline[40:, 60:240] = True
    outline[40:42, 140:150] = outline[43:45, 100:108] = False
    clean = solid_colour(picture, outline, np.ones_like(outline), 0.5, 0.0)
    board = np.s_[44, 64:236]
    assert np.array_equal(clean[board][outline[board]], picture[board][outline[board]])


def test_the_sky_hue_that_subsampled_chroma_carries_over_a_parapet_is_taken_off():
    """A pale wall before a blue sky whose chroma is kept at half the size: rows under the edge get the wall's hue, and keep their own brightness."""
    import cv2

    wall, sky = np.array([0.8, 0.76, 0.68]), np.array([0.18, 0.4, 0.8])
    real = np.zeros((200, 300), bool)
    real[41:, 61:240] = True
    picture = np.where(real[..., None], wall, sky).astype(np.float32)
    picture[real] *= np.random.default_rng(3).uniform(0.8, 1.1, (int(real.sum()), 1)).astype(np.float32)
    luma = picture.mean(-1, keepdims=True)
    chroma = cv2.resize(cv2.resize(picture - luma, (150, 100), interpolation=cv2.INTER_AREA), (300, 200), interpolation=cv2.INTER_LINEAR)
    film = cv2.GaussianBlur(luma, (0, 0), 0.4)[..., None] + chroma

    def off(clean: np.ndarray) -> float:
        rows = clean[41:48, 70:230]
        return float(np.abs(rows[..., 2] / rows[..., 0] - wall[2] / wall[0]).max())

    kept, clean = (solid_colour(film, real, np.ones_like(real), 0.4, smeared) for smeared in (0.0, 2 * SMEARED))
    assert off(clean) < 0.05 < off(kept)
    assert np.allclose(clean.mean(-1)[real], kept.mean(-1)[real], atol=1e-4)


def test_what_is_not_shown_takes_the_nearest_colour_until_the_wall_goes_on():
    shown = np.zeros((10, 12), bool)
    shown[4:, :8] = True
    picture = np.random.default_rng(2).random((10, 12, 3)).astype(np.float32)
    texture, way = carried_on(picture, shown)
    assert np.array_equal(texture[shown], picture[shown])
    assert np.array_equal(texture[0, 3], picture[4, 3])
    assert (way[shown] == SHOWN).all()
    assert way[0, 3] == 2
    assert way[8, 11] == 1


@pytest.mark.parametrize("sun", [scenes.CLEAR, scenes.OVERCAST])
@pytest.mark.parametrize("shift", [0.01, 0.05, 0.2])
def test_a_building_that_shifts_as_a_whole_shows_the_plate_shifted(tmp_path, sun, shift):
    """All blocks slide along the wall by centimetres: nothing but the shift may change, by more than 2 of 255 codes."""
    import cv2

    moves = {piece: (lambda t: ((shift, 0.0, 0.0), scenes.UPRIGHT)) for piece in range(6)}
    shot = rendered(tmp_path, scenes.Shot(moves=moves, sun=sun, frames=2))
    plate, pieces = scenes.picture(scenes.CAMERA), shot.layer(1002, "pieces")
    way = np.float32([[1, 0, shift * scenes.PIXELS_PER_METRE], [0, 1, 0]])
    moved = cv2.warpAffine(plate, way, plate.shape[1::-1], flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    inner = (slice(6, 116), slice(62, 130))
    assert (pieces[..., 3][inner] == 1).all()
    codes = 255 * np.abs(np.power(np.maximum(pieces[inner][..., :3], 0), 1 / 2.2) - np.power(np.maximum(moved[inner], 0), 1 / 2.2))
    assert codes.mean() < 1
    assert np.percentile(codes, 95) < 2


@pytest.mark.parametrize(("chroma_px", "smeared"), [(1, 0.0), (2, 2.0)])
def test_only_subsampled_hue_is_smeared(tmp_path, chroma_px, smeared):
    plate = scenes.write_plate(tmp_path, scenes.CAMERA, scenes.Shot()).record
    assert smeared_px(plate.model_copy(update={"chroma_px": chroma_px, "width": 50, "source_width": 100})) == smeared


def test_rows_of_tiles_go_on_beyond_a_rim():
    """Where nothing was seen beyond a roof's end, its rows go on, mirrored: as uneven as they are, in no smears."""
    rows, columns = np.mgrid[:120, :160]
    tiles = np.where((columns + rows) % 6 < 3, 0.6, 0.15)[..., None] * np.array([1.0, 0.5, 0.2])
    roof = np.zeros((120, 160), bool)
    roof[30:90, 40:120] = True
    clean = solid_colour(np.where(roof[..., None], tiles, [0.5, 0.7, 0.9]).astype(np.float32), roof, ~roof, 0.5, 0.0)
    beyond = clean[40:80, 124:136]
    inside = clean[40:80, 100:112]
    assert np.abs(np.diff(beyond, axis=1)).mean() > 0.5 * np.abs(np.diff(inside, axis=1)).mean()
    assert (beyond[..., 0] > 1.5 * beyond[..., 1]).all()
