"""The words for a model, written from the brief's knobs and from what the survey found."""

from __future__ import annotations

from derrumbe.core.records import Set
from derrumbe.generate.settings import Settings

FALLS = {
    "pancake": "pancakes straight down, storey landing on storey",
    "progressive": "collapses from its base, bay after bay, under its own weight",
    "topple": "tips over as one and breaks apart as it hits the ground",
    "partial": "partly collapses",
}
SIDES = {"left": "to the left", "right": "to the right", "towards": "towards the camera", "away": "away from the camera"}
PARTS = {"left": "its left half", "right": "its right half", "upper": "its upper floors"}
NEGATIVE = (
    "cartoon, painting, CGI, video game, miniature, toy, fire, flames, explosion flash, smoke plume rising, slow motion, camera movement, "
    "cut, zoom, text, subtitles, watermark, logo, oversaturated, overexposed, blurry, jpeg artefacts, deformed people, morphing, flicker"
)


def written(settings: Settings, film_set: Set) -> tuple[str, str]:
    """Return (prompt, negative prompt). The artist's own words win; `prompt_more` is put after either."""
    knobs = settings.generate
    prompt = knobs.prompt or " ".join((_building(settings, film_set), _dust(settings), _light(film_set), _camera(film_set)))
    return " ".join(filter(None, (prompt, knobs.prompt_more))), knobs.negative or NEGATIVE


def _building(settings: Settings, film_set: Set) -> str:
    storeys = len(film_set.building.storey_tops)
    collapse = settings.collapse
    fall = FALLS[collapse.mode]
    if collapse.mode == "topple":
        fall += f", {SIDES[collapse.direction]}"
    if collapse.part != "all":
        fall += f"; only {PARTS[collapse.part]} falls and the rest keeps standing"
    tall = f"{storeys}-storey " if storeys > 1 else ""
    return (
        f"Documentary footage of a real event: a {tall}{film_set.building.material} building {fall}. "
        "Walls crack along storeys and windows, break into slabs, blocks and rubble of every size, and show rooms, floors and torn edges. "
        "Everything falls with the true weight and acceleration of a large building."
    )


def _dust(settings: Settings) -> str:
    amount = settings.dust.amount * settings.dust.density
    if amount < 0.05:
        return "There is almost no dust."
    much = "Thin" if amount < 0.5 else "Dense" if amount <= 1.6 else "Enormous, opaque"
    return (
        f"{much} masonry dust in the colour of the walls bursts from the windows, billows at the base and rolls along the ground as a heavy "
        "current with fine, crisp detail."
    )


def _light(film_set: Set) -> str:
    return "Soft overcast daylight." if film_set.sun.overcast else "Hard sunlight, with the shadows of the plate."


def _camera(film_set: Set) -> str:
    still = "Locked-off tripod shot" if film_set.locked else "Same camera move as in the plate"
    return f"{still}, natural colours, film grain; surroundings, sky and street stay exactly as they are."
