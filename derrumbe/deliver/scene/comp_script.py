"""comp.nk: the comp rebuilt from the layers in Nuke, in the order and with the maths of our own.

Its result is `final` without the new grain, and without the lens softness that comp gives to new edges: those are the artist's to choose.
Where the effect matte is 0 it is the plate, bit for bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from derrumbe.core.files import write_text
from derrumbe.core.records import Comp, Layers, Plate, Set
from derrumbe.deliver.scene.camera import FILMBACK_MM, focal_mm, turns_zxy, window_shift
from derrumbe.deliver.scene.nuke import Raw, Script, curves, here
from derrumbe.geom.camera import eye

COLOURS = ("dust_behind", "pieces", "debris", "dust_front", "generated")
"""Premultiplied layers, back to front."""
RGB, ALPHA = "rgb", "alpha"
SKIRT = 2.5
"""How far the lens spreads an outline, in sigmas of its blur, as in comp."""
ALIKE = 0.015
"""Share of its value by which a resting piece may differ from the building's texture, as in comp."""
SOLID, LENT = 0.95, 7
"""Coverage that lends its colour to soft edges nearby, and the size of the blur that carries it there."""
FULL_CARE = 0.25
"""Coverage from which the black level holds entirely, as in comp."""
NOTE = """Rebuilds the shot from layers/, in Derrumbe's order.
Pixels are scene-linear ACEScg and read raw: set the project's working space to ACEScg to view them.
The result is final/ without the new grain{soft}."""
SOFT = ", and without the softness that new edges got\n(a Gaussian of sigma {sigma:.2f} px on pieces, debris and removed)"
BOX_VARIANCE = 1 / 12
"""What the renderer's pixel-wide box has already."""


@dataclass(frozen=True)
class Sources:
    """Everything that the script needs. pictures: name -> file beside the script. black: the plate's black point (3,)."""

    plate: Plate
    film_set: Set
    layers: Layers
    comp: Comp
    pictures: dict[str, str]
    black: np.ndarray
    softness: float = 1.0


def write_comp_script(path: Path, sources: Sources) -> None:
    """Write comp.nk."""
    write_text(path, comp_script(sources))


def comp_script(sources: Sources) -> str:
    """Return the script's text."""
    script = Script()
    add_root(script, sources)
    add_reads(script, sources)
    behind = add_behind(script, add_gone(script, sources.film_set.softness_px))
    over = add_over(script, sources, behind)
    dark = add_black_level(script, sources.black, over)
    front = add_foreground(script, sources, dark) if "foreground" in sources.pictures else dark
    add_result(script, front)
    add_camera(script, sources)
    if "undistort" in sources.pictures:
        add_lens(script)
    add_note(script, sources)
    return script.text()


def add_root(script: Script, sources: Sources) -> None:
    """Add the project's settings, the layers' names and a note."""
    plate = sources.plate
    size = f"{plate.width} {plate.height}"
    script.block(
        "Root",
        {
            "inputs": 0,
            "frame": plate.frames.first,
            "first_frame": plate.frames.first,
            "last_frame": plate.frames.last,
            "lock_range": True,
            "fps": float(plate.rate),
            "format": f"{size} 0 0 {size} 1 plate",
        },
    )
    for name, channels in layer_channels(sources.layers.channels).items():
        script.layer(name, channels)


def add_note(script: Script, sources: Sources) -> None:
    """Say beside the graph what it is, and what it leaves to the artist."""
    missing = np.sqrt(max(0.0, (sources.softness * sources.film_set.softness_px) ** 2 - BOX_VARIANCE))
    soft = SOFT.format(sigma=missing) if missing > 0.15 else ""
    script.block("StickyNote", {"inputs": 0, "name": "about", "label": NOTE.format(soft=soft), "xpos": -330, "ypos": -180})


def layer_channels(channels: tuple[str, ...]) -> dict[str, list[str]]:
    """Return layer -> channels as Nuke's EXR reader names them: R is red, the others keep their name."""
    long = {"R": "red", "G": "green", "B": "blue", "A": "alpha"}
    found: dict[str, list[str]] = {}
    for channel in channels:
        layer, name = channel.split(".")
        found.setdefault(layer, []).append(long.get(name, name))
    return found


def add_reads(script: Script, sources: Sources) -> None:
    """Add every picture that is read, in a row."""
    files = {
        "plate": f"../{sources.plate.picture}",
        "layers": f"../{sources.layers.picture}",
        "matte": f"../{sources.comp.matte}",
        **sources.pictures,
    }
    frames = sources.plate.frames
    for column, (name, path) in enumerate(files.items()):
        script.node(
            "Read", name, at=(2 * column, 0), file_type="exr", file=here(path), first=frames.first, last=frames.last,
            origfirst=frames.first, origlast=frames.last, origset=True, raw=True,
        )  # fmt: skip


def add_gone(script: Script, lens_px: float) -> str:
    """Add the share of each pixel where the standing building has gone, in alpha: outside its matte over the lens's skirt of the old outline
    too, but not beside pieces that rest where they stood, as in comp.
    """
    skirt = int(np.ceil(SKIRT * lens_px))
    script.node("Shuffle", "pieces", "layers", at=(4, 1), **{"in": "pieces"})
    removed = script.node("Expression", "removed", "layers", at=(8, 1), expr3="removed.Y")
    if not skirt:
        return removed
    resting = add_resting(script)
    beside = script.node("Dilate", "beside_resting", resting, at=(6, 5), channels=ALPHA, size=skirt)
    standing = script.node("Expression", "standing", "building_matte", at=(10, 1), expr3="r")
    masks = removed
    for row, (mask, channel) in enumerate(((standing, "red"), (resting, "green"), (beside, "blue")), 4):
        channels = {"from0": Raw("rgba.alpha"), "to0": Raw(f"rgba.{channel}")}
        masks = script.node("Copy", f"{removed}_{channel}", masks, mask, at=(8, row), **channels)
    left = script.node("Expression", "left", masks, at=(8, 7), expr3="a * (1 - max(g, clamp(4 * (1 - r)) * b))")
    beside_left = script.node("Dilate", "beside_left", left, at=(10, 8), channels=ALPHA, size=skirt)
    beside_standing = script.node("Dilate", "beside_standing", standing, at=(11, 8), channels=ALPHA, size=skirt)
    edge = script.node("MergeExpression", "skirt", beside_left, beside_standing, at=(10, 9), expr3="clamp(4 * (1 - Br)) * min(Ba, Aa)")
    return script.node("MergeExpression", "gone", left, edge, at=(8, 9), expr3="max(Ba, Aa) * (1 - Bg)")


def add_resting(script: Script) -> str:
    """Add the coverage of pieces that look like the building where they are, give or take a pixel, in alpha."""
    sides = {"darkest": (-1, "<=", f"{1 - ALIKE:g} * A{{0}} - 0.001"), "brightest": (1, ">=", f"{1 + ALIKE:g} * A{{0}} + 0.001")}
    for column, (name, (size, sign, bound)) in enumerate(sides.items(), 4):
        near = script.node("Dilate", name, "texture", at=(column, 2), channels=RGB, size=size)
        within = " * ".join(f"(({bound.format(one)}) * Ba {sign} B{one})" for one in RGB)
        script.node("MergeExpression", f"within_{name}", "pieces", near, at=(column, 3), expr3=within)
    alike = script.node("MergeExpression", "alike", "within_darkest", "within_brightest", at=(4, 4), expr3="Aa * Ba")
    core = script.node("Dilate", "alike_core", alike, at=(4, 5), channels=ALPHA, size=-1)
    return script.node("MergeExpression", "resting", "pieces", core, at=(5, 5), expr3="Aa * Ba")


def add_behind(script: Script, gone: str) -> str:
    """Put the clean plate where the building has gone, and lay the shadow on it.

    A piece's edge covers first what it left, as in comp.
    """
    share = "clamp(max(Ba - Aa, 0) / max(1 - Aa, 0.0001))"
    bare = script.node("MergeExpression", "bare", gone, "pieces", at=(2, 2), expr3=share)
    behind = script.node("Keymix", "behind", "plate", "clean_plate", bare, at=(0, 2), channels=RGB)
    shadow = script.node("Shuffle", "shadow", "layers", at=(2, 3), **{"in": "shadow"})
    return script.node("Merge2", "shadowed", behind, shadow, at=(0, 3), operation="multiply", output=RGB)


def add_over(script: Script, sources: Sources, below: str) -> str:
    """Lay the layers of colour over each other."""
    there = layer_channels(sources.layers.channels)
    for row, name in enumerate((one for one in COLOURS if one in there), 4):
        if name not in script.names:
            script.node("Shuffle", name, "layers", at=(2, row), **{"in": name})
        below = script.node("Merge2", f"over_{name}", below, name, at=(0, row), operation="over", output=RGB)
    return below


def add_black_level(script: Script, black: np.ndarray, colour: str) -> str:
    """Lift what is darker than the air before the building to the plate's black level, softly."""
    cover = script.node("Copy", "cover", "plate", "matte", at=(-2, 9), from0=Raw("rgba.red"), to0=Raw("rgba.alpha"))
    lines = {f"expr{index}": lifted(letter, float(black[index])) for index, letter in enumerate(RGB)}
    return script.node("MergeExpression", "black_level", cover, colour, at=(0, 9), **lines)


def lifted(letter: str, black: float) -> str:
    """Write comp's black level for one channel: A is the picture, B the plate with the effect matte for alpha.

    floor + knee * exp((value - floor - knee) / knee) under floor + knee, the value itself above; faded in over thin coverage.
    """
    value, own, level = f"A{letter}", f"B{letter}", f"{black:.8g}"
    floor = f"max(min({level}, {own}) + Ba * ({level} - min({level}, {own})), 0.000001)"
    above = f"({value} - {floor} * 7 / 6)"
    high = f"({floor} + {floor} / 6 * exp(min(0, {above} * 6 / {floor})) + max(0, {above}))"
    care = f"clamp(Ba / {FULL_CARE})"
    return f"{value} + {care} * {care} * (3 - 2 * {care}) * ({high} - {value})"


def add_foreground(script: Script, sources: Sources, below: str) -> str:
    """Put what stands in front over it all. Its soft edges lose the old building; where they are thin, solid parts lend their colour."""
    building = script.node("Expression", "building", "building_matte", at=(4, 10), expr3="r")
    old = script.node("Keymix", "old_background", "plate", "texture", building, at=(2, 10), channels=RGB)
    cut = script.node("Copy", "plate_cut", "plate", "foreground", at=(-2, 10), from0=Raw("rgba.red"), to0=Raw("rgba.alpha"))
    seen = {f"expr{index}": f"Ba * max(B{one} - (1 - Ba) * A{one}, 0)" for index, one in enumerate(RGB)}
    own = script.node("MergeExpression", "own_colour", cut, old, at=(2, 11), **seen, expr3="Ba")
    solid = script.node("Expression", "solid", cut, at=(4, 11), **{f"expr{n}": f"{one} * (a > {SOLID})" for n, one in enumerate("rgb1")})
    near = script.node("Blur", "near_solid", solid, at=(4, 12), channels="rgba", size=LENT)
    lent = {
        f"expr{index}": f"(1 - Ba) * Ba * ((Aa > 0.001) * A{one} / max(Aa, 0.001) + (Aa <= 0.001) * B{one})"
        for index, one in enumerate(RGB)
    }
    lent_colour = script.node("MergeExpression", "lent_colour", cut, near, at=(4, 13), **lent)
    front = script.node("Merge2", "front", own, lent_colour, at=(2, 13), operation="plus", output=RGB)
    if "dust_near" in layer_channels(sources.layers.channels):
        front = add_veil(script, front)
    return script.node("Merge2", "over_front", below, front, at=(0, 14), operation="over", output=RGB)


def add_veil(script: Script, front: str) -> str:
    """Veil what stands in front with the dust that is nearer still, in the colour of all dust before the solids."""
    veil = script.node("Expression", "veil", "layers", at=(6, 12), expr3="min(dust_near.Y, dust_front.alpha)")
    flat = {f"expr{index}": f"Ba * A{one} / max(Aa, 0.0001)" for index, one in enumerate(RGB)}
    dust = script.node("MergeExpression", "dust_before_front", veil, "dust_front", at=(6, 13), **flat, expr3="Ba")
    laid = {f"expr{index}": f"Ba * A{one} + (1 - Aa) * B{one}" for index, one in enumerate(RGB)}
    return script.node("MergeExpression", "veiled_front", front, dust, at=(2, 14), **laid, expr3="Ba")


def add_result(script: Script, composed: str) -> None:
    """Keep the plate itself where the effect matte is 0, and offer to write the result."""
    changed = script.node("Expression", "changed", "matte", at=(2, 15), expr3="r > 0")
    script.node("Keymix", "result", "plate", composed, changed, at=(0, 15), channels=RGB)
    script.node(
        "Write", "write", "result", at=(0, 16), file=here("../comp/comp.{frame}.exr"), raw=True, file_type="exr", create_directories=True,
        disable=True,
    )  # fmt: skip


def add_camera(script: Script, sources: Sources) -> None:
    """Add the camera with its keys, and the set to look at through it."""
    film_set, frames = sources.film_set, [sources.film_set.frames.first] if sources.film_set.locked else list(sources.film_set.frames)
    cameras = tuple(film_set.camera_at(frame) for frame in frames)
    first = cameras[0]
    places = np.array([eye(camera) for camera in cameras])
    script.node(
        "Camera2", "camera", at=(-5, 0), rot_order="ZXY", translate=curves(frames, places.T), rotate=curves(frames, turns_zxy(cameras).T),
        focal=curves(frames, [[focal_mm(camera) for camera in cameras]]), haperture=FILMBACK_MM,
        vaperture=FILMBACK_MM * first.height / first.width, win_translate=curves(frames, zip(*map(window_shift, cameras), strict=True)),
    )  # fmt: skip
    script.node("ReadGeo2", "set_geometry", at=(-5, 1), file=here("set.obj"))


def add_lens(script: Script) -> None:
    """Add the way out of the lens and back."""
    straight = script.node("STMap", "undistorted", "plate", "undistort", at=(-3, 1), channels=RGB, uv=RGB)
    script.node("STMap", "redistorted", straight, "redistort", at=(-3, 2), channels=RGB, uv=RGB)
