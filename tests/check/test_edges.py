"""Edges are as crisp as they were made; a softer effect warns."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from derrumbe.check.edges import BINS, COARSE, FINE, edge_histogram, grain_slope, median_crispness
from tests.check.shots import judged
from tests.check.test_pictures import rewrite
from tests.comp.scenes import FRAMES, TRIGGER, Scene, blank_layers, put

SIDE, TIMES = 320, 4


def shards(blur: float, noise: float = 0.004, seed: int = 3) -> np.ndarray:
    """A linear picture (h, w, 3) of triangles whose edges, in tone, have a Gaussian blur of `blur` pixels, with grain."""
    random = np.random.default_rng(seed)
    tone = np.full((SIDE * TIMES, SIDE * TIMES), 0.3, np.float32)
    for _ in range(14):
        corners = random.integers(0, SIDE * TIMES, 2) + random.integers(-300, 300, (3, 2))
        cv2.fillPoly(tone, [corners.astype(np.int32)], float(random.uniform(0.2, 0.9)))
    tone = cv2.resize(cv2.GaussianBlur(tone, (0, 0), blur * TIMES), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return np.maximum(tone[..., None] ** 2 + random.normal(0, noise, (SIDE, SIDE, 3)), 0).astype(np.float32)


def histogram(picture: np.ndarray) -> np.ndarray:
    return edge_histogram(picture, np.ones(picture.shape[:2], bool), grain_slope(picture))


def courses(blur: float) -> np.ndarray:
    """A wall of dark joints a pixel and a half wide, in tone blurred by `blur` pixels, with a dark door in a plain field of it."""
    tone = np.full((SIDE * TIMES, SIDE * TIMES), 0.6, np.float32)
    for at in range(40, SIDE * TIMES, 56):
        tone[at : at + 6] = 0.3
    tone[200:1100, 200:800] = 0.6
    cv2.fillPoly(tone, [np.array([[300, 300], [700, 340], [660, 1000], [280, 960]], np.int32)], 0.25)
    tone = cv2.resize(cv2.GaussianBlur(tone, (0, 0), blur * TIMES), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return np.repeat(tone[..., None] ** 2, 3, -1).astype(np.float32)


@pytest.mark.parametrize("blur", [0.5, 0.7, 1.0])
def test_a_wall_of_thin_lines_is_no_crisper_than_blocks_under_the_same_lens(blur):
    assert median_crispness(histogram(courses(blur))) == pytest.approx(median_crispness(histogram(shards(blur, 0.001))), rel=0.1)


def test_an_edge_counts_whatever_else_is_looked_at():
    """Where nothing is calm, weak edges are no grain."""
    picture, grain = shards(0.7, 0.001), grain_slope(shards(0.7, 0.001))
    everywhere, rough = np.ones((SIDE, SIDE), bool), np.zeros((SIDE, SIDE), bool)
    tone = np.sqrt(picture.mean(-1))
    rough[cv2.dilate(np.abs(cv2.Laplacian(tone, cv2.CV_32F)), np.ones((5, 5))) > 0.05] = True
    assert edge_histogram(picture, rough, grain).sum() > 0.9 * edge_histogram(picture, everywhere, grain).sum()


@pytest.mark.parametrize("blur", [0.7, 1.0, 1.3, 1.6])
def test_a_step_loses_what_its_blur_says(blur):
    """Slopes of a Gaussian step go with 1 / sigma; a pixel adds 1/12 to its variance, a central difference 1/3."""
    own = blur**2 + 1 / 12 + 1 / 3
    expected = np.sqrt((own + COARSE**2) / (own + FINE**2)) - 1
    found = median_crispness(histogram(shards(blur)))
    assert found == pytest.approx(expected, rel=0.2)


def test_softer_edges_are_less_crisp_whatever_the_grain():
    for noise in (0.0, 0.004, 0.012):
        found = [median_crispness(histogram(shards(blur, noise))) for blur in (1.4, 1.0, 0.7, 0.4)]
        assert found == sorted(found)


def test_a_sharpened_picture_is_crisper_than_a_perfect_step():
    picture = shards(0.4)
    sharpened = np.maximum(picture + 0.7 * (picture - cv2.GaussianBlur(picture, (0, 0), 1.0)), 0)
    before, after = (median_crispness(histogram(image)) for image in (picture, sharpened))
    assert after > 1.1 * before


def test_grain_alone_has_no_edges():
    picture = (0.2 + np.random.default_rng(1).normal(0, 0.02, (SIDE, SIDE, 3))).astype(np.float32)
    assert histogram(picture).sum() < 0.002 * SIDE**2


def test_no_edge_has_no_crispness():
    assert np.isnan(median_crispness(np.zeros(BINS)))


def heap(scene: Scene) -> None:
    """From the trigger on, a heap of slabs that lies still."""
    random = np.random.default_rng(4)
    for frame in range(TRIGGER, FRAMES.last + 1):
        layers = blank_layers()
        layers["removed.Y"][40:, :] = 1
        put(layers, "pieces", (slice(50, 118), slice(10, 150)), (0.04, 0.042, 0.05))
        for _ in range(60):
            y, x = int(random.integers(50, 110)), int(random.integers(10, 140))
            put(layers, "pieces", (slice(y, y + 8), slice(x, x + 10)), tuple(random.uniform(0.05, 0.5, 3)))
        random = np.random.default_rng(4)
        scene.write_layers(frame, layers)


def test_an_effect_softer_than_its_plate_is_told_to_sharpen(tmp_path):
    scene = Scene(tmp_path, foreground=False)
    heap(scene)
    comp = scene.comp()
    as_made = judged(scene, comp)["sharpness"].value
    for frame in range(TRIGGER, FRAMES.last + 1):
        rewrite(comp, frame, lambda pixels: np.copyto(pixels, cv2.GaussianBlur(pixels, (0, 0), 1.6)))
    softer = judged(scene, comp, folder="again")["sharpness"]
    assert softer.value < 0.7 * as_made
    assert softer.verdict == "warn"
    assert "lower" in softer.remedy
