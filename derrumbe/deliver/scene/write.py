"""The story of scene/: what the script reads, camera, set, ST-maps, USD, the comp script, a README."""

from __future__ import annotations

import numpy as np

from derrumbe.core.files import write_text
from derrumbe.core.records import Comp, Layers, Located, Motion, Pieces, Plate, Set
from derrumbe.core.work import Work
from derrumbe.deliver.scene.camera import FILMBACK_MM, write_camera
from derrumbe.deliver.scene.comp_script import Sources, write_comp_script
from derrumbe.deliver.scene.lens import write_st_maps
from derrumbe.deliver.scene.pictures import bring_environment, bring_pictures, files_of
from derrumbe.deliver.scene.solids import set_solids, write_obj
from derrumbe.deliver.scene.stage import write_stage
from derrumbe.deliver.settings import Settings
from derrumbe.media.blacks import black_point
from derrumbe.media.exr import RGB, read_exr

FILES = ("README.txt", "camera.json", "set.obj", "scene.usdc", "comp.nk")
README = """Scene of the shot
=================

scene.usdc    camera, set, light, and the fragments in motion, for Blender (File > Import > Universal Scene Description), Houdini, Maya,
              usdview. A mesh per fragment, grouped by storey, keyed where it moves; debris as points. The building as it stood and its
              facades are guides: tick "Guide" under the import's purposes to have them.
comp.nk       the comp rebuilt from ../layers in Nuke, with the camera. Paths are relative to the script. It reads {pictures}.
camera.json   the camera, per frame (one entry when it is locked off)
environment.exr   what shines from all around but for the sun (latitude-longitude, ACEScg): the dome light wears it
set.obj       ground, neighbours and the building before the collapse, as objects
{lens}
Metres, right-handed, +Y up (Blender turns this to +Z up when it imports). The origin is at the foot of the main facade's middle,
+X to the right along it as the camera sees it, +Z out of it towards the camera's side; the ground is y = 0.

Frames: USD time codes and Nuke frames are the shot's, {first} to {last}, {rate} a second. A pose is the one at which the shutter opens;
it stays open for {shutter:.0f} degrees, of 360 from frame to frame.
Fragments are named piece_0001 ..., in the order of the piece id layer (id = number); points of debris have ids.

camera.json: pixel = focal_px * (x/z, y/z) + (cx, cy){bent}, with (x, y, z) = rotation * world + translation in OpenCV axes (x right, y down,
z forward), pixel (0, 0) top left, centres at +0.5. world_from_camera is the same camera as a 4x4 matrix, row by row, in the axes of
Nuke, Blender and Maya (y up, looking along -z). focal_mm goes with a filmback {filmback:g} mm wide; window_translate is Nuke's.
"""
LENS = """undistort     ST-map: apply it to the plate to get the straight picture that the camera sees (red, green: x, y in 0..1 from the lower
              left corner, 32 bit). filmed = straight * (1 + k1 r2 + k2 r4 ...), the terms are in camera.json
redistort     ST-map: apply it to a straight render to fit it to the plate
              Plate, layers, mattes, motion vectors and comp.nk are all in the plate's own, distorted pixels: nothing was resampled, and
              nothing there needs a map. The maps are for 3-D: cameras in scene.usdc, comp.nk and camera.json see the straight picture.
"""
BENT = " in the straight picture"


def write_scene(
    settings: Settings,
    work: Work,
    plate: Located[Plate],
    film_set: Located[Set],
    pieces: Located[Pieces],
    motion: Located[Motion],
    layers: Layers,
    comp: Comp,
) -> tuple[str, ...]:
    """Write the scene's files that aren't there yet; return their names relative to the delivery."""
    folder, record = work.folder / "scene", film_set.record
    pictures = bring_pictures(folder, film_set)
    maps = write_st_maps(work, record)
    environment = bring_environment(folder, film_set)
    if not all((folder / name).is_file() for name in FILES):
        solids = set_solids(film_set)
        shutter = record.shutter_angle(settings.spec.camera.shutter)
        write_camera(folder / "camera.json", plate.record, record, shutter)
        write_obj(folder / "set.obj", solids)
        write_stage(folder / "scene.usdc", plate.record, record, solids, pieces, motion, shutter, environment)
        softness = settings.spec.comp.softness
        sources = Sources(plate.record, record, layers, comp, pictures | maps, plate_black(plate, film_set), softness)
        write_comp_script(folder / "comp.nk", sources)
        write_text(folder / "README.txt", readme(plate.record, pictures, maps, shutter))
    brought = (name for pattern in (pictures | maps).values() for name in files_of(pattern, record))
    return tuple(f"scene/{name}" for name in (*FILES, *([environment] if environment else []), *brought))


def plate_black(plate: Located[Plate], film_set: Located[Set]) -> np.ndarray:
    """Return the plate's black point (3,), as comp finds it."""
    first = plate.record.frames.first
    picture = read_exr(plate.path(plate.record.picture, first), RGB)
    building, sky = (
        read_exr(film_set.path(name, first), ("Y",))[..., 0] for name in (film_set.record.building_matte, film_set.record.sky_matte)
    )
    return black_point(picture, building, sky)


def readme(plate: Plate, pictures: dict[str, str], maps: dict[str, str], shutter: float) -> str:
    names = ", ".join(sorted(pictures))
    lens = LENS if maps else ""
    bent, frames = BENT if maps else "", plate.frames
    return README.format(
        pictures=names, lens=lens, bent=bent, filmback=FILMBACK_MM, first=frames.first, last=frames.last, rate=plate.rate, shutter=shutter
    )
