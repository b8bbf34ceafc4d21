"""Noise of known variance and correlation is found again; texture and movement aren't taken for it."""

from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from derrumbe.core.records import NoiseModel
from derrumbe.ingest.noise import measure_noise, noise_of_pair, noise_of_picture
from derrumbe.media.exr import write_exr

HEIGHT, WIDTH = 384, 640
CHANNELS = np.array([[1.0, 0.6, 0.3], [0.6, 1.0, 0.5], [0.3, 0.5, 1.0]])
READ, PHOTON = 1e-5, 4e-4


def scene() -> np.ndarray:
    """Return a smooth ramp of light, (h, w, 3)."""
    x = np.linspace(0, 1, WIDTH)[None, :, None]
    return np.broadcast_to((0.03 + 0.7 * x**2) * (1.0, 0.9, 0.8), (HEIGHT, WIDTH, 3)).astype(np.float32)


def noisy(clean: np.ndarray, seed: int, blur: float = 0.0) -> np.ndarray:
    """Add noise of variance READ + PHOTON * light, blurred to be correlated in space, and correlated between channels."""
    grain = np.random.default_rng(seed).normal(size=clean.shape)
    if blur:
        grain = gaussian_filter(grain, (blur, blur, 0))
        grain /= grain.std()
    return (clean + np.sqrt(READ + PHOTON * clean) * (grain @ np.linalg.cholesky(CHANNELS).T)).astype(np.float32)


def deviation_ratio(model: NoiseModel) -> np.ndarray:
    """Return found over true standard deviation, per channel and level."""
    return np.sqrt(np.array(model.variance_at) / (READ + PHOTON * np.array(model.levels)))


def true_correlation(blur: float) -> np.ndarray:
    kernel = np.zeros((33, 33))
    kernel[16, 16] = 1
    kernel = gaussian_filter(kernel, blur) if blur else kernel
    spectrum = np.abs(np.fft.fft2(kernel)) ** 2
    found = np.fft.ifft2(spectrum).real
    return found[:3, :3] / found[0, 0]


@pytest.mark.parametrize("blur", [0.0, 0.7, 1.0])
def test_a_pair_tells_variance_and_correlations(blur):
    model = noise_of_pair(noisy(scene(), 1, blur), noisy(scene(), 2, blur))
    ratio = deviation_ratio(model)
    assert abs(np.median(ratio) - 1) < 0.05
    assert (np.abs(ratio - 1) < 0.15).all()
    np.testing.assert_allclose(model.spatial, true_correlation(blur), atol=0.05)
    np.testing.assert_allclose(model.channel, CHANNELS, atol=0.05)


@pytest.mark.parametrize("blur", [0.0, 0.7, 1.0])
def test_a_still_tells_variance_and_correlations(blur):
    model = noise_of_picture(noisy(scene(), 3, blur))
    ratio = deviation_ratio(model)
    assert abs(np.median(ratio) - 1) < 0.12
    assert (np.abs(ratio - 1) < 0.2).all()
    np.testing.assert_allclose(model.spatial, true_correlation(blur), atol=0.12)
    np.testing.assert_allclose(model.channel, CHANNELS, atol=0.1)


def test_texture_in_most_of_a_still_is_not_noise():
    """Bricks, strong against the noise, over four fifths of the picture."""
    clean = scene().copy()
    rng = np.random.default_rng(5)
    for top in range(0, HEIGHT, 80):
        clean[top : top + 64] *= np.kron(1 + 0.25 * rng.normal(size=(16, 160)), np.ones((4, 4)))[: HEIGHT - top, :WIDTH, None].astype(
            np.float32
        )
    ratio = deviation_ratio(noise_of_picture(noisy(np.maximum(clean, 0.0), 6)))
    assert np.median(ratio) < 1.25
    assert np.median(ratio) > 0.75


def test_movement_and_changing_light_are_not_noise():
    first, second = noisy(scene(), 7), noisy(scene() * np.float32(1.01), 8)
    second[100:220, 100:420] = noisy(scene()[:, ::-1], 9)[100:220, 100:420]
    assert abs(np.median(deviation_ratio(noise_of_pair(first, second))) - 1) < 0.08


def test_variance_never_falls_with_level():
    model = noise_of_picture(noisy(np.random.default_rng(0).random((HEIGHT, WIDTH, 3), np.float32), 1))
    for pair in (model, noise_of_pair(noisy(scene(), 1), noisy(scene(), 2))):
        assert (np.diff(np.array(pair.variance_at)) >= 0).all()


def test_8_bit_quantisation_alone_is_quiet():
    codes = np.rint(scene() * 255) / 255
    model = noise_of_picture(codes.astype(np.float32))
    assert np.sqrt(np.array(model.variance_at).max()) < 1 / 255


def test_a_clean_picture_has_no_noise():
    model = noise_of_picture(np.full((64, 64, 3), 0.5, np.float32))
    assert np.array(model.variance_at).max() == 0
    assert noise_of_picture(np.zeros((5, 9, 3), np.float32)).spatial[0][0] == 1


def written(folder: Path, frames: list[np.ndarray]) -> list[Path]:
    paths = [folder / f"plate.{1001 + index}.exr" for index in range(len(frames))]
    for path, pixels in zip(paths, frames, strict=True):
        write_exr(path, pixels)
    return paths


def test_a_static_textured_plate_is_measured_in_time(tmp_path):
    wall = scene() * (1 + 0.4 * np.random.default_rng(1).random((HEIGHT, WIDTH, 1), np.float32))
    model = measure_noise(written(tmp_path, [noisy(wall, seed) for seed in range(4)]), held=False)
    assert abs(np.median(deviation_ratio(model)) - 1) < 0.08


def test_a_moving_camera_falls_back_to_flat_spots(tmp_path):
    wall = scene().copy()
    wall[:300] *= np.kron(1 + 0.3 * np.random.default_rng(1).random((100, 128)), np.ones((3, 5)))[..., None].astype(np.float32)
    frames = [noisy(np.roll(wall, 9 * index, 1), index) for index in range(4)]
    model = measure_noise(written(tmp_path, frames), held=False)
    assert 0.7 < np.median(deviation_ratio(model)) < 1.3
