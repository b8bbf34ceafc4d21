"""Costly measures on a few frames spread over the effect: grain, flicker, blacks, edges. Sums per frame and level, a small JSON each.

A frame is compared with what its layers say it would be without grain: `expected`, a plain over of the layers. It is formed only where the
plate itself has gone and where neither an edge nor a crumb is near, so no softening, lifting or matte can be mistaken for grain.
"""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from derrumbe.check.edges import BINS, edge_histogram, grain_slope
from derrumbe.core.errors import BadPlate
from derrumbe.core.files import load_arrays, write_text
from derrumbe.core.records import FAR, Comp, FrameRange, Layers, Located, NoiseModel, Pieces, Plate, Set
from derrumbe.geom.camera import seen_from
from derrumbe.geom.depth import mesh_depth
from derrumbe.media.exr import RGB, read_exr
from derrumbe.media.exr_rows import ExrRows
from derrumbe.media.grain import correlation_sum, variance_at

SAMPLES = 8
STILL_SPEED = 0.25
"""Pixels a frame: slower than this, motion blur is no part of an edge."""
HAZY = 0.5
"""Opacity of dust through which an edge can still be judged: dust lowers its contrast, not its sharpness."""
BANDS, BAND, HALO = 4, 128, 8
"""Rows that are looked at: up to BANDS bands of BAND rows, spread over the rows that the effect covers; HALO more for filters."""
BLOCK = 8
LEVELS = (0.0, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 1e9)
"""Edges of the bins of signal level."""
RGBA = ("R", "G", "B", "A")
COLOURS = ("dust_behind", "pieces", "debris", "dust_front")
CHANNELS = (
    *(f"{group}.{name}" for group in COLOURS for name in RGBA),
    "shadow.R", "shadow.G", "shadow.B", "removed.Y", "depth.Z", "motion.X", "motion.Y", "id.Y",
)  # fmt: skip


def sampled_frames(frames: FrameRange, trigger_frame: int) -> tuple[int, ...]:
    """Return up to SAMPLES frames after the trigger that have a next one, evenly spread and always with the last such."""
    first, last = max(trigger_frame, frames.first), frames.last - 1
    if last < first:
        return ()
    return tuple(sorted({round(float(x)) for x in np.linspace(first, last, SAMPLES)}))


@dataclass(frozen=True)
class LookProbe:
    """Measures a frame and the one after it."""

    plate: Located[Plate]
    film_set: Located[Set]
    layers: Located[Layers]
    comp: Located[Comp]
    folder: Path
    black: tuple[float, float, float]
    pieces: Located[Pieces] | None = None
    """Needed before a moving camera only: where the plate shows the building."""

    def path(self, frame: int) -> Path:
        return self.folder / "looks" / f"{frame}.json"

    def is_done(self, frame: int) -> bool:
        return self.path(frame).is_file()

    def __call__(self, frame: int) -> None:
        write_text(self.path(frame), json.dumps(self.measure(frame)))

    def measure(self, frame: int) -> dict[str, Any]:
        """Return {frame, grain, flicker, blacks, edges}; sums only, so that bands and frames add up. A frame with a bad file measures nothing."""
        sums = Sums()
        try:
            with ExitStack() as stack:
                here = Pictures(stack, self, frame)
                after = Pictures(stack, self, frame + 1)
                black, clean = np.asarray(self.black), read_exr(self.film_set.path(self.film_set.record.clean_plate, frame), RGB)
                follow = None if self.film_set.record.locked else Followed(self, here, after, frame)
                for rows in here.bands():
                    first, last = max(0, rows.start - HALO), min(self.plate.record.height, rows.stop + HALO)
                    inside = slice(rows.start - first, rows.stop - first)
                    now = here.read(first, last, clean)
                    now, then = follow.read(now, first, last) if follow else (now, after.read(first, last, clean))
                    add_grain(sums, now, self.plate.record.noise, black, inside)
                    add_flicker(sums, now, then, self.plate.record.noise, inside)
                    add_blacks(sums, now, self.plate.record.noise, black, inside)
                    add_edges(sums, now, inside)
        except BadPlate:
            sums = Sums()
        return {"frame": frame, **sums.as_json()}


class Followed:
    """A frame of a moving camera and the one after it, brought back along what stands still: the effect along the pile and the ground, the plate along
    its building and the ground."""

    def __init__(self, probe: LookProbe, here: Pictures, after: Pictures, frame: int) -> None:
        scene = probe.film_set.record
        self.after, self.cameras = after, (scene.camera_at(frame), scene.camera_at(frame + 1))
        self.clean = read_exr(probe.film_set.path(scene.clean_plate, frame + 1), RGB)
        bare = read_exr(probe.film_set.path(scene.set_depth, frame), ("Z",))[..., 0]
        pieces = here.layers.read(0, len(bare))
        self.effect = np.where(pieces[..., 7] > 0.5, np.nan_to_num(pieces[..., 20], posinf=FAR), bare)
        self.filmed = np.minimum(bare, mesh_depth(self.cameras[0], *_solid(probe.pieces)))

    def read(self, now: Band, first: int, last: int) -> tuple[Band, Band]:
        """Return `now`, rows first..last, with the speed of its pieces over the still world, and the next frame as it would lie on it."""
        rows = (slice(first, last), slice(None))
        places, own = ((seen_from(*self.cameras, depth, rows) - 0.5).astype(np.float32) for depth in (self.effect, self.filmed))
        top = max(0, int(min(places[..., 1].min(), own[..., 1].min())) - HALO)
        bottom = min(len(self.clean), int(max(places[..., 1].max(), own[..., 1].max())) + HALO)
        if bottom <= top:
            return now, replace(now, known=np.zeros_like(now.known))
        then, up = self.after.read(top, bottom, self.clean), np.array([0, top], np.float32)
        brought = {name: _brought(getattr(then, name), places - up) for name in ("final", "expected", "dust", "shadow")}
        # a cubic reads two pixels around
        sure = cv2.erode(then.known.astype(np.float32), np.ones((5, 5)), borderType=cv2.BORDER_CONSTANT, borderValue=0)
        x, y = np.moveaxis(places - up, -1, 0)
        whole, identity = (cv2.remap(plane, x, y, cv2.INTER_NEAREST) for plane in (sure, then.identity))
        column, row = np.meshgrid(np.arange(places.shape[1]), np.arange(first, last))
        drift = np.where(
            now.solid > 0.5, np.hypot(now.motion[..., 0] - (places[..., 0] - column), now.motion[..., 1] - (places[..., 1] - row)), 0
        )
        return replace(now, speed=drift), replace(then, **brought, plate=_brought(then.plate, own - up), known=whole > 0, identity=identity)


def _solid(pieces: Located[Pieces] | None) -> tuple[np.ndarray, np.ndarray]:
    """Return vertices (n, 3) and triangles (m, 3) of all pieces before they move."""
    if pieces is None:
        return np.zeros((0, 3)), np.zeros((0, 3), np.int32)
    arrays = load_arrays(pieces.path(pieces.record.arrays))
    return arrays["vertices"].astype(np.float64), arrays["triangles"]


def _brought(pixels: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Return a picture (h, w, ...) at places (h, w, 2). Cubic: a blur would pass for calm."""
    x, y = np.moveaxis(places, -1, 0)
    return np.asarray(cv2.remap(np.ascontiguousarray(pixels, np.float32), x, y, cv2.INTER_CUBIC))


class Sums:
    """What is added up. grain[c][bin] = [pixels, noise², model variance]; flicker, blocks = [n, final², plate²];
    blacks = [pixels, pixels too dark]; tones = histogram of new pixels' level over the black point, 32 bins from 0 to 8;
    edges, own_edges = histograms of how crisp edges are, of what is new and of the plate (edges.py)."""

    def __init__(self) -> None:
        self.grain = np.zeros((3, len(LEVELS) - 1, 3))
        self.flicker = np.zeros(3)
        self.blocks = np.zeros(3)
        self.blacks = np.zeros(2)
        self.tones = np.zeros(32)
        self.edges = np.zeros(BINS)
        self.own_edges = np.zeros(BINS)

    def as_json(self) -> dict[str, Any]:
        return {name: value.tolist() for name, value in vars(self).items()}


@dataclass(frozen=True)
class Band:
    """Rows of a frame. expected: what the layers make without grain; known: where that holds; speed: of pieces, pixels a frame."""

    plate: np.ndarray
    final: np.ndarray
    matte: np.ndarray
    expected: np.ndarray
    known: np.ndarray
    solid: np.ndarray
    bare: np.ndarray
    dust: np.ndarray
    shadow: np.ndarray
    speed: np.ndarray
    motion: np.ndarray
    identity: np.ndarray


class Pictures:
    """The open files of a frame."""

    def __init__(self, stack: ExitStack, probe: LookProbe, frame: int) -> None:
        self.plate = stack.enter_context(ExrRows(probe.plate.path(probe.plate.record.picture, frame), RGB))
        self.final = stack.enter_context(ExrRows(probe.comp.path(probe.comp.record.picture, frame), RGB))
        self.matte = stack.enter_context(ExrRows(probe.comp.path(probe.comp.record.matte, frame), ("Y",)))
        self.layers = stack.enter_context(ExrRows(probe.layers.path(probe.layers.record.picture, frame), CHANNELS))

    def bands(self) -> list[range]:
        """Return the bands of rows to look at."""
        covered = np.flatnonzero((self.matte.read(0, self.matte.height)[..., 0] > 0.98).any(1))
        if not len(covered):
            return []
        first, last = int(covered[0]), int(covered[-1]) + 1
        tops = np.linspace(first, max(first, last - BAND), BANDS) if last - first > BANDS * BAND else np.arange(first, last, BAND)
        return [range(int(top), min(int(top) + BAND, last)) for top in tops]

    def read(self, first: int, last: int, clean: np.ndarray) -> Band:
        layers = np.nan_to_num(self.layers.read(first, last))
        plate, final = self.plate.read(first, last), np.nan_to_num(self.final.read(first, last), posinf=0, neginf=0)
        matte = self.matte.read(first, last)[..., 0]
        behind, pieces, debris, front = (layers[..., 4 * i : 4 * i + 4] for i in range(4))
        shadow, removed, depth, motion, identity = layers[..., 16:19], layers[..., 19], layers[..., 20], layers[..., 21:23], layers[..., 23]
        expected = clean[first:last] * shadow
        for layer in (behind, pieces, front):
            expected = layer[..., :3] + (1 - layer[..., 3:]) * expected
        keep = (1 - removed) * (1 - pieces[..., 3]) * (1 - behind[..., 3]) * (1 - front[..., 3])
        known = (matte > 0.98) & (keep < 0.02) & ~near_edge(pieces[..., 3], debris[..., 3], removed, depth, identity)
        return Band(
            plate, final, matte, expected, known, pieces[..., 3], removed, front[..., 3] + behind[..., 3], shadow,
            np.hypot(motion[..., 0], motion[..., 1]), motion, identity,
        )  # fmt: skip


def near_edge(solid: np.ndarray, debris: np.ndarray, removed: np.ndarray, depth: np.ndarray, identity: np.ndarray) -> np.ndarray:
    """Return where, within four pixels, coverage, piece or depth changes, or a crumb flies."""
    square = np.ones((9, 9), np.uint8)
    changes = debris > 0
    for plane, step in ((solid, 0.01), (removed, 0.01), (identity, 0.5)):
        plane = np.ascontiguousarray(plane)
        changes |= cv2.dilate(plane, np.ones((3, 3))) - cv2.erode(plane, np.ones((3, 3))) > step
    return cv2.dilate(changes.astype(np.uint8), square) > 0


def add_grain(sums: Sums, band: Band, noise: NoiseModel, black: np.ndarray, inside: slice) -> None:
    """Add the noise of new pixels, by channel and level, clipped at five sigma so that a stray detail can't pass for grain."""
    known = band.known[inside]
    if not known.any():
        return
    expected, final = band.expected[inside][known], band.final[inside][known]
    model = variance_at(noise, expected)
    for c in range(3):
        # near zero the comp lifts blacks and no noise can go below nothing
        bright = (expected[:, c] > 2 * black[c]) & (expected[:, c] > 3 * np.sqrt(model[:, c]))
        residual = final[:, c] - expected[:, c]
        bins = np.digitize(expected[:, c], LEVELS[1:-1])
        seen = bright & (model[:, c] > 4 * _half_step(expected[:, c]) ** 2)
        clipped = np.minimum(residual**2, 25 * model[:, c])
        for row, weights in enumerate((np.ones(len(bins)), clipped, model[:, c])):
            sums.grain[c, :, row] += np.bincount(bins[seen], weights[seen], len(LEVELS) - 1)


def add_flicker(sums: Sums, now: Band, then: Band, noise: NoiseModel, inside: slice) -> None:
    """Add frame-to-frame change where nothing should move, of pixels and of blocks (pumping light), and the plate's own there."""
    still = (now.known & then.known & (now.dust < 0.05) & (then.dust < 0.05) & (now.identity == then.identity))[inside]
    still &= ((now.speed < 0.05) & (np.abs(now.shadow - then.shadow).max(-1) < 0.02))[inside]
    if not still.any():
        return
    change, own = (then.final - now.final)[inside], (then.plate - now.plate)[inside]
    levels = (now.expected[inside], now.plate[inside])
    grains = [2 * variance_at(noise, level) for level in levels]
    tolerances = [_tolerance(level) for level in levels]
    model, own_model = (a + b for a, b in zip(grains, tolerances, strict=True))
    sums.flicker += _flicker(change, own, model, own_model, still[..., None])
    part = correlation_sum(noise) / BLOCK**2
    whole = _blocks(still[..., None].astype(np.float32)) > 0.95
    model, own_model = (_blocks(a) * part + _blocks(b) for a, b in zip(grains, tolerances, strict=True))
    sums.blocks += _flicker(_blocks(change * still[..., None]), _blocks(own * still[..., None]), model, own_model, whole)


def _flicker(change: np.ndarray, own: np.ndarray, model: np.ndarray, own_model: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Return [n, sum of the final's change², sum of the plate's own change²], changes in units of what the grain model expects."""
    count = float(where.sum() * change.shape[-1])
    return np.array([count, (where * change**2 / model).sum(), (where * np.minimum(own**2 / own_model, 36)).sum()])


def add_blacks(sums: Sums, band: Band, noise: NoiseModel, black: np.ndarray, inside: slice) -> None:
    """Add how many new pixels, averaged 5x5 to calm their grain, lie under the plate's black point by more than that grain explains."""
    new = ((band.matte > 0.98) & (band.bare + band.solid + band.dust > 0.98))[inside]
    if not new.any():
        return
    level = cv2.blur(band.final, (5, 5))[inside][new]
    slack = 4 * np.sqrt(variance_at(noise, black[None]) * max(correlation_sum(noise), 1.0))[0] / 5 + 1e-4
    # a dark place of the plate itself may stay as dark as it was
    own = cv2.erode(band.plate, np.ones((5, 5)))[inside][new]
    floor = np.minimum(black, np.maximum(own, 0)) * 0.95 - slack
    sums.blacks += (float(new.sum()), float((level < floor).any(-1).sum()))
    if (black > 0).all():
        sums.tones += np.histogram((level / black).min(-1), bins=32, range=(0, 8))[0]


def add_edges(sums: Sums, band: Band, inside: slice) -> None:
    """Add how crisp edges of new solids are that are seen through little dust and hardly move, and the plate's own edges in those rows."""
    near = cv2.dilate((band.solid > 0.98).astype(np.uint8), np.ones((5, 5))) > 0
    moving = cv2.dilate(band.speed, np.ones((5, 5))) > STILL_SPEED
    new = near & (band.matte > 0.98) & (band.dust < HAZY) & ~moving
    old, grain = np.ones_like(new), grain_slope(band.plate)
    for total, picture, where in ((sums.edges, band.final, new), (sums.own_edges, band.plate, old)):
        within = np.zeros_like(where)
        within[inside] = where[inside]
        total += edge_histogram(picture, within, grain)


def _half_step(level: np.ndarray) -> np.ndarray:
    """Return the rounding noise of half precision at a level."""
    return np.maximum(np.abs(level), 2.0**-14) * 2.0**-11


def _tolerance(level: np.ndarray) -> np.ndarray:
    """Return the variance of half an 8-bit code at a level: change below it isn't seen."""
    return (0.003 * np.maximum(level, 0) + 2e-4) ** 2


def _blocks(pixels: np.ndarray) -> np.ndarray:
    height, width = (side - side % BLOCK for side in pixels.shape[:2])
    cut = pixels[:height, :width]
    return cut.reshape(height // BLOCK, BLOCK, width // BLOCK, BLOCK, -1).mean((1, 3))
