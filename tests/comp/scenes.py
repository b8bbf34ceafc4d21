"""A small shot of known truth: a plate with known noise, a building of which the left half falls, dust, shadow, a lamp post in front."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

import cv2
import numpy as np

from derrumbe.comp.settings import Settings
from derrumbe.core.knobs import CompKnobs
from derrumbe.core.records import (
    FAR,
    LAYER_CHANNELS,
    Building,
    Camera,
    Comp,
    Facade,
    FrameRange,
    Layers,
    Located,
    NoiseModel,
    Plate,
    Set,
    Sun,
)
from derrumbe.core.work import Work
from derrumbe.media.exr import RGB, read_exr, write_exr
from derrumbe.media.grain import unit_grain, variance_at

HEIGHT, WIDTH = 120, 160
ROWS, COLUMNS = slice(30, 90), slice(50, 110)
"""The building."""
LEFT = slice(50, 80)
"""The half of it that falls."""
POST = slice(96, 101)
"""Columns of a lamp post in front, over the full height; its edges are soft."""
FRAMES = FrameRange(first=1001, last=1008)
TRIGGER = 1004
LENS = 0.6
POST_RGB = (0.05, 0.06, 0.05)


def noise_model(strength: float = 1.0) -> NoiseModel:
    """Noise with a floor and a slope, a little soft, channels a little alike."""
    levels = (0.0, 0.05, 0.2, 0.5, 1.0)
    variance = tuple(tuple(strength * scale * (4e-6 + 8e-5 * level) for level in levels) for scale in (1.0, 0.7, 1.6))
    spatial = ((1.0, 0.3, 0.0), (0.3, 0.09, 0.0), (0.0, 0.0, 0.0))
    channel = ((1.0, 0.4, 0.2), (0.4, 1.0, 0.3), (0.2, 0.3, 1.0))
    return NoiseModel(levels=levels, variance_at=variance, spatial=spatial, channel=channel)


@cache
def truth() -> dict[str, np.ndarray]:
    """The world without noise through a lens of sigma LENS: clean plate, texture (building), mattes (only the post's is soft)."""
    rows = np.linspace(0, 1, HEIGHT, dtype=np.float32)[:, None, None]
    clean = np.repeat(np.float32([0.5, 0.65, 0.9]) * (1 - 0.4 * rows), WIDTH, 1)
    clean[90:] = (0.2, 0.19, 0.17)
    building = np.zeros((HEIGHT, WIDTH), np.float32)
    building[ROWS, COLUMNS] = 1
    texture = clean.copy()
    texture[ROWS, COLUMNS] = (0.3, 0.2, 0.14)
    texture[38:46, 56:64] = texture[38:46, 90:98] = texture[60:70, 66:76] = (0.02, 0.021, 0.024)
    front = np.zeros((HEIGHT, WIDTH), np.float32)
    front[:, POST] = 1
    texture, front = cv2.GaussianBlur(texture, (0, 0), LENS), cv2.GaussianBlur(front, (0, 0), LENS)
    front[front < 0.02] = 0
    front[front > 0.98] = 1
    sky = (np.arange(HEIGHT)[:, None] < 90) * (1 - building)
    return {"clean": clean, "texture": texture, "building": building, "front": front, "sky": sky.astype(np.float32)}


def blank_layers() -> dict[str, np.ndarray]:
    """Layers of a frame in which nothing happens: channel → (h, w)."""
    layers = {name: np.zeros((HEIGHT, WIDTH), np.float32) for name in LAYER_CHANNELS}
    for name in ("shadow.R", "shadow.G", "shadow.B"):
        layers[name][:] = 1
    layers["depth.Z"][:] = FAR
    return layers


def put(layers: dict[str, np.ndarray], group: str, where: tuple[slice, slice], colour: np.ndarray | tuple, alpha: float = 1.0) -> None:
    """Lay a flat or textured rectangle into a group; `colour` isn't premultiplied."""
    for c, name in enumerate("RGB"):
        layers[f"{group}.{name}"][where] = np.asarray(colour, np.float32)[..., c] * alpha
    layers[f"{group}.A"][where] = alpha
    if group in ("pieces", "debris"):
        layers["depth.Z"][where] = 40.0
        layers["normal.Z"][where] = 1.0


def falling_layers(frame: int) -> dict[str, np.ndarray]:
    """The left half has slid down by a growing number of pixels; dust before it, shadow beside it."""
    layers = blank_layers()
    if frame < TRIGGER:
        return layers
    drop = 3 * (frame - TRIGGER) ** 2
    texture = truth()["texture"]
    layers["removed.Y"][ROWS, LEFT] = 1
    seen = slice(min(ROWS.start + drop, ROWS.stop), ROWS.stop)
    put(layers, "pieces", (seen, LEFT), texture[ROWS, LEFT][: seen.stop - seen.start])
    layers["id.Y"][seen, LEFT] = 1
    layers["motion.Y"][seen, LEFT] = 6 * (frame - TRIGGER) + 3
    if frame > TRIGGER:
        put(layers, "dust_front", (slice(70, 100), slice(40, 92)), (0.45, 0.43, 0.4), 0.6)
        for name in ("shadow.R", "shadow.G", "shadow.B"):
            layers[name][95:110, 20:140] = 0.5
    return layers


@dataclass(frozen=True)
class Scene:
    """Records on disk under `folder`."""

    folder: Path
    held: bool = False
    foreground: bool = True
    front_depth: float | None = None
    """Metres to the post, where that is known."""
    full: bool = False
    """Plate files in float instead of half."""
    softness_px: float = LENS
    rate: int = 24
    carried: float = 0.0
    """Likeness of the noise of successive frames."""
    noise: NoiseModel = field(default_factory=noise_model)

    @cached_property
    def plate(self) -> Located[Plate]:
        record = Plate(
            width=WIDTH, height=HEIGHT, source_width=WIDTH, source_height=HEIGHT,
            rate_num=self.rate, rate_den=1, frames=FRAMES, held=self.held, 
            colourspace="sRGB Encoded Rec.709 (sRGB)", code_bits=8, source="made.png", source_digest="none", noise=self.noise,
        )  # fmt: skip
        located = Located(record, self.folder / "ingest")
        still = truth()
        front = still["front"][..., None] * self.foreground
        filmed = still["texture"] * (1 - front) + np.float32(POST_RGB) * front
        for frame in FRAMES:
            numbers = (0,) if self.held else (frame, frame - 1)
            fresh = [unit_grain(self.noise, HEIGHT, WIDTH, np.random.default_rng((7, number))) for number in numbers]
            turn = 0.5 * np.arcsin(2 * self.carried)
            grain = (np.cos(turn) * fresh[0] + np.sin(turn) * fresh[-1]) * np.sqrt(variance_at(self.noise, filmed))
            write_exr(located.path(record.picture, frame), (filmed + grain).astype(np.float32), RGB, full=self.full)
        return located

    @cached_property
    def film_set(self) -> Located[Set]:
        still, folder = truth(), self.folder / "survey"
        record = Set(
            locked=True, cameras=(camera(),), frames=FRAMES, building=_building(),
            softness_px=self.softness_px, facade_rgb=(0.3, 0.2, 0.14),
            sun=Sun(direction=(0, 1, 0), rgb=(1, 1, 1), sky_rgb=(0.3, 0.3, 0.4), ground_rgb=(0.1, 0.1, 0.1), overcast=False),
            foreground="foreground.{frame}.exr" if self.foreground else None,
            foreground_depth="foreground_depth.{frame}.exr" if self.front_depth else None,
        )  # fmt: skip
        write_exr(folder / record.clean_plate, still["clean"], full=True)
        write_exr(folder / record.texture, still["texture"], full=True)
        write_exr(folder / record.building_matte, still["building"], ("Y",))
        write_exr(folder / record.sky_matte, still["sky"], ("Y",))
        write_exr(folder / record.set_depth, np.full((HEIGHT, WIDTH), 60.0, np.float32), ("Z",))
        if self.foreground:
            for frame in FRAMES:
                write_exr(folder / f"foreground.{frame}.exr", still["front"], ("Y",))
                if self.front_depth:
                    write_exr(
                        folder / f"foreground_depth.{frame}.exr", np.full((HEIGHT, WIDTH), self.front_depth, np.float32), ("Z",), full=True
                    )
        return Located(record, folder)

    @cached_property
    def layers(self) -> Located[Layers]:
        located = Located(
            Layers(frames=FRAMES, untouched=FrameRange(first=FRAMES.first, last=TRIGGER - 1), generator="none"), self.folder / "generate"
        )
        for frame in FRAMES:
            self.write_layers(frame, falling_layers(frame), located)
        return located

    def write_layers(self, frame: int, layers: dict[str, np.ndarray], located: Located[Layers] | None = None) -> None:
        target = located or self.layers
        write_exr(target.path(target.record.picture, frame), np.stack([layers[name] for name in LAYER_CHANNELS], -1), LAYER_CHANNELS)

    def comp(self, folder: str = "comp", jobs: int = 1, **settings: object) -> Located[Comp]:
        """Run comp into `folder`."""
        from derrumbe.comp.run import run

        knobs = {name: settings.pop(name) for name in ("grain", "softness") if name in settings}
        chosen = Settings(comp=CompKnobs(**knobs), trigger_frame=TRIGGER, **settings)  # type: ignore[arg-type]
        work = Work(self.folder / folder, jobs)
        return Located(run(chosen, work, self.plate, self.film_set, self.layers), work.folder)

    def plate_pixels(self, frame: int) -> np.ndarray:
        return read_exr(self.plate.path(self.plate.record.picture, frame), RGB)


def final_pixels(comp: Located[Comp], frame: int) -> np.ndarray:
    return read_exr(comp.path(comp.record.picture, frame), RGB)


def matte_pixels(comp: Located[Comp], frame: int) -> np.ndarray:
    return read_exr(comp.path(comp.record.matte, frame), ("Y",))[..., 0]


def camera() -> Camera:
    """A level camera 40 m in front of the façade, 4 m above the ground."""
    return Camera(
        width=WIDTH, height=HEIGHT, focal_px=160, cx=WIDTH / 2, cy=HEIGHT / 2,
        rotation=((1, 0, 0), (0, -1, 0), (0, 0, -1)), translation=(0, 4, 40),
    )  # fmt: skip


def _building() -> Building:
    facade = Facade(origin=(-7.5, 0, 0), along=(1, 0, 0), normal=(0, 0, 1), width=15, height=15)
    return Building(
        outline_px=((50, 30), (110, 30), (110, 90), (50, 90)), facades=(facade,), footprint=((-7.5, 0), (7.5, 0), (7.5, -10), (-7.5, -10)),
        storey_tops=(3.75, 7.5, 11.25, 15), height=15, material="brick",
    )  # fmt: skip
