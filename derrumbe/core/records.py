"""The records that stages hand to each other: frozen, on disk as JSON, never pixels.

Paths in a record are relative to the record's own folder. A path that holds `{frame}` stands for one file per frame.
World: metres, right-handed, +Y up; origin at the foot of the main façade's middle, +X to the right along that façade as the
camera sees it, +Z out of the façade towards the camera's side. Ground is y = 0. Frame numbers are inclusive, first 1001.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import ClassVar, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

FAR = 1e10
"""Depth where there is nothing, as renderers write it (finite, so that no file holds an infinity)."""
CLEARLY_NEARER = 0.6
"""Share of the depth of what stands in front in the plate, which is a guess, within which a piece surely comes before it and hides it."""

GROUND, NEIGHBOUR, MADE_UP = 0, 1, 2
"""Kinds of triangles in a set's proxies: what is made up behind the building takes light and dust, and stops no piece."""

FIRST_FRAME = 1001
"""Number of every plate's first frame."""
STILL_FRAMES = 120
"""How long a still is held when nobody says."""
USUAL_SHUTTER, STILL_SHUTTER = 180.0, 90.0
"""Degrees that a shutter is open where neither the artist nor the plate says: of a film, and over a still."""

Vec2 = tuple[float, float]
Vec3 = tuple[float, float, float]


class Part(BaseModel):
    """A frozen part of a record."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Record(Part):
    """What a stage gives. Subclasses set `SCHEMA`, which is written as `schema`."""

    SCHEMA: ClassVar[str]

    def to_json(self) -> str:
        """Return the record as stable JSON text (sorted keys, so equal records are equal bytes)."""
        return json.dumps({"schema": self.SCHEMA, **self.model_dump(mode="json")}, indent=1, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Record:
        """Read a record. Raises ValueError when the schema is another one."""
        data = json.loads(text)
        schema = data.pop("schema", None)
        if schema != cls.SCHEMA:
            raise ValueError(f"expected a record of schema {cls.SCHEMA}, found {schema}")
        return cls.model_validate(data)


R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class Located(Generic[R]):
    """A record together with the folder that its relative paths start from."""

    record: R
    folder: Path

    def path(self, name: str, frame: int | None = None) -> Path:
        """Return the absolute path of `name`, with `{frame}` filled in."""
        return self.folder / (name.format(frame=frame) if "{frame}" in name else name)


class Caution(Part):
    """An outcome for the artist to judge."""

    what: str
    remedy: str


class FrameRange(Part):
    first: int
    last: int

    def __iter__(self):  # type: ignore[override]
        return iter(range(self.first, self.last + 1))

    def __len__(self) -> int:
        return self.last - self.first + 1


class NoiseModel(Part):
    """Plate noise in scene-linear ACEScg.

    variance_at[c][i] is the temporal (or high-pass) variance of channel c at signal level levels[i];
    spatial is the normalised autocorrelation at pixel lags (0..2, 0..2), rows are y; channel is the 3x3 correlation between channels.
    """

    levels: tuple[float, ...]
    variance_at: tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]
    spatial: tuple[tuple[float, ...], ...]
    channel: tuple[tuple[float, ...], ...]


class Plate(Record):
    """Frames in scene-linear ACEScg, R G B, one EXR per frame in `picture`."""

    SCHEMA: ClassVar[str] = "plate/1"

    width: int
    height: int
    source_width: int
    source_height: int
    """Size before a preview's scaling; outlines are given in these pixels."""
    rate_num: int
    rate_den: int
    frames: FrameRange
    picture: str = "plate/plate.{frame}.exr"
    held: bool = False
    """True for a still: every frame is the same file content."""
    colourspace: str
    """OpenColorIO name of the source's own space."""
    code_bits: int | None
    """Bits of the integer codes of the source; None for float sources."""
    chroma_px: int = 1
    """Pixels across of the source that share one sample of hue: 2 for 4:2:0 and 4:2:2 movies."""
    display: str = "sRGB"
    timecode: str | None = None
    focal_px: float | None = None
    """Focal length in pixels of this plate, when the source's metadata tells; None: unknown."""
    source: str
    """File name of the source, without folders."""
    source_digest: str
    noise: NoiseModel
    warnings: tuple[Caution, ...] = ()

    @property
    def rate(self) -> Fraction:
        return Fraction(self.rate_num, self.rate_den)


class Camera(Part):
    """Camera with a lens that may distort, OpenCV axes (x right, y down, z forward), for the plate as it was filmed.

    pixel = (focal_px * s * x/z + cx, focal_px * s * y/z + cy) with (x, y, z) = rotation @ world + translation, s = 1 + k1 r² + k2 r⁴ + …,
    r² = (x/z)² + (y/z)².
    """

    width: int
    height: int
    focal_px: float
    cx: float
    cy: float
    rotation: tuple[Vec3, Vec3, Vec3]
    """cam_from_world, row major."""
    translation: Vec3
    distortion: tuple[float, ...] = ()
    """Radial terms k1, k2, …; none: a pinhole. They don't depend on the picture's size."""


class Opening(Part):
    """A window or door in a façade: metres from the façade's lower left corner, as seen from outside."""

    left: float
    bottom: float
    right: float
    top: float


class Facade(Part):
    """A visible outer wall: a vertical plane through `origin` (its lower left corner seen from outside), `along` to the right."""

    origin: Vec3
    along: Vec3
    normal: Vec3
    width: float
    height: float
    openings: tuple[Opening, ...] = ()


class Building(Part):
    """The building as a prism with storeys; its exact silhouette is in `solid`."""

    outline_px: tuple[Vec2, ...]
    facades: tuple[Facade, ...]
    footprint: tuple[Vec2, ...]
    """Counter-clockwise (x, z) corners on the ground."""
    storey_tops: tuple[float, ...]
    """Heights of the tops of storeys; the last is the eaves, what is above is roof."""
    height: float
    material: Literal["brick", "concrete", "stone", "timber"]
    height_spread: float = 0.0
    """How open the height is: one sigma of its logarithm; 0: said by the artist."""
    height_how: str = ""
    """How the height was found, in words."""
    solid: str = "building.npz"
    """vertices (n,3) float64 m, triangles (m,3) int32: closed manifold; seen from the camera it fills the outline exactly."""


class Sun(Part):
    direction: Vec3
    """Unit vector towards the sun."""
    rgb: Vec3
    """Irradiance on a surface facing it (ACEScg, plate units / pi-free: a white Lambertian facing it shows rgb)."""
    sky_rgb: Vec3
    """What a white Lambertian facing straight up under the whole sky shows, without the sun."""
    ground_rgb: Vec3
    """What a white Lambertian facing straight down shows: bounce from the ground."""
    overcast: bool
    softness_deg: float = 0.53


class Haze(Part):
    """The air between camera and things: visibility in metres (Koschmieder: contrast falls to 2 %), and the light of thick air, ACEScg."""

    visibility: float
    rgb: Vec3


class Doubt(Part):
    """Something that may stand before the building, but too unsure to be kept there: it falls with it. box: left, top, right, bottom, pixels."""

    kind: str
    sure: float
    box: tuple[float, float, float, float]


class Worn(Part):
    """What the building wears before a moving camera: the plate's frame `frame`, carried on beyond its edges. picture: EXR R G B as `camera` sees
    it, that frame's with a wider picture;
    building.Y: how much of each pixel it covers; shown.Y: 1 where frames show what is worn there, 0 where the wall has to be made up."""

    picture: str = "worn.exr"
    frame: int
    camera: Camera


class FilmedShutter(Part):
    """What the plate's motion blur tells of its shutter."""

    angle: float | None
    """Degrees; None: the plate can't tell, as too little moves or what does disagrees."""
    edges: int
    """How many moving edges were asked ..."""
    speed: float = 0.0
    """... their usual speed across themselves, pixels per frame ..."""
    spread: float = 0.0
    """... and one sigma of what they say, degrees."""

    @property
    def note(self) -> str:
        """What it means for the artist, in words."""
        if self.angle is None:
            why = "too little moves" if self.spread == 0 else "what moves disagrees"
            return f"the plate can't tell its shutter ({why}): {USUAL_SHUTTER:.0f} degrees; otherwise --set camera.shutter=DEGREES"
        told = f"{self.edges} edges at {self.speed:.1f} px a frame, give or take {self.spread:.0f}"
        return f"filmed with a shutter of {self.angle:.0f} degrees ({told}); otherwise --set camera.shutter=DEGREES"


class Set(Record):
    """Camera, ground, building, neighbours, light, mattes and clean plate. Pictures have the plate's size.

    proxies: npz with vertices (n,3) float64, triangles (m,3) int32, kind (m,) uint8: GROUND, NEIGHBOUR or MADE_UP.
    Receives shadow and dust.
    set_depth: EXR channel Z (float, metres along the axis, FAR for sky) of the set WITHOUT the building.
    environment: EXR R G B, latitude-longitude as OpenEXR and USD have it (first row up, middle column +Z, +X a quarter from the left): all light
    but the sun's, in the units of `Sun`: a white Lambertian shows its cosine-weighted mean; None: sky_rgb above and ground_rgb below.
    building_matte, sky_matte: EXR channel Y, 0..1. foreground: EXR channel Y per frame, alpha of what stands or passes in front; None: nothing.
    doubts: what may stand before the building and isn't in the foreground.
    clean_plate: EXR R G B: what the building hid. texture: EXR R G B: the building before the trigger, grain averaged out, occluders taken out.
    """

    SCHEMA: ClassVar[str] = "set/1"

    locked: bool
    cameras: tuple[Camera, ...]
    """One when locked, else one per plate frame in order."""
    frames: FrameRange
    building: Building
    sun: Sun
    haze: Haze | None = None
    """None: the air is clear."""
    softness_px: float
    """Gaussian sigma of the plate's own edge blur, in pixels."""
    shutter: FilmedShutter | None = None
    """None: a still, which tells nothing."""
    proxies: str = "proxies.npz"
    set_depth: str = "set_depth.exr"
    building_matte: str = "building_matte.exr"
    stays: str | None = None
    """EXR channel Y, as the picture that pieces wear: what of the building stays toothed into walls that go on past its outline."""
    sky_matte: str = "sky_matte.exr"
    foreground: str | None = None
    foreground_depth: str | None = None
    """EXR channel Z per frame (or one), metres along the axis: how far away what stands or passes in front is, FAR where there is nothing.
    None: nearer than any dust."""
    doubts: tuple[Doubt, ...] = ()
    clean_plate: str = "clean_plate.exr"
    texture: str = "texture.exr"
    worn: Worn | None = None
    """None: the texture, with the building's matte."""
    environment: str | None = None
    facade_rgb: Vec3
    """Median colour of the façade in the plate, ACEScg."""
    evidence: tuple[str, ...] = ()
    """PNG pictures that show what survey found, for the report."""
    warnings: tuple[Caution, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What the artist should look at before anything is made from this set."""
        return (*self._height_note(), *(() if self.shutter is None else (self.shutter.note,)))

    def shutter_angle(self, asked: float | None) -> float:
        """Return the degrees that the shutter is open: what the artist asked for, else what the plate tells, else what is usual; beside a photograph,
        in which all is sharp, half of that."""
        measured = self.shutter.angle if self.shutter else STILL_SHUTTER
        return next(angle for angle in (asked, measured, USUAL_SHUTTER) if angle is not None)

    def _height_note(self) -> tuple[str, ...]:
        building = self.building
        if not building.height_how:
            return ()
        count, eaves = len(building.storey_tops), building.storey_tops[-1] if building.storey_tops else building.height
        high = f"building {building.height:.1f} m high, {count} storeys of {eaves / max(count, 1):.1f} m ({building.height_how})"
        return (high if building.height_spread == 0 else f"{high}; otherwise --set building.height=METRES",)

    def camera_at(self, frame: int) -> Camera:
        return self.cameras[0] if self.locked else self.cameras[frame - self.frames.first]


class Pieces(Record):
    """Convex pieces with bonds, in `arrays` (npz). N pieces, T triangles, B bonds, E elements.

    vertices (V,3) float32 world at rest; vertex_start (N+1,) int32: piece i owns vertices[start[i]:start[i+1]];
    triangles (T,3) int32 outward, global vertex ids; triangle_piece (T,) int32;
    triangle_face (T,) uint8: 0 outer (wears the plate), 1 broken face, 2 slab top/bottom, 3 room wall (inner side of a wall);
    centre (N,3) float32 centre of mass; mass (N,) kg; volume (N,) m³; storey (N,) int16; element (N,) int32;
    block (N,) int32: fragments of one block of an element keep together until it is hit; material (N,) uint8
    (0 brick, 1 concrete, 2 stone, 3 timber, 4 glass, 5 roof); grounded (N,) bool: touches the ground;
    element_kind (E,) uint8: 0 slab, 1 outer wall, 2 column, 3 window, 4 partition, 5 roof, 6 parapet or chimney;
    bonds (B,2) int32; bond_area (B,) m²; bond_strength (B,) N; bond_centre (B,3).
    """

    SCHEMA: ClassVar[str] = "pieces/1"

    arrays: str = "pieces.npz"
    piece_count: int
    bond_count: int
    element_count: int
    storey_count: int
    total_mass: float
    size_exponent: float
    """Fitted power-law exponent of piece sizes."""
    warnings: tuple[Caution, ...] = ()


class Motion(Record):
    """A pose per piece and sample. Sample k is at time k / (rate * samples_per_frame) after the first frame's shutter opens.

    poses (npz): position (S,N,3) float32 of piece centres, rotation (S,N,4) float32 wxyz, released (N,) int32: first sample at which the
    piece has left its rest pose, -1 never. Before that the pose is exactly the rest pose. A point moves as
    world = position + R(rotation) @ (rest - centre). S = frames * samples_per_frame + 1.
    debris (npz): position (S,M,3) float32, NaN before birth; radius (M,) m; rest (M,3): where on the building it came from (for its colour);
    spin (M,) rad/s; material (M,) uint8, as in Pieces, and 6 metal (bars, pipes), 7 paper or cloth.
    events (npz), sources of dust sorted by time: time (K,) s; position (K,3); velocity (K,3) m/s; mass (K,) kg of fine dust;
    radius (K,) m; kind (K,) uint8: 0 bond break, 1 impact, 2 air pressed out of an opening (velocity is that of the jet).
    energy (npz): time (S,), kinetic (S,), potential (S,), J.
    cracks (npz, or None): one row per bond of Pieces, in its order: time (B,) float32 s after the first frame's shutter opens when a crack
    begins to show along the bond (inf: never), opening (B,) m that it reaches, grows (B,) s in which it does. The width of the line at t is
    opening * clip((t - time) / grows, 0, 1), across the bond's face, wherever that meets a visible face of its two pieces. It comes on top
    of what the poses show: pieces are still where they were when cracks begin, in the prelude not released at all.
    """

    SCHEMA: ClassVar[str] = "motion/1"

    poses: str = "poses.npz"
    debris: str = "debris.npz"
    events: str = "events.npz"
    energy: str = "energy.npz"
    cracks: str | None = None
    samples_per_frame: int
    sample_count: int
    trigger_sample: int
    fallen_share: float
    """Share of the mass meant to fall that fell by more than half a storey."""
    at_rest: bool
    bulking: float | None = None
    """Volume under the pile's surface over that of the solid stuff in it; None while nothing has fallen."""
    warnings: tuple[Caution, ...] = ()


class DustCloud(Record):
    """Dust density per frame on one fixed grid, kg/m³, written by media.volumes.

    Grid cell (i, j, k) has its centre at origin + voxel * (i + .5, j + .5, k + .5); axes x, y, z of the world.
    """

    SCHEMA: ClassVar[str] = "dust/1"

    grid: str = "dust/dust.{frame}.npz"
    origin: Vec3
    voxel: float
    shape: tuple[int, int, int]
    frames: FrameRange
    albedo: Vec3
    """Single-scattering albedo, ACEScg."""
    extinction: float
    """Extinction cross-section, m²/kg."""
    coarse_extinction: float = 0.0
    """The same of the coarse, dark grains in a volume's second density."""
    settled: str | None = None
    """Dust that has come down, kg/m² seen from above, one file per frame, written by media.deposits; None when it wasn't kept."""
    warnings: tuple[Caution, ...] = ()


LAYER_CHANNELS: tuple[str, ...] = (
    "pieces.R", "pieces.G", "pieces.B", "pieces.A",
    "debris.R", "debris.G", "debris.B", "debris.A",
    "dust_front.R", "dust_front.G", "dust_front.B", "dust_front.A",
    "dust_behind.R", "dust_behind.G", "dust_behind.B", "dust_behind.A",
    "shadow.R", "shadow.G", "shadow.B",
    "removed.Y",
    "depth.Z", "normal.X", "normal.Y", "normal.Z", "motion.X", "motion.Y", "id.Y",
    "dust_near.Y",
)  # fmt: skip
"""Channels of a layers EXR. Premultiplied, scene-linear ACEScg. shadow: ratio that multiplies what lies behind (1: none).
removed: share of the pixel where the standing building has gone, so the clean plate shows. depth: metres along the axis of the
nearest new solid, FAR where none. normal: world. motion: pixels to the next frame. id: piece index + 1,
0 none, small rubble after the last piece. depth and id float, rest half.
dust_near: opacity of the dust between the camera and what stands or passes in front in the plate; 0 where nothing does."""


class Guides(Record):
    """Physically based layers and AOVs in the plate's camera. Every frame has a file; those in `untouched` are all the same blank one."""

    SCHEMA: ClassVar[str] = "guides/1"

    picture: str = "layers/layers.{frame}.exr"
    frames: FrameRange
    untouched: FrameRange | None
    channels: tuple[str, ...] = LAYER_CHANNELS
    warnings: tuple[Caution, ...] = ()


class Layers(Guides):
    """What a generator makes of the guides: same frames, same channels, and where a big model painted also generated.R, G, B, A:
    premultiplied, over everything new, under what stands in front."""

    SCHEMA: ClassVar[str] = "layers/1"

    generator: str
    ledger: dict[str, str] = {}
    """Model, weights digest, seed, licence: whatever a reader needs to make it again."""


class Comp(Record):
    """Final frames (R G B half) and effect matte (Y; 0: untouched plate)."""

    SCHEMA: ClassVar[str] = "comp/1"

    picture: str = "final/final.{frame}.exr"
    matte: str = "matte/matte.{frame}.exr"
    frames: FrameRange
    warnings: tuple[Caution, ...] = ()


class Check(Part):
    name: str
    verdict: Literal["pass", "warn", "block"]
    value: float | None
    limit: float | None
    unit: str = ""
    frames: tuple[int, ...] = ()
    says: str
    remedy: str = ""
    evidence: str | None = None


class Report(Record):
    SCHEMA: ClassVar[str] = "report/1"

    checks: tuple[Check, ...]

    @property
    def blocked(self) -> bool:
        return any(check.verdict == "block" for check in self.checks)


class StageLog(Part):
    """What a stage cost. Kept apart from records, so that equal work gives equal records."""

    stage: str
    version: str
    key: str
    wall_seconds: float
    cpu_seconds: float
    peak_bytes: int
    """Largest resident memory of the process and its children together."""
    reused: bool = False


class Delivery(Record):
    """Review files, relative to the record's folder; the runner publishes them in the shot's folder."""

    SCHEMA: ClassVar[str] = "delivery/1"

    files: tuple[str, ...]
