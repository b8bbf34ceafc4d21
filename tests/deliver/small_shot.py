"""A shot small enough to know by heart: a grey street, three boxes of which two fall, a square of dust that grows."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from derrumbe.core.files import save_arrays
from derrumbe.core.records import (
    Building,
    Camera,
    Caution,
    Check,
    Comp,
    Facade,
    FrameRange,
    Layers,
    Located,
    Motion,
    NoiseModel,
    Pieces,
    Plate,
    Report,
    Set,
    StageLog,
    Sun,
)  # fmt: skip
from derrumbe.media.exr import RGB, write_exr
from derrumbe.media.links import link_file
from derrumbe.media.picture import write_png

FIRST, COUNT, TRIGGER, PEAK, SPF = 1001, 12, 1004, 1010, 2
BOX = np.array([[x, y, z] for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)], np.float32)
BOX_TRIANGLES = np.array(
    [[0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1], [2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4], [1, 5, 7], [1, 7, 3]], np.int32
)  # fmt: skip
CENTRES = np.array([[0, 0.5, 0], [0, 1.5, 0], [0, 2.5, 0]], np.float32)


@dataclass(frozen=True)
class SmallShot:
    """Every input of deliver, by its keyword."""

    plate: Located[Plate]
    film_set: Located[Set]
    pieces: Located[Pieces]
    motion: Located[Motion]
    layers: Located[Layers]
    comp: Located[Comp]
    report: Located[Report]
    ledger: tuple[StageLog, ...]

    def inputs(self) -> dict[str, object]:
        return dict(self.__dict__)


def small_shot(folder: Path, width: int = 65, height: int = 48, held: bool = False, locked: bool = True) -> SmallShot:
    """Write the records' files under `folder` and return them."""
    plate = make_plate(folder / "plate", width, height, held)
    return SmallShot(
        plate=plate,
        film_set=make_set(folder / "set", width, height, locked),
        pieces=make_pieces(folder / "pieces"),
        motion=make_motion(folder / "motion"),
        layers=Located(
            Layers(frames=plate.record.frames, untouched=None, generator="none", ledger={"licence": "none & nobody's"}), folder / "layers"
        ),
        comp=make_comp(folder / "comp", plate),
        report=make_report(folder / "report"),
        ledger=(
            StageLog(stage="ingest", version="1", key="abc", wall_seconds=1.5, cpu_seconds=2.5, peak_bytes=2**28),
            StageLog(stage="survey", version="1", key="def", wall_seconds=4.0, cpu_seconds=7.5, peak_bytes=2**29, reused=True),
        ),
    )


def street(width: int, height: int, frame: int) -> np.ndarray:
    """Return a picture in ACEScg that differs a little from frame to frame."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    ramp = 0.1 + 0.3 * x / width + 0.2 * y / height + 0.02 * ((x + y + frame) % 3)
    return np.stack([ramp, ramp * 0.9, ramp * 0.8], -1)


def changed_square(frame: int) -> int:
    """Return the side, in pixels, of the square that the effect changes in `frame`; largest at PEAK."""
    return 0 if frame < TRIGGER else 4 * (frame - TRIGGER + 1) if frame <= PEAK else 20


def make_plate(folder: Path, width: int, height: int, held: bool) -> Located[Plate]:
    flat = NoiseModel(levels=(0.0, 1.0), variance_at=((0.0, 0.0),) * 3, spatial=((1.0,),), channel=((1.0, 0, 0), (0, 1.0, 0), (0, 0, 1.0)))
    record = Plate(
        width=width, height=height, source_width=width, source_height=height, rate_num=24000, rate_den=1001,
        frames=FrameRange(first=FIRST, last=FIRST + COUNT - 1), held=held, colourspace="sRGB - Texture", code_bits=8, timecode="01:00:00:00",
        source="<street> & co.mov", source_digest="d1gest", noise=flat, warnings=(Caution(what="a <b>bold</b> caution", remedy="do this"),),
    )  # fmt: skip
    for frame in record.frames:
        path = folder / record.picture.format(frame=frame)
        if held and frame > FIRST:
            link_file(folder / record.picture.format(frame=FIRST), path)
        else:
            write_exr(path, street(width, height, frame))
    return Located(record, folder)


def make_comp(folder: Path, plate: Located[Plate]) -> Located[Comp]:
    record = Comp(frames=plate.record.frames)
    for frame in record.frames:
        source, target = plate.path(plate.record.picture, frame), folder / record.picture.format(frame=frame)
        side = changed_square(frame)
        if not side:
            link_file(source, target)
            continue
        picture = street(plate.record.width, plate.record.height, FIRST if plate.record.held else frame)
        picture[:side, :side] = 0.7
        write_exr(target, picture)
    return Located(record, folder)


def camera(width: int, height: int, x: float = 0.0) -> Camera:
    """Return a camera 10 m in front of the façade, 1.5 m up, looking at it: world z points towards it."""
    rotation = ((1.0, 0.0, 0.0), (0.0, -1.0, 0.0), (0.0, 0.0, -1.0))
    return Camera(
        width=width,
        height=height,
        focal_px=1.2 * width,
        cx=width / 2 + 1,
        cy=height / 2 - 2,
        rotation=rotation,
        translation=(-x, 1.5, 10.0),
    )


def set_file(name: str, locked: bool) -> str:
    """Return a picture's path in the set: one per frame when the camera moves, but for the texture."""
    return f"{name}.exr" if locked or name == "texture" else f"{name}/{name}.{{frame}}.exr"


def make_set(folder: Path, width: int, height: int, locked: bool) -> Located[Set]:
    ground = np.array([[-9, 0, -9], [9, 0, -9], [9, 0, 9], [-9, 0, 9], [3, 0, 0], [4, 0, 0], [4, 5, 0]], np.float64)
    triangles = np.array([[0, 2, 1], [0, 3, 2], [4, 5, 6]], np.int32)
    save_arrays(folder / "proxies.npz", vertices=ground, triangles=triangles, kind=np.array([0, 0, 1], np.uint8))
    save_arrays(folder / "building.npz", vertices=BOX.astype(np.float64) * 3 + (0, 1.5, 0), triangles=BOX_TRIANGLES)
    for name, channels in (("clean_plate", RGB), ("texture", RGB), ("building_matte", ("Y",)), ("sky_matte", ("Y",))):
        for frame in range(FIRST, FIRST + COUNT):
            if frame == FIRST or not locked:
                picture = street(width, height, 0)[..., : len(channels)]
                write_exr(folder / set_file(name, locked).format(frame=frame), picture, channels)
    write_exr(folder / "environment.exr", np.full((4, 8, 3), 0.3, np.float32))
    write_png(folder / "evidence/lines.png", np.full((8, 8, 3), 90, np.uint8))
    facade = Facade(origin=(-1.5, 0, 0), along=(1, 0, 0), normal=(0, 0, 1), width=3, height=3)
    building = Building(
        outline_px=((20, 10), (40, 10), (40, 40)), facades=(facade,), footprint=((-1.5, -1.5), (1.5, -1.5), (1.5, 1.5), (-1.5, 1.5)),
        storey_tops=(1.0, 2.0, 3.0), height=3.0, material="brick",
    )  # fmt: skip
    sun = Sun(direction=(0, 1, 0), rgb=(1, 1, 1), sky_rgb=(0.3,) * 3, ground_rgb=(0.1,) * 3, overcast=False)
    record = Set(
        locked=locked, cameras=tuple(camera(width, height, 0.1 * index) for index in range(1 if locked else COUNT)),
        frames=FrameRange(first=FIRST, last=FIRST + COUNT - 1), building=building, sun=sun, softness_px=0.6, facade_rgb=(0.3, 0.2, 0.2),
        environment="environment.exr",
        **{name: set_file(name, locked) for name in ("clean_plate", "building_matte", "sky_matte")},
        evidence=("evidence/lines.png", "evidence/gone.png"), warnings=(Caution(what="few lines", remedy="set camera.focal"),),
    )  # fmt: skip
    return Located(record, folder)


def make_pieces(folder: Path) -> Located[Pieces]:
    count = len(CENTRES)
    save_arrays(
        folder / "pieces.npz",
        vertices=(BOX[None] + CENTRES[:, None]).reshape(-1, 3), vertex_start=np.arange(count + 1, dtype=np.int32) * len(BOX),
        triangles=np.concatenate([BOX_TRIANGLES + index * len(BOX) for index in range(count)]),
        triangle_piece=np.repeat(np.arange(count, dtype=np.int32), len(BOX_TRIANGLES)),
        triangle_face=np.tile(np.arange(len(BOX_TRIANGLES), dtype=np.uint8) % 4, count), centre=CENTRES,
    )  # fmt: skip
    record = Pieces(piece_count=count, bond_count=2, element_count=1, storey_count=3, total_mass=3000.0, size_exponent=2.0)
    return Located(record, folder)


def make_motion(folder: Path) -> Located[Motion]:
    """Pieces 1 and 2 fall at g from sample 8 on, and turn about x."""
    samples = COUNT * SPF + 1
    time = np.maximum(0.0, (np.arange(samples) - 8) / (SPF * 24000 / 1001))
    position = np.repeat(CENTRES[None], samples, 0)
    position[:, 1:, 1] -= 0.5 * 9.81 * time[:, None] ** 2
    rotation = np.zeros((samples, 3, 4), np.float32)
    rotation[..., 0] = 1
    rotation[:, 1:, 0], rotation[:, 1:, 1] = np.cos(time)[:, None], np.sin(time)[:, None]
    save_arrays(folder / "poses.npz", position=position, rotation=rotation, released=np.array([-1, 9, 8], np.int32))
    debris = np.full((samples, 4, 3), np.nan, np.float32)
    for index in range(4):
        debris[10 + index :, index] = (index, 2, 1)
    save_arrays(folder / "debris.npz", position=debris, radius=np.array([0.01, 0.02, 0.03, 0.04], np.float32))
    save_arrays(folder / "energy.npz", time=time, kinetic=time * 0, potential=position[..., 1].sum(1).astype(np.float64))
    record = Motion(samples_per_frame=SPF, sample_count=samples, trigger_sample=(TRIGGER - FIRST) * SPF, fallen_share=1.0, at_rest=False)
    return Located(record, folder)


def make_report(folder: Path) -> Located[Report]:
    write_png(folder / "grain.png", np.full((8, 8, 3), 120, np.uint8))
    checks = (
        Check(name="plate_untouched", verdict="pass", value=0.0, limit=0.0, says="outside the matte nothing differs"),
        Check(name="grain", verdict="warn", value=1.3, limit=1.2, unit="x", frames=(1005, 1006), says="grain <too> strong", remedy="lower comp.grain",
              evidence="grain.png"),
        Check(name="energy", verdict="block", value=float("inf"), limit=None, says="energy grows", frames=tuple(range(1001, 1013))),
    )  # fmt: skip
    return Located(Report(checks=checks), folder)
