"""What moves by itself or stands in front before a moving camera, frame by frame, and whether it is to be believed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np

from derrumbe.core.records import Caution, Located, Plate
from derrumbe.core.work import Work
from derrumbe.survey.before_walls import Walls
from derrumbe.survey.cleanplate import without
from derrumbe.survey.crest import Crest, near
from derrumbe.survey.filters import widened
from derrumbe.survey.foreground import Following
from derrumbe.survey.geometry import Geometry
from derrumbe.survey.in_front_by_depth import InFront, in_front
from derrumbe.survey.matchmove.match import Match
from derrumbe.survey.mattes import Mattes
from derrumbe.survey.matting import display_like
from derrumbe.survey.own_motion import Evidence
from derrumbe.survey.signposts import Signposts, signposts
from derrumbe.survey.stillness import stillness_of
from derrumbe.survey.uncovered import Views
from derrumbe.survey.unhidden import unhidden
from derrumbe.survey.wanderers import Wanderers, agreement

EVIDENCE, MASK = "own_motion/own_motion.{frame}.npz", "own_motion/mask.{frame}.npz"
PASSING = "own_motion/passing.{frame}.npz"
STEADY = 0.75
"""A mask fits the next neighbour's, carried to it, at least so well (intersection over union)."""
UNSTEADY_SHARE = 0.2
"""... in all but this share of the frames that have one."""
HIDDEN = 0.3
"""What is surer to pass or stand in front than this hides the walls."""
SEEN = 0.02
"""Alpha from which something hides what is behind it."""
BESIDE = 0.06
"""What passes so near to the building in the first frame, as a share of the longer side, is no part of it nor of what is behind it."""
CROWDED, OFTEN = 0.25, 0.1
"""Share of a frame above which what moves by itself may be what stands still, and the solve wrong; share of frames where that is said."""


@dataclass(frozen=True)
class Before:
    """What passes, what stands in front, the crest that hides the building's foot, signs a step before its walls, and what to say of them; None each
    where there is none, or before a locked camera."""

    passing: Following | None = None
    standing: InFront | None = None
    crest: Crest | None = None
    signs: Signposts | None = None
    cautions: tuple[Caution, ...] = ()

    @property
    def wanderers(self) -> Wanderers | None:
        return None if self.passing is None else self.passing.wanderers

    def before(self, views: Views | None, work: Work) -> Before:
        """Return the same with what passes cut out against the building's walls, once the frames of a moving camera are known in its world. Writes masks of
        it: each frame's are asked for several times."""
        if self.passing is None or views is None:
            return self
        signs = None if self.standing is None else signposts(views, self._hidden(views))
        passing = replace(self.passing, walls=Walls(views, self.passing.wanderers))
        frames = range(views.first_frame, views.first_frame + len(views.cameras))
        work.map_frames(passing, frames, passing.done, "telling it from walls and street")
        return replace(self, passing=passing, signs=signs)

    def _hidden(self, views: Views) -> Callable[[int], np.ndarray]:
        """Return what tells where (h, w) bool of a frame's picture something passes or stands before the walls, by the frame's index."""
        size = views.cameras[0].width, views.cameras[0].height

        def hidden(index: int) -> np.ndarray:
            assert self.wanderers is not None
            assert self.standing is not None
            frame = views.first_frame + index
            masks = self.wanderers.at(frame).astype(np.float32), self.standing.steady.at(frame)[0]
            return np.asarray(np.any([cv2.resize(mask, size, interpolation=cv2.INTER_LINEAR) > HIDDEN for mask in masks], axis=0))

        return hidden

    def first(self, front: np.ndarray, texture: np.ndarray, region: np.ndarray) -> np.ndarray:
        """Return the first frame's matte `front` (h, w) with what was found to stand in front there, and before the building's region (h, w) bool of the
        crest; texture (h, w, 3): that frame."""
        picture = display_like(texture)
        front = front if self.crest is None else np.maximum(front, near(self.crest.at(0, picture), region))
        front = front if self.standing is None else np.maximum(front, self.standing.at(0, picture))
        return front if self.signs is None else np.maximum(front, self.signs.at(0, picture))

    def passing_at_first(self, plate: Located[Plate], texture: np.ndarray) -> np.ndarray:
        """Return what passes in the first frame (h, w, 3), (h, w) bool."""
        if self.passing is None:
            return np.zeros(texture.shape[:2], bool)
        return widened(self.passing.at(plate.record.frames.first, display_like(texture)) > SEEN, 2)

    def signs_at_first(self, texture: np.ndarray) -> np.ndarray:
        """Return where (h, w) bool signs stand before the walls in the first frame (h, w, 3)."""
        if self.signs is None:
            return np.zeros(texture.shape[:2], bool)
        return widened(self.signs.at(0, display_like(texture)) > SEEN, 2)

    def bared(self, plate: Located[Plate], texture: np.ndarray, mattes: Mattes, passing: np.ndarray, seed: int) -> np.ndarray:
        """Return the first frame's texture (h, w, 3) with the building's walls where something hides them: as other frames see them, or by
        patches. passing (h, w) bool: as `beside` says."""
        # the model reaches a little further than the region, and would wear them there
        front, region = np.maximum(mattes.front, passing), mattes.region | passing
        if self.standing is not None:
            # All frames show signs on nearly the same piece of wall: none shows the wall.
            signs = self.signs_at_first(texture)
            texture, hidden = unhidden(plate, self.standing, texture, widened(front > SEEN, 2) & ~signs, region, self.crest)
            hidden |= signs
            front = np.where(hidden, front, 0)
        # A locked camera's mattes end where their things do: what is patched further out would change as the building stirs.
        return without(texture, front, region, seed, margin=1.0 if self.passing is None else 2.0)


def beside(passing: np.ndarray, region: np.ndarray) -> np.ndarray:
    """Return what of it passes before and close beside the building's region; all (h, w) bool."""
    return passing & widened(region, BESIDE * max(region.shape))


def things_before(plate: Located[Plate], found: Match, geometry: Geometry, drawn: np.ndarray, mattes: Mattes, work: Work) -> Before:
    """Return what is before a camera that isn't locked; nothing for one that is. drawn: the outline (n, 2) on the first frame, pixels."""
    if found.kind == "locked":
        return Before()
    passing, cautions = following(plate, found, work)
    standing, said = in_front(plate, found, passing.wanderers, geometry, drawn, mattes, work)
    return Before(passing, standing, cautions=(*cautions, *said))


def following(plate: Located[Plate], found: Match, work: Work) -> tuple[Following, tuple[Caution, ...]]:
    """Return how what moves by itself is found in each frame, and cautions where that can't be trusted."""
    record = plate.record
    size, frames = (record.width, record.height), range(record.frames.first, record.frames.last + 1)
    pattern, out = str(plate.folder / record.picture), str(work.folder / EVIDENCE)
    evidence = Evidence(pattern, stillness_of(found, size), frames, out)
    work.map_frames(evidence, frames, evidence.done, "telling what moves by itself")
    wanderers = Wanderers(pattern, out, str(work.folder / MASK), size)
    work.map_frames(wanderers, frames, wanderers.done, "following it")
    return Following(wanderers, str(work.folder / PASSING)), cautions_of(wanderers, frames)


def cautions_of(found: Wanderers, frames: range) -> tuple[Caution, ...]:
    """Return what the artist should know of the masks of `frames`."""
    fits = {frame: fit for frame in frames if (fit := agreement(found, frame, frames)) is not None}
    loose = [frame for frame, fit in fits.items() if fit < STEADY]
    full = [frame for frame in frames if found.at(frame).mean() > CROWDED]
    out = []
    if len(full) > OFTEN * len(frames):
        out.append(
            Caution(
                what=f"much of the picture seems to move by itself in {len(full)} frames (first {full[0]}): the camera's solve may be wrong",
                remedy="look at the wireframe in the report, set camera.focal, or give mattes of what passes with --holdout",
            )
        )
    if len(loose) > UNSTEADY_SHARE * max(1, len(fits)):
        out.append(
            Caution(
                what=f"mattes of what passes before the moving camera change from frame to frame in {len(loose)} frames (first {loose[0]})",
                remedy="look at the mattes in the report, and give your own with --holdout where they miss",
            )
        )
    return tuple(out)
