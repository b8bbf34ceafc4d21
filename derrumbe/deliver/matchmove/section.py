"""The matchmove's part of the report."""

from __future__ import annotations

import math

import numpy as np

from derrumbe.core.records import Plate, Set
from derrumbe.deliver.html import Markup, tag
from derrumbe.deliver.matchmove.ball import sun_angles
from derrumbe.deliver.matchmove.pictures import Matchmove
from derrumbe.deliver.matchmove.tracks import FAIR, GOOD, Tracks, residuals_by_frame
from derrumbe.deliver.sections import figure, pairs, section
from derrumbe.geom.camera import eye, rotation_matrix

CHART = (960, 120)
LEAST_TOP = 2.0
"""The chart reaches up to at least this many pixels of residual."""
STILL_M = 1e-3
"""A camera that moves less than this many metres only turns."""
WIRE_SAYS = "Pink: façades and storeys; yellow: openings; green: silhouette; cyan: squares on the ground. Lines must lie on the building and stay there."
MATTES_SAY = "Green: building; blue: sky; red: what stands or passes in front, and stays the plate's."
LIGHT_SAYS = (
    "A grey ball in the light that was found; the arrow comes from the sun. The pole's shadow must fall the way the plate's shadows do."
)


def matchmove_section(plate: Plate, film_set: Set, shown: Matchmove) -> Markup:
    """Return camera, light, movie and pictures."""
    parts = [
        pairs(facts(film_set, shown.found)),
        movie_player(shown.movie, shown.wireframe[plate.frames.first]) if shown.movie else None,
        strip("wireframe", WIRE_SAYS, shown.wireframe),
        strip("tracks", tracks_say(), shown.tracks) if shown.tracks else None,
        residual_chart(shown.found, list(plate.frames)) if shown.found else None,
        strip("mattes", MATTES_SAY, shown.mattes),
        strip("light", LIGHT_SAYS, {plate.frames.first: shown.light}),
    ]
    return section("Matchmove", *parts, id="matchmove")


def movie_player(movie: str, poster: str) -> Markup:
    switches = {"controls": True, "loop": True, "muted": True, "playsinline": True}
    return tag("video", src=movie, poster=poster, preload="metadata", class_="wide", **switches)


def facts(film_set: Set, tracks: Tracks | None) -> dict[str, str]:
    """Return what the solve says in numbers."""
    first = film_set.cameras[0]
    found = {"camera": camera_says(film_set), "lens": lens_says(film_set), "height": f"{eye(first)[1]:.1f} m above the ground"}
    if tracks is not None and len(tracks.used):
        used = tracks.used
        found["residuals"] = f"mean {used.mean():.2f} px, 90 % below {np.percentile(used, 90):.2f} px"
        found["tracks"] = f"{len(np.unique(tracks.track))} features, {len(tracks.frame)} sightings, {len(used)} used"
    azimuth, height = sun_angles(first, film_set.sun)
    found["sun"] = "overcast" if film_set.sun.overcast else f"azimuth {azimuth:.0f}°, {height:.0f}° high"
    return found


def camera_says(film_set: Set) -> str:
    if film_set.locked or len(film_set.cameras) == 1:
        return "locked off"
    turned = max(math.degrees(angle_between(film_set.cameras[0], one)) for one in film_set.cameras)
    places = np.array([eye(one) for one in film_set.cameras])
    path = float(np.linalg.norm(np.diff(places, axis=0), axis=1).sum())
    if path < STILL_M:
        return f"on a head: turns up to {turned:.1f}°"
    return f"moving: {path:.2f} m along its path, turns up to {turned:.1f}°"


def angle_between(a: object, b: object) -> float:
    """Return the angle between two cameras, radians."""
    turn = rotation_matrix(a) @ rotation_matrix(b).T  # type: ignore[arg-type]
    return math.acos(float(np.clip((np.trace(turn) - 1) / 2, -1, 1)))


def lens_says(film_set: Set) -> str:
    focal = [one.focal_px for one in film_set.cameras]
    first = film_set.cameras[0]
    wide = 2 * math.degrees(math.atan2(first.width / 2, first.focal_px))
    length = f"{focal[0]:.0f} px" if max(focal) - min(focal) < 0.5 else f"{min(focal):.0f} to {max(focal):.0f} px"
    bent = f", distortion {', '.join(f'{term:.4f}' for term in first.distortion)}" if any(first.distortion) else ""
    return f"focal length {length}, {wide:.0f}° wide{bent}"


def tracks_say() -> str:
    return f"Features that were followed, with their last frames. Green: up to {GOOD:g} px from the solve; yellow: up to {FAIR:g}; red: more; grey: unused."


def strip(name: str, says: str, pictures: dict[int, str]) -> Markup:
    """Return pictures in a row, each with its frame's number."""
    cells = (tag("div", figure(path, f"{name}, frame {frame}"), tag("small", frame)) for frame, path in pictures.items())
    return tag("div", tag("p", says, class_="facts"), tag("div", *cells, class_="pictures large"), class_="strip")


def residual_chart(tracks: Tracks, frames: list[int]) -> Markup:
    """Return median and 90th percentile of the residuals over the frames as a drawing."""
    values = residuals_by_frame(tracks, frames)
    width, height = CHART
    top = max(LEAST_TOP, float(np.nanmax(values)) if np.isfinite(values).any() else 0)
    lines = [polyline(values[:, column], top, class_) for column, class_ in ((1, "outer"), (0, "inner"))]
    marks = [
        tag("line", x1="0", x2=width, y1=f"{height * (1 - level / top):.1f}", y2=f"{height * (1 - level / top):.1f}", class_="level")
        for level in np.arange(1.0, top, max(1.0, round(top / 4)))
    ]
    drawing = tag("svg", *marks, *lines, viewBox=f"0 0 {width} {height}", class_="chart", role="img", aria_label="residuals per frame")
    says = f"Residual per frame, 0 to {top:.1f} px: median, and above it the 90th percentile."
    return tag("div", tag("p", says, class_="facts"), drawing, class_="strip")


def polyline(values: np.ndarray, top: float, class_: str) -> Markup:
    width, height = CHART
    x = np.linspace(0, width, len(values))
    kept = np.isfinite(values)
    points = " ".join(f"{a:.1f},{height * (1 - b / top):.1f}" for a, b in zip(x[kept], values[kept], strict=True))
    return tag("polyline", points=points, class_=class_)
