"""Walls are laid in courses, domes in rings and meridians, and what stands up from a roof is a part of its own."""

from __future__ import annotations

import numpy as np
import pytest

from derrumbe.core.records import Building
from derrumbe.fracture.courses import meridians
from derrumbe.fracture.materials import Kind
from derrumbe.fracture.run import structure
from derrumbe.fracture.settings import Settings
from derrumbe.fracture.stacks import WIDEST, stacks
from derrumbe.geom.camera import project
from tests.fracture.buildings import Made, boxed, camera_for, domed, front, rectangle, silhouette
from tests.fracture.conftest import broken

GAP = 0.15


def chimneyed(offset: float) -> Made:
    """A house of stone with a roof of 7 m and a chimney on it, 1 m wide and 2.6 m above the slope."""
    top = 6 + 7 * (1 - abs(offset) / 6) + 2.6
    left, right = offset - 0.5, offset + 0.5
    roof = [(x, 6 + 7 * (1 - abs(x) / 6)) for x in (left, right)]
    points = sorted([(6, 6), (0, 13), (-6, 6)], key=lambda p: -p[0])
    outline = [(-6, 0), (6, 0)]
    outline += [p for p in points if p[0] > right] + [roof[1], (right, top), (left, top), roof[0]] + [p for p in points if p[0] < left]
    building = Building(
        outline_px=((0, 0), (1, 0), (1, 1)),
        facades=(front(12, 6),),
        footprint=rectangle(12, 8),
        storey_tops=(3.0, 6.0),
        height=max(top, 13.0),
        material="stone",
    )
    body = silhouette(outline, 8)
    camera = camera_for(body, yaw=0.0)
    pixels, _ = project(camera, np.array([[x, y, 0.0] for x, y in outline]))
    return Made(body, building.model_copy(update={"outline_px": tuple(map(tuple, pixels.tolist()))}))


@pytest.mark.parametrize("offset", [-3.6, -2.0, 2.4, 4.0])
def test_a_chimney_is_found_where_it_stands_and_a_gable_is_none(offset):
    made = chimneyed(offset)
    (stack,) = stacks(made.body, made.building, camera_for(made.body, yaw=0.0), 10)
    box = np.asarray(stack.bounding_box())
    assert box[0] > offset - 0.5 - 0.4
    assert box[3] < offset + 0.5 + 0.4
    assert box[4] == pytest.approx(made.body.bounding_box()[4] if box[4] > 13 else box[4])
    assert box[3] - box[0] < WIDEST


def test_a_chimney_is_an_element_of_its_own():
    made = chimneyed(2.4)
    elements = structure(made.building, made.body, camera_for(made.body, yaw=0.0), Settings())
    crowns = [element for element in elements if element.kind == Kind.PARAPET]
    assert len(crowns) == 1
    others = [part for element in elements if element.kind != Kind.PARAPET for part in element.parts]
    overlap = sum((part ^ crown).volume() for crown in crowns[0].parts for part in others)
    assert overlap < 0.02 * sum(part.volume() for part in crowns[0].parts)


@pytest.mark.parametrize("wide", [12.0, 20.0, 60.0])
@pytest.mark.parametrize("number", [0, 1])
def test_meridians_stand_at_equal_turns_between_those_of_the_course_below(wide, number):
    turns = np.arccos(1 - 2 * meridians(wide, number))
    assert np.allclose(np.diff(turns), np.diff(turns)[0])
    below = np.arccos(1 - 2 * meridians(wide, number + 1))
    assert np.abs(turns[:, None] - below[None]).min() == pytest.approx(0.5 * np.diff(below)[0], rel=0.01)


def joints(made: Made, level_of: float) -> np.ndarray:
    """Return where the joints between elements of the front wall are at a height, (n,) m along it."""
    edges = set()
    for element in structure(made.building, made.body, camera_for(made.body, yaw=0.0), Settings()):
        if element.kind == Kind.WALL and element.frame.axes[2, 2] > 0.9:
            box = np.array([part.bounding_box() for part in element.parts]).reshape(-1, 2, 3)
            if box[:, 0, 1].min() < level_of < box[:, 1, 1].max():
                edges |= {round(float(box[:, 0, 0].min()), 2), round(float(box[:, 1, 0].max()), 2)}
    return np.array(sorted(edges))


def test_no_joint_of_a_wall_without_windows_runs_from_the_ground_to_the_top():
    made = boxed(30, 12, 6, 3.3)
    made = Made(made.body, made.building.model_copy(update={"facades": (front(30, 6 * 3.3),)}))
    rows = [joints(made, 3.3 * (k + 0.5)) for k in range(6)]
    inner = [{x for x in row if abs(x) < 14.5} for row in rows]
    assert all(inner)
    assert not set.intersection(*inner)


def test_a_dome_breaks_finer_than_its_width(tmp_path):
    """Nothing of a dome that is seen is as wide as half of it, even when pieces are few."""
    rubble = broken(domed(), tmp_path, count=700)
    low = np.array([rubble.vertices_of(k).min(0) for k in range(rubble.record.piece_count)])
    high = np.array([rubble.vertices_of(k).max(0) for k in range(rubble.record.piece_count)])
    dome = (low[:, 1] > 14) & (high[:, 2] > -GAP)
    assert dome.sum() > 12
    assert (high - low)[dome, 0].max() < 18 / 2
