"""Read the layers of a finished frame, and see how much of the picture each one has.

    python examples/03_take_the_layers_apart.py OUT 1024      after example 01

Layers are premultiplied, scene-linear ACEScg; names and units stand in docs/conventions.md. The same layers open in Nuke with OUT/scene/*.nk.
"""

import sys
from pathlib import Path

import numpy as np

from derrumbe.media.exr import read_exr


def main(out: Path, frame: int) -> None:
    path = out / f"layers/layers.{frame}.exr"
    for name in ("pieces", "debris", "dust_behind", "dust_front"):
        alpha = read_exr(path, (f"{name}.A",))[..., 0]
        print(f"{name:11} covers {alpha.mean():6.2%} of the frame")
    plate, final = (read_exr(out / f"{name}/{name}.{frame}.exr") for name in ("plate", "final"))
    matte = read_exr(out / f"matte/matte.{frame}.exr")[..., 0]
    same = np.array_equal(plate[matte == 0], final[matte == 0])
    print(f"outside the matte ({(matte == 0).mean():.0%} of the frame) the final {'is' if same else 'IS NOT'} the plate, bit for bit")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
