"""One frame of the comp: read bands of rows, put them together, write final and matte."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np

from derrumbe.comp import soften
from derrumbe.comp.foreground import REACH, cut_out, hidden
from derrumbe.comp.layers import CHANNELS, GENERATED, LayerBand, sorted_layers
from derrumbe.comp.shake import Offset, shaken
from derrumbe.comp.stack import GrainBand, PlateBand, stacked
from derrumbe.core.records import Comp, Layers, Located, Plate, Set
from derrumbe.media.exr import RGB, read_exr, write_exr
from derrumbe.media.exr_rows import ExrRows
from derrumbe.media.grain import GrainRows, variance_table
from derrumbe.media.links import link_file

BAND = 256
NOISE = 0x6A1
LEAST_TURN = 0.05
"""Radians: less likeness between frames isn't worth a second noise."""
T = TypeVar("T", PlateBand, LayerBand)


@dataclass(frozen=True)
class FrameComp:
    """Makes frame after frame.

    black: the plate's black point. carried: correlation of its noise from frame to frame. shake: offset per frame in order, or empty.
    stops: what automatic exposure adds per frame in order, or empty.
    """

    plate: Located[Plate]
    film_set: Located[Set]
    layers: Located[Layers]
    comp: Located[Comp]
    blank_matte: Path
    black: tuple[float, float, float]
    grain: float
    carried: float
    softness: float
    seed: int
    trigger_frame: int
    shake: tuple[Offset, ...] = ()
    stops: tuple[float, ...] = ()

    def is_done(self, frame: int) -> bool:
        return self._final(frame).is_file() and self._matte(frame).is_file()

    def __call__(self, frame: int) -> None:
        if self.is_untouched(frame):
            self._keep(frame)
            return
        cv2.setNumThreads(1)  # processes are the parallelism
        source = self.plate.path(self.plate.record.picture, frame)
        with ExrRows(source, RGB) as rows:
            full = rows.full
        final, matte = self.composed(frame)
        offset = self._offset(frame)
        if offset != (0.0, 0.0):
            final, matte = shaken(final, offset), np.ones_like(matte)
        if stops := self._stops(frame):
            final, matte = final * np.float32(2**stops), np.ones_like(matte)
        if not matte.any():
            self._keep(frame)
            return
        write_exr(self._final(frame), final, RGB, full=full)
        write_exr(self._matte(frame), matte, ("Y",))

    def _final(self, frame: int) -> Path:
        return self.comp.path(self.comp.record.picture, frame)

    def _matte(self, frame: int) -> Path:
        return self.comp.path(self.comp.record.matte, frame)

    def _offset(self, frame: int) -> Offset:
        return self.shake[frame - self.plate.record.frames.first] if self.shake else (0.0, 0.0)

    def _stops(self, frame: int) -> float:
        return self.stops[frame - self.plate.record.frames.first] if self.stops else 0.0

    def is_untouched(self, frame: int) -> bool:
        blank = self.layers.record.untouched
        whole = self._offset(frame) != (0.0, 0.0) or self._stops(frame) != 0.0
        return frame < self.trigger_frame or (blank is not None and frame in blank and not whole)

    def _keep(self, frame: int) -> None:
        link_file(self.plate.path(self.plate.record.picture, frame), self._final(frame))
        link_file(self.blank_matte, self._matte(frame))

    def composed(self, frame: int) -> tuple[np.ndarray, np.ndarray]:
        """Return final (h, w, 3) and matte (h, w), float32. The matte as half stores it; where it is 0 the final is the plate."""
        record = self.plate.record
        softness = soften.matching(self.film_set.record.softness_px, self.softness)
        noise = _Noise(record, self.seed, frame, self.carried)
        final = np.empty((record.height, record.width, 3), np.float32)
        matte = np.empty((record.height, record.width), np.float32)
        with ExitStack() as stack:
            reader = _BandReader(stack, self.plate, self.film_set, self.layers, frame)
            for top in range(0, record.height, BAND):
                bottom = min(top + BAND, record.height)
                final[top:bottom], matte[top:bottom] = self._band(reader, noise, softness, top, bottom)
        return final, matte

    def _band(self, reader: _BandReader, noise: _Noise, softness: soften.Softness, top: int, bottom: int) -> tuple[np.ndarray, np.ndarray]:
        # neighbours' rows are read too, so that filters see past the band's edges
        reach = max(softness.reach, REACH)
        first, last = max(0, top - reach), min(self.plate.record.height, bottom + reach)
        filmed, layers = reader.read(first, last, softness)
        inside = slice(top - first, bottom - first)
        table, level = variance_table(self.plate.record.noise)
        grain = GrainBand(noise.take(bottom - top), table, level, self.grain)
        filmed, layers = _rows(filmed, inside), _rows(layers, inside)
        final, matte = stacked(filmed, layers, grain, np.asarray(self.black))
        matte = matte.astype(np.float16).astype(np.float32)
        final[matte == 0] = filmed.plate[matte == 0]
        return final, matte


class _BandReader:
    """The open files of a frame."""

    def __init__(self, stack: ExitStack, plate: Located[Plate], film_set: Located[Set], layers: Located[Layers], frame: int) -> None:
        self.plate = stack.enter_context(ExrRows(plate.path(plate.record.picture, frame), RGB))
        made = GENERATED if GENERATED[0] in layers.record.channels else ()
        self.layers = stack.enter_context(ExrRows(layers.path(layers.record.picture, frame), (*CHANNELS, *made)))
        scene = film_set.record
        self.clean = _still(film_set.path(scene.clean_plate, frame), RGB)
        self.building = _still(film_set.path(scene.building_matte, frame), ("Y",))[..., 0]
        # A moving camera's frame is its own texture: what the first one saw lies elsewhere.
        self.texture = _still(film_set.path(scene.texture) if scene.locked else plate.path(plate.record.picture, frame), RGB)
        self.front = stack.enter_context(ExrRows(film_set.path(scene.foreground, frame), ("Y",))) if scene.foreground else None
        self.front_depth = (
            stack.enter_context(ExrRows(film_set.path(scene.foreground_depth, frame), ("Z",))) if scene.foreground_depth else None
        )

    def read(self, first: int, last: int, softness: soften.Softness) -> tuple[PlateBand, LayerBand]:
        """Return rows first..last (last excluded), softened."""
        layers = sorted_layers(self.layers.read_halves(first, last), self.layers.places)
        layers = _softened(layers, self.texture[first:last], self.building[first:last], softness)
        filmed = self._filmed(first, last)
        if self.front_depth is None or not filmed.front_alpha.any():
            return filmed, layers
        left = 1 - hidden(layers.pieces[..., 3], layers.depth, self.front_depth.read(first, last)[..., 0])
        return replace(filmed, front=filmed.front * left[..., None], front_alpha=filmed.front_alpha * left), layers

    def _filmed(self, first: int, last: int) -> PlateBand:
        plate, clean = self.plate.read(first, last), self.clean[first:last]
        if self.front is None:
            empty = np.zeros(plate.shape[:2], np.float32)
            return PlateBand(plate, clean, np.zeros_like(plate), empty)
        alpha = np.clip(np.nan_to_num(self.front.read(first, last)[..., 0]), 0, 1)
        return PlateBand(plate, clean, cut_out(plate, alpha, self.texture[first:last], self.building[first:last]), alpha)


def _softened(layers: LayerBand, texture: np.ndarray, building: np.ndarray, softness: soften.Softness) -> LayerBand:
    changes, rest = {}, np.zeros_like(layers.removed)
    if layers.pieces.any():
        rest = soften.resting(layers.pieces, texture)
        changes["pieces"] = soften.soften_pieces(layers.pieces, rest, layers.depth, layers.normal, softness)
    if layers.debris.any():
        changes["debris"] = soften.soften_debris(layers.debris, softness)
    if layers.removed.any():
        changes["removed"] = soften.soften_removed(layers.removed, rest, building, softness)
    return replace(layers, **changes)


def _rows(band: T, rows: slice) -> T:
    return type(band)(**{name: plane[rows] for name, plane in vars(band).items()})


@lru_cache(maxsize=8)
def _still(path: Path, channels: tuple[str, ...]) -> np.ndarray:
    return np.nan_to_num(read_exr(path, channels), copy=False)


class _Noise:
    """A frame's unit noise, from the top down. A moving average over two frames gives it the plate's likeness from frame to frame, of at
    most a half. A held plate has one noise for all its frames."""

    def __init__(self, plate: Plate, seed: int, frame: int, carried: float) -> None:
        self.turn = 0.0 if plate.held else 0.5 * float(np.arcsin(min(2 * carried, 1.0)))
        frames = (0,) if plate.held else (frame,) if self.turn < LEAST_TURN else (frame, frame - 1)
        self.rows = [GrainRows(plate.noise, plate.width, np.random.default_rng((seed, NOISE, number))) for number in frames]

    def take(self, count: int) -> np.ndarray:
        taken = [rows.take(count) for rows in self.rows]
        return taken[0] if len(taken) == 1 else np.float32(np.cos(self.turn)) * taken[0] + np.float32(np.sin(self.turn)) * taken[1]
