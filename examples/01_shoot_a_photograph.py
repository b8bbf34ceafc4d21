"""A shot from Python: plate, outline, sentence → finished folder.

    python examples/01_shoot_a_photograph.py OUT

The photograph is scikit-learn's china.jpg (CC BY), as in `derrumbe demo`.
"""

import json
import sys
from pathlib import Path

from derrumbe.cli.demo import OUTLINE, photograph
from derrumbe.pipeline.make import make_shot
from derrumbe.pipeline.prepare import Request, prepare


def main(out: Path) -> None:
    shot = prepare(
        Request(
            plate=str(photograph()),
            outline=str(OUTLINE),
            brief="41 m tall, collapses from the ground floor at frame 1003, dust rolling to the right",
            out=out,
            frames="1001-1024",
            height=180,  # leave this and the knobs below away for the real thing
            settings=("fragments.count=300", "dust.voxels=48", "render.subframes=2"),
        )
    )
    make_shot(shot, out, jobs=2)
    for check in json.loads((out / "qc.json").read_text())["checks"]:
        print(f"{check['verdict']:5} {check['name']}")
    print(out / "report.html")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
