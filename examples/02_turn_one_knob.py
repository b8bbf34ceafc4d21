"""Turn a knob of a finished shot; only what it touches is made again.

python examples/02_turn_one_knob.py OUT dust.color=#b09070      after example 01
"""

import sys
from pathlib import Path

from derrumbe.brief import apply_settings
from derrumbe.pipeline.make import make_shot
from derrumbe.pipeline.prepare import reopen


def main(out: Path, knob: str) -> None:
    shot, folder = reopen(out / "shot.toml")
    flow = make_shot(shot.model_copy(update={"spec": apply_settings(shot.spec, (knob,))}), folder, jobs=2)
    for log in flow.ledger:
        print(f"{log.stage:9} {'kept' if log.reused else 'made again'}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
