"""Areas of contact between boxes whose contact is known."""

import numpy as np
import pytest
from manifold3d import Manifold

from derrumbe.fracture.contacts import contacts
from derrumbe.geom.carving import mesh_of


def touching(*bodies):
    meshes = [mesh_of(body) for body in bodies]
    vertex_start = np.cumsum([0, *(len(v) for v, _ in meshes)])
    triangle_start = np.cumsum([0, *(len(t) for _, t in meshes)])
    triangles = np.concatenate([t + s for (_, t), s in zip(meshes, vertex_start, strict=False)])
    return contacts(np.concatenate([v for v, _ in meshes]), triangles, triangle_start, vertex_start)


def test_area_centre_and_normal_of_a_shifted_stack():
    pairs, area, centre, normal, covered = touching(Manifold.cube((2, 1, 2)), Manifold.cube((2, 1, 2)).translate((0.5, 1, 0.25)))
    assert pairs.tolist() == [[0, 1]]
    assert area[0] == pytest.approx(1.5 * 1.75)
    assert centre[0] == pytest.approx([1.25, 1, 1.125])
    assert normal[0] == pytest.approx([0, 1, 0])
    assert covered.sum() == pytest.approx(2 * area[0])


@pytest.mark.parametrize("shift", [(2.02, 0, 0), (2, 1, 0), (2, 1, 2)])
def test_gaps_edges_and_corners_are_no_contact(shift):
    assert len(touching(Manifold.cube((2, 1, 2)), Manifold.cube((2, 1, 2)).translate(shift))[0]) == 0
