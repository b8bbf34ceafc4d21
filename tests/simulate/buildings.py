"""Small buildings of boxes with a known structure: storeys, slabs, panels with windows, columns."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from derrumbe.core.files import save_arrays
from derrumbe.core.records import Building, Camera, Facade, FrameRange, Located, NoiseModel, Pieces, Plate, Set, Sun

DENSITY = (1800.0, 2400.0, 2300.0, 600.0, 2500.0, 1500.0)
STRENGTH = (4e5, 2e6, 6e5, 8e5, 1e5, 4e5)
SLAB, WALL, COLUMN, WINDOW, ROOF, PARAPET = 0, 1, 2, 3, 5, 6
BRICK, CONCRETE, GLASS = 0, 1, 4
CORNERS = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], float)
FACES = np.array(
    [[0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1], [2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4], [1, 5, 7], [1, 7, 3]]
)


class Boxes:
    """Collects boxes, then bonds those that touch."""

    def __init__(self) -> None:
        self.low: list[tuple[float, float, float]] = []
        self.high: list[tuple[float, float, float]] = []
        self.kind: list[int] = []
        self.material: list[int] = []
        self.storey: list[int] = []
        self.element: list[int] = []
        self.elements = 0

    def add(self, low, high, kind: int, material: int, storey: int, pieces: tuple[int, int, int]) -> None:
        """Add one element, cut into a grid of `pieces`."""
        low, high = np.asarray(low, float), np.asarray(high, float)
        step = (high - low) / pieces
        for cell in np.ndindex(*pieces):
            self.low.append(tuple(low + step * cell))
            self.high.append(tuple(low + step * (np.array(cell) + 1)))
            self.kind.append(kind)
            self.material.append(material)
            self.storey.append(storey)
            self.element.append(self.elements)
        self.elements += 1

    def bonds(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return pairs (B, 2), areas and centres of all touching faces."""
        low, high = np.array(self.low), np.array(self.high)
        overlap_low = np.maximum(low[:, None], low[None])
        overlap_high = np.minimum(high[:, None], high[None])
        extent = overlap_high - overlap_low
        touching = (extent > -1e-6).all(-1) & ((extent > 1e-3).sum(-1) == 2)
        pairs = np.argwhere(np.triu(touching, 1))
        span = np.sort(np.maximum(extent[pairs[:, 0], pairs[:, 1]], 0), -1)
        centre = 0.5 * (overlap_low + overlap_high)[pairs[:, 0], pairs[:, 1]]
        return pairs.astype(np.int32), span[:, 1] * span[:, 2], centre

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the arrays of a Pieces record."""
        low, high = np.array(self.low), np.array(self.high)
        count = len(low)
        pairs, area, where = self.bonds()
        material = np.array(self.material, np.uint8)
        volume = np.prod(high - low, -1)
        kinds = np.zeros(self.elements, np.uint8)
        kinds[self.element] = self.kind
        strength = area * np.minimum(np.take(STRENGTH, material[pairs[:, 0]]), np.take(STRENGTH, material[pairs[:, 1]]))
        return {
            "vertices": (low[:, None] + CORNERS * (high - low)[:, None]).reshape(-1, 3).astype(np.float32),
            "vertex_start": (8 * np.arange(count + 1)).astype(np.int32),
            "triangles": (FACES[None] + 8 * np.arange(count)[:, None, None]).reshape(-1, 3).astype(np.int32),
            "triangle_piece": np.repeat(np.arange(count), 12).astype(np.int32),
            "triangle_face": np.zeros(12 * count, np.uint8),
            "centre": (0.5 * (low + high)).astype(np.float32),
            "mass": volume * np.take(DENSITY, material),
            "volume": volume,
            "storey": np.array(self.storey, np.int16),
            "element": np.array(self.element, np.int32),
            "block": np.arange(count, dtype=np.int32),
            "material": material,
            "grounded": low[:, 1] < 1e-6,
            "element_kind": kinds,
            "bonds": pairs,
            "bond_area": area,
            "bond_strength": strength,
            "bond_centre": where,
        }


def office(
    storeys: int = 4,
    bays: int = 4,
    deep: int = 2,
    bay: float = 3.5,
    storey: float = 3.3,
    fine: int = 2,
    crown: bool = False,
    finial: float | None = None,
) -> dict[str, np.ndarray]:
    """Return a brick office: outer walls with a window in every bay, slabs, inner columns. Front at z = 0, going back to -z.

    `crown`: a parapet along the front, one element for every bay. `finial`: m that a thing in two halves and four bits each stands wide on the middle of the
    roof, 2 m tall.
    """
    boxes = Boxes()
    width, depth, wall, slab = bays * bay, deep * bay, 0.35, 0.25
    for level in range(storeys):
        floor, ceiling = level * storey, (level + 1) * storey - slab
        for i in range(bays):
            x = -width / 2 + i * bay
            for front, back in ((-wall, 0.0), (-depth, -depth + wall)):
                _bay_wall(boxes, (x, front), (x + bay, back), 0, floor, ceiling, level, fine)
        for j in range(deep):
            z0, z1 = -depth + j * bay, -depth + (j + 1) * bay
            z0, z1 = max(z0, -depth + wall), min(z1, -wall)
            for left in (-width / 2, width / 2 - wall):
                boxes.add((left, floor, z0), (left + wall, ceiling, z1), WALL, BRICK, level, (1, 1 + fine, 1 + fine))
        for i in range(1, bays):
            for j in range(1, deep):
                x, z = -width / 2 + i * bay, -depth + j * bay
                boxes.add((x - 0.2, floor, z - 0.2), (x + 0.2, ceiling, z + 0.2), COLUMN, CONCRETE, level, (1, fine, 1))
        for i in range(bays):
            for j in range(deep):
                x, z = -width / 2 + i * bay, -depth + j * bay
                boxes.add((x, ceiling, z), (x + bay, ceiling + slab, z + bay), SLAB, CONCRETE, level, (fine, 1, fine))
    for i in range(bays if crown else 0):
        x, roof = -width / 2 + i * bay, storeys * storey
        boxes.add((x, roof, -wall), (x + bay, roof + 0.9, 0.0), PARAPET, BRICK, storeys - 1, (2, 1, 1))
    if finial is not None:
        roof, half = storeys * storey, 0.5 * finial
        boxes.add((-half, roof, -bay - half), (half, roof + 2.0, -bay + half), ROOF, BRICK, storeys - 1, (2, 4, 1))
    return boxes.arrays()


def _bay_wall(boxes: Boxes, low, high, axis: int, floor: float, ceiling: float, level: int, fine: int) -> None:
    (x0, z0), (x1, z1) = low, high
    left, right, sill, head = x0 + 1.0, x1 - 1.0, floor + 0.9, ceiling - 0.5
    boxes.add((x0, floor, z0), (left, ceiling, z1), WALL, BRICK, level, (1, 2 + fine, 1))
    boxes.add((right, floor, z0), (x1, ceiling, z1), WALL, BRICK, level, (1, 2 + fine, 1))
    boxes.add((left, floor, z0), (right, sill, z1), WALL, BRICK, level, (fine, 1, 1))
    boxes.add((left, head, z0), (right, ceiling, z1), WALL, BRICK, level, (fine, 1, 1))
    middle = 0.5 * (z0 + z1)
    boxes.add((left, sill, middle - 0.02), (right, head, middle + 0.02), WINDOW, GLASS, level, (1, 1, 1))


def shed() -> dict[str, np.ndarray]:
    """Return a one-storey shed of 7 x 7 m."""
    return office(storeys=1, bays=2, deep=2)


def located_pieces(arrays: dict[str, np.ndarray], folder: Path) -> Located[Pieces]:
    """Write the arrays in `folder` and return the record."""
    save_arrays(folder / "pieces.npz", **arrays)
    record = Pieces(
        piece_count=len(arrays["centre"]),
        bond_count=len(arrays["bonds"]),
        element_count=len(arrays["element_kind"]),
        storey_count=int(arrays["storey"].max()) + 1,
        total_mass=float(arrays["mass"].sum()),
        size_exponent=-1.5,
    )
    return Located(record, folder)


def located_set(arrays: dict[str, np.ndarray], folder: Path, neighbour: bool = False) -> Located[Set]:
    """Write proxies beside a Set that fits `arrays`."""
    low, high = arrays["vertices"].min(0).astype(float), arrays["vertices"].max(0).astype(float)
    storeys = int(arrays["storey"].max()) + 1
    _write_proxies(folder, float(high[0]) + 4.0 if neighbour else None)
    facade = Facade(origin=(low[0], 0, high[2]), along=(1, 0, 0), normal=(0, 0, 1), width=high[0] - low[0], height=high[1])
    building = Building(
        outline_px=((0, 0), (1, 0), (1, 1)),
        facades=(facade,),
        footprint=((low[0], low[2]), (high[0], low[2]), (high[0], high[2]), (low[0], high[2])),
        storey_tops=tuple(high[1] / storeys * (i + 1) for i in range(storeys)),
        height=high[1],
        material="brick",
    )
    camera = Camera(
        width=640, height=360, focal_px=600, cx=320, cy=180, rotation=((1, 0, 0), (0, -1, 0), (0, 0, -1)), translation=(0, 2, 50)
    )
    sun = Sun(direction=(0, 1, 0), rgb=(1, 1, 1), sky_rgb=(1, 1, 1), ground_rgb=(0.3, 0.3, 0.3), overcast=False)
    record = Set(
        locked=True,
        cameras=(camera,),
        frames=FrameRange(first=1001, last=1001),
        building=building,
        sun=sun,
        softness_px=0.6,
        facade_rgb=(0.3, 0.2, 0.15),
    )
    return Located(record, folder)


def _write_proxies(folder: Path, beside: float | None) -> None:
    ground = np.array([[-200, 0, -200], [200, 0, -200], [200, 0, 200], [-200, 0, 200]], float)
    vertices, triangles, kind = ground, np.array([[0, 2, 1], [0, 3, 2]]), [0, 0]
    if beside is not None:
        vertices = np.concatenate([ground, CORNERS * (6, 8, 12) + (beside, 0, -12)])
        triangles = np.concatenate([triangles, FACES + 4])
        kind += [1] * 12
    save_arrays(folder / "proxies.npz", vertices=vertices, triangles=triangles.astype(np.int32), kind=np.array(kind, np.uint8))


def located_plate(folder: Path, frames: int = 72, rate: tuple[int, int] = (24, 1)) -> Located[Plate]:
    """Return a plate record without pictures."""
    noise = NoiseModel(
        levels=(0.0, 1.0), variance_at=((0, 0), (0, 0), (0, 0)), spatial=((1.0,),), channel=((1, 0, 0), (0, 1, 0), (0, 0, 1))
    )
    record = Plate(
        width=640, height=360, source_width=640, source_height=360, rate_num=rate[0], rate_den=rate[1],
        frames=FrameRange(first=1001, last=1000 + frames), held=True, colourspace="sRGB", code_bits=8,
        source="box.png", source_digest="0", noise=noise,
    )  # fmt: skip
    return Located(record, folder)
