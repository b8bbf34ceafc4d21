"""What the artist says is in front: polygons, foliage and mattes, read or refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from derrumbe.core.errors import BadInput
from derrumbe.media.picture import write_png
from derrumbe.pipeline.holdouts import holdouts

OUTLINE = "10,10 90,10 90,90 10,90"
POLE, TREE = [[1, 2], [3, 2], [3, 9]], [[20, 2], [30, 2], [30, 9]]
FRAMES = range(1001, 1004)


def test_polygons_beside_the_outline_and_in_a_file_add_up(tmp_path: Path) -> None:
    outline = json.dumps({"building_polygon": [[0, 0], [9, 0], [9, 9]], "foreground_polygons": [POLE]})
    more = tmp_path / "front.json"
    more.write_text(json.dumps({"foliage_polygons": [TREE], "not_in_front_polygons": [POLE]}))
    found = holdouts(outline, str(more), FRAMES, (100, 80))
    assert found.foreground == (tuple(map(tuple, np.array(POLE, float))),)
    assert found.foliage == (tuple(map(tuple, np.array(TREE, float))),)
    assert found.not_in_front == found.foreground
    assert found.matte is None


def test_a_matte_is_known_by_its_content(tmp_path: Path) -> None:
    digests = []
    for name, value in (("a", 255), ("b", 255), ("c", 128)):
        write_png(tmp_path / f"{name}.png", np.full((80, 100), value, np.uint8))
        digests.append(holdouts(OUTLINE, str(tmp_path / f"{name}.png"), FRAMES, (100, 80)).matte_digest)
    assert digests[0] == digests[1] != digests[2]


@pytest.mark.parametrize("content", ["{}", '{"foreground_polygons": []}', '{"foreground_polygons": [[1, 2]]}', "no json"])
def test_a_file_without_polygons_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "front.json").write_text(content)
    with pytest.raises(BadInput, match="foreground_polygons"):
        holdouts(OUTLINE, str(tmp_path / "front.json"), FRAMES, (100, 80))


def test_a_matte_of_another_shape_or_too_few_is_named(tmp_path: Path) -> None:
    write_png(tmp_path / "wide.png", np.zeros((40, 100), np.uint8))
    with pytest.raises(BadInput, match="100x40"):
        holdouts(OUTLINE, str(tmp_path / "wide.png"), FRAMES, (100, 80))
    for number in (1001, 1002):
        write_png(tmp_path / f"some/m.{number}.png", np.zeros((80, 100), np.uint8))
    with pytest.raises(BadInput, match="no matte for frame 1003"):
        holdouts(OUTLINE, str(tmp_path / "some"), FRAMES, (100, 80))
    with pytest.raises(BadInput):
        holdouts(OUTLINE, str(tmp_path / "absent.png"), FRAMES, (100, 80))
