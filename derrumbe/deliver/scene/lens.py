"""ST-maps: the lens's distortion as pictures that any compositor can apply."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from derrumbe.core.records import Camera, Set
from derrumbe.core.work import Work
from derrumbe.geom.camera import pixel_grid
from derrumbe.geom.lens import filmed, undistorted
from derrumbe.media.exr import write_exr

MAPS = ("undistort", "redistort")


@dataclass(frozen=True)
class StMaps:
    """Writes both maps of one frame's lens. pattern: path with {name} and {frame}."""

    film_set: Set
    pattern: str

    def path(self, name: str, frame: int) -> Path:
        return Path(self.pattern.format(name=name, frame=frame))

    def is_done(self, frame: int) -> bool:
        return all(self.path(name, frame).is_file() for name in MAPS)

    def __call__(self, frame: int) -> None:
        camera = self.film_set.camera_at(frame)
        for name in MAPS:
            write_exr(self.path(name, frame), st_map(camera, name), ("R", "G"), full=True)


def st_map(camera: Camera, name: str) -> np.ndarray:
    """Return where each pixel of the wanted picture comes from, (h, w, 2) float32 in 0..1 from the lower left corner.

    undistort: pixels of the straight picture, from the plate. redistort: pixels of the plate, from the straight picture.
    """
    find = filmed if name == "undistort" else undistorted
    found = np.empty((camera.height, camera.width, 2), np.float32)
    for top in range(0, camera.height, 256):  # in bands, for 8K
        band = camera.model_copy(update={"height": min(256, camera.height - top)})
        x, y = np.moveaxis(find(camera, pixel_grid(band, (0.5, top + 0.5))), -1, 0)
        found[top : top + 256] = np.stack([x / camera.width, 1 - y / camera.height], -1)
    return found


def write_st_maps(work: Work, film_set: Set) -> dict[str, str]:
    """Write the maps of a lens that distorts, one each, or one per frame when the lens changes. Return name -> file under scene/."""
    frames = list(film_set.frames)
    lenses = {(c.distortion, c.focal_px, c.cx, c.cy) for c in film_set.cameras}
    if not any(any(lens[0]) for lens in lenses):
        return {}
    pattern = "{name}.exr" if len(lenses) == 1 else "{name}/{name}.{frame}.exr"
    make = StMaps(film_set, str(work.folder / "scene" / pattern))
    todo = frames[:1] if len(lenses) == 1 else frames
    work.map_frames(make, todo, make.is_done, "lens")
    return {name: pattern.replace("{name}", name) for name in MAPS}
