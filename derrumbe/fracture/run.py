"""Fracture, told shortly: plan, elements, cracks, faces, bonds."""

from __future__ import annotations

import math

import numpy as np
from manifold3d import Manifold

from derrumbe.core.errors import BadOutline
from derrumbe.core.files import load_arrays, save_arrays
from derrumbe.core.records import Building, Camera, Caution, Located, Pieces, Set
from derrumbe.core.work import Work
from derrumbe.fracture.assembly import assemble
from derrumbe.fracture.chips import chip_count, chipped
from derrumbe.fracture.cracks import Shard, shards_of
from derrumbe.fracture.elements import PANEL, Element
from derrumbe.fracture.interior import interior_elements
from derrumbe.fracture.plan import Thrift, make_plan, roof_thickness, wall_thickness
from derrumbe.fracture.settings import Settings
from derrumbe.fracture.shell import shell_elements, stack_elements
from derrumbe.fracture.sight import with_sight
from derrumbe.fracture.skin import Skin
from derrumbe.fracture.stacks import stacks
from derrumbe.fracture.walls import sheets_of, without_roofs
from derrumbe.geom.camera import eye
from derrumbe.geom.carving import facets, hollow, solid, union

FRACTURE = 3
"""Stage constant of the random source."""
BASE_SHARE, ROUGH_SHARE = 0.6, 0.45
"""The structure may use this share of the pieces, or this one where its shapes are rough anyway; cracks need the rest."""
STACKS = 0.03
"""Most chimneys and finials, as a share of the pieces."""
SMOOTH = 0.02
"""Detail of the solid below this is left out, metres."""
IRREGULAR = 100
"""A solid with more facets than this isn't taken exactly."""
COARSE = 1.6
"""Times the height of a panel that large pieces may be long before it is worth a caution."""
THRIFT = (Thrift(1.0, rough=False), *(Thrift(d) for d in (1.0, 0.6, 0.3, 0.0)), *(Thrift(0.0, n) for n in (2, 4, 8, 1000)))
"""What to try in turn until the structure fits the budget."""


def run(settings: Settings, work: Work, film_set: Located[Set]) -> Pieces:
    """Return the pieces of a set's building. Raises BadOutline when its solid isn't closed.

    A building of more parts than pieces are asked for gets as many as it has, and a caution.
    """
    building = film_set.record.building
    body = _body(film_set, building)
    rng = np.random.default_rng((settings.seed, FRACTURE))
    camera = film_set.record.cameras[0]
    elements = with_sight(structure(building, body, camera, settings), camera)
    fragments = settings.fragments
    chips = chip_count(fragments.count, fragments.tail)
    blocks = shards_of(elements, fragments.size, fragments.count - chips, fragments.tail, rng)
    shards = chipped(blocks, elements, max(0, min(chips, fragments.count - len(blocks))), rng)
    record, arrays = assemble(shards, elements, body, eye(camera), rng)
    save_arrays(work.folder / record.arrays, **arrays)
    cautions = *_cautions(building), *_coarse(shards, fragments.count), *_over(len(shards), fragments.count)
    return record.model_copy(update={"warnings": (*record.warnings, *cautions)})


def structure(building: Building, body: Manifold, camera: Camera, settings: Settings) -> list[Element]:
    """Return the elements of a building, with as much detail as the piece budget allows."""
    knobs = settings.building
    wall, roof = wall_thickness(building, knobs), roof_thickness(building, knobs)
    found, skin = facets(body), Skin(body)
    flat = [facet.frame.origin[1] for facet in found if facet.normal[1] > 0.999 and facet.area > 4]
    stood = stacks(body, building, camera, int(STACKS * settings.fragments.count))
    sheets, rest = sheets_of(body - union(stood), found, building.facades, wall, roof)
    elements: list[Element] = []
    affordable, count = 1.0, settings.fragments.count
    for thrift in THRIFT[len(found) > IRREGULAR :]:
        if thrift.details > affordable:
            continue
        limit = count * (ROUGH_SHARE if thrift.rough else BASE_SHARE)
        plan = make_plan(building, knobs, thrift.quota(count))
        room = hollow(body, plan.heights(flat), plan.wall, plan.roof)
        rng = np.random.default_rng((settings.seed, FRACTURE, 1))
        room -= union(stood)
        elements = shell_elements(sheets, rest - room, skin, plan, camera, rng) + stack_elements(stood, plan)
        elements += interior_elements(without_roofs(room, sheets), plan)
        parts = sum(len(element.parts) for element in elements)
        if parts <= limit:
            break
        affordable = thrift.details * max(limit / parts, 0.5) if thrift.rough else 1.0
    return elements


def _body(film_set: Located[Set], building: Building) -> Manifold:
    arrays = load_arrays(film_set.path(building.solid))
    try:
        return solid(arrays["vertices"], arrays["triangles"]).simplify(SMOOTH)
    except ValueError as fault:
        raise BadOutline(f"the building's solid in {building.solid} can't be broken: {fault}; redraw the outline") from fault


def _over(made: int, asked: int) -> tuple[Caution, ...]:
    if made <= asked:
        return ()
    what = f"the building has {made} parts before it is broken, more than the {asked} pieces asked for: they are hardly broken any further"
    return (Caution(what=what, remedy="raise fragments.count, or simplify the outline"),)


def _coarse(shards: list[Shard], count: int) -> tuple[Caution, ...]:
    """A large building that few pieces make up comes down in plates."""
    spans = [shard.span for shard in shards if shard.shown]
    typical = float(np.percentile(spans, 90)) if spans else 0.0
    if typical < COARSE * PANEL:
        return ()
    what = f"{count} pieces are few for this building: the larger ones are {typical:.0f} m long"
    return (Caution(what=what, remedy=f"raise fragments.count to {500 * math.ceil(count * min((typical / PANEL) ** 2, 5) / 500)}"),)


def _cautions(building: Building) -> tuple[Caution, ...]:
    if any(facade.openings for facade in building.facades):
        return ()
    return (Caution(what="no openings were found in the façades, so walls break without windows", remedy="set building.storeys"),)
