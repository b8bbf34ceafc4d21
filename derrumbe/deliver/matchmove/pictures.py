"""The pictures and the movie of the matchmove, over the plate."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from derrumbe.core.records import Located, Plate, Set
from derrumbe.core.work import Work
from derrumbe.deliver.matchmove.ball import draw_light
from derrumbe.deliver.matchmove.board import Board, shrunk
from derrumbe.deliver.matchmove.tracks import Tracks, draw_tracks, read_tracks
from derrumbe.deliver.matchmove.wireframe import Wireframe, wireframe_of
from derrumbe.deliver.review import FrameCache
from derrumbe.media.exr import read_exr
from derrumbe.media.movie_small import small_frames
from derrumbe.media.movie_writer import MovieWriter

STILL, MOVIE = 1280, 960
"""Largest side of stills and movie, pixels."""
QUALITY = 22
SKY, BUILDING, FRONT = (40, 90, 255), (40, 220, 60), (255, 30, 30)


@dataclass(frozen=True)
class Matchmove:
    """What there is to see, files relative to the delivery: wireframe, tracks and mattes by frame, the light, the movie."""

    wireframe: dict[int, str]
    tracks: dict[int, str]
    mattes: dict[int, str]
    light: str
    movie: str | None
    found: Tracks | None

    @property
    def files(self) -> tuple[str, ...]:
        pictures = (*self.wireframe.values(), *self.tracks.values(), *self.mattes.values(), self.light)
        return (*pictures, *([self.movie] if self.movie else []))


def draw_matchmove(work: Work, plate: Located[Plate], film_set: Located[Set]) -> Matchmove:
    """Draw what isn't there yet. review_plate.mp4 must be there: the movie is drawn over its frames."""
    frames, tracks = three(plate.record), read_tracks(film_set.folder)
    seen = frames if "{frame}" in str(film_set.record.foreground) or not film_set.record.locked else frames[:1]
    shown = Matchmove(
        wireframe={frame: f"report/matchmove-wireframe-{frame}.jpg" for frame in frames},
        tracks={frame: f"report/matchmove-tracks-{frame}.jpg" for frame in frames} if tracks else {},
        mattes={frame: f"report/matchmove-mattes-{frame}.jpg" for frame in seen},
        light="report/matchmove-light.jpg",
        movie=None if plate.record.held else "report/matchmove.mp4",
        found=tracks,
    )
    if all((work.folder / name).is_file() for name in shown.files):
        return shown
    wire = wireframe_of(film_set)
    cache = FrameCache(plate.record.display)
    for frame in frames:
        draw_frame(work.folder, plate, film_set, wire, cache, shown, frame)
    if shown.movie:
        draw_movie(work, plate.record, film_set.record, wire, work.folder / shown.movie)
    return shown


def three(plate: Plate) -> list[int]:
    """Return the first, middle and last frame; of a still, and of a single frame, the first."""
    first, last = plate.frames.first, plate.frames.last
    return [first] if plate.held else sorted({first, (first + last) // 2, last})


def draw_frame(
    folder: Path, plate: Located[Plate], film_set: Located[Set], wire: Wireframe, cache: FrameCache, shown: Matchmove, frame: int
) -> None:
    """Draw every still of one frame."""
    codes = shrunk(cache.codes(plate.path(plate.record.picture, frame)), STILL)
    camera = film_set.record.camera_at(frame)

    def board() -> Board:
        return Board(codes.copy(), camera)

    over = board()
    wire.draw(over)
    over.save(folder / shown.wireframe[frame])
    if shown.found and frame in shown.tracks:
        over = board()
        draw_tracks(over, shown.found, frame)
        over.save(folder / shown.tracks[frame])
    if frame in shown.mattes:
        over = board()
        draw_mattes(over, film_set, frame)
        over.save(folder / shown.mattes[frame])
    if frame == plate.record.frames.first:
        over = board()
        draw_light(over, film_set.record, plate.record.display)
        over.save(folder / shown.light)


def draw_mattes(board: Board, film_set: Located[Set], frame: int) -> None:
    """Tint sky blue, building green, and what stands or passes in front red."""
    record = film_set.record
    layers = ((record.sky_matte, SKY, 0.4), (record.building_matte, BUILDING, 0.45), (record.foreground, FRONT, 0.6))
    for name, colour, strength in layers:
        if name:
            board.tint(np.clip(np.nan_to_num(read_exr(film_set.path(name, frame), ("Y",))[..., 0]), 0, 1), colour, strength)


def draw_movie(work: Work, plate: Plate, film_set: Set, wire: Wireframe, path: Path) -> None:
    """Write the plate with the wireframe over it."""
    scale = min(1.0, MOVIE / max(plate.width, plate.height))
    size = (max(2, round(plate.width * scale / 2) * 2), max(2, round(plate.height * scale / 2) * 2))
    pictures = small_frames(work.folder / "review_plate.mp4", size)
    with MovieWriter(path, plate.rate, QUALITY) as movie:
        for frame, codes in zip(work.track(list(plate.frames), "matchmove movie"), pictures, strict=True):
            board = Board(codes, film_set.camera_at(frame))
            wire.draw(board)
            movie.write(board.codes)
