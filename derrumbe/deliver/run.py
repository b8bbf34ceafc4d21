"""The story of a delivery: movies, the frames that matter, contact sheet, verdicts, scene, report."""

from __future__ import annotations

from derrumbe.core.records import Comp, Delivery, Layers, Located, Motion, Pieces, Plate, Report, Set, StageLog
from derrumbe.core.work import Work
from derrumbe.deliver.evidence import gather_evidence
from derrumbe.deliver.marks import find_marks
from derrumbe.deliver.matchmove.pictures import draw_matchmove
from derrumbe.deliver.page import Shown, write_page
from derrumbe.deliver.qc import write_qc
from derrumbe.deliver.review import review_movies
from derrumbe.deliver.scene.write import write_scene
from derrumbe.deliver.settings import Settings
from derrumbe.deliver.sheet import write_sheet


def run(
    settings: Settings,
    work: Work,
    *,
    plate: Located[Plate],
    film_set: Located[Set],
    pieces: Located[Pieces],
    motion: Located[Motion],
    layers: Located[Layers],
    comp: Located[Comp],
    report: Located[Report],
    ledger: tuple[StageLog, ...] = (),
) -> Delivery:
    """Write every review file under `work.folder` and name them. Only report/costs.js depends on the machine and the hour."""
    changed = review_movies(work, plate, comp)
    marks = find_marks(settings.trigger_frame, plate.record, motion, changed)
    write_sheet(work.folder / "sheet.png", plate.record, comp, marks)
    evidence = gather_evidence(work.folder, report, film_set)
    write_qc(work.folder / "qc.json", report.record, evidence)
    scene = write_scene(settings, work, plate, film_set, pieces, motion, layers.record, comp.record)
    matchmove = draw_matchmove(work, plate, film_set)
    shown = Shown(
        settings=settings, plate=plate.record, film_set=film_set.record, pieces=pieces.record, motion=motion.record,
        layers=layers.record, comp=comp.record, report=report.record, marks=marks, evidence=evidence, matchmove=matchmove,
        scene=scene,
    )  # fmt: skip
    write_page(work.folder, shown, ledger)
    fixed = ("review.mp4", "review_plate.mp4", "sheet.png", "qc.json", "report.html", "report/costs.js")
    return Delivery(files=tuple(sorted({*fixed, *scene, *evidence.files, *matchmove.files})))
