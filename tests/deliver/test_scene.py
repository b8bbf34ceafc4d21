"""The scene's files, read back with other eyes: USD by usd-core, the rest by parsers that take the formats at their word."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pxr import Gf, Usd, UsdGeom, UsdShade

from derrumbe.core.records import Camera, FilmedShutter, Located
from derrumbe.core.work import Work
from derrumbe.deliver.run import run
from derrumbe.deliver.scene.camera import turns_zxy, world_from_camera
from derrumbe.deliver.scene.fragments import steady_signs, where_it_moves
from derrumbe.deliver.settings import Settings
from derrumbe.geom.camera import project
from derrumbe.geom.lens import filmed
from derrumbe.media.exr import read_exr
from tests.deliver.conftest import Delivered
from tests.deliver.nuke_graph import Graph, about
from tests.deliver.small_shot import BOX, CENTRES, COUNT, FIRST, SPF, SmallShot, camera, small_shot

FRAMES = range(FIRST, FIRST + COUNT)
WORLD = np.array([[0.0, 0, 0], [1, 2, 0], [-2, 0.5, 3], [0.3, 4, -2]])
CLOSE = 0.05
"""Pixels that another program's camera may be away from ours."""


@pytest.fixture(scope="module")
def stage(delivered: Delivered) -> Usd.Stage:
    return Usd.Stage.Open(str(delivered.folder / "scene/scene.usdc"))


@pytest.fixture(scope="module")
def moving(tmp_path_factory: pytest.TempPathFactory) -> tuple[SmallShot, Path]:
    """A shot whose camera flies, turns and zooms through a lens that distorts."""
    folder = tmp_path_factory.mktemp("moving")
    shot = small_shot(folder / "inputs", locked=False)
    cameras = tuple(flying(index) for index in range(COUNT))
    record = shot.film_set.record.model_copy(update={"cameras": cameras})
    inputs = {**shot.inputs(), "film_set": Located(record, shot.film_set.folder)}
    run(Settings(), Work(folder), **inputs)
    return SmallShot(**inputs), folder


def flying(index: int, terms: tuple[float, ...] = (-0.06, 0.01)) -> Camera:
    turn = about(1, 0.03 * index) @ about(0, -0.02 * index) @ about(2, 0.01 * index) @ np.diag([1.0, -1, -1])
    place = np.array([0.2 * index - 1, 1.5 + 0.1 * index, 10 - 0.3 * index])
    rotation = tuple(tuple(row) for row in turn.T.tolist())
    still = camera(65, 48)
    changed = {"rotation": rotation, "translation": tuple((-turn.T @ place).tolist()), "distortion": terms}
    return still.model_copy(update={**changed, "focal_px": still.focal_px * (1 + 0.02 * index)})


def usd_pixels(stage: Usd.Stage, frame: int, world: np.ndarray, size: tuple[int, int] = (65, 48)) -> np.ndarray:
    """Where usd-core's own frustum puts world points, in pixels from the top left."""
    seen = UsdGeom.Camera(stage.GetPrimAtPath("/shot/camera")).GetCamera(Usd.TimeCode(frame)).frustum
    matrix = seen.ComputeViewMatrix() * seen.ComputeProjectionMatrix()
    flat = np.array([matrix.Transform(Gf.Vec3d(*point)) for point in world.tolist()])
    return (flat[:, :2] * (1, -1) + 1) * np.array(size) / 2


def test_stage_says_metres_y_up_and_frames(stage: Usd.Stage) -> None:
    assert UsdGeom.GetStageMetersPerUnit(stage) == 1
    assert UsdGeom.GetStageUpAxis(stage) == "Y"
    assert (stage.GetStartTimeCode(), stage.GetEndTimeCode()) == (FIRST, FIRST + COUNT - 1)
    assert stage.GetTimeCodesPerSecond() == stage.GetFramesPerSecond() == pytest.approx(24000 / 1001)
    assert stage.GetDefaultPrim().GetPath() == "/shot"


def test_usd_camera_sees_what_ours_sees(stage: Usd.Stage) -> None:
    assert np.abs(usd_pixels(stage, FIRST, WORLD) - project(camera(65, 48), WORLD)[0]).max() < CLOSE


def test_usd_camera_sees_what_ours_sees_in_every_frame_of_a_flight(moving: tuple[SmallShot, Path]) -> None:
    shot, folder = moving
    stage = Usd.Stage.Open(str(folder / "scene/scene.usdc"))
    for frame in FRAMES:
        lens = shot.film_set.record.camera_at(frame)
        assert np.abs(filmed(lens, usd_pixels(stage, frame, WORLD)) - project(lens, WORLD)[0]).max() < CLOSE, frame


def test_nuke_camera_sees_what_ours_sees(moving: tuple[SmallShot, Path], delivered: Delivered) -> None:
    for shot, folder in (moving, (delivered.shot, delivered.folder)):
        graph = Graph((folder / "scene/comp.nk").read_text(), folder / "scene")
        for frame in FRAMES if not shot.film_set.record.locked else (FIRST, FIRST + 5):
            lens = shot.film_set.record.camera_at(frame)
            assert np.abs(filmed(lens, graph.project("camera", frame, WORLD)) - project(lens, WORLD)[0]).max() < CLOSE, frame


def test_every_picture_that_the_script_reads_is_delivered(moving: tuple[SmallShot, Path]) -> None:
    _, folder = moving
    graph = Graph((folder / "scene/comp.nk").read_text(), folder / "scene")
    reads = {name: node for name, node in graph.nodes.items() if node.kind == "Read"}
    assert {"plate", "layers", "matte", "clean_plate", "texture", "building_matte", "undistort", "redistort"} == reads.keys()
    for name in reads.keys() - {"plate", "layers", "matte"}:
        for frame in FRAMES:
            assert graph.file(reads[name], frame).is_file(), (name, frame)
    for name in ("plate", "layers", "matte"):
        assert graph.file(reads[name], FIRST) == folder / f"scene/../{name}/{name}.{FIRST}.exr"


def test_points_of_falling_pieces_are_seen_where_the_motion_has_them(stage: Usd.Stage, delivered: Delivered) -> None:
    poses = np.load(delivered.shot.motion.path("poses.npz"))
    for piece in range(3):
        prim = stage.GetPrimAtPath(f"/shot/pieces/storey_00/piece_{piece + 1:04d}")
        points = np.array(UsdGeom.Mesh(prim).GetPointsAttr().Get())
        assert points == pytest.approx(BOX)
        for frame in FRAMES:
            sample = (frame - FIRST) * SPF
            turn = np.array(Gf.Matrix3d(Gf.Quatd(*poses["rotation"][sample, piece].tolist()))).T
            world = BOX @ turn.T + poses["position"][sample, piece]
            matrix = UsdGeom.Xformable(prim).ComputeLocalToWorldTransform(Usd.TimeCode(frame))
            found = np.array([matrix.Transform(Gf.Vec3d(*point)) for point in points.tolist()])
            ours = project(camera(65, 48), world)[0]
            assert np.abs(usd_pixels(stage, frame, found) - ours).max() < CLOSE


def test_only_what_moves_is_keyed(stage: Usd.Stage) -> None:
    still, falls = (stage.GetPrimAtPath(f"/shot/pieces/storey_00/piece_000{number}") for number in (1, 2))
    assert not any(attribute.GetTimeSamples() for attribute in still.GetAttributes())
    assert still.GetAttribute("xformOp:translate").Get() == pytest.approx(CENTRES[0].tolist())
    keys = falls.GetAttribute("xformOp:translate").GetTimeSamples()
    assert keys == [float(frame) for frame in FRAMES if (frame - FIRST) * SPF >= 8]


def test_faces_wear_their_materials(stage: Usd.Stage) -> None:
    mesh = UsdGeom.Mesh(stage.GetPrimAtPath("/shot/pieces/storey_00/piece_0001"))
    subsets = UsdGeom.Subset.GetAllGeomSubsets(mesh)
    assert {subset.GetPrim().GetName() for subset in subsets} == {"outer", "broken", "slab", "room"}
    assert sorted(index for subset in subsets for index in subset.GetIndicesAttr().Get()) == list(range(12))
    for subset in subsets:
        material, _ = UsdShade.MaterialBindingAPI(subset.GetPrim()).ComputeBoundMaterial()
        assert material.GetPath() == f"/shot/materials/{subset.GetPrim().GetName()}"
        assert material.ComputeSurfaceSource()[0].GetIdAttr().Get() == "UsdPreviewSurface"


def test_set_holds_ground_neighbours_building_and_facades(stage: Usd.Stage) -> None:
    faces = {prim.GetName(): len(UsdGeom.Mesh(prim).GetFaceVertexCountsAttr().Get()) for prim in Usd.PrimRange(stage.GetPrimAtPath("/shot/set"))
             if prim.IsA(UsdGeom.Mesh)}  # fmt: skip
    assert faces == {"ground": 2, "neighbours": 1, "building": 12, "facade_1": 1}
    for name, purpose in (("ground", "default"), ("building", "guide"), ("facades/facade_1", "guide")):
        assert UsdGeom.Imageable(stage.GetPrimAtPath(f"/shot/set/{name}")).ComputePurpose() == purpose


def test_debris_is_there_once_it_is_born(stage: Usd.Stage, delivered: Delivered) -> None:
    debris = np.load(delivered.shot.motion.path("debris.npz"))
    points = UsdGeom.Points(stage.GetPrimAtPath("/shot/debris"))
    for frame in FRAMES:
        here = debris["position"][(frame - FIRST) * SPF]
        alive = np.isfinite(here).all(1)
        assert list(points.GetIdsAttr().Get(frame)) == (np.flatnonzero(alive) + 1).tolist()
        assert np.array(points.GetPointsAttr().Get(frame)).reshape(-1, 3) == pytest.approx(here[alive])
        assert np.array(points.GetWidthsAttr().Get(frame)) == pytest.approx(2 * debris["radius"][alive])


def test_sun_shines_from_where_it_stands(stage: Usd.Stage, delivered: Delivered) -> None:
    lamp = UsdGeom.Xformable(stage.GetPrimAtPath("/shot/light/sun")).ComputeLocalToWorldTransform(Usd.TimeCode.Default())
    assert np.array(lamp.TransformDir(Gf.Vec3d(0, 0, 1))) == pytest.approx(np.array(delivered.shot.film_set.record.sun.direction), abs=1e-6)


def test_the_dome_wears_the_environment_that_lies_beside_the_scene(stage: Usd.Stage, delivered: Delivered) -> None:
    dome = stage.GetPrimAtPath("/shot/light/sky")
    assert dome.GetAttribute("inputs:texture:file").Get().path == "./environment.exr"
    assert dome.GetAttribute("inputs:texture:format").Get() == "latlong"
    assert "scene/environment.exr" in delivered.record.files
    assert (delivered.folder / "scene/environment.exr").is_file()


def test_st_maps_undo_each_other_and_agree_with_the_lens(moving: tuple[SmallShot, Path]) -> None:
    shot, folder = moving
    lens = shot.film_set.record.camera_at(FIRST + 3)
    straight, bent = (read_exr(folder / f"scene/{name}/{name}.{FIRST + 3}.exr", ("R", "G")) for name in ("undistort", "redistort"))
    assert straight.dtype == np.float32
    x, y = straight[20, 40] * (65, 48)
    assert (x, 48 - y) == pytest.approx(filmed(lens, np.array([40.5, 20.5])), abs=1e-3)
    back = (np.array([1.0, -1]) * bent * (65, 48) + (0, 48))[5:-5:7, 5:-5:9]
    there = np.stack(np.meshgrid(np.arange(65)[5:-5:9] + 0.5, np.arange(48)[5:-5:7] + 0.5), -1)
    assert np.abs(filmed(lens, back) - there).max() < 1e-3


def test_a_straight_lens_has_no_st_maps(delivered: Delivered) -> None:
    assert not [name for name in delivered.record.files if "distort" in name]


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


def test_cameras_keep_the_shutter_open_as_long_as_the_plates_camera(tmp_path: Path) -> None:
    shot = small_shot(tmp_path / "inputs")
    record = shot.film_set.record.model_copy(update={"shutter": FilmedShutter(angle=45.0, edges=500)})
    run(Settings(), Work(tmp_path), **{**shot.inputs(), "film_set": Located(record, shot.film_set.folder)})
    stage = Usd.Stage.Open(str(tmp_path / "scene/scene.usdc"))
    lens = UsdGeom.Camera(stage.GetPrimAtPath("/shot/camera"))
    assert (lens.GetShutterOpenAttr().Get(), lens.GetShutterCloseAttr().Get()) == (0.0, 0.125)
    assert json.loads((tmp_path / "scene/camera.json").read_text())["shutter_deg"] == 45
    assert "open for 45 degrees" in (tmp_path / "scene/README.txt").read_text()


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


def test_the_same_shot_gives_the_same_bytes(delivered: Delivered, tmp_path: Path) -> None:
    run(delivered.settings, Work(tmp_path, jobs=2), **delivered.shot.inputs())
    for name in delivered.record.files:
        assert (tmp_path / name).read_bytes() == (delivered.folder / name).read_bytes(), name


@given(st.floats(-1.5, 1.5), st.floats(-3, 3), st.floats(-3, 3))
def test_nuke_angles_make_the_rotation_again(x: float, y: float, z: float) -> None:
    turn = about(1, y) @ about(0, x) @ about(2, z)
    rotation = tuple(map(tuple, (turn @ np.diag([1.0, -1, -1])).T.tolist()))
    angles = np.radians(turns_zxy((camera(65, 48).model_copy(update={"rotation": rotation}),))[0])
    assert about(1, angles[1]) @ about(0, angles[0]) @ about(2, angles[2]) == pytest.approx(turn, abs=1e-6)


def test_looking_straight_down_has_angles_too() -> None:
    for sign in (1, -1):
        turn = about(1, 0.4) @ about(0, sign * np.pi / 2)
        rotation = tuple(map(tuple, (turn @ np.diag([1.0, -1, -1])).T.tolist()))
        angles = np.radians(turns_zxy((camera(65, 48).model_copy(update={"rotation": rotation}),))[0])
        assert about(1, angles[1]) @ about(0, angles[0]) @ about(2, angles[2]) == pytest.approx(turn, abs=1e-6)


def test_keys_frame_every_move() -> None:
    position = np.zeros((9, 3), np.float32)
    position[3:6, 1] = (1, 2, 3)
    position[6:] = position[5]
    assert where_it_moves(position, np.ones((9, 4))).tolist() == [2, 3, 4, 5]
    assert where_it_moves(position[:1], np.ones((1, 4))).tolist() == []


def test_quaternions_never_jump() -> None:
    turns = np.array([[1, 0, 0, 0], [-0.9, -0.1, 0, 0], [0.8, 0.2, 0, 0]], np.float32)
    steady = steady_signs(turns)
    assert ((steady[1:] * steady[:-1]).sum(1) > 0).all()
    assert np.linalg.norm(steady, axis=1) == pytest.approx(1)
