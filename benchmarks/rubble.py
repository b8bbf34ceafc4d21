"""Sizes of rubble: fitted power-law exponents of a photograph of real rubble, and of pieces and debris of finished shots. Prints JSON.

    python benchmarks/rubble.py --picture ../shared/plates/ref-rubble/concrete-rubble-rescuers.jpg --from 0.45 SHOT ...

An exponent has no scale, so a picture needs none. The picture is segmented coarsely: edges, then a watershed from the middles between them;
its stones are what is seen of them, so large ones that others lie on count as smaller. Sizes are square roots of areas, or cube roots of
volumes; p(s) ~ s^-alpha by maximum likelihood (Clauset, Shalizi and Newman 2009).
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import cv2
import numpy as np

from derrumbe.fracture.sizes import power_law_exponent

WIDTH = 1400
LEAST = 30
"""Pixels of area under which a stone isn't told from grain."""


def stones(picture: np.ndarray) -> np.ndarray:
    """Return areas (n,) px of what a watershed between the edges of a BGR picture finds."""
    calm = cv2.bilateralFilter(picture, 9, 40, 7)
    grey = cv2.cvtColor(calm, cv2.COLOR_BGR2GRAY)
    edges = cv2.dilate(cv2.Canny(grey, 40, 110), np.ones((2, 2), np.uint8))
    inside = cv2.distanceTransform((edges == 0).astype(np.uint8), cv2.DIST_L2, 5)
    peaks = (inside > 2.0) & (inside >= cv2.dilate(inside, np.ones((7, 7), np.uint8)) - 0.5)
    count, seeds = cv2.connectedComponents(peaks.astype(np.uint8))
    labels = cv2.watershed(calm, seeds.astype(np.int32))
    areas = np.bincount(labels[labels > 0].ravel(), minlength=count)
    return areas[areas > LEAST]


def of_picture(path: Path, top: float) -> dict[str, float]:
    picture = cv2.imread(str(path))
    if picture is None:
        raise SystemExit(f"{path} can't be read as a picture")
    picture = cv2.resize(picture, (WIDTH, round(WIDTH * picture.shape[0] / picture.shape[1])), interpolation=cv2.INTER_AREA)
    size = np.sqrt(stones(picture[int(top * len(picture)) :]))
    return {
        "stones": len(size),
        "exponent": power_law_exponent(size),
        "largest_over_median": float(np.percentile(size, 99.5) / np.median(size)),
    }


def of_shot(folder: Path) -> dict[str, float]:
    """Pieces by the cube root of their volume; with debris, the sizes that are seen from metres to centimetres."""
    pieces = sorted(folder.glob(".derrumbe/fracture/*/pieces.npz"), key=lambda path: path.stat().st_mtime)
    debris = sorted(folder.glob(".derrumbe/simulate/*/debris.npz"), key=lambda path: path.stat().st_mtime)
    if not pieces or not debris:
        raise SystemExit(f"{folder} holds no finished fracture and simulation")
    edge, crumb = np.cbrt(np.load(pieces[-1])["volume"]), 1.6 * np.load(debris[-1])["radius"]
    both = np.concatenate([edge, crumb])
    found = {"pieces": edge, "debris": crumb, "all": both}
    return {f"exponent_{name}": power_law_exponent(size) for name, size in found.items()} | {
        "largest_over_median": float(np.percentile(edge, 99.5) / np.median(edge))
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shots", nargs="*", type=Path)
    parser.add_argument("--picture", type=Path)
    parser.add_argument("--from", dest="top", type=float, default=0.0, help="share of the picture's height above the rubble")
    asked = parser.parse_args()
    out: dict[str, dict[str, float]] = {str(shot): of_shot(shot) for shot in asked.shots}
    if asked.picture:
        out[str(asked.picture)] = of_picture(asked.picture, asked.top)
    print(json.dumps(out, indent=1))


if __name__ == "__main__":
    main()
