"""How well survey finds the sun, and how well its light answers for the plate. Prints JSON.

    python benchmarks/light.py PLATES [--height PX] [--only NAME …]        PLATES: the folder of real plates

For every plate whose sun was estimated by hand (tests/survey/truth/light/sun.json): the angle between that and the set's, whether a shadow
told it, and what a façade and a street of usual albedo show in the set's light over what the plate shows.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from derrumbe.core.records import Camera, Located
from derrumbe.media.exr import read_exr
from derrumbe.pipeline.make import make_shot
from derrumbe.pipeline.prepare import Request, prepare
from derrumbe.survey.light import ALBEDO, LUMA, PAVING
from derrumbe.survey.sun_place import angle_between

TRUTH = json.loads((Path(__file__).resolve().parents[1] / "tests/survey/truth/light/sun.json").read_text())


def world_sun(camera: Camera, azimuth: float, elevation: float) -> np.ndarray:
    """Return the unit vector towards a sun `azimuth` degrees round from where the camera looks, in the world."""
    forward = np.asarray(camera.rotation)[2] * (1, 0, 1)
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, (0.0, 1.0, 0.0))
    round_, up = np.radians(azimuth), np.radians(elevation)
    return np.cos(up) * (np.cos(round_) * forward + np.sin(round_) * right) + np.sin(up) * np.array([0.0, 1.0, 0.0])


def measure(plates: Path, name: str, folder: Path, height: int | None) -> dict[str, Any]:
    """Survey a plate and compare its sun."""
    described = json.loads((plates / name / "plate.json").read_text())
    outline = json.dumps({"building_polygon": described["building_polygon"]})
    begun = time.process_time()
    shot = prepare(Request(str(plates / name / described["media"]), outline, "the building collapses at 1 s", folder, height=height))
    film_set = make_shot(shot, folder, jobs=1, until="survey").results["film_set"]
    sun, truth = film_set.record.sun, TRUTH[name]
    off = angle_between(np.asarray(sun.direction), world_sun(film_set.record.cameras[0], truth["azimuth"], truth["elevation"]))
    return {
        "apart_deg": None if sun.overcast else round(off, 1),
        "truth_within_deg": truth["within"],
        "shadow_seen": truth["shadow"],
        "overcast": sun.overcast,
        "guess": [caution.what for caution in film_set.record.warnings if "light.sun_azimuth" in caution.remedy],
        **answered(film_set),
        "cpu_seconds": round(time.process_time() - begun, 1),
    }


def answered(film_set: Located) -> dict[str, float]:
    """Return what a façade and a level street of usual albedo show in the set's light, over what the plate's first frame shows."""
    record, sun = film_set.record, film_set.record.sun
    wall = 0.5 * (np.asarray(sun.sky_rgb) + np.asarray(sun.ground_rgb)) + np.asarray(sun.rgb) * max(0.0, sun.direction[2])
    street = np.asarray(sun.sky_rgb) + np.asarray(sun.rgb) * max(0.0, sun.direction[1])
    picture = read_exr(film_set.path(record.texture, record.frames.first), ("R", "G", "B"))
    lowest = int(max(point[1] for point in record.building.outline_px))
    ground = picture[min(lowest, len(picture) - 2) :] @ LUMA
    return {
        "facade_over_plate": round(float(ALBEDO[record.building.material] * (wall @ LUMA) / (np.asarray(record.facade_rgb) @ LUMA)), 2),
        "street_over_plate": round(float(PAVING * (street @ LUMA) / np.percentile(ground, 60)), 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("plates", type=Path)
    parser.add_argument("--height", type=int, default=540)
    parser.add_argument("--only", nargs="*", help="names of plates")
    given = parser.parse_args()
    names = [name for name in TRUTH if name != "what" and (not given.only or name in given.only)]
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps({name: measure(given.plates, name, Path(folder) / name, given.height) for name in names}, indent=1))


if __name__ == "__main__":
    main()
