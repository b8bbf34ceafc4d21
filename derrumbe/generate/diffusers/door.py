"""The back end `diffusers` as generate/backends.py knows it. Cheap to import: torch and diffusers come when a window is made."""

from __future__ import annotations

import hashlib
import importlib.util
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from derrumbe.core.errors import BadBrief, BadInput
from derrumbe.core.knobs import Generate
from derrumbe.generate.diffusers import weights
from derrumbe.generate.diffusers.pipelines import KINDS
from derrumbe.generate.rules import RULES

if TYPE_CHECKING:
    from derrumbe.generate.conditioning import Model

LIBRARIES = ("torch", "diffusers", "transformers", "accelerate", "safetensors", "ftfy", "PIL")


def check(knobs: Generate, hosts: frozenset[str] = frozenset()) -> None:
    """Raise BadInput when the extra, the model or its kind is missing. No network."""
    missing = [name for name in LIBRARIES if importlib.util.find_spec(name) is None]
    if missing:
        raise BadInput(f"generate.name=diffusers: {missing[0]} isn't installed; pip install 'derrumbe[diffusers]'")
    if knobs.pipeline not in KINDS:
        near = get_close_matches(knobs.pipeline, KINDS, n=1, cutoff=0.3)
        hint = f"did you mean {near[0]}?" if near else f"choose one of {', '.join(KINDS)}"
        raise BadBrief(f"generate.pipeline: no kind of model called {knobs.pipeline!r}; {hint}")
    if not knobs.model:
        raise BadInput("generate.model: which model? Give a folder of weights: --set generate.model=/models/Wan2.1-VACE-1.3B-diffusers")
    folder = weights.found(knobs.model)
    if folder is None and not weights.is_hub_id(knobs.model):
        raise BadInput(f"generate.model={knobs.model}: no such folder; give the folder of a model, or its Hugging Face id (OWNER/NAME)")
    if folder is not None:
        fitting(folder, knobs.pipeline)
    if knobs.lora and not (Path(knobs.lora).is_file() and Path(knobs.lora).suffix == ".safetensors"):
        raise BadInput(f"generate.lora={knobs.lora}: no such safetensors file")


def fitting(folder: weights.ModelFolder, pipeline: str) -> None:
    """Raise BadInput unless the folder holds a model of that kind, in files that can't run code."""
    kind, holds = KINDS[pipeline], folder.class_of("transformer")
    if holds != kind.transformer:
        others = [name for name, other in KINDS.items() if other.transformer == holds]
        hint = f"try generate.pipeline={others[0]}" if others else "take another model"
        raise BadInput(
            f"generate.model={folder.folder}: holds a {holds or 'model without transformer'}, {pipeline} needs a {kind.transformer}; {hint}"
        )
    folder.refuse_pickles()


def identity(knobs: Generate) -> str:
    """Return a quick digest of the weights' files; of an id, the id itself."""
    folder = weights.found(knobs.model)
    lora = lora_digest(Path(knobs.lora)) if knobs.lora else ""
    return f"{folder.identity() if folder else knobs.model} {lora}".strip()


def lora_digest(path: Path) -> str:
    """Return the digest of a LoRA's file."""
    with path.open("rb") as handle:
        return f"blake2b:{hashlib.file_digest(handle, 'blake2b').hexdigest()[:32]}"


def notices(knobs: Generate) -> tuple[str, ...]:
    """Say what comes over the network."""
    if weights.found(knobs.model) is not None:
        return ()
    if weights.offline():
        return (f"generate: {knobs.model} is taken from this machine's Hugging Face cache; HF_HUB_OFFLINE forbids the network",)
    return (
        f"generate: {knobs.model} is fetched from the Hugging Face Hub unless it is cached; nothing of the shot is sent. HF_HUB_OFFLINE=1 forbids it",
    )


def open_model(knobs: Generate, hosts: frozenset[str] = frozenset()) -> Model:
    """Return the model; weights are read when the first window is made. No frame leaves this process, so `hosts` doesn't matter."""
    from derrumbe.generate.diffusers.model import DiffusersModel

    return DiffusersModel(knobs, KINDS[knobs.pipeline], RULES[knobs.pipeline])
