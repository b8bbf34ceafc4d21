"""The commands: shoot, run, still, check, doctor, demo, knobs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from derrumbe.pipeline.settings import Shot

app = typer.Typer(
    help="A filmed plate and a short brief in, a finished shot of the building collapsing out.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Jobs = Annotated[
    int | None, typer.Option("--jobs", min=1, help="processes to use; all cores when not given. The pictures don't depend on it.")
]
Preview = Annotated[bool, typer.Option("--preview", help="360 lines (--height: up to 540), fewer pieces and voxels")]
Hosts = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-host", metavar="HOST", help="let frames go to a ComfyUI server on HOST, for this run; only this machine gets any otherwise"
    ),
]
Until = Annotated[str | None, typer.Option("--until", metavar="STAGE", help="last stage to run")]
Force = Annotated[bool, typer.Option("--force", help="replace delivered files of ours even if they were changed by hand")]


@app.command()
def shoot(
    plate: Annotated[str, typer.Argument(help="movie, folder or pattern of an image sequence, or one still")],
    building: Annotated[
        str, typer.Option("--building", help='"x,y x,y x,y …" in plate pixels at the first frame, or a JSON file with building_polygon')
    ],
    brief: Annotated[str, typer.Option("--brief", help="what happens, in English, Spanish or French")],
    out: Annotated[Path, typer.Option("--out", help="the shot's folder")],
    frames: Annotated[str | None, typer.Option("--frames", help="first-last, as in 1001-1120; the plate's first frame is 1001")] = None,
    height: Annotated[
        int | None, typer.Option("--height", min=64, metavar="PX", help="deliver at most PX lines; the plate's own size when not given")
    ] = None,
    preview: Preview = False,
    seed: Annotated[int | None, typer.Option("--seed", help="seed of everything random")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="override a knob, as in dust.amount=1.5; `derrumbe knobs` lists them")
    ] = None,
    generator: Annotated[str | None, typer.Option("--generator", help="generative back end")] = None,
    colourspace: Annotated[
        str | None, typer.Option("--colourspace", help="OpenColorIO name of the plate's colour space; from its tags when not given")
    ] = None,
    rate: Annotated[str | None, typer.Option("--rate", help="frames per second of a still or an image sequence, as in 24000/1001")] = None,
    holdout: Annotated[
        str | None,
        typer.Option(
            "--holdout",
            help="what is in front: JSON with foreground_, foliage_, branches_ or not_in_front_polygons, or a matte picture or sequence",
        ),
    ] = None,
    allow_host: Hosts = None,
    recipe: Annotated[
        str | None,
        typer.Option("--recipe", metavar="NAME", help="start from a preset; `derrumbe recipes` lists them. The brief goes on top"),
    ] = None,
    until: Until = None,
    jobs: Jobs = None,
    force: Force = False,
) -> int:
    """Plate to finished shot, in one command."""
    from derrumbe.pipeline.prepare import Request, prepare

    _check_stage(until)
    hosts = _hosts(allow_host)
    request = Request(
        plate,
        building,
        brief,
        out,
        frames,
        height,
        preview,
        seed,
        tuple(settings or ()),
        generator,
        colourspace,
        rate,
        force,
        hosts,
        holdout,
        recipe,
    )
    return _make(prepare(request), out, jobs, until, hosts)


@app.command()
def run(
    shot_file: Annotated[Path, typer.Argument(metavar="SHOT.toml", help="the shot.toml of a shot folder")],
    until: Until = None,
    preview: Preview = False,
    allow_host: Hosts = None,
    jobs: Jobs = None,
    force: Force = False,
) -> int:
    """The same from a saved shot file, in its own folder."""
    from derrumbe.pipeline.prepare import reopen

    _check_stage(until)
    hosts = _hosts(allow_host)
    shot, folder = reopen(shot_file, preview, force, hosts)
    return _make(shot, folder, jobs, until, hosts)


@app.command()
def still(
    shot_file: Annotated[Path, typer.Argument(metavar="SHOT.toml", help="the shot.toml of a shot folder; of `shoot --until ingest`, too")],
    frames: Annotated[str, typer.Option("--frames", help="which, as in 1019,1030-1034 or 1020-1100x20 (every 20th)")],
    out: Annotated[Path, typer.Option("--out", help="folder for the pictures, still.FRAME.png; other files in it are left alone")],
    jobs: Jobs = None,
) -> int:
    """Single finished frames of a shot at its full quality, before the whole is rendered; a later run keeps them."""
    from derrumbe.cli.progress import teller
    from derrumbe.cli.stills import write_stills
    from derrumbe.pipeline.prepare import reopen

    shot, folder = reopen(shot_file)
    with teller() as tell:
        return write_stills(shot, folder, frames, out, jobs or _cores(), tell)


@app.command()
def check(folder: Annotated[Path, typer.Argument(metavar="DIR", help="a shot's folder")], jobs: Jobs = None) -> int:
    """Check a delivered shot again, from the files in its folder."""
    from derrumbe.cli.show import show_report
    from derrumbe.pipeline.recheck import recheck

    report, changed = recheck(folder, jobs or _cores())
    return show_report(report, changed)


@app.command()
def doctor() -> int:
    """Tell what is missing here, and how to get it."""
    from derrumbe.cli.doctor import examine

    return examine()


@app.command()
def demo(
    out: Annotated[Path, typer.Option("--out", help="the shot's folder")] = Path("demo"),
    preview: Preview = False,
    jobs: Jobs = None,
) -> int:
    """Make a finished shot from a photograph that scikit-learn carries (china.jpg, CC BY)."""
    from derrumbe.cli.demo import request_for
    from derrumbe.pipeline.prepare import prepare

    return _make(prepare(request_for(out, preview)), out, jobs, None)


@app.command()
def recipes() -> None:
    """Every recipe: what happens, and the knobs that it turns."""
    from derrumbe.cli.show import show_recipes

    show_recipes()


@app.command()
def knobs() -> None:
    """Every knob: unit, range, default, what it does."""
    from derrumbe.cli.show import show_knobs

    show_knobs()


def _make(shot: Shot, out: Path, jobs: int | None, until: str | None, hosts: frozenset[str] = frozenset()) -> int:
    from derrumbe.cli.progress import teller
    from derrumbe.cli.show import show_made, show_notes
    from derrumbe.pipeline.make import make_shot

    show_notes(shot)
    with teller() as tell:
        flow = make_shot(shot, out, jobs=jobs or _cores(), until=until, teller=tell, hosts=hosts)
    return show_made(flow, out, until)


def _check_stage(until: str | None) -> None:
    from derrumbe.core.errors import BadInput
    from derrumbe.pipeline.stages import STAGES

    names = [stage.name for stage in STAGES]
    if until is not None and until not in names:
        raise BadInput(f"--until {until}: no such stage; there are {', '.join(names)}")


def _hosts(named: list[str] | None) -> frozenset[str]:
    return frozenset(name.strip().lower() for name in named or ())


def _cores() -> int:
    import os

    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
