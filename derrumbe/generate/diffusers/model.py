"""A model run by diffusers: opened once, asked window after window."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from derrumbe.core.errors import BadInput
from derrumbe.core.knobs import Generate
from derrumbe.generate.conditioning import Conditioning, Tell
from derrumbe.generate.diffusers import weights
from derrumbe.generate.diffusers.door import fitting, lora_digest
from derrumbe.generate.diffusers.memory import GB, Plan, chosen, machine_of
from derrumbe.generate.diffusers.pipelines import Kind
from derrumbe.generate.rules import ModelRules


@dataclass
class DiffusersModel:
    """A `Model` (generate/conditioning.py)."""

    knobs: Generate
    kind: Kind
    rules: ModelRules
    name: str = "diffusers"
    _pipeline: Any = None

    @cached_property
    def folder(self) -> weights.ModelFolder:
        """The model's folder, fetched when the artist named an id. Raises BadInput."""
        folder = weights.found(self.knobs.model) or weights.fetched(self.knobs.model)
        fitting(folder, self.knobs.pipeline)
        return folder

    def ledger(self) -> dict[str, str]:
        knobs = self.knobs
        told = {
            "model": knobs.model if weights.found(knobs.model) is None else self.folder.folder.name,
            "model digest": self.folder.digest(),
            "licence": self.folder.licence(),
            "pipeline": f"{knobs.pipeline} ({self.kind.pipeline})",
            "steps": str(self.steps),
            "guidance": f"{self.guidance:g}",
            "strength": "the pipeline's own" if knobs.strength is None else f"{knobs.strength:g}",
            "libraries": ", ".join(f"{name} {version(name)}" for name in ("torch", "diffusers", "transformers")),
            "precision": f"{knobs.dtype}, offload {knobs.offload}, device {knobs.device}",
        }
        if knobs.lora:
            told["lora"] = f"{Path(knobs.lora).name} {lora_digest(Path(knobs.lora))}"
        return told

    @property
    def steps(self) -> int:
        return self.knobs.steps or self.kind.steps

    @property
    def guidance(self) -> float:
        return self.kind.guidance if self.knobs.guidance is None else self.knobs.guidance

    def make(self, conditioning: Conditioning, folder: Path, tell: Tell) -> np.ndarray:
        import torch

        pipeline = self._opened(int(np.prod(conditioning.shape)))
        # less than a step of noise is no step at all, and pipelines trip over that
        conditioning = replace(conditioning, strength=max(conditioning.strength, 1.01 / self.steps))
        _, height, width = conditioning.shape
        with _repeatable(), _quietly(), _room_or_advice(self.knobs):
            result = pipeline(
                prompt=conditioning.prompt,
                negative_prompt=conditioning.negative,
                height=height,
                width=width,
                num_inference_steps=self.steps,
                guidance_scale=self.guidance,
                # on the CPU, so that the noise is the same on every device
                generator=torch.Generator("cpu").manual_seed(conditioning.seed),
                output_type="np",
                callback_on_step_end=_teller(pipeline, tell),
                **self.kind.asks(conditioning, self.knobs.strength or 0.0),
            )
        frames = np.asarray(result.frames, np.float32)
        return frames[0] if frames.ndim == 5 else frames

    def close(self) -> None:
        if self._pipeline is None:
            return
        import gc

        import torch

        self._pipeline = None
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _opened(self, pixels: int) -> Any:
        if self._pipeline is None:
            parts = {part: self.folder.parameters(part) for part in self.folder.parts}
            plan = chosen(machine_of(self.knobs.device), parts, pixels, self.knobs.dtype, self.knobs.offload)
            self._pipeline = _loaded(self.folder, self.kind, plan, self.knobs.lora)
        return self._pipeline


def _loaded(folder: weights.ModelFolder, kind: Kind, plan: Plan, lora: str) -> Any:
    """Return the pipeline on its device. Reads the folder only."""
    import diffusers
    import torch

    if not hasattr(diffusers, kind.pipeline):
        raise BadInput(f"diffusers {diffusers.__version__} has no {kind.pipeline}; pip install -U 'derrumbe[diffusers]'")
    dtype = getattr(torch, plan.dtype)
    dtypes = {"default": dtype, "vae": torch.float32} if kind.full_vae else dtype
    with _no_network(), _quietly():
        try:
            pipeline = getattr(diffusers, kind.pipeline).from_pretrained(
                str(folder.folder), torch_dtype=dtypes, use_safetensors=True, local_files_only=True, low_cpu_mem_usage=True
            )
            if lora:
                pipeline.load_lora_weights(str(Path(lora).parent), weight_name=Path(lora).name, local_files_only=True)
        except (OSError, ValueError, KeyError) as error:
            reason = (str(error).strip().splitlines() or [error.__class__.__name__])[0]
            raise BadInput(f"generate.model={folder.folder}: diffusers can't open it: {reason}; is it complete?") from error
    pipeline.set_progress_bar_config(disable=True)
    _placed(pipeline, plan)
    return pipeline


def _placed(pipeline: Any, plan: Plan) -> None:
    if plan.offload == "model":
        pipeline.enable_model_cpu_offload(device=plan.device)
    elif plan.offload == "sequential":
        pipeline.enable_sequential_cpu_offload(device=plan.device)
    else:
        pipeline.to(plan.device)
    if plan.offload != "none" and hasattr(pipeline.vae, "enable_tiling"):
        pipeline.vae.enable_tiling()


def _teller(pipeline: Any, tell: Tell) -> Callable[..., dict]:
    """Tell progress after every step; what isn't denoising counts as a tenth."""

    def heard(_: Any, step: int, __: Any, tensors: dict) -> dict:
        tell(0.9 * (step + 1) / max(pipeline.num_timesteps, 1))
        return {}

    return heard


@contextmanager
def _repeatable() -> Iterator[None]:
    """Ask torch for algorithms that give the same bits every time."""
    import torch

    cudnn = torch.backends.cudnn
    before = cudnn.deterministic, cudnn.benchmark
    cudnn.deterministic, cudnn.benchmark = True, False
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    try:
        with torch.inference_mode():
            yield
    finally:
        cudnn.deterministic, cudnn.benchmark = before


@contextmanager
def _room_or_advice(knobs: Generate) -> Iterator[None]:
    """Turn a full GPU into advice."""
    import torch

    try:
        yield
    except torch.OutOfMemoryError as error:
        used = torch.cuda.max_memory_allocated() / GB if torch.cuda.is_available() else 0.0
        more = {"auto": "generate.offload=model", "none": "generate.offload=model", "model": "generate.offload=sequential"}.get(
            knobs.offload
        )
        first = f"try {more}, then" if more else "try"
        raise BadInput(
            f"generate: the GPU ran full at {used:.1f} GB; {first} a shorter generate.window or fewer generate.pixels. Finished windows are kept"
        ) from error


@contextmanager
def _quietly() -> Iterator[None]:
    """Keep the libraries' own progress bars and hints out of ours."""
    import warnings

    import diffusers
    import transformers

    for library in (diffusers.utils.logging, transformers.utils.logging):
        library.disable_progress_bar()
        library.set_verbosity_error()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        yield


@contextmanager
def _no_network() -> Iterator[None]:
    """Keep the Hugging Face libraries off the network while a folder is opened: some look up an id even so."""
    from huggingface_hub import constants

    before, said = constants.HF_HUB_OFFLINE, os.environ.get("HF_HUB_OFFLINE")
    constants.HF_HUB_OFFLINE = True
    os.environ["HF_HUB_OFFLINE"] = "1"
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before
        if said is None:
            del os.environ["HF_HUB_OFFLINE"]
        else:
            os.environ["HF_HUB_OFFLINE"] = said
