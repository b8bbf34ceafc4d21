"""Precision and offloading, chosen from what the machine has; and a message with numbers when nothing fits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from derrumbe.core.errors import BadInput

Offload = Literal["none", "model", "sequential"]
GB = 1e9
USABLE = 0.92
"""Share of a GPU's memory that one process gets."""
PER_PIXEL = 210
"""Rough bytes of working memory per pixel and frame of a window: attention and the autoencoder, in 16 bits."""
SEQUENTIAL = 2.5 * GB
"""What the largest layers take when parts come layer by layer."""
WIDTHS = {"float32": 4, "bfloat16": 2, "float16": 2}


@dataclass(frozen=True)
class Machine:
    """device: as torch names it. gpu, ram: bytes in all; gpu None on a CPU, which uses main memory. bfloat16: whether it is native."""

    device: str
    gpu: float | None
    ram: float
    bfloat16: bool


@dataclass(frozen=True)
class Plan:
    device: str
    dtype: str
    offload: Offload
    note: str


def chosen(machine: Machine, parts: dict[str, int], pixels: int, dtype: str, offload: str) -> Plan:
    """Return precision and offloading. parts: weights by part; pixels: frames x width x height of a window. Raises BadInput when nothing fits.

    Sizes are rules of thumb, some ten per cent wide; what the artist asked for is obeyed without them.
    """
    kind = _dtype(machine, dtype)
    sizes = {name: count * WIDTHS[kind] for name, count in parts.items()}
    whole, largest = sum(sizes.values()), max(sizes.values(), default=0)
    work = pixels * PER_PIXEL * WIDTHS[kind] / 2
    if machine.gpu is None:
        if offload == "auto" and whole + work > USABLE * machine.ram:
            raise BadInput(_too_big("main memory", machine.ram, whole + work, pixels, whole, machine.ram))
        return Plan(machine.device, kind, "none", f"{machine.device}, {kind}, about {(whole + work) / GB:.1f} GB")
    room = USABLE * machine.gpu
    needs: dict[Offload, float] = {"none": whole + work, "model": largest + work, "sequential": SEQUENTIAL + work}
    if offload != "auto":
        return _plan(machine, kind, _as_offload(offload), needs)
    for way, need in needs.items():
        if need <= room:
            if way != "none" and whole > USABLE * machine.ram:
                raise BadInput(
                    f"generate: the model takes {whole / GB:.0f} GB as {kind} and waits in main memory, which has {machine.ram / GB:.0f} GB; "
                    "add memory or take a smaller model"
                )
            return _plan(machine, kind, way, needs)
    raise BadInput(_too_big("the GPU", machine.gpu, needs["sequential"], pixels, SEQUENTIAL, room))


def _plan(machine: Machine, kind: str, way: Offload, needs: dict[Offload, float]) -> Plan:
    return Plan(machine.device, kind, way, f"{machine.device}, {kind}, offload {way}, about {needs[way] / GB:.1f} GB on the GPU")


def _dtype(machine: Machine, dtype: str) -> str:
    if dtype != "auto":
        return dtype
    if machine.gpu is None:
        return "float32"
    return "bfloat16" if machine.bfloat16 else "float16"


def _as_offload(offload: str) -> Offload:
    return {"none": "none", "model": "model"}.get(offload, "sequential")  # type: ignore[return-value]


def _too_big(where: str, have: float, need: float, pixels: int, fixed: float, room: float) -> str:
    spare = max(room - fixed, 0)
    fitting = 0.9 * spare / (need - fixed) if need > fixed else 0
    if fitting <= 0.05:
        return f"generate: a window needs about {need / GB:.1f} GB, {where} has {have / GB:.1f} GB; take a smaller model or a larger GPU"
    return (
        f"generate: a window of {pixels / 1e6:.0f} million pixels needs about {need / GB:.1f} GB, {where} has {have / GB:.1f} GB; "
        f"give it {100 * fitting:.0f} % of that with a shorter generate.window or fewer generate.pixels, or take a larger GPU"
    )


def machine_of(wanted: str) -> Machine:
    """Look at this machine. Raises BadInput when the wanted device isn't there. Imports torch."""
    import psutil
    import torch

    ram = float(psutil.virtual_memory().total)
    device = wanted
    if wanted == "auto":
        device = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        found = torch.device(device)
        torch.zeros(1, device=found)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise BadInput(f"generate.device={wanted}: torch can't use it here; try auto or cpu") from error
    if found.type == "cuda":
        return Machine(device, float(torch.cuda.get_device_properties(found).total_memory), ram, torch.cuda.is_bf16_supported(False))
    # the GPU of a Mac shares main memory
    return Machine(device, 0.7 * ram if found.type == "mps" else None, ram, False)
