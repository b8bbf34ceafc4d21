"""Films of known truth: a street of textured planes seen by a camera that moves as told."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from derrumbe.core.records import Camera
from derrumbe.geom.camera import project
from tests.survey.scenes import look

FINER = 2
TILE = 8.0
TEXELS = 160


@dataclass(frozen=True)
class Film:
    """frames: grey (h, w) uint8. cameras: the truth, one per frame. radial: the lens's k1. reach: size of the scene, metres.

    covered: the share of each frame that a car hides.
    """

    frames: tuple[np.ndarray, ...]
    cameras: tuple[Camera, ...]
    radial: float
    reach: float
    covered: tuple[float, ...] = ()

    @property
    def size(self) -> tuple[int, int]:
        return self.cameras[0].width, self.cameras[0].height


def film(
    move: str,
    count: int,
    picture: tuple[int, int] = (640, 360),
    focal: float = 1.1,
    noise: float = 1.0,
    seed: int = 1,
    radial: float = 0.0,
) -> Film:
    """Film the street with a `move`: locked, pan, dolly, arc, handheld, zoom, or lens and car (both on a dolly). radial: the lens's k1."""
    cameras = tuple(_camera(move, index / max(count - 1, 1), picture, focal * picture[0], index) for index in range(count))
    radial = -0.06 if move == "lens" else radial
    planes = _street(seed)
    rng = np.random.default_rng(seed + 1)
    frames = []
    for index, camera in enumerate(cameras):
        shown = [*planes, _car(index / max(count - 1, 1), camera, seed)] if move == "car" else planes
        grey = _drawn(shown, camera, radial)
        frames.append(np.clip(np.rint(grey + rng.normal(0, noise, grey.shape)), 0, 255).astype(np.uint8))
    covered = tuple(
        _covered(_car(index / max(count - 1, 1), camera, seed), camera) for index, camera in enumerate(cameras) if move == "car"
    )
    return Film(tuple(frames), cameras, radial, 60.0, covered)


def _camera(move: str, t: float, picture: tuple[int, int], focal: float, index: int) -> Camera:
    eye, aim = np.array([0.0, 1.7, 0.0]), np.array([0.0, 5.0, -32.0])
    if move == "pan":
        aim = np.array([-8.0 + 16.0 * t, 5.0 - t, -32.0])
    elif move in ("dolly", "lens", "car"):
        eye = np.array([-1.5 + 3.0 * t, 1.7, 0.6 * t])
    elif move == "arc":
        angle = np.radians(-18 + 36 * t)
        eye, aim = np.array([34 * np.sin(angle), 22.0, -34 + 34 * np.cos(angle)]), np.array([0.0, 3.0, -34.0])
    elif move == "handheld":
        rng = np.random.default_rng(50 + index)
        eye = np.array([1.6 * t, 1.7 + 0.05 * np.sin(9 * t), -1.0 * t]) + rng.normal(0, 0.02, 3)
        aim = aim + np.array([2.0 * np.sin(5 * t), 0.8 * np.cos(7 * t), 0]) + rng.normal(0, 0.12, 3)
    elif move == "zoom":
        focal *= 1 + 0.3 * t
        aim = np.array([-2.0 + 4.0 * t, 5.0, -32.0])
    return look(focal, picture, tuple(eye), tuple(aim), 0.0)


Quad = tuple[np.ndarray, np.ndarray]


def _street(seed: int) -> list[Quad]:
    """Return planes from far to near: corners (4, 3) from top left clockwise, and their texture."""
    rng = np.random.default_rng(seed)
    up = np.array([0, 1.0, 0])
    out: list[Quad] = [_tiled(rng, np.array([-120.0, 45, -150]), np.array([240.0, 0, 0]), -45 * up)]
    for z in np.arange(-144.0, 8.0, TILE):
        for x in np.arange(-64.0, 64.0, TILE):
            out.append(_tiled(rng, np.array([x, 0, z]), np.array([TILE, 0, 0]), np.array([0, 0, TILE])))
    for x, z, width, height in ((-30, -60, 18, 14), (16, -55, 16, 18), (-24, -40, 12, 8), (14, -42, 14, 9)):
        out.append(_tiled(rng, np.array([x, height, z]), np.array([float(width), 0, 0]), -height * up))
    out.append(_tiled(rng, np.array([-8.0, 10, -32]), np.array([16.0, 0, 0]), -10 * up, windows=True))
    for x, z in ((-11, -22), (10.5, -20)):
        out.append(_tiled(rng, np.array([x, 5.0, z]), np.array([1.5, 0, 0]), -5 * up))
    return out


def _tiled(rng: np.random.Generator, corner: np.ndarray, along: np.ndarray, down: np.ndarray, windows: bool = False) -> Quad:
    texture = cv2.GaussianBlur(rng.uniform(0, 255, (TEXELS, TEXELS)).astype(np.float32), (0, 0), 2.5)
    texture = 128 + (texture - texture.mean()) * 40 / texture.std() + rng.uniform(-25, 25)
    if windows:
        for y in range(3):
            for x in range(5):
                texture[14 + 50 * y : 44 + 50 * y, 10 + 31 * x : 26 + 31 * x] = 35
    return np.stack([corner, corner + along, corner + along + down, corner + down]), np.clip(texture, 0, 255)


def _car(t: float, camera: Camera, seed: int) -> Quad:
    """Return the van that drives past before the camera: for a third of the film it hides more than 40 % of the picture."""
    across = -7 + 14 * t
    return _tiled(np.random.default_rng(seed + 9), np.array([across - 2.7, 3.0, -6.0]), np.array([5.4, 0, 0]), np.array([0, -2.8, 0]))


def _covered(quad: Quad, camera: Camera) -> float:
    canvas = np.zeros((camera.height, camera.width), np.float32)
    _warp(canvas, project(camera, quad[0])[0], np.full((64, 64), 255, np.float32))
    return float(np.mean(canvas > 0))


def _drawn(planes: list[Quad], camera: Camera, radial: float) -> np.ndarray:
    size = (camera.width * FINER, camera.height * FINER)
    canvas = np.full(size[::-1], 200, np.float32)
    for corners, texture in planes:
        pixels, depth = project(camera, corners)
        if (
            depth.min() < 0.5
            or (pixels.max(axis=0) < -50).any()
            or (pixels.min(axis=0) > np.array([camera.width, camera.height]) + 50).any()
        ):
            continue
        _warp(canvas, pixels * FINER, texture)
    if radial:
        canvas = _bent(canvas, camera, radial)
    return cv2.resize(canvas, (camera.width, camera.height), interpolation=cv2.INTER_AREA)


def _warp(canvas: np.ndarray, pixels: np.ndarray, texture: np.ndarray) -> None:
    """Paint a texture on a quad, its detail no finer than the picture's."""
    span = max(float(np.linalg.norm(pixels[k] - pixels[k - 1])) for k in range(4))
    while texture.shape[0] > 1.5 * span and texture.shape[0] > 8:
        texture = cv2.resize(texture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    side = texture.shape[0]
    source = np.array([[0, 0], [side, 0], [side, side], [0, side]], np.float32) - 0.5
    matrix = cv2.getPerspectiveTransform(source, (pixels - 0.5).astype(np.float32))
    low = np.clip(np.floor(pixels.min(axis=0)) - 1, 0, canvas.shape[::-1]).astype(int)
    high = np.clip(np.ceil(pixels.max(axis=0)) + 2, 0, canvas.shape[::-1]).astype(int)
    if (high <= low).any():
        return
    moved = np.array([[1, 0, -low[0]], [0, 1, -low[1]], [0, 0, 1.0]]) @ matrix
    shape = (int(high[0] - low[0]), int(high[1] - low[1]))
    colour = cv2.warpPerspective(texture, moved, shape, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    mask = np.zeros(shape[::-1], np.uint8)
    cv2.fillConvexPoly(mask, np.round((pixels - 0.5 - low) * 16).astype(np.int32), 255, shift=4)
    part = canvas[low[1] : high[1], low[0] : high[0]]
    part[mask > 0] = colour[mask > 0]


def _bent(canvas: np.ndarray, camera: Camera, radial: float) -> np.ndarray:
    """Return the picture as a lens with radial term k1 films it: filmed = straight * (1 + k1 r²)."""
    height, width = canvas.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    focal, cx, cy = camera.focal_px * FINER, camera.cx * FINER - 0.5, camera.cy * FINER - 0.5
    u, v = (x - cx) / focal, (y - cy) / focal
    a, b = u.copy(), v.copy()
    for _ in range(8):
        gain = 1 + radial * (a * a + b * b)
        a, b = u / gain, v / gain
    return cv2.remap(
        canvas, (a * focal + cx).astype(np.float32), (b * focal + cy).astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
