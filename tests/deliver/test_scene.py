"""The scene's files, read back by a parser that takes the formats at their word."""

import json
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from derrumbe.core.work import Work
from derrumbe.deliver.run import run
from derrumbe.deliver.scene import world_from_camera
from derrumbe.deliver.settings import Settings
from derrumbe.deliver.turns import continuous, quaternion_of
from derrumbe.geom.camera import project
from tests.deliver.conftest import Delivered
from tests.deliver.small_shot import BOX, CENTRES, COUNT, FIRST, SPF, camera, small_shot

WIDTHS = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}
TYPES = {5126: np.dtype("<f4"), 5125: np.dtype("<u4")}


class Glb:
    """A binary glTF 2.0 file; every rule that is relied on is checked while reading (glTF 2.0, sections 3.6 and 4.4)."""

    def __init__(self, path: Path):
        data = path.read_bytes()
        magic, version, length = struct.unpack_from("<4sII", data)
        assert (magic, version, length) == (b"glTF", 2, len(data))
        size, kind = struct.unpack_from("<II", data, 12)
        assert kind == 0x4E4F534A
        assert size % 4 == 0
        self.document = json.loads(data[20 : 20 + size])
        binary, kind = struct.unpack_from("<II", data, 20 + size)
        assert kind == 0x004E4942
        assert 28 + size + binary == len(data)
        self.blob = data[28 + size :]
        assert 0 <= binary - self.document["buffers"][0]["byteLength"] < 4
        self.arrays = [self.array(index) for index in range(len(self.document["accessors"]))]

    def array(self, index: int) -> np.ndarray:
        accessor = self.document["accessors"][index]
        view = self.document["bufferViews"][accessor["bufferView"]]
        kind, width = TYPES[accessor["componentType"]], WIDTHS[accessor["type"]]
        assert view["byteOffset"] % 4 == 0
        assert view["byteOffset"] + view["byteLength"] <= self.document["buffers"][0]["byteLength"]
        assert view["byteLength"] == accessor["count"] * width * kind.itemsize
        values = np.frombuffer(self.blob, kind, accessor["count"] * width, view["byteOffset"]).reshape(-1, width)
        assert np.isfinite(values).all()
        if "min" in accessor:
            assert accessor["min"] == values.min(0).tolist()
            assert accessor["max"] == values.max(0).tolist()
        return values

    def node(self, name: str) -> dict:
        return next(node for node in self.document["nodes"] if node["name"] == name)

    def keys(self, name: str, path: str) -> tuple[np.ndarray, np.ndarray] | None:
        """Return the times and values that drive a node, None when nothing does."""
        animation = self.document["animations"][0]
        index = self.document["nodes"].index(self.node(name))
        found = [channel for channel in animation["channels"] if channel["target"] == {"node": index, "path": path}]
        assert len(found) <= 1
        if not found:
            return None
        sampler = animation["samplers"][found[0]["sampler"]]
        return self.arrays[sampler["input"]][:, 0], self.arrays[sampler["output"]]


@pytest.fixture(scope="module")
def glb(delivered: Delivered) -> Glb:
    return Glb(delivered.folder / "scene/scene.glb")


def test_every_mesh_is_sound(glb: Glb) -> None:
    for mesh in glb.document["meshes"]:
        for primitive in mesh["primitives"]:
            position, indices = glb.arrays[primitive["attributes"]["POSITION"]], glb.arrays[primitive["indices"]]
            assert "min" in glb.document["accessors"][primitive["attributes"]["POSITION"]]
            assert indices.max() < len(position)
            assert len(indices) % 3 == 0
            assert primitive["material"] < len(glb.document["materials"])


def test_every_node_is_reached_once(glb: Glb) -> None:
    nodes = glb.document["nodes"]
    reached = list(glb.document["scenes"][0]["nodes"])
    for index in reached:
        reached += nodes[index].get("children", [])
    assert sorted(reached) == list(range(len(nodes)))


def test_animation_has_a_key_per_frame_and_unit_turns(glb: Glb) -> None:
    for sampler in glb.document["animations"][0]["samplers"]:
        times, values = glb.arrays[sampler["input"]][:, 0], glb.arrays[sampler["output"]]
        assert times == pytest.approx(np.arange(COUNT) * 1001 / 24000)
        assert len(values) == COUNT
        if values.shape[1] == 4:
            assert np.linalg.norm(values, axis=1) == pytest.approx(1, abs=1e-6)
            assert ((values[1:] * values[:-1]).sum(1) > 0).all()


def test_pieces_stand_and_fall_as_the_motion_says(glb: Glb, delivered: Delivered) -> None:
    poses = np.load(delivered.shot.motion.path("poses.npz"))
    assert glb.keys("piece_0001", "translation") is None
    for piece in range(3):
        node = glb.node(f"piece_{piece + 1:04d}")
        assert node["translation"] == pytest.approx(CENTRES[piece])
        mesh = glb.document["meshes"][node["mesh"]]
        vertices = glb.arrays[mesh["primitives"][0]["attributes"]["POSITION"]]
        assert vertices == pytest.approx(BOX)
        assert sum(len(glb.arrays[part["indices"]]) for part in mesh["primitives"]) == 36
    _, moved = glb.keys("piece_0002", "translation")
    assert moved == pytest.approx(poses["position"][: COUNT * SPF : SPF, 1])
    _, turned = glb.keys("piece_0003", "rotation")
    assert turned[:, [3, 0, 1, 2]] == pytest.approx(poses["rotation"][: COUNT * SPF : SPF, 2])


def test_camera_sees_in_gltf_what_it_sees_in_the_record(glb: Glb) -> None:
    lens = glb.document["cameras"][0]["perspective"]
    node = glb.node("camera")
    record = camera(65, 48)
    x, y, z, w = node["rotation"]
    turn = np.array([[1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
                     [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
                     [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)]])  # fmt: skip
    world = np.array([[0.0, 0, 0], [1, 2, 0], [-2, 0.5, 3]])
    local = (world - node["translation"]) @ turn
    assert (local[:, 2] < 0).all()
    scale = 48 / 2 / np.tan(lens["yfov"] / 2)
    pixels = np.stack([scale * local[:, 0] / -local[:, 2] + record.cx, -scale * local[:, 1] / -local[:, 2] + record.cy], 1)
    assert pixels == pytest.approx(project(record, world)[0])
    assert lens["aspectRatio"] == pytest.approx(65 / 48)


def test_camera_file_says_the_same_twice(delivered: Delivered) -> None:
    data = json.loads((delivered.folder / "scene/camera.json").read_text())
    assert (data["locked"], data["first"], data["rate"], len(data["cameras"])) == (True, FIRST, "24000/1001", 1)
    entry = data["cameras"][0]
    record = camera(65, 48)
    assert entry["rotation"] == [list(row) for row in record.rotation]
    assert np.array(entry["world_from_camera"]) == pytest.approx(world_from_camera(record))
    assert np.array(entry["world_from_camera"])[:3, 3] == pytest.approx([0, 1.5, 10])
    assert entry["focal_mm"] == pytest.approx(1.2 * 36)
    assert entry["window_translate"] == pytest.approx([-1 * 2 / 65, -2 * 2 / 65])


def test_obj_holds_ground_neighbours_and_building(delivered: Delivered) -> None:
    groups: dict[str, list[list[int]]] = {}
    vertices = []
    for line in (delivered.folder / "scene/set.obj").read_text().splitlines():
        word, *rest = line.split()
        if word == "v":
            vertices.append([float(value) for value in rest])
        elif word == "o":
            faces = groups.setdefault(rest[0], [])
        elif word == "f":
            faces.append([int(value) for value in rest])
    assert {name: len(faces) for name, faces in groups.items()} == {"ground": 2, "neighbours": 1, "building": 12}
    assert max(max(face) for faces in groups.values() for face in faces) == len(vertices) == 4 + 3 + 8
    neighbour = np.array([vertices[index - 1] for index in groups["neighbours"][0]])
    assert neighbour == pytest.approx(np.array([[3, 0, 0], [4, 0, 0], [4, 5, 0]]))


def test_a_moving_camera_is_animated(tmp_path: Path) -> None:
    shot = small_shot(tmp_path / "inputs", locked=False)
    run(Settings(), Work(tmp_path), **shot.inputs())
    times, places = Glb(tmp_path / "scene/scene.glb").keys("camera", "translation")
    assert len(times) == COUNT
    assert places[:, 0] == pytest.approx(0.1 * np.arange(COUNT), abs=1e-6)
    data = json.loads((tmp_path / "scene/camera.json").read_text())
    assert [entry["frame"] for entry in data["cameras"]] == list(range(FIRST, FIRST + COUNT))


@given(st.lists(st.floats(-1, 1), min_size=4, max_size=4).filter(lambda q: sum(x * x for x in q) > 0.1))
def test_quaternion_of_a_matrix_comes_back(values: list[float]) -> None:
    x, y, z, w = np.array(values) / np.linalg.norm(values)
    matrix = np.array([[1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
                       [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
                       [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)]])  # fmt: skip
    found = quaternion_of(matrix)
    assert abs(found @ (x, y, z, w)) == pytest.approx(1, abs=1e-9)
    assert continuous(np.array([found, -found, found])) == pytest.approx(np.array([found] * 3))
