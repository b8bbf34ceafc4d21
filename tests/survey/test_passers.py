"""What passes in front: drawn passers-by of known alpha, and a real street's, outlined by hand."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from derrumbe.media.movie import read_movie
from derrumbe.survey.drawn import drawn_alpha
from derrumbe.survey.filters import shrunk, widened
from derrumbe.survey.foliage import porous_alpha
from derrumbe.survey.passers import _core, _dimmed, _whole, passing_alpha
from tests.survey.truth import overlap_of, truths


def _street(seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, 1, (160, 240, 3))
    return np.clip(0.45 + 0.06 * cv2.GaussianBlur(noise, (0, 0), 3), 0, 1).astype(np.float32)


def _disc(shape: tuple[int, int], x: float, y: float, radius: float) -> np.ndarray:
    rows, columns = np.mgrid[0 : shape[0], 0 : shape[1]] + 0.5
    return np.clip(radius - np.hypot(columns - x, rows - y) + 0.5, 0, 1).astype(np.float32)


def test_a_soft_edge_is_found_to_a_tenth() -> None:
    street, truth = _street(1), _disc((160, 240), 120.3, 80.7, 22)
    picture = street + (np.float32([0.1, 0.12, 0.3]) - street) * truth[..., None]
    grain = np.random.default_rng(2).normal(0, 0.004, street.shape).astype(np.float32)
    alpha = passing_alpha(picture + grain, street, np.full(truth.shape, 0.004, np.float32))
    assert np.abs(alpha - truth).mean() < 0.002
    assert np.abs(alpha - truth)[(truth > 0) & (truth < 1)].mean() < 0.12
    assert (alpha[truth == 1] > 0.98).all()


def test_its_shadow_on_the_ground_isn_t_in_front() -> None:
    street, body = _street(3), _disc((160, 240), 100, 70, 18)
    shadow = np.zeros_like(body)
    shadow[86:96, 90:170] = 1.0
    picture = street * (1 - 0.3 * cv2.GaussianBlur(shadow, (0, 0), 1.0))[..., None] ** (1 / 2.2)
    picture = picture + (np.float32([0.7, 0.2, 0.1]) - picture) * body[..., None]
    alpha = passing_alpha(picture.astype(np.float32), street, np.full(body.shape, 0.004, np.float32))
    assert alpha[body == 1].min() > 0.95
    assert alpha[88:94, 125:165].max() < 0.05


def test_clothes_of_many_colours_are_cut_out_by_each() -> None:
    """Stripes whose mean is the street's own colour: each tells its rim, all together tell nothing."""
    street, truth = _street(9), _disc((160, 240), 120.3, 80.7, 22)
    stripes = np.where((np.arange(160)[:, None, None] // 4) % 2, np.float32(0.15), np.float32(0.75)) * np.ones(street.shape, np.float32)
    picture = street + (stripes - street) * truth[..., None]
    grain = np.random.default_rng(10).normal(0, 0.004, street.shape).astype(np.float32)
    alpha = passing_alpha((picture + grain).astype(np.float32), street, np.full(truth.shape, 0.004, np.float32))
    assert np.abs(alpha - truth)[(truth > 0) & (truth < 1)].mean() < 0.1


def test_a_pale_shoe_stays_beside_its_shadow() -> None:
    street, body = _street(11), _disc((160, 240), 100, 70, 18)
    shadow, shoe = np.zeros_like(body), np.zeros_like(body)
    shadow[86:92, 106:170] = 1.0
    shoe[86:90, 100:106] = 1.0
    picture = street * (1 - 0.3 * cv2.GaussianBlur(shadow, (0, 0), 1.0))[..., None] ** (1 / 2.2)
    picture = picture + (np.float32([0.7, 0.2, 0.1]) - picture) * body[..., None]
    picture = picture + (1.2 * street - picture) * shoe[..., None]
    alpha = passing_alpha(picture.astype(np.float32), street, np.full(body.shape, 0.004, np.float32))
    assert alpha[86:90, 101:105].mean() > 0.8
    assert alpha[87:91, 125:165].max() < 0.05


def test_a_narrow_head_has_a_core_though_shoulders_are_wide() -> None:
    person = np.zeros((60, 60), bool)
    person[20:50, 12:48] = person[13:20, 28:32] = True
    core = _core(person, 2.0, 1.0)
    assert core[14:20, 29:31].all()
    assert not (core & ~shrunk(person, 1)).any()


def _walker(street: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a picture (h, w, 3) of dark legs in their own shadow, with a pale shoe in it, and where (h, w) bool legs and shoe are."""
    legs, shoe, shadow = np.zeros((3, 160, 240), np.float32)
    legs[60:100, 100:105] = legs[60:100, 109:114] = legs[40:60, 98:116] = 1.0
    shoe[98:101, 114:118] = 1.0
    shadow[70:106, 90:150] = 1.0
    dim = (1 - 0.25 * cv2.GaussianBlur(shadow, (0, 0), 1.0))[..., None] ** (1 / 2.2)
    picture = np.where(legs[..., None] > 0, np.float32([0.12, 0.1, 0.16]), street * dim)
    picture = np.where(shoe[..., None] > 0, np.float32([0.52, 0.52, 0.52]), picture)
    return cv2.GaussianBlur(picture, (0, 0), 0.5).astype(np.float32), legs > 0, shoe > 0


def test_what_is_behind_a_shadow_is_as_dark_as_it_makes_the_ground() -> None:
    street = _street(14)
    picture, legs, _ = _walker(street)
    ratio = 0.75 ** (1 / 2.2)
    body = widened(legs, 1)
    body[70:106, 90:150] = True
    ground = _dimmed(picture, street, body, body & ~widened(legs, 1), 1.0)
    assert np.abs(ground[80:96, 92:114] / street[80:96, 92:114] - ratio).max() < 0.04
    assert (ground[:, 180:] == street[:, 180:]).all()


def test_a_pale_shoe_in_the_shadow_of_dark_trousers_stays() -> None:
    street = _street(15)
    picture, _, shoe = _walker(street)
    alpha = passing_alpha(picture, street, np.full(shoe.shape, 0.004, np.float32))
    assert alpha[shoe].mean() > 0.7
    assert alpha[98:104, 122:148].max() < 0.05


def test_somebody_below_makes_no_clothing_of_a_shadow() -> None:
    street, far, near = _street(8), _disc((160, 240), 100, 40, 14), _disc((160, 240), 130, 130, 18)
    shadow = np.zeros_like(far)
    shadow[52:60, 95:160] = 1.0
    picture = street * (1 - 0.3 * cv2.GaussianBlur(shadow, (0, 0), 1.0))[..., None] ** (1 / 2.2)
    picture = picture + (np.float32([0.7, 0.2, 0.1]) - picture) * np.maximum(far, near)[..., None]
    alpha = passing_alpha(picture.astype(np.float32), street, np.full(far.shape, 0.004, np.float32))
    assert min(alpha[far == 1].min(), alpha[near == 1].min()) > 0.95
    assert alpha[54:58, 120:155].max() < 0.05


def test_what_is_enclosed_and_mostly_covered_is_whole() -> None:
    alpha = _disc((40, 60), 20, 20, 12)
    faint, gap, ramp = alpha.copy(), alpha.copy(), alpha.copy()
    faint[18:22, 17:23], gap[18:22, 17:23] = 0.7, 0.1
    ramp[:, 20:] *= np.linspace(1, 0, 40, dtype=np.float32)
    assert (_whole(faint)[18:22, 17:23] == 1).all()
    assert np.array_equal(_whole(gap)[18:22, 17:23], gap[18:22, 17:23])
    assert np.allclose(_whole(ramp), ramp, atol=0.005)


def test_an_empty_street_has_nobody() -> None:
    street = _street(4)
    grain = np.random.default_rng(5).normal(0, 0.01, street.shape).astype(np.float32)
    assert passing_alpha(street + grain, street, np.full(street.shape[:2], 0.01, np.float32)).max() == 0.0


def test_a_rough_outline_moves_to_the_colour_edge() -> None:
    truth = _disc((160, 240), 120, 80, 30)
    street = _street(6)
    codes = np.clip(255 * (street + (np.float32([0.1, 0.3, 0.1]) - street) * truth[..., None]), 0, 255).astype(np.uint8)
    turns = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    drawn = tuple((120 + 31 * float(np.cos(turn)), 80 + 31 * float(np.sin(turn))) for turn in turns)
    alpha = drawn_alpha(codes, drawn)
    assert np.abs(alpha - truth).mean() < 0.004
    assert alpha[~(truth > 0)].mean() < 0.002


def test_the_wall_shows_between_leaves() -> None:
    random = np.random.default_rng(7)
    codes = np.clip(np.array([190, 175, 150]) + random.normal(0, 6, (200, 300, 3)), 0, 255).astype(np.uint8)
    leaves = np.zeros((200, 300), np.uint8)
    for x, y in random.uniform((100, 50), (200, 150), (130, 2)):
        cv2.circle(leaves, (int(x), int(y)), 4, 255, -1)
    codes[leaves > 0] = np.clip(np.array([60, 95, 40]) + random.normal(0, 10, (np.count_nonzero(leaves), 3)), 0, 255).astype(np.uint8)
    region = np.zeros((200, 300), bool)
    region[40:160, 90:210] = True
    alpha = porous_alpha(codes, region, np.ones_like(region))
    assert alpha[leaves > 0].mean() > 0.9
    assert alpha[region & (leaves == 0)].mean() < 0.08


def test_passers_by_of_a_real_street(plates: Path) -> None:
    """Pedestrians a dozen pixels wide, a car and their shadows; the outlines themselves are good to a quarter of a pixel or half of one."""
    name = "brick-office-locked"
    frames = {1001 + i: load().pixels.astype(np.float32) / 255 for i, load in enumerate(read_movie(plates / name / "plate.mp4", 0, 103))}
    stack = np.stack(list(frames.values())[::7])
    usual = np.median(stack, axis=0)
    unrest = 1.4826 * np.median(np.abs(stack - usual), axis=0).max(axis=-1)
    found = {frame: overlap_of(passing_alpha(frames[frame], usual, unrest), polygons) for frame, polygons in truths(name).items()}
    assert np.mean(list(found.values())) > 0.86
    assert min(found.values()) > 0.77
