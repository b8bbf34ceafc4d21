"""Where the sun stands: what shadows, sky and walls say of every direction, added up.

Each cue says by how much it likes a direction, as a natural logarithm of likelihood: a shadow that fits outweighs all others, several weak
ones that agree make a good guess, and the spread of what is left tells how good. After Lalonde et al., "Estimating natural illumination
from a single outdoor image" (2009).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from derrumbe.core.records import Vec3
from derrumbe.survey.cast import Caster, ShadowField, shadow_field, towards
from derrumbe.survey.shadows_around import ShadowsAround

Shadows = ShadowField | ShadowsAround
Cue = Callable[[np.ndarray], np.ndarray]
"""Unit vectors towards the sun (n, 3) -> how likely each is (n,), natural logarithm, but for a constant."""

SIDES = (320, 640)
"""Longer side of the pictures in which shadows are looked for: every direction in the first, those near the best in the second."""
STEP_DEG, FINE_DEG, AROUND_DEG = 9.0, 3.5, 7.0
ELEVATIONS = (10.0, 80.0)
USUAL_ELEVATION, ELEVATION_STRAY = 42.0, 18.0
"""Suns under which people film."""
MODES, APART_DEG = 3, 20.0
"""So many of the best directions, at least so far apart, are looked at closely."""
HOPELESS = 8.0
"""... unless they are so much less likely than the best (natural logarithm)."""
NEAR_DEG, AROUND_MODE_DEG = 10.0, 30.0
"""How far apart directions lend each other likelihood; and around the best, what the mean is taken of where no shadow tells."""
CHANCE = 4.0
"""Among so many directions some shadow fits so well by chance: only what goes beyond counts for a direction."""
CLEAR_SHADOW = 5.5
"""Shadows that fit so much better than none (natural logarithm) show where the sun stands."""
SUN_OVER_SKY = 4.5
"""Clear sky: sun facing a surface, over the whole sky facing up (CIE clear sky, sun at about 40 degrees)."""
SEEN = 0.75
"""Share of the sky's light that reaches the ground in a building's shadow."""
YELLOWER = 1.2
"""By how much more a shadow may take of the blue than of the red, at most."""
FAINTER = 0.5
"""How much fainter, share of the logarithm, shadows seem that a relief of depth maps predicts than a clear sky makes them: where it errs it takes sunlit
ground for shaded and shaded for sunlit. (A plate with a ratio of 2.3 at a shadow's edge by eye gave 1.5.)"""
AMBIENT = 0.6
"""Light of sky and ground on a wall, over the whole sky's facing up."""
PAINT_STRAY, MOST_UNLIKE = 0.35, 3.0
"""How differently (log) two walls of one house may be painted, and the most that they say."""
OF_SKY, OF_GROUND, BORDER_STRAY = 0.36, 0.9, 0.4
"""A façade whose light parts are brighter than these shares of the blue sky and of lit ground stands in the sun (plates: 0.43 to 1.4 and
1.4 to 2.8 in the sun, 0.24 to 0.84 and 0.28 to 0.69 in shade); how sharp those borders are (log)."""
BLUISH = 0.1
"""Log blue over red by which a façade in the shade of a blue sky is bluer than grey: hardly any paint is."""
SAYS = 1.5
"""The most that each of these says."""


@dataclass(frozen=True)
class Face:
    """A façade: which way it looks, and its light parts: how bright they are, and their log blue over red."""

    normal: Vec3
    light: float
    bluish: float = 0.0


@dataclass(frozen=True, eq=False)
class SunPlace:
    """Towards the sun, degrees: azimuth 0 behind the building, 90 right of frame, 180 behind the camera; elevation; how open both are (one
    sigma). shadow (3,): ground in the sun over ground in the shadow; None: no shadow is seen clearly."""

    azimuth: float
    elevation: float
    spread_deg: float
    shadow: np.ndarray | None = None


def find_sun(casters: tuple[Caster, ...], cues: tuple[Cue, ...], around: ShadowsAround | None = None) -> SunPlace:
    """Return where the sun stands. `casters`: what may throw shadows on the ground; cues: what else tells; around: shadows of all else."""
    every = () if around is None else (around,)
    rough, fine = (tuple(field for caster in casters if (field := shadow_field(caster, side))) for side in SIDES)
    angles = _grid()
    vectors = _vectors(angles)
    total = _beyond_chance(_shadows((*rough, *every), angles)) + _others(cues, vectors)
    likely = _smoothed(total, vectors)
    best = max((_near((rough, fine), every, cues, angles[index]) for index in _modes(likely, vectors)), key=lambda found: found[0])
    _, azimuth, elevation, told = best
    shadow = _shadow((*fine, *every), around, azimuth, elevation) if told > CLEAR_SHADOW else None
    if told <= CLEAR_SHADOW or (shadow is not None and not skylit(shadow)):
        middle = _mean_around(total, vectors, vectors[likely.argmax()])
        return SunPlace(*_angles(middle), _spread(total, vectors, middle))
    return SunPlace(azimuth, elevation, _spread(total, vectors, towards(azimuth, elevation)), shadow)


def _shadow(fields: tuple[Shadows, ...], around: ShadowsAround | None, azimuth: float, elevation: float) -> np.ndarray | None:
    """Return the light of sunlit ground over shaded (3,), as those fields tell it that have a shadow under such a sun; None without any."""
    telling = [field for field in fields if field.evidence(azimuth, elevation) > 0]
    ratios = [
        deepened(ratio, elevation) if field is around else ratio
        for field in telling
        if (ratio := field.ratio(azimuth, elevation)) is not None
    ]
    return np.median(ratios, axis=0) if ratios else None


def skylit(ratio: np.ndarray) -> bool:
    """Whether ground that is darker by a ratio (3,) may be in a shadow: what the sun doesn't reach is lit by the sky, which is bluer, or by what stands
    around, which is hardly yellower. A hedge beside a lawn is darker too, but yellower by far."""
    return float(ratio[2]) < YELLOWER * float(ratio[0])


def deepened(ratio: np.ndarray, elevation: float) -> np.ndarray:
    """Return the light of sunlit ground over shaded, (3,), `ratio` as a relief's shadows tell it: FAINTER than they are, but for those that are as deep
    as a clear sky's already. elevation: the sun's, degrees."""
    clear = np.log((1 + SUN_OVER_SKY * np.sin(np.radians(elevation))) / SEEN)
    return np.asarray(ratio * np.exp(FAINTER * max(clear - float(np.log(ratio).mean()), 0.0)))


def faces_cue(faces: tuple[Face, ...]) -> Cue:
    """Return the cue that the brighter of two façades looks to the sun."""

    def cue(vectors: np.ndarray) -> np.ndarray:
        if len(faces) < 2:
            return np.zeros(len(vectors))
        lit = [SUN_OVER_SKY * np.maximum(vectors @ np.asarray(face.normal), 0) + AMBIENT for face in faces[:2]]
        off = np.log(lit[0] / lit[1]) - np.log(faces[0].light / faces[1].light)
        return -np.minimum(0.5 * (off / PAINT_STRAY) ** 2, MOST_UNLIKE)

    return cue


def lit_cue(normal: Vec3, of_ground: float, of_sky: float | None, bluish: float) -> Cue:
    """Return the cue that a façade stands in the sun, or doesn't: its light parts over lit ground and over the blue sky (None: none is seen),
    and their log blue over red."""
    odds = np.clip(np.log(max(of_ground, 1e-3) / OF_GROUND) / BORDER_STRAY, -SAYS, SAYS) + np.clip(-bluish / BLUISH, -SAYS, 0.0)
    if of_sky is not None:
        odds += np.clip(np.log(max(of_sky, 1e-3) / OF_SKY) / BORDER_STRAY, -SAYS, SAYS)
    return lambda vectors: np.where(vectors @ np.asarray(normal) > 0.05, 0.5 * odds, -0.5 * odds)


def angle_between(first: np.ndarray, second: np.ndarray) -> float:
    """Return the angle, degrees, between two unit vectors (3,)."""
    return float(np.degrees(np.arccos(np.clip(first @ second, -1, 1))))


def _others(cues: tuple[Cue, ...], vectors: np.ndarray) -> np.ndarray:
    elevation = np.degrees(np.arcsin(np.clip(vectors[:, 1], -1, 1)))
    usual = -0.5 * ((elevation - USUAL_ELEVATION) / ELEVATION_STRAY) ** 2
    return usual + sum((cue(vectors) for cue in cues), start=np.zeros(len(vectors)))


def _shadows(fields: tuple[Shadows, ...], angles: np.ndarray) -> np.ndarray:
    return sum((np.array([field.evidence(*angle) for angle in angles]) for field in fields), start=np.zeros(len(angles)))


def _beyond_chance(shadows: np.ndarray) -> np.ndarray:
    return np.where(shadows > 0, np.maximum(shadows - CHANCE, 0), shadows)


def _grid() -> np.ndarray:
    """Return directions (n, 2), azimuth and elevation in degrees, all over the sky."""
    azimuths, elevations = np.arange(0, 360, STEP_DEG), np.arange(*ELEVATIONS, STEP_DEG)
    return np.stack(np.meshgrid(azimuths, elevations, indexing="ij"), -1).reshape(-1, 2)


def _vectors(angles: np.ndarray) -> np.ndarray:
    return np.array([towards(*angle) for angle in angles])


def _weights(total: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Return the probability (n,) of each direction, but for a constant."""
    return np.cos(np.arcsin(vectors[:, 1])) * np.exp(total - total.max())


def _smoothed(total: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Return how likely the sun is near each direction (n,), natural logarithm: a broad hill is likelier than a lone peak."""
    apart = np.arccos(np.clip(vectors @ vectors.T, -1, 1))
    return np.log(np.exp(-0.5 * (apart / np.radians(NEAR_DEG)) ** 2) @ _weights(total, vectors) + 1e-300)


def _mean_around(total: np.ndarray, vectors: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """Return the mean direction (3,) of what is likely around `centre`."""
    apart = np.arccos(np.clip(vectors @ centre, -1, 1))
    mean = (_weights(total, vectors) * (apart < np.radians(AROUND_MODE_DEG))) @ vectors
    return mean / np.linalg.norm(mean)


def _angles(vector: np.ndarray) -> tuple[float, float]:
    """Return azimuth and elevation, degrees, of a unit vector (3,): what `towards` takes."""
    return float(np.degrees(np.arctan2(vector[0], -vector[2])) % 360), float(np.degrees(np.arcsin(np.clip(vector[1], -1, 1))))


def _modes(total: np.ndarray, vectors: np.ndarray) -> list[int]:
    """Return the indices of the best directions, at least APART_DEG from each other."""
    modes: list[int] = []
    for index in np.argsort(-total):
        if total[index] < total.max() - HOPELESS:
            break
        if all(vectors[index] @ vectors[mode] < np.cos(np.radians(APART_DEG)) for mode in modes):
            modes.append(int(index))
        if len(modes) == MODES:
            break
    return modes


def _near(
    sizes: tuple[tuple[Shadows, ...], ...], every: tuple[Shadows, ...], cues: tuple[Cue, ...], angle: np.ndarray
) -> tuple[float, float, float, float]:
    """Return the best direction near `angle` (2,): total, azimuth, elevation, and what shadows alone say; every: those of one size only."""
    offsets = np.arange(-AROUND_DEG, AROUND_DEG + 0.1, FINE_DEG)
    around = angle + np.stack(np.meshgrid(offsets, offsets, indexing="ij"), -1).reshape(-1, 2)
    around = np.stack([around[:, 0] % 360, np.clip(around[:, 1], *ELEVATIONS)], -1)
    # A shadow is one at both sizes; what fits by chance at one doesn't at the other.
    shadows = np.mean([_shadows(fields, around) for fields in sizes], axis=0) + _shadows(every, around)
    total = _beyond_chance(shadows) + _others(cues, _vectors(around))
    best = int(total.argmax())
    return float(total[best]), float(around[best, 0]), float(around[best, 1]), float(shadows[best])


def _spread(total: np.ndarray, vectors: np.ndarray, best: np.ndarray) -> float:
    """Return how far, degrees, the sun may well be from the best direction, by all that was said."""
    solid = _weights(total, vectors)
    apart = np.arccos(np.clip(vectors @ best, -1, 1))
    return float(np.degrees(np.sqrt((solid * apart**2).sum() / solid.sum())))
