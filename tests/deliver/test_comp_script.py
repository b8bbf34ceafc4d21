"""comp.nk, worked out node by node, is our comp."""

from pathlib import Path

import numpy as np
import pytest

from derrumbe.core.records import LAYER_CHANNELS, Comp, Layers, Located
from derrumbe.deliver.scene.comp_script import Sources, comp_script
from derrumbe.deliver.scene.nuke import Raw, Script, knob
from derrumbe.deliver.scene.pictures import bring_pictures
from derrumbe.deliver.scene.write import plate_black
from derrumbe.media.exr import read_exr, write_exr
from tests.comp.scenes import FRAMES, HEIGHT, TRIGGER, WIDTH, Scene, blank_layers, final_pixels, matte_pixels, put
from tests.deliver.nuke_graph import RGB, Graph

THIN = 0.004
"""Comp takes coverage under 1/512 for nothing; the script doesn't."""
CORNERS = 5e-4
"""Share of pixels that may differ more: comp spreads outlines by a disc, Nuke by a square."""


def rebuilt(scene: Scene, folder: Path, **knobs: float) -> tuple[Graph, Located[Comp]]:
    """The script's graph and the comp that it should be, in a folder as it is delivered."""
    comp = scene.comp(**knobs)
    for name, located in (("plate", scene.plate), ("layers", scene.layers), ("matte", comp)):
        (folder / name).symlink_to(located.folder / name, target_is_directory=True)
    pictures = bring_pictures(folder / "scene", scene.film_set)
    sources = Sources(
        scene.plate.record, scene.film_set.record, scene.layers.record, comp.record, pictures, plate_black(scene.plate, scene.film_set)
    )
    return Graph(comp_script(sources), folder / "scene"), comp


def result(graph: Graph, frame: int) -> np.ndarray:
    image = graph.image("result", frame)
    return np.stack([image[name] for name in RGB], -1)


def apart(graph: Graph, comp: Located[Comp], frame: int) -> np.ndarray:
    """How far each pixel of the script's result is from the comp's (h, w)."""
    return np.abs(result(graph, frame) - final_pixels(comp, frame)).max(-1)


def test_without_grain_and_softness_the_script_is_the_comp(tmp_path: Path) -> None:
    scene = Scene(tmp_path, foreground=False)
    graph, comp = rebuilt(scene, tmp_path, grain=0, softness=0)
    for frame in FRAMES:
        assert (apart(graph, comp, frame) > THIN).mean() < CORNERS, frame
        assert apart(graph, comp, frame).max() < 0.05
    assert graph.notes


def test_with_someone_in_front_only_soft_edges_may_differ(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    graph, comp = rebuilt(scene, tmp_path, grain=0, softness=0)
    alpha = graph.image("foreground", 1008)["rgba.red"]
    hard, found = (alpha == 0) | (alpha == 1), apart(graph, comp, 1008)
    assert (found[hard] > THIN).mean() < CORNERS
    assert found[~hard].max() < 0.02
    assert found[~hard].mean() < 0.002


def test_dust_nearer_than_what_stands_in_front_veils_it(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    layers = blank_layers()
    put(layers, "dust_front", (slice(20, 110), slice(80, 130)), (0.45, 0.43, 0.4), 0.6)
    layers["dust_near.Y"][20:110, 90:110] = 0.35
    scene.write_layers(1008, layers)
    graph, comp = rebuilt(scene, tmp_path, grain=0, softness=0)
    core = graph.image("foreground", 1008)["rgba.red"] == 1
    assert apart(graph, comp, 1008)[core].max() < THIN
    assert np.abs(result(graph, 1008) - scene.plate_pixels(1008))[core].max() > 0.1


def test_with_grain_it_agrees_up_to_the_grain(tmp_path: Path) -> None:
    scene = Scene(tmp_path, foreground=False)
    graph, comp = rebuilt(scene, tmp_path, softness=0)
    difference = (result(graph, 1007) - final_pixels(comp, 1007))[matte_pixels(comp, 1007) > 0]
    assert abs(np.median(difference)) < 5e-4
    assert 0.001 < difference.std() < 0.01


def test_where_the_matte_is_0_it_is_the_plate(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    graph, comp = rebuilt(scene, tmp_path)
    for frame in (1001, 1006):
        outside = matte_pixels(comp, frame) == 0
        assert outside.any()
        assert np.array_equal(result(graph, frame)[outside], scene.plate_pixels(frame)[outside])


def test_what_a_model_made_lies_over_the_rest(tmp_path: Path) -> None:
    scene = Scene(tmp_path, foreground=False)
    names = (*LAYER_CHANNELS, *(f"generated.{letter}" for letter in "RGBA"))
    scene.layers  # noqa: B018 - written first, then replaced
    for frame in FRAMES:
        path = scene.layers.path(scene.layers.record.picture, frame)
        extra = np.zeros((HEIGHT, WIDTH, 4), np.float32)
        if frame >= TRIGGER:
            extra[60:80, 60:80] = (0.2, 0.1, 0.3, 0.5)
        write_exr(path, np.concatenate([read_exr(path, LAYER_CHANNELS), extra], -1), names)
    record = Layers(**{**scene.layers.record.model_dump(), "channels": names})
    scene.__dict__["layers"] = Located(record, scene.layers.folder)
    graph, comp = rebuilt(scene, tmp_path, grain=0, softness=0)
    assert "over_generated" in graph.nodes
    assert (apart(graph, comp, 1006) > THIN).mean() < CORNERS


def test_a_node_must_exist_before_it_is_read() -> None:
    with pytest.raises(KeyError, match="nobody"):
        Script().node("Expression", "lost", "nobody", at=(0, 0))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"), (3, "3"), (0.1, "0.1"), ("over", "over"), ("a b", '"a b"'), ('say "[x]" $y', r'"say \"\[x]\" \$y"'),
        ((1.0, 2.5), "{1 2.5}"), (Raw("{a}"), "{a}"), ("", '""'),
    ],
)  # fmt: skip
def test_knobs_are_written_as_nuke_reads_them(value: object, text: str) -> None:
    assert knob(value) == text
