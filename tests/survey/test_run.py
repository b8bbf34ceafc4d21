"""The whole survey on a small plate: what is written, that it loads, that it is the same again; and on real plates."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from derrumbe.core.errors import BadOutline
from derrumbe.core.files import load_arrays
from derrumbe.core.records import FAR, Located, Set
from derrumbe.core.work import Work
from derrumbe.geom.camera import project
from derrumbe.media.exr import read_exr
from derrumbe.survey.run import run
from derrumbe.survey.settings import Settings
from tests.survey.plates import plate_of
from tests.survey.scenes import Scene, building

SCENE = building(focal=560.0, picture=(600, 400), eye=(24.0, 5.0, 26.0), aim=(2.0, 4.6, -3.0))


def settings(scene: Scene, **more: object) -> Settings:
    return Settings(outline=tuple(map(tuple, scene.outline.tolist())), trigger_frame=1002, **more)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def surveyed(tmp_path_factory: pytest.TempPathFactory) -> Located[Set]:
    folder = tmp_path_factory.mktemp("survey")
    plate = plate_of(folder, [SCENE.codes], held=3)
    return Located(run(settings(SCENE), Work(folder / "set"), plate=plate), folder / "set")


def test_the_record_survives_json(surveyed: Located[Set]) -> None:
    assert Set.from_json(surveyed.record.to_json()) == surveyed.record


def test_every_file_is_there_and_has_the_plates_size(surveyed: Located[Set]) -> None:
    record = surveyed.record
    for name, channels in {
        record.set_depth: ("Z",),
        record.building_matte: ("Y",),
        record.sky_matte: ("Y",),
        record.clean_plate: ("R", "G", "B"),
        record.texture: ("R", "G", "B"),
    }.items():
        pixels = read_exr(surveyed.path(name), channels)
        assert pixels.shape == (400, 600, len(channels))
        assert np.isfinite(pixels).all()
    for name in record.evidence:
        assert surveyed.path(name).stat().st_size > 0


def test_depth_of_the_ground_is_that_of_the_plane(surveyed: Located[Set]) -> None:
    camera = surveyed.record.cameras[0]
    depth = read_exr(surveyed.path(surveyed.record.set_depth), ("Z",))[..., 0]
    points = np.array([[x, 0.0, z] for x in (-4.0, 4.0) for z in (8.0, 12.0)])
    pixels, truth = project(camera, points)
    for (x, y), z in zip(pixels, truth, strict=True):
        assert depth[int(y), int(x)] == pytest.approx(z, rel=0.03)
    assert (depth[:20] >= FAR).all(), "sky"
    assert (depth > 0).all()


def test_proxies_are_a_ground_and_boxes_on_it(surveyed: Located[Set]) -> None:
    arrays = load_arrays(surveyed.path(surveyed.record.proxies))
    assert set(arrays) == {"vertices", "triangles", "kind"}
    assert arrays["kind"].shape == (len(arrays["triangles"]),)
    ground = arrays["triangles"][arrays["kind"] == 0]
    assert (arrays["vertices"][ground][..., 1] == 0).all()
    a, b, c = (arrays["vertices"][ground[0, i]] for i in range(3))
    assert np.cross(b - a, c - a)[1] > 0, "the ground faces up"


def test_storeys_and_walls_are_in_metres(surveyed: Located[Set]) -> None:
    house = surveyed.record.building
    assert house.storey_tops == pytest.approx((3.3, 6.6, 9.9), rel=0.08)
    assert len(house.facades) == 2
    assert house.height == pytest.approx(9.9, rel=0.1)
    x, z = np.array(house.footprint).T
    assert 0.5 * (x @ np.roll(z, -1) - z @ np.roll(x, -1)) > 0, "counter-clockwise in (x, z)"


def test_the_same_again_is_the_same_to_the_bit(surveyed: Located[Set], tmp_path: Path) -> None:
    plate = plate_of(tmp_path, [SCENE.codes], held=3)
    again = run(settings(SCENE), Work(tmp_path / "set", jobs=2), plate=plate)
    assert again.to_json() == surveyed.record.to_json()
    for path in sorted(surveyed.folder.rglob("*.*")):
        assert path.read_bytes() == (tmp_path / "set" / path.relative_to(surveyed.folder)).read_bytes(), path.name


def test_outlines_are_given_in_source_pixels(surveyed: Located[Set], tmp_path: Path) -> None:
    plate = plate_of(tmp_path, [SCENE.codes], held=1)
    large = Located(plate.record.model_copy(update={"source_width": 1200, "source_height": 800}), plate.folder)
    doubled = Settings(outline=tuple(map(tuple, (2 * SCENE.outline).tolist())), trigger_frame=1001)
    found = run(doubled, Work(tmp_path / "set"), plate=large)
    assert np.array(found.building.outline_px) == pytest.approx(np.array(surveyed.record.building.outline_px))


def test_a_bad_outline_is_refused_and_nothing_written(tmp_path: Path) -> None:
    plate = plate_of(tmp_path, [SCENE.codes], held=1)
    with pytest.raises(BadOutline):
        run(Settings(outline=((0, 0), (5, 5)), trigger_frame=1001), Work(tmp_path / "set"), plate=plate)
    assert not (tmp_path / "set").exists()


def test_passers_by_are_in_front_frame_by_frame(tmp_path: Path) -> None:
    frames = []
    for index in range(8):
        frame = SCENE.codes.copy()
        frame[300:360, 60 + 60 * index : 80 + 60 * index] = (180, 30, 30)
        frames.append(frame)
    plate = plate_of(tmp_path, frames)
    polygon = (((500.0, 100.0), (520.0, 100.0), (520.0, 390.0), (500.0, 390.0)),)
    found = run(settings(SCENE, foreground=polygon), Work(tmp_path / "set"), plate=plate)
    assert found.foreground is not None
    for index, frame in enumerate(range(1001, 1009)):
        alpha = read_exr(tmp_path / "set" / found.foreground.format(frame=frame), ("Y",))[..., 0]
        assert alpha[305:355, 64 + 60 * index : 76 + 60 * index].min() > 0.9
        assert alpha[200, 510] > 0.9, "what the user drew"
        assert alpha[:90].max() < 0.01


REAL = {
    # name: (rows of the picture the horizon may lie in as shares, second wall, focal length in picture widths)
    "brick-office-locked": ((0.15, 0.55), True, (0.8, 2.0)),
    "sceaux-castle": ((0.55, 0.95), False, (0.87, 1.18)),
    "capitol-photo": ((0.4, 0.95), False, (0.7, 3.0)),
    "toronto-church-photo": ((0.7, 1.1), False, (0.5, 1.2)),
}


@pytest.mark.parametrize("name", sorted(REAL))
def test_real_plates_give_plausible_sets(name: str, plates: Path, tmp_path: Path) -> None:
    told = json.loads((plates / name / "plate.json").read_text())
    media = plates / name / told["media"]
    picture = cv2.VideoCapture(str(media)).read()[1] if media.suffix == ".mp4" else cv2.imread(str(media))
    scale = 480 / picture.shape[1]
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)[..., ::-1]
    # 35 mm on film is what the castle's metadata say.
    focal = 35 / 36 * 480 if name == "sceaux-castle" else None
    plate = plate_of(tmp_path, [np.ascontiguousarray(small)], held=1, focal=focal)
    source = plate.record.model_copy(update={"source_width": told["width"], "source_height": told["height"]})
    outline = tuple(map(tuple, told["building_polygon"]))
    found = run(Settings(outline=outline, trigger_frame=1001), Work(tmp_path / "set"), plate=Located(source, plate.folder))

    horizon, second, focal_range = REAL[name]
    camera, house = found.cameras[0], found.building
    up = np.asarray(camera.rotation)[:, 1]
    row = (camera.cy - camera.focal_px * up[2] / up[1]) / camera.height
    assert horizon[0] < row < horizon[1]
    assert focal_range[0] < camera.focal_px / camera.width < focal_range[1]
    assert (len(house.facades) == 2) == second
    assert 4 < house.height < 120
    assert 1 <= len(house.storey_tops) <= 12
    assert all(3 < facade.width < 300 for facade in house.facades)
    matte = read_exr(tmp_path / "set" / found.building_matte, ("Y",))[..., 0]
    drawn = np.zeros(matte.shape, np.uint8)
    cv2.fillPoly(drawn, [np.round(np.array(house.outline_px)).astype(np.int32)], 1)
    assert np.count_nonzero((matte > 0.5) & (drawn > 0)) / np.count_nonzero((matte > 0.5) | (drawn > 0)) > 0.9
