"""Every knob of a shot, with unit, range, default and meaning: the `ShotSpec`.

A knob's address is `group.name`, as in `--set dust.amount=1.5`. Groups are the artist's subjects, not stages;
a stage's own `settings.py` picks the groups that it reads, and so decides what re-runs when a knob changes.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


def knob(default: Any, does: str, unit: str = "", **limits: Any) -> Any:
    """Return a pydantic field with a unit for people to read."""
    return Field(default, description=does, json_schema_extra={"unit": unit}, **limits)


class Group(BaseModel):
    """A frozen group of knobs."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Trigger(Group):
    time: float = knob(1.0, "when the first bond breaks, counted from the first frame", "s", ge=0, le=3600)
    frame: int | None = knob(None, "the same as a frame number; wins over time", "frame", ge=0)


class Collapse(Group):
    mode: Literal["pancake", "progressive", "topple", "partial"] = knob(
        "progressive",
        "pancake: storeys land on each other; progressive: from the base, bay by bay; topple: over one side; partial: only `part` falls",
    )
    part: Literal["all", "left", "right", "upper", "corner_left", "corner_right", "facade"] = knob(
        "all", "which part of the building falls; corners are those towards the camera, facade is the front wall alone"
    )
    direction: Literal["left", "right", "towards", "away"] = knob("right", "which way a topple goes, as seen by the camera")
    origin_storey: int = knob(0, "storey that fails first; 0 is the ground floor", "storey", ge=0, le=200)
    origin_side: Literal["left", "right", "centre", "all"] = knob("all", "side on which the failure starts")
    speed: float = knob(1.0, "how fast failure spreads; gravity stays gravity", "x", ge=0.1, le=5)
    storey_delay: float = knob(0.25, "delay between the failure of one storey and the next", "s", ge=0, le=5)
    bay_delay: float = knob(0.0, "delay between one bay and the next, from `origin_side` on; 0: as fast as failure runs", "s", ge=0, le=5)
    prelude: float = knob(0.15, "cracks, puffs and bursting windows between the trigger and the first fall", "s", ge=0, le=20)
    sway: float = knob(0.0, "sway of the roof in an earthquake, growing during the prelude", "m", ge=0, le=5)
    blast: float = knob(0.0, "speed with which a gas explosion in the origin storey throws walls; 0: none", "m/s", ge=0, le=60)
    variation: float = knob(0.5, "how unevenly bays and storeys let go", "0-1", ge=0, le=1)


class Fragments(Group):
    size: float = knob(0.9, "typical edge of a block of wall after break-up", "m", ge=0.1, le=10)
    count: int = knob(4000, "most rigid pieces", "pieces", ge=50, le=20000)
    tail: float = knob(0.6, "share of small pieces in the long tail of sizes", "0-1", ge=0, le=1)


class Debris(Group):
    amount: float = knob(1.0, "small stuff thrown off breaks and impacts", "x", ge=0, le=10)
    size: float = knob(0.06, "typical size of a crumb", "m", ge=0.005, le=0.5)


class Dust(Group):
    amount: float = knob(1.0, "how much dust the collapse makes", "x", ge=0, le=10)
    density: float = knob(1.0, "how opaque a given amount of dust is", "x", ge=0.05, le=10)
    spread: float = knob(1.0, "how far the ground current runs", "x", ge=0.1, le=4)
    linger: float = knob(20.0, "time for dust in still air to thin to a third", "s", ge=1, le=600)
    color: str = knob("auto", "auto takes the façade's own colour; or #rrggbb")
    wind: float = knob(0.6, "wind speed", "m/s", ge=0, le=20)
    wind_heading: float = knob(90.0, "where the wind blows to: 0 away from camera, 90 to the right of frame", "deg", ge=-360, le=360)
    voxels: int = knob(192, "density voxels along the longest side of the dust's box", "voxels", ge=32, le=1024)
    delay: float = knob(0.0, "extra delay of the dust", "s", ge=0, le=10)
    reach_camera: bool = knob(False, "the front rolls over the camera; off: dust thins out before it")
    ejecta: float = knob(1.0, "dark, coarse grains thrown out and shed by what falls; 0: fine dust alone", "x", ge=0, le=10)


class BuildingKnobs(Group):
    height: float | None = knob(None, "height from ground to highest roof point; empty: from storeys", "m", gt=1, le=1000)
    storeys: int | None = knob(None, "storeys above ground; empty: counted from rows of openings", "storeys", ge=1, le=200)
    storey_height: float = knob(3.3, "typical storey height, for scale when the height isn't given", "m", ge=2, le=10)
    depth: float | None = knob(None, "depth of the building away from the main façade; empty: a guess from its width", "m", gt=0.5, le=500)
    roof_pitch: float | None = knob(
        None,
        "how steep the roof is over a building that shows one wall, whose model then leans back; empty: its wall goes on upright, and only the shadow by which "
        "the sun is found is that of a roof as steep as its hips, where colour and hips tell one; 90: no roof at all",
        "deg",
        ge=20,
        le=90,
    )
    unseen_top: Literal["level", "broken"] = knob(
        "level",
        "how a building that runs out of the picture ends at its top, as that comes down into view: level with its own ledge, or broken off",
    )
    material: Literal["auto", "brick", "concrete", "stone", "timber"] = knob("auto", "what walls are made of")
    floors: Literal["auto", "concrete", "timber"] = knob(
        "auto", "what floors are made of; auto: timber in timber houses and in low ones of stone under a real roof, else concrete"
    )
    wall_thickness: float = knob(
        0.35, "thickness of outer walls of a low house; taller masonry gets thicker in proportion", "m", ge=0.05, le=3
    )
    slab_thickness: float = knob(0.22, "thickness of floors", "m", ge=0.05, le=2)


class Front(Group):
    sureness: float = knob(
        0.5,
        "how sure survey must be that something nobody drew (a tree, a lamp post) stands before the building, to keep it there; "
        "1: only what is drawn stays",
        "0-1",
        ge=0,
        le=1,
    )


class Light(Group):
    sky: Literal["auto", "clear", "overcast"] = knob("auto", "kind of sky")
    sun_azimuth: float | None = knob(
        None,
        "where the sun stands: 0 behind the building, 90 right of frame, 180 behind the camera; empty: estimated",
        "deg",
        ge=-360,
        le=360,
    )
    sun_elevation: float | None = knob(None, "height of the sun above the horizon; empty: estimated", "deg", ge=-5, le=90)
    sun_strength: float = knob(1.0, "light of the sun, over what the plate tells", "x", ge=0, le=10)
    sun_color: str = knob("auto", "auto takes the plate's; or #rrggbb, of which only the hue counts")
    sky_strength: float = knob(1.0, "light of the sky, over what the plate tells", "x", ge=0, le=10)
    sky_color: str = knob("auto", "auto takes the plate's; or #rrggbb, of which only the hue counts")
    visibility: float | None = knob(
        None, "how far one sees: haze on what is new; empty: estimated from how blacks fade with distance", "km", gt=0.05, le=500
    )


class CameraKnobs(Group):
    focal: float | None = knob(
        None, "focal length in pixels of the plate as filmed, whatever --height says; empty: from vanishing points or metadata", "px", gt=1
    )
    k1: float | None = knob(
        None,
        "radial distortion of the lens: filmed = straight * (1 + k1 r²), r at depth 1 (picture over focal length) from the middle; negative: "
        "barrel, 0: none; empty: solved where a camera's move proves it, else none",
        ge=-0.5,
        le=0.5,
    )
    shutter: float | None = knob(
        None, "shutter angle; empty: that of the plate, measured by its own motion blur, else 180; 90 over a still", "deg", ge=0, le=360
    )
    shake: float = knob(
        0.0, "camera shake from the impact; moves the whole frame, so the plate is resampled when it is above 0", "px", ge=0, le=100
    )
    breath: float = knob(
        0.0, "most that automatic exposure gives way to the dust's brightness; changes the whole frame when above 0", "stops", ge=0, le=2
    )


class Render(Group):
    subframes: int = knob(8, "most time samples in a shutter; quiet frames take fewer", "samples", ge=1, le=64)
    sky_rays: int = knob(8, "sky rays per shading point before denoising", "rays", ge=1, le=256)
    denoise: bool = knob(True, "denoise light with Open Image Denoise")
    dust_scale: float = knob(
        0.5, "size at which dust is marched, before edge-aware enlarging; pictures under 1280 pixels take more", "x", ge=0.1, le=1
    )
    dust_step: float = knob(0.75, "march step, of the finest cells of dust", "cell", ge=0.1, le=4)
    shade_hidden: bool = knob(True, "shade pieces even where dust hides them, so that layers can be taken apart; a preview does not")


class CompKnobs(Group):
    grain: float = knob(1.0, "plate grain on what is new", "x", ge=0, le=4)
    softness: float = knob(1.0, "lens softness on what is new; 1 matches the plate", "x", ge=0, le=4)


class Generate(Group):
    name: str = knob("none", "generative back end: none passes the physical layers through; diffusers and comfyui run a big video model")
    model: str = knob("", "folder of the model's weights (safetensors), or the Hugging Face id that you allow to be fetched")
    pipeline: str = knob("wan-vace", "kind of model: wan-vace, wan-v2v, ltx, ltx2, ltx2-incontext, cogvideox-fun")
    lora: str = knob("", "a LoRA file (safetensors) put on the model, such as an IC-LoRA or one for few steps")
    control: Literal["comp", "depth", "edges"] = knob("comp", "what guides the model: the physical comp, its depth, or its edges")
    references: bool = knob(True, "show the model the plate's first frame, where it takes such pictures")
    strength: float | None = knob(None, "how much of the physical comp a model may forget; empty: the pipeline's own", "0-1", ge=0, le=1)
    guidance: float | None = knob(None, "how strongly the model follows the prompt; empty: the pipeline's own", "x", ge=0, le=30)
    steps: int | None = knob(None, "denoising steps; empty: the pipeline's own", "steps", ge=1, le=200)
    prompt: str = knob("", "words for the model; empty: written from the brief")
    prompt_more: str = knob("", "words put after the written prompt")
    negative: str = knob("", "what the model shall avoid; empty: a list of usual faults")
    window: int | None = knob(None, "frames given to the model at once; empty: the pipeline's own", "frames", ge=5, le=1024)
    overlap: int | None = knob(None, "frames that neighbouring windows share; empty: the pipeline's own", "frames", ge=0, le=512)
    pixels: float | None = knob(None, "largest picture given to the model; empty: what it was trained on", "Mpx", gt=0, le=64)
    grow: float = knob(0.02, "how far the model may go beyond the physical layers", "of the height", ge=0, le=0.5)
    detail: float = knob(1.0, "how much fine detail of the physical layers is kept", "0-1", ge=0, le=1)
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = knob("auto", "precision of the model; auto takes what the GPU has")
    offload: Literal["auto", "none", "model", "sequential"] = knob("auto", "what waits in main memory; auto by what fits the GPU")
    device: str = knob("auto", "where the model runs: auto, cuda, cuda:1, mps, cpu")
    url: str = knob("http://127.0.0.1:8188", "address of the ComfyUI server")
    workflow: str = knob("", "ComfyUI workflow in API format; empty: the one for Wan VACE that comes along")


class ShotSpec(BaseModel):
    """Every resolved knob of a shot. `schema` names its version."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    trigger: Trigger = Trigger()
    collapse: Collapse = Collapse()
    fragments: Fragments = Fragments()
    debris: Debris = Debris()
    dust: Dust = Dust()
    building: BuildingKnobs = BuildingKnobs()
    front: Front = Front()
    light: Light = Light()
    camera: CameraKnobs = CameraKnobs()
    render: Render = Render()
    comp: CompKnobs = CompKnobs()
    generate: Generate = Generate()
    seed: int = knob(1, "seed of everything random", "", ge=0, le=2**31 - 1)
