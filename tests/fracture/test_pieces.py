"""Laws of the pieces of every test building."""

import numpy as np
import pytest
from embreex import rtcore_scene
from embreex.mesh_construction import TriangleMesh
from manifold3d import Manifold
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from derrumbe.core.knobs import BuildingKnobs
from derrumbe.fracture.interior import PARTITION
from derrumbe.fracture.materials import MATTER, Kind, Stuff
from derrumbe.fracture.plan import wall_thickness
from derrumbe.fracture.run import structure
from derrumbe.fracture.settings import Settings
from derrumbe.fracture.shell import PANE
from derrumbe.geom.camera import eye, pixel_grid, rays
from derrumbe.geom.carving import WORLD, corner_points, mesh_of, triangle_normals, union
from tests.fracture.buildings import box4, boxed, camera_for, domed, gabled, hipped, tower20
from tests.fracture.conftest import broken


def depths(corners, camera):
    scene = rtcore_scene.EmbreeScene()
    TriangleMesh(scene, corners.astype(np.float32))
    directions = rays(camera, pixel_grid(camera)).reshape(-1, 3)
    start = np.broadcast_to(eye(camera), directions.shape)
    hit = scene.run(start.astype(np.float32), directions.astype(np.float32), output=True)
    return np.where(hit["geomID"] >= 0, hit["tfar"], np.inf).reshape(camera.height, camera.width)


@pytest.mark.parametrize("yaw", [-0.6, 0.5, 2.6])
def test_outside_is_complete(rubble, yaw):
    camera = camera_for(rubble.made.body, yaw=yaw)
    vertices, triangles = mesh_of(rubble.made.body)
    whole = depths(vertices[triangles], camera)
    pieces = depths(rubble.corners(), camera)
    inside = np.isfinite(whole) & np.isfinite(pieces)
    assert (np.isfinite(whole) != np.isfinite(pieces)).mean() < 2e-4
    away = np.abs(whole[inside] - pieces[inside])
    assert np.mean(away > 0.006) < (3e-4 if yaw == 0.5 else 1e-3)


def test_what_the_camera_sees_wears_the_plate(rubble):
    camera = camera_for(rubble.made.body)
    scene = rtcore_scene.EmbreeScene()
    TriangleMesh(scene, rubble.corners().astype(np.float32))
    directions = rays(camera, pixel_grid(camera)).reshape(-1, 3)
    start = np.broadcast_to(eye(camera), directions.shape)
    hit = scene.run(start.astype(np.float32), directions.astype(np.float32), output=True)
    seen = hit["primID"][hit["geomID"] >= 0]
    assert np.mean(rubble.arrays["triangle_face"][seen] != 0) < 1e-3


def test_pieces_lie_in_the_solid(rubble):
    bounds = np.asarray(rubble.made.body.bounding_box())
    vertices = rubble.arrays["vertices"]
    assert (vertices > bounds[:3] - 0.01).all()
    assert (vertices < bounds[3:] + 0.01).all()
    sample = range(0, rubble.record.piece_count, 7)
    hulls = [Manifold.hull_points(rubble.vertices_of(k)) for k in sample]
    outside = [(hull - rubble.made.body).volume() - 0.005 * hull.volume() for hull in hulls]
    assert max(outside) < 0.03


def test_pieces_do_not_overlap(rubble):
    hulls = [Manifold.hull_points(rubble.vertices_of(k)) for k in range(rubble.record.piece_count)]
    union = Manifold.batch_boolean(hulls, _add()).volume()
    assert sum(hull.volume() for hull in hulls) == pytest.approx(union, rel=2e-3)


def _add():
    from manifold3d import OpType

    return OpType.Add


def test_pieces_are_convex_closed_and_outward(rubble):
    corners = rubble.corners()
    normals, areas = triangle_normals(rubble.arrays["vertices"].astype(np.float64), rubble.arrays["triangles"])
    owner = rubble.arrays["triangle_piece"]
    for piece in range(0, rubble.record.piece_count, 5):
        mine = owner == piece
        heights = np.einsum("tj,vtj->tv", normals[mine], rubble.vertices_of(piece)[:, None] - corners[mine, 0])
        longest = np.linalg.norm(corners[mine] - np.roll(corners[mine], 1, axis=1), axis=2).max(axis=1)
        assert heights[areas[mine] > 1e-3 * longest].max() < 2e-3  # corners nearer than 0.5 mm are one
        closed = (normals[mine] * areas[mine][:, None]).sum(axis=0)
        assert np.abs(closed).max() < 1e-4 * areas[mine].sum()


def test_masses_are_density_times_volume(rubble):
    density = np.array([MATTER[stuff].density for stuff in Stuff])[rubble.arrays["material"]]
    hulls = [Manifold.hull_points(rubble.vertices_of(k)).volume() for k in range(rubble.record.piece_count)]
    assert rubble.arrays["volume"] == pytest.approx(hulls, rel=1e-3, abs=1e-5)
    assert rubble.arrays["mass"] == pytest.approx(density * rubble.arrays["volume"], rel=1e-4)
    assert rubble.record.total_mass == pytest.approx(rubble.arrays["mass"].sum(), rel=1e-4)


def test_centres_are_inside(rubble):
    for piece in range(0, rubble.record.piece_count, 5):
        vertices = rubble.vertices_of(piece)
        centre = rubble.arrays["centre"][piece]
        assert (centre > vertices.min(axis=0)).all()
        assert (centre < vertices.max(axis=0)).all()


def test_bonded_pieces_touch(rubble):
    vertices, start = rubble.arrays["vertices"], rubble.arrays["vertex_start"]
    low = np.minimum.reduceat(vertices, start[:-1])
    high = np.maximum.reduceat(vertices, start[:-1])
    a, b = rubble.arrays["bonds"].T
    assert (a < b).all()
    assert (np.maximum(low[a] - high[b], low[b] - high[a]) < 0.012).all()
    assert (rubble.arrays["bond_area"] > 0).all()
    assert (rubble.arrays["bond_strength"] > 0).all()


def test_every_piece_has_a_way_to_the_ground(rubble):
    count = rubble.record.piece_count
    a, b = rubble.arrays["bonds"].T
    _, label = connected_components(coo_matrix((np.ones(len(a)), (a, b)), shape=(count, count)), directed=False)
    assert np.isin(label, label[rubble.arrays["grounded"]]).all()
    assert not rubble.record.warnings


def test_counts_keep_the_limit(rubble):
    assert rubble.record.piece_count <= rubble.limit
    assert rubble.record.piece_count == len(rubble.arrays["mass"])
    assert rubble.record.bond_count == len(rubble.arrays["bonds"])
    assert rubble.record.element_count == len(rubble.arrays["element_kind"])
    assert rubble.record.storey_count == rubble.arrays["storey"].max() + 1


def test_a_slab_over_every_storey_but_under_a_flat_roof(rubble):
    building = rubble.made.building
    slabs = np.unique(rubble.arrays["storey"][rubble.kind() == Kind.SLAB])
    flat = building.height - building.storey_tops[-1] < 0.5
    wanted = len(building.storey_tops) - (1 if flat else 0)
    assert slabs[slabs < len(building.storey_tops)].tolist() == list(range(wanted))
    assert (rubble.kind() == Kind.SLAB).sum() >= len(slabs)


@pytest.mark.parametrize("made", [gabled, hipped])
def test_who_looks_in_under_torn_eaves_sees_a_wall(made):
    building, body = made().building, made().body
    elements = structure(building, body, camera_for(body), Settings())
    attic, eaves = len(building.storey_tops), building.storey_tops[-1]
    walls = union(part for e in elements if e.kind == Kind.PARTITION and e.level == attic for part in e.parts)
    view = WORLD.box((-2.5, eaves + 0.5, -50.0), (2.5, eaves + 0.6, 0.0))
    seen = (walls ^ view).volume() / PARTITION
    assert seen == pytest.approx(5.0 * 0.1, rel=0.1)


def test_a_flat_roof_has_no_walls_above_it():
    made = box4()
    elements = structure(made.building, made.body, camera_for(made.body), Settings())
    assert all(e.level < len(made.building.storey_tops) for e in elements if e.kind == Kind.PARTITION)


def test_slabs_bear_on_walls(rubble):
    kind = rubble.kind()
    pairs = rubble.arrays["bonds"]
    joined = np.sort(kind[pairs], axis=1)
    if (kind == Kind.SLAB).any():
        assert ((joined[:, 0] == Kind.SLAB) & np.isin(joined[:, 1], (Kind.WALL, Kind.ROOF, Kind.PARAPET))).any()


def test_floors_rooms_and_breaks_are_told_apart(rubble):
    kind, face = rubble.kind()[rubble.arrays["triangle_piece"]], rubble.arrays["triangle_face"]
    normals, areas = triangle_normals(rubble.arrays["vertices"].astype(np.float64), rubble.arrays["triangles"])
    level = (kind == Kind.SLAB) & (np.abs(normals[:, 1]) > 0.9)
    assert (face[level] == 2).all()
    assert (face[(kind == Kind.SLAB) & ~level] == 1).all()
    assert areas[face == 3].sum() > 0.3 * areas[face == 0].sum()
    assert areas[face == 1].sum() > 0.3 * areas[face == 0].sum()


def test_walls_fill_their_solids():
    made = box4()
    knobs = BuildingKnobs()
    elements = structure(made.building, made.body, camera_for(made.body), Settings(building=knobs))
    wall, roof = knobs.wall_thickness, max(0.2, knobs.slab_thickness)
    shell = 12 * 13.2 * 9 - (12 - 2 * wall) * (13.2 - roof) * (9 - 2 * wall)
    kinds = {Kind.WALL, Kind.ROOF, Kind.PARAPET, Kind.WINDOW}
    filled = sum(part.volume() for e in elements if e.kind in kinds for part in e.parts)
    panes = sum(part.volume() for e in elements if e.kind == Kind.WINDOW for part in e.parts)
    assert panes >= len(made.building.facades[0].openings) * 1.2 * 1.5 * PANE * 0.999
    assert filled == pytest.approx(shell - panes * (wall - PANE) / PANE, rel=1e-3)


def test_windows_stand_in_the_openings(tmp_path):
    rubble = broken(box4(), tmp_path)
    panes = np.flatnonzero((rubble.kind() == Kind.WINDOW) & (rubble.arrays["centre"][:, 2] > -0.1))
    openings = rubble.made.building.facades[0].openings
    for pane in panes:
        x, y, _ = rubble.arrays["centre"][pane]
        assert any(o.left < x + 6 < o.right and o.bottom < y < o.top for o in openings)
    assert rubble.arrays["volume"][panes].sum() == pytest.approx(len(openings) * 1.2 * 1.5 * 0.06, rel=1e-3)


def test_same_seed_same_bits_other_seed_other_pieces(tmp_path):
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        broken(box4(), tmp_path / name, seed=seed)
    files = [(tmp_path / name / "pieces.npz").read_bytes() for name in "abc"]
    assert files[0] == files[1]
    assert files[0] != files[2]


@pytest.mark.parametrize(("made", "count"), [(tower20, 120), (domed, 200), (box4, 60)])
def test_small_budgets_are_kept(made, count, tmp_path):
    assert broken(made(), tmp_path, count=count).record.piece_count <= count


def test_size_and_tail_do_what_they_say(tmp_path):
    def blocks(name, **knobs):
        rubble = broken(boxed(30, 8, 2, 3.5, bay=15), tmp_path / name, count=4000, **knobs)
        return rubble.arrays["volume"][rubble.kind() == Kind.WALL]

    assert len(blocks("small", size=1.2)) > 1.5 * len(blocks("large", size=2.4))
    even, long = blocks("even", tail=0.0), blocks("long", tail=1.0)
    assert np.log(long).std() > 1.15 * np.log(even).std()


def test_bricks_lie_and_planks_are_long(tmp_path):
    def shape(material):
        rubble = broken(boxed(10, 8, 2, 3.0, material), tmp_path / material, count=1500, size=0.6)
        walls = np.flatnonzero((rubble.kind() == Kind.WALL) & (rubble.arrays["centre"][:, 2] > -0.3))
        extents = np.array([np.ptp(rubble.vertices_of(k), axis=0) for k in walls])
        return float(np.median(extents[:, 0] / extents[:, 1]))

    brick, concrete, timber = shape("brick"), shape("concrete"), shape("timber")
    assert brick > 1.05 * concrete
    assert timber > 1.5 * brick


def test_every_part_of_the_structure_is_convex():
    made = domed()
    for element in structure(made.building, made.body, camera_for(made.body), Settings()):
        for part in element.parts:
            assert Manifold.hull_points(corner_points(part)).volume() == pytest.approx(part.volume(), rel=1e-3)


def test_nothing_is_longer_than_two_bays(rubble):
    corners = [rubble.vertices_of(piece) for piece in range(rubble.record.piece_count)]
    assert max(float(np.ptp(vertices, axis=0).max()) for vertices in corners) <= 15.5


def test_columns_snap_within_their_storey(rubble):
    kind = rubble.arrays["element_kind"][rubble.arrays["element"]]
    columns = np.flatnonzero(kind == 2)
    if len(columns) == 0:
        pytest.skip("this shape has no columns")
    length = np.array([np.ptp(rubble.vertices_of(piece)[:, 1]) for piece in columns])
    assert np.median(length) < 2.6


def test_a_block_is_one_lump_of_one_element_and_seldom_longer_than_a_bay(rubble):
    block, pairs = rubble.arrays["block"], rubble.arrays["bonds"]
    inner = pairs[block[pairs[:, 0]] == block[pairs[:, 1]]]
    _, label = connected_components(coo_matrix((np.ones(len(inner)), inner.T), shape=(len(block),) * 2), directed=False)
    whole, extents = 0, []
    for number in np.unique(block):
        mine = np.flatnonzero(block == number)
        assert len(np.unique(rubble.arrays["element"][mine])) == 1
        if len(mine) > 1:
            extents.append(np.ptp(np.concatenate([rubble.vertices_of(piece) for piece in mine]), axis=0).max())
            whole += len(np.unique(label[mine])) == 1
    several = (np.bincount(block) > 1).sum()
    assert several > 10
    assert max(extents) < 7.5
    assert whole > 0.95 * several


def test_what_is_seen_is_finer_than_what_is_hidden(tmp_path):
    made = boxed(18, 14, 4, 3.3)
    rubble = broken(made, tmp_path, count=1500)
    camera = camera_for(made.body)
    scene = rtcore_scene.EmbreeScene()
    TriangleMesh(scene, rubble.corners().astype(np.float32))
    directions = rays(camera, pixel_grid(camera)).reshape(-1, 3)
    hit = scene.run(np.broadcast_to(eye(camera), directions.shape).astype(np.float32), directions.astype(np.float32), output=True)
    seen = np.zeros(rubble.record.piece_count, bool)
    seen[rubble.arrays["triangle_piece"][hit["primID"][hit["geomID"] >= 0]]] = True
    wall = rubble.kind() == Kind.WALL
    size = np.cbrt(rubble.arrays["volume"])
    assert np.median(size[wall & seen]) < 0.75 * np.median(size[wall & ~seen])


def test_tall_masonry_has_thicker_walls_than_a_low_house_or_a_frame():
    knobs = BuildingKnobs()
    low, tall, frame = (
        boxed(12, 10, storeys, 3.5, material).building for storeys, material in ((3, "brick"), (20, "brick"), (20, "concrete"))
    )
    assert wall_thickness(low, knobs) == pytest.approx(knobs.wall_thickness) == wall_thickness(frame, knobs)
    assert 2 * knobs.wall_thickness < wall_thickness(tall, knobs) < 5 * knobs.wall_thickness
    assert wall_thickness(tall, BuildingKnobs(wall_thickness=0.6)) > wall_thickness(tall, knobs)


def test_a_hidden_wall_too_narrow_for_a_window_has_none(tmp_path):
    narrow = broken(boxed(12, 1.4, 3, 3.3), tmp_path, 200)
    glass = np.flatnonzero(narrow.kind() == 3)
    assert len(glass)
    # whatever glass there is stands in the long walls
    assert all(np.abs(narrow.vertices_of(piece)[:, 0]).max() < 5.5 for piece in glass)


def test_few_windows_of_a_hidden_wall_are_those_of_its_upper_storeys(tmp_path):
    tower = broken(boxed(18, 12, 8, 3.2), tmp_path, 900)
    rear = (tower.kind() == Kind.WINDOW) & (tower.arrays["centre"][:, 2] < -11.5)
    storeys = set(tower.arrays["storey"][rear].tolist())
    assert storeys == set(range(8 - len(storeys), 8))
    assert 0 < len(storeys) < 8


def test_a_building_of_more_parts_than_pieces_asked_for_comes_with_a_caution(tmp_path):
    made = broken(domed(), tmp_path, 50)
    assert made.record.piece_count > 50
    assert any("fragments.count" in caution.remedy and "50 pieces asked for" in caution.what for caution in made.record.warnings)
