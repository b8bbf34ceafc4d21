"""The shot as a scene for other programs: camera.json, scene.glb, set.obj, and a README with the conventions."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from derrumbe.core.files import load_arrays, write_text
from derrumbe.core.records import Camera, Located, Motion, Pieces, Plate, Set
from derrumbe.deliver.fragments import add_fragments
from derrumbe.deliver.gltf import Gltf
from derrumbe.deliver.turns import continuous, quaternion_of
from derrumbe.geom.camera import eye, rotation_matrix

FILES = ("scene/README.txt", "scene/camera.json", "scene/scene.glb", "scene/set.obj")
FILMBACK_MM = 36.0
"""Width of the sensor that focal lengths in millimetres refer to; only the ratio matters."""
PROXIES = {0: "ground", 1: "neighbours"}
GREYS = {"ground": 0.18, "neighbours": 0.3, "building": 0.35, "outer": 0.4, "broken": 0.25, "slab": 0.3, "room": 0.2}
FLIP = np.diag([1.0, -1.0, -1.0])
"""From OpenCV camera axes (x right, y down, z forward) to those of OpenGL, glTF, Blender and Nuke (y up, looking along -z)."""

README = """Scene of the shot
=================

camera.json   the camera, per frame (one entry when it is locked off)
set.obj       ground, neighbours and the building before the collapse, as groups
scene.glb     all of it and the fragments, animated (glTF 2.0): Blender: File > Import > glTF 2.0

Metres, right-handed, +Y up (Blender turns this to +Z up when it imports). The origin is at the foot of the main facade's middle,
+X to the right along it as the camera sees it, +Z out of it towards the camera's side; the ground is y = 0.

camera.json: pixel = focal_px * (x/z, y/z) + (cx, cy), with (x, y, z) = rotation * world + translation in OpenCV axes (x right, y down,
z forward), pixel (0, 0) top left, centres at +0.5. world_from_camera is the same camera as a 4x4 matrix, row by row, in the axes of
Nuke, Blender and Maya (y up, looking along -z). focal_mm goes with a filmback {filmback:g} mm wide; window_translate is Nuke's.
glTF has no shifted lens: in scene.glb the camera is centred, and the shift is in its extras.

Frames: scene.glb starts at 0 s, which is frame {first}; the rate is {rate} frames a second. A pose is the one at which the shutter
opens. Fragments are named piece_0001 ..., in the order of the piece id layer (id = number).
"""


def write_scene(folder: Path, plate: Plate, film_set: Located[Set], pieces: Located[Pieces], motion: Located[Motion]) -> tuple[str, ...]:
    """Write the scene files that aren't there yet; return their names relative to `folder`."""
    if not all((folder / name).exists() for name in FILES):
        solids = set_solids(film_set)
        write_camera(folder / "scene/camera.json", plate, film_set.record)
        write_obj(folder / "scene/set.obj", solids)
        write_glb(folder / "scene/scene.glb", plate, film_set.record, solids, pieces, motion)
        write_text(folder / "scene/README.txt", README.format(filmback=FILMBACK_MM, first=plate.frames.first, rate=plate.rate))
    return FILES


def set_solids(film_set: Located[Set]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return ground, neighbours and building as (vertices (n, 3), triangles (m, 3)), each with its own vertices."""
    proxies = load_arrays(film_set.path(film_set.record.proxies))
    solid = load_arrays(film_set.path(film_set.record.building.solid))
    found = {
        name: compact(proxies["vertices"], proxies["triangles"][proxies["kind"] == kind])
        for kind, name in PROXIES.items()
        if (proxies["kind"] == kind).any()
    }
    return found | {"building": (solid["vertices"], solid["triangles"])}


def compact(vertices: np.ndarray, triangles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return only the vertices that `triangles` use, and the triangles renumbered."""
    used, renumbered = np.unique(triangles, return_inverse=True)
    return vertices[used], renumbered.reshape(-1, 3)


def write_obj(path: Path, solids: dict[str, tuple[np.ndarray, np.ndarray]]) -> None:
    """Write a Wavefront OBJ, a group per solid; indices start at 1."""
    lines, start = ["# metres, +Y up"], 1
    for name, (vertices, triangles) in solids.items():
        lines.append(f"o {name}")
        lines += ["v {:.6g} {:.6g} {:.6g}".format(*vertex) for vertex in vertices.tolist()]
        lines += ["f {} {} {}".format(*corner) for corner in (triangles + start).tolist()]
        start += len(vertices)
    write_text(path, "\n".join(lines) + "\n")


def write_camera(path: Path, plate: Plate, film_set: Set) -> None:
    """Write camera.json, floats in full so that they come back exactly."""
    frames = [plate.frames.first] if film_set.locked else list(film_set.frames)
    entries = [{"frame": frame, **camera_entry(film_set.camera_at(frame))} for frame in frames]
    head = {"locked": film_set.locked, "first": plate.frames.first, "last": plate.frames.last, "rate": str(plate.rate)}
    write_text(path, json.dumps({**head, "filmback_mm": FILMBACK_MM, "cameras": entries}, indent=1) + "\n")


def camera_entry(camera: Camera) -> dict[str, Any]:
    """Return one camera with the numbers that other programs want."""
    shift = ((camera.width / 2 - camera.cx) * 2 / camera.width, (camera.cy - camera.height / 2) * 2 / camera.width)
    return {
        **camera.model_dump(mode="json"),
        "focal_mm": camera.focal_px * FILMBACK_MM / camera.width,
        "window_translate": shift,
        "world_from_camera": world_from_camera(camera).tolist(),
    }


def world_from_camera(camera: Camera) -> np.ndarray:
    """Return the camera's place as a 4x4 matrix, y up and looking along -z."""
    matrix = np.eye(4)
    matrix[:3, :3] = rotation_matrix(camera).T @ FLIP
    matrix[:3, 3] = eye(camera)
    return matrix


def write_glb(
    path: Path,
    plate: Plate,
    film_set: Set,
    solids: dict[str, tuple[np.ndarray, np.ndarray]],
    pieces: Located[Pieces],
    motion: Located[Motion],
) -> None:
    """Write camera, set and animated fragments as one binary glTF."""
    gltf = Gltf()
    materials = {name: gltf.add("materials", material(name, grey)) for name, grey in GREYS.items()}
    roots = [
        gltf.add("nodes", {"name": name, "mesh": gltf.mesh(name, vertices, {materials[name]: triangles})})
        for name, (vertices, triangles) in solids.items()
        if name != "building"
    ]
    times = gltf.array(np.arange(len(plate.frames)) / float(plate.rate), bounds=True)
    roots.append(add_camera(gltf, film_set, times))
    roots.append(add_fragments(gltf, plate, load_arrays(pieces.path(pieces.record.arrays)), motion, materials, times))
    gltf.write(path, roots, {"first_frame": plate.frames.first, "rate": str(plate.rate)})


def material(name: str, grey: float) -> dict[str, Any]:
    surface = {"baseColorFactor": [grey, grey, grey, 1.0], "metallicFactor": 0.0, "roughnessFactor": 1.0}
    return {"name": name, "pbrMetallicRoughness": surface, "doubleSided": True}


def add_camera(gltf: Gltf, film_set: Set, times: int) -> int:
    """Add the camera's node, animated unless it is locked off; return it."""
    first = film_set.cameras[0]
    lens = {"type": "perspective", "perspective": {"aspectRatio": first.width / first.height, "yfov": field_of_view(first), "znear": 0.1}}
    shift = {"cx": first.cx, "cy": first.cy, "width": first.width, "height": first.height, "focal_px": first.focal_px}
    places = [world_from_camera(camera) for camera in film_set.cameras]
    turns = continuous(np.array([quaternion_of(place[:3, :3]) for place in places]))
    node = {"name": "camera", "camera": gltf.add("cameras", {"name": "camera", **lens}), "extras": shift}
    index = gltf.add("nodes", {**node, "translation": places[0][:3, 3].tolist(), "rotation": turns[0].tolist()})
    if not film_set.locked:
        gltf.animate(index, "translation", times, np.array([place[:3, 3] for place in places]))
        gltf.animate(index, "rotation", times, turns)
    return index


def field_of_view(camera: Camera) -> float:
    """Return the vertical field of view, radians."""
    return 2 * math.atan2(camera.height / 2, camera.focal_px)
