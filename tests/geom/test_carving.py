"""Laws of solids."""

import numpy as np
import pytest
from manifold3d import CrossSection, Manifold

from derrumbe.geom.carving import convex_parts, facets, hollow, mesh_of, solid

L_SHAPE = Manifold.extrude(CrossSection([np.array([[0, 0], [6, 0], [6, 2], [2, 2], [2, 5], [0, 5]], float)]), 4)


def test_solid_keeps_its_mesh_volume():
    assert solid(*mesh_of(L_SHAPE)).volume() == pytest.approx(L_SHAPE.volume())


def test_open_mesh_is_refused():
    vertices, triangles = mesh_of(L_SHAPE)
    with pytest.raises(ValueError, match="closed"):
        solid(vertices, triangles[1:])


def test_facets_are_the_planes_of_an_l():
    found = facets(L_SHAPE)
    assert len(found) == 8
    assert sum(facet.area for facet in found) == pytest.approx(L_SHAPE.surface_area())


def test_hollow_leaves_walls_and_ceiling_but_no_floor():
    room = hollow(Manifold.cube((6, 5, 4)), [0, 1, 2, 3, 4, 4.75, 5], side=0.5, top=0.25)
    assert np.asarray(room.bounding_box()) == pytest.approx([0.5, 0, 0.5, 5.5, 4.75, 3.5])
    assert room.volume() == pytest.approx(5 * 4.75 * 3)


def test_hollow_steps_in_under_a_roof():
    house = Manifold.extrude(CrossSection([np.array([[0, 0], [8, 0], [8, 4], [4, 8], [0, 4]], float)]), 6)
    room = hollow(house, [0, 2, 4, 5, 6, 7, 8], side=0.3, top=0.2)
    assert (room - house).is_empty()
    assert room.volume() > 0.6 * house.volume()


@pytest.mark.parametrize("holes", [1, 4])
def test_convex_parts_fill_a_wall_with_holes(holes):
    wall = Manifold.cube((12, 3, 0.3))
    for k in range(holes):
        wall -= Manifold.cube((1, 1, 2)).translate((1 + 2.5 * k, 1, -1))
    parts = convex_parts([wall], [0.004])[0]
    assert sum(part.volume() for part in parts) == pytest.approx(wall.volume(), rel=1e-4)
    assert len(parts) <= 4 * holes
    assert all(part.hull().volume() == pytest.approx(part.volume()) for part in parts)
