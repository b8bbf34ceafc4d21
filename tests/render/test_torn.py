"""Torn edges leave whole faces in their planes, keep meshes closed, and fit across a crack."""

import numpy as np
import pytest

from derrumbe.render.torn import BLOCK, BROKEN, FACING, INNER, OUTER, ROOM, SHOWN, Mesh, edge_lengths, faces_eye, ranks, split, tear

from . import scenes

EYE = np.array([0.0, 2.5, 12.0])


@pytest.fixture(scope="module")
def whole():
    arrays = scenes.boxes()
    owner = np.repeat(np.arange(6, dtype=np.int32), 8)
    return Mesh(arrays["vertices"].astype(float), owner, arrays["triangles"], arrays["triangle_piece"], arrays["triangle_face"])


@pytest.fixture(scope="module")
def torn(whole):
    return tear(whole, scenes.boxes()["centre"].astype(float), np.zeros(6, int), EYE, unseen(whole), 0.05, 10**6, 29)


def unseen(mesh):
    return np.zeros(len(mesh.triangles), bool)


def edges(triangles):
    return np.stack([triangles, np.roll(triangles, -1, 1)], -1).reshape(-1, 2)


def test_every_edge_has_its_opposite(torn):
    """A closed, consistently turned surface: each directed edge occurs once, and so does its reverse."""
    directed = edges(torn.triangles)
    keys = directed[:, 0].astype(np.int64) * len(torn.vertices) + directed[:, 1]
    back = directed[:, 1].astype(np.int64) * len(torn.vertices) + directed[:, 0]
    assert len(np.unique(keys)) == len(keys)
    assert np.array_equal(np.sort(keys), np.sort(back))


def test_no_broken_edge_is_long(whole):
    fine = split(whole, ranks(whole, EYE, unseen(whole)), np.full(3, 0.3 / INNER))
    pairs = edges(fine.triangles[fine.face == BROKEN])
    assert np.linalg.norm(fine.vertices[pairs[:, 0]] - fine.vertices[pairs[:, 1]], axis=1).max() <= 0.3


def test_splitting_keeps_the_area_of_every_face(whole):
    fine = split(whole, ranks(whole, EYE, unseen(whole)), np.full(3, 0.3))
    for face in (0, BROKEN):
        areas = []
        for mesh in (whole, fine):
            a, b, c = (mesh.vertices[mesh.triangles[mesh.face == face, k]] for k in range(3))
            areas.append(0.5 * np.linalg.norm(np.cross(b - a, c - a), axis=1).sum())
        assert areas[0] == pytest.approx(areas[1], rel=1e-9)


def test_the_facade_stays_in_its_plane(torn):
    """Outer faces lie where they lay: front at z = 0, sides at x = -2 and 2, back, top."""
    for triangle in torn.triangles[torn.face != BROKEN]:
        corners = torn.vertices[triangle]
        planes = [corners[:, 0] - 2, corners[:, 0] + 2, corners[:, 1] - 6, corners[:, 2], corners[:, 2] + 1]
        assert min(np.abs(gap).max() for gap in planes) < 1e-9


def test_cracks_are_jagged_and_fit(whole, torn):
    """Along the crack between the two columns (x = 0), both sides leave the plane by centimetres, and mostly by the same ones."""
    rank = ranks(whole, EYE, unseen(whole))
    fine = split(whole, rank, edge_lengths(whole, rank, 0.05, 10**6))
    crack = (fine.vertices[:, 0] == 0) & (fine.vertices[:, 1] > 0.1) & (fine.vertices[:, 1] < 1.9)
    left, right = (torn.vertices[crack & (torn.vertex_piece == piece)] for piece in (0, 1))
    assert 0.02 < np.abs(left[:, 0]).max() < 0.25
    gap = np.linalg.norm(left[:, None] - right[None], axis=-1).min(1)
    assert np.median(gap) < 1e-6


def test_rooms_look_at_the_eye_as_outer_faces_do(whole):
    """A rear wall's inside is seen once the front has gone; what looks away never is."""
    back = np.isclose(whole.vertices[whole.triangles][:, :, 2], whole.vertices[:, 2].min()).all(1)
    inside_out = Mesh(
        whole.vertices, whole.vertex_piece, whole.triangles[:, ::-1], whole.piece, np.where(back, ROOM, BROKEN).astype(np.uint8)
    )
    assert faces_eye(inside_out, EYE)[back].all()
    assert not faces_eye(Mesh(whole.vertices, whole.vertex_piece, whole.triangles, whole.piece, inside_out.face), EYE).any()


def test_rims_that_the_eye_sees_are_fine_before_all_others(whole):
    """With few triangles to spend, joints of the façade, 20 m that look at the eye, are not sawn straight for the sake of those behind."""
    other, rim, _ = edge_lengths(whole, ranks(whole, EYE, unseen(whole)), 0.001, 0)
    many = Mesh(
        np.concatenate([whole.vertices, *(whole.vertices - (0, 0, 2 * k) for k in range(1, 400))]),
        np.concatenate([whole.vertex_piece + 6 * k for k in range(400)]),
        np.concatenate([whole.triangles + 48 * k for k in range(400)]),
        np.concatenate([whole.piece + 6 * k for k in range(400)]),
        np.concatenate([whole.face, *(np.full_like(whole.face, BROKEN) for _ in range(1, 400))]),
    )
    other_of_many, rim_of_many, _ = edge_lengths(many, ranks(many, EYE, unseen(many)), 0.001, 0)
    assert rim_of_many == rim
    assert other_of_many > 3 * other


def test_no_face_is_pushed_further_than_it_has_room(torn, whole):
    """Blocks are 2 x 2 x 1 m: a broken side is pushed by no more than 0.3 m along its normal, and rims of the façade by what shows."""
    for piece in range(6):
        own, there = torn.vertices[torn.vertex_piece == piece], whole.vertices[whole.vertex_piece == piece]
        assert (own.min(0) > there.min(0) - 0.31).all()
        assert (own.max(0) < there.max(0) + 0.31).all()


def test_the_rim_of_a_low_piece_is_torn_as_well():
    """What is left over a window's head is a strip: pushed by little of its height its rim would look ruled."""
    corners = np.array([[x, y, z] for x in (-2, 2) for y in (0, 1) for z in (-1, 0)], float)
    box = np.array(
        [[0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1], [2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4], [1, 5, 7], [1, 7, 3]]
    )
    low, high = corners * (1, 0.4, 1), corners * (1, 2, 1) + (0, 0.4, 0)
    face = np.zeros(24, np.uint8)
    face[[6, 7, 16, 17]] = BROKEN
    mesh = Mesh(
        np.concatenate([low, high]),
        np.repeat(np.arange(2, dtype=np.int32), 8),
        np.concatenate([box, box + 8]).astype(np.int32),
        np.repeat(np.arange(2, dtype=np.int32), 12),
        face,
    )
    rent = tear(mesh, np.array([[0, 0.2, -0.5], [0, 1.4, -0.5]]), np.zeros(2, int), EYE, unseen(mesh), 0.05, 10**6, 29)
    highest = rent.vertices[rent.vertex_piece == 0, 1].max() - 0.4
    assert 0.09 < highest < 0.2


def test_a_level_roof_is_torn_as_finely_as_what_is_seen(whole):
    """It looks away as it stands, and tips up against the sky when it falls."""
    up = np.cross(*(whole.vertices[whole.triangles[:, k]] - whole.vertices[whole.triangles[:, 0]] for k in (1, 2)))[:, 1] > 0
    roof = Mesh(whole.vertices, whole.vertex_piece, whole.triangles, whole.piece, np.where(up, OUTER, BROKEN).astype(np.uint8))
    below = np.array([0.0, -5.0, 60.0])
    assert faces_eye(roof, below)[up & (np.abs(_normal_y(roof)) > 0.99)].all()


def _normal_y(mesh):
    a, b, c = (mesh.vertices[mesh.triangles[:, k]] for k in range(3))
    normal = np.cross(b - a, c - a)
    return normal[:, 1] / np.linalg.norm(normal, axis=1)


def test_timber_splinters_along_its_grain(whole):
    """Boards tear at lengths of their own: far along x, hardly across."""
    fine = tear(whole, scenes.boxes()["centre"].astype(float), np.full(6, 3), EYE, unseen(whole), 0.05, 10**6, 29)
    plain = tear(whole, scenes.boxes()["centre"].astype(float), np.full(6, 4), EYE, unseen(whole), 0.05, 10**6, 29)
    far = np.abs(fine.vertices - plain.vertices)
    moved = far.max(1) > 1e-6
    assert far[moved, 0].mean() > 2 * far[moved, 2].mean()


def test_what_the_plate_shows_is_split_before_all_that_only_faces_it(whole):
    """Rims that are in the picture from the first crack on are as fine as they show, however many there are in the rooms behind."""
    seen = np.isclose(whole.vertices[whole.triangles][:, :, 2], 0).all(1) & (whole.face == OUTER)
    rank = ranks(whole, EYE, seen)
    assert (rank[seen] == SHOWN).all()
    assert set(rank[faces_eye(whole, EYE) & ~seen]) <= {FACING, SHOWN}
    rooms = Mesh(
        np.concatenate([whole.vertices, *(whole.vertices - (0, 0, 2 * k) for k in range(1, 400))]),
        np.concatenate([whole.vertex_piece + 6 * k for k in range(400)]),
        np.concatenate([whole.triangles + 48 * k for k in range(400)]),
        np.concatenate([whole.piece + 6 * k for k in range(400)]),
        np.tile(whole.face, 400),
    )
    behind = np.zeros(len(whole.triangles) * 399, bool)
    _, facing, shown = edge_lengths(rooms, ranks(rooms, EYE, np.concatenate([seen, behind])), 0.001, 0)
    assert shown < 0.2 * facing


@pytest.mark.parametrize("material", [0, 2])
def test_masonry_parts_in_level_and_upright_steps(whole, material):
    """Along the seen rim of a bed (y = 2) the edges that are as long as half a block or more lie level or stand upright, within what arrises are chipped:
    a crack between stones has hardly any slopes."""
    seen = np.isclose(whole.vertices[whole.triangles][:, :, 2], 0).all(1) & (whole.face == OUTER)
    rent = tear(whole, scenes.boxes()["centre"].astype(float), np.full(6, material), EYE, seen, 0.02, 10**6, 29)
    rank = ranks(whole, EYE, seen)
    fine = split(whole, rank, edge_lengths(whole, rank, 0.02, 10**6))
    pairs = edges(fine.triangles[fine.face == BROKEN])
    rim = (np.abs(fine.vertices[pairs][:, :, 1] - 2) < 1e-9).all(1) & (np.abs(fine.vertices[pairs][:, :, 2]) < 1e-9).all(1)
    along, up = np.abs(rent.vertices[pairs[rim, 0]] - rent.vertices[pairs[rim, 1]])[:, :2].T
    size = np.hypot(along, up)
    long = size > 0.5 * BLOCK[material, 1]
    sloping = np.minimum(along, up) > 0.4 * size
    assert long.sum() >= 8
    assert size[long & sloping].sum() < 0.2 * size[long].sum()


@pytest.mark.parametrize("material", [0, 2])
def test_no_break_comes_out_of_the_face_of_its_wall(whole, material):
    """Steps run within a wall, between its faces at z = 0 and z = -1: what stuck out would be seen as crumbs along every closed crack."""
    seen = np.isclose(whole.vertices[whole.triangles][:, :, 2], 0).all(1) & (whole.face == OUTER)
    rent = tear(whole, scenes.boxes()["centre"].astype(float), np.full(6, material), EYE, seen, 0.02, 10**6, 29)
    assert rent.vertices[:, 2].max() < 1e-9
    assert rent.vertices[:, 2].min() > -1 - 1e-9
