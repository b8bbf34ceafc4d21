"""scene.usdc: camera, set, light, fragments and debris."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from derrumbe.core.files import load_arrays
from derrumbe.core.records import Camera, Located, Motion, Pieces, Plate, Set, Sun
from derrumbe.deliver.scene.camera import FILMBACK_MM, focal_mm, window_shift, world_from_camera
from derrumbe.deliver.scene.fragments import add_debris, add_pieces
from derrumbe.deliver.scene.solids import Solid, facade_solids
from derrumbe.deliver.scene.usd import ROOT, Layer

MM = 0.01
"""USD gives lenses in tenths of the scene's unit: a millimetre is a hundredth of a tenth of a metre."""
GREYS = {"ground": 0.18, "neighbours": 0.3, "background": 0.3, "building": 0.35, "facades": 0.4}
GUIDES = ("building", "facades")
"""What stood before the collapse: guides, since the fragments take their place."""


def write_stage(
    path: Path,
    plate: Plate,
    film_set: Set,
    solids: dict[str, Solid],
    pieces: Located[Pieces],
    motion: Located[Motion],
    shutter: float,
    environment: str | None = None,
) -> None:
    """Write the whole scene as one binary USD file. shutter: degrees that it is open; environment: picture beside it that the dome light wears."""
    layer = Layer(plate)
    with layer.sdf.ChangeBlock():
        add_camera(layer, film_set, list(plate.frames), shutter)
        add_set(layer, solids, facade_solids(film_set))
        add_light(layer, film_set.sun, environment)
        arrays, poses = load_arrays(pieces.path(pieces.record.arrays)), load_arrays(motion.path(motion.record.poses))
        add_pieces(layer, plate.frames, motion.record, arrays, poses)
        debris = motion.path(motion.record.debris)
        if debris.is_file():
            add_debris(layer, plate.frames, motion.record, load_arrays(debris))
    layer.write(path)


def add_camera(layer: Layer, film_set: Set, frames: list[int], shutter: float) -> None:
    """Add the camera: one value where nothing changes, else a key per frame. shutter: degrees that it is open, from each frame's time on."""
    camera = layer.prim(f"{ROOT}/camera", "Camera")
    cameras = [film_set.camera_at(frame) for frame in frames]
    lenses = [lens(one) for one in cameras]
    for name, value in lenses[0].items():
        if all(one[name] == value for one in lenses):
            layer.attribute(camera, name, "float", value)
        else:
            layer.keys(camera, name, "float", frames, [one[name] for one in lenses])
    layer.attribute(camera, "clippingRange", "float2", (0.1, 1e5))
    layer.attribute(camera, "projection", "token", "perspective")
    layer.attribute(camera, "shutter:open", "double", 0.0)
    layer.attribute(camera, "shutter:close", "double", shutter / 360)
    if film_set.locked:
        layer.transform(camera, world_from_camera(cameras[0]))
        return
    layer.keys(camera, "xformOp:transform", "matrix4d", frames, [world_from_camera(one) for one in cameras])
    layer.order(camera, "xformOp:transform")


def lens(camera: Camera) -> dict[str, float]:
    """Return focal length, aperture and the principal point's offset, in tenths of a metre."""
    width, (right, up) = MM * FILMBACK_MM, window_shift(camera)
    return {
        "focalLength": MM * focal_mm(camera),
        "horizontalAperture": width,
        "verticalAperture": width * camera.height / camera.width,
        "horizontalApertureOffset": right * width / 2,
        "verticalApertureOffset": up * width / 2,
    }


def add_set(layer: Layer, solids: dict[str, Solid], facades: dict[str, Solid]) -> None:
    """Add ground and neighbours, and as guides the building as it stood and its façades."""
    layer.prim(f"{ROOT}/set", "Xform")
    layer.prim(f"{ROOT}/set/facades", "Xform")
    layer.prim(f"{ROOT}/materials", "Scope")
    materials = {name: layer.material(f"{ROOT}/materials/{name}", grey) for name, grey in GREYS.items()}
    for name, (vertices, faces) in solids.items():
        mesh = layer.mesh(f"{ROOT}/set/{name}", vertices, faces, "guide" if name in GUIDES else "")
        layer.bind(mesh, materials[name])
    for name, (vertices, faces) in facades.items():
        layer.bind(layer.mesh(f"{ROOT}/set/facades/{name}", vertices, faces, "guide"), materials["facades"])


def add_light(layer: Layer, sun: Sun, environment: str | None) -> None:
    """Add sky, and sun where there is one: a white wall facing them shows the set's colours (a wall that reflects all of E shows E/π)."""
    layer.prim(f"{ROOT}/light", "Xform")
    sky = layer.prim(f"{ROOT}/light/sky", "DomeLight")
    layer.attribute(sky, "inputs:color", "color3f", sun.sky_rgb if environment is None else (1.0, 1.0, 1.0))
    if environment is not None:
        layer.attribute(sky, "inputs:texture:file", "asset", f"./{environment}")
        layer.attribute(sky, "inputs:texture:format", "token", "latlong")
    if sun.overcast:
        return
    top = max(sun.rgb) or 1.0
    lamp = layer.prim(f"{ROOT}/light/sun", "DistantLight")
    layer.attribute(lamp, "inputs:color", "color3f", tuple(one / top for one in sun.rgb))
    layer.attribute(lamp, "inputs:intensity", "float", float(np.pi * top))
    layer.attribute(lamp, "inputs:angle", "float", sun.softness_deg)
    layer.attribute(lamp, "inputs:normalize", "bool", True)
    layer.transform(lamp, facing(np.asarray(sun.direction)))


def facing(direction: np.ndarray) -> np.ndarray:
    """Return a 4x4 rotation whose z axis is `direction`: a light shines along its -z."""
    z = direction / np.linalg.norm(direction)
    x = np.cross((0.0, 1.0, 0.0) if abs(z[1]) < 0.99 else (1.0, 0.0, 0.0), z)
    x /= np.linalg.norm(x)
    matrix = np.eye(4)
    matrix[:3, 0], matrix[:3, 1], matrix[:3, 2] = x, np.cross(z, x), z
    return matrix
