"""Kinds of models: which class of diffusers runs them, which parts tell them from others, and how a window becomes a call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from derrumbe.generate.conditioning import Conditioning

Call = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """pipeline: class in diffusers. transformer: class that the folder must hold. steps, guidance: what its makers use.
    asks: keyword arguments of the call for a window, without prompt, seed, steps and size, from it and how much of its guide a model
    that has no start picture may forget."""

    pipeline: str
    transformer: str
    steps: int
    guidance: float
    asks: Callable[[Conditioning, float], Call]
    full_vae: bool = False
    """True when its autoencoder must run in float32."""


def wan_vace(given: Conditioning, forget: float) -> Call:
    """White in the mask is generated. Outside it the video is the plate, inside it whatever guides."""
    count, _, _ = given.shape
    video = np.where(given.mask[..., None] > 0.5, given.control, given.first)
    return {
        "video": pictures(video),
        "mask": pictures(np.repeat(given.mask[..., None], 3, -1)),
        "reference_images": pictures(np.stack(given.references)) if given.references else None,
        "num_frames": count,
        # 1 follows the guide in full, as the model was trained
        "conditioning_scale": 1.0 - forget,
    }


def wan_v2v(given: Conditioning, forget: float) -> Call:
    return {"video": pictures(given.first), "strength": min(given.strength, 1.0)}


def ltx(given: Conditioning, forget: float) -> Call:
    """Every frame conditions its own tokens with what is left of it, so that denoising starts from a mixture, as SDEdit does."""
    from diffusers.pipelines.ltx.pipeline_ltx_condition import LTXVideoCondition

    strength = min(given.strength, 1.0)
    condition = LTXVideoCondition(video=pictures(given.first), frame_index=0, strength=1 - strength)
    return {
        "conditions": [condition],
        "denoise_strength": strength,
        "num_frames": given.shape[0],
        "frame_rate": float(given.rate),
        "decode_timestep": 0.05,
        "decode_noise_scale": 0.025,
        "image_cond_noise_scale": 0.0,
    }


def ltx2(given: Conditioning, forget: float) -> Call:
    from diffusers.pipelines.ltx2.pipeline_ltx2_condition import LTX2VideoCondition

    condition = LTX2VideoCondition(frames=pictures(given.first), index=0, strength=1 - min(given.strength, 1.0))
    return {"conditions": [condition], "num_frames": given.shape[0], "frame_rate": float(given.rate)}


def ltx2_incontext(given: Conditioning, forget: float) -> Call:
    """The guide is a reference video beside the one that is made; what was trained to read it is an IC-LoRA (`generate.lora`)."""
    from diffusers.pipelines.ltx2.pipeline_ltx2_ic_lora import LTX2ReferenceCondition

    reference = LTX2ReferenceCondition(frames=pictures(given.control), strength=1.0 - forget)
    return {"reference_conditions": [reference], "num_frames": given.shape[0], "frame_rate": float(given.rate)}


def cogvideox_fun(given: Conditioning, forget: float) -> Call:
    return {"control_video": pictures(given.control)}


KINDS: dict[str, Kind] = {
    "wan-vace": Kind("WanVACEPipeline", "WanVACETransformer3DModel", 50, 5.0, wan_vace, full_vae=True),
    "wan-v2v": Kind("WanVideoToVideoPipeline", "WanTransformer3DModel", 50, 5.0, wan_v2v, full_vae=True),
    "ltx": Kind("LTXConditionPipeline", "LTXVideoTransformer3DModel", 40, 3.0, ltx),
    "ltx2": Kind("LTX2ConditionPipeline", "LTX2VideoTransformer3DModel", 30, 3.0, ltx2),
    "ltx2-incontext": Kind("LTX2InContextPipeline", "LTX2VideoTransformer3DModel", 30, 3.0, ltx2_incontext),
    "cogvideox-fun": Kind("CogVideoXFunControlPipeline", "CogVideoXTransformer3DModel", 50, 6.0, cogvideox_fun),
}
"""Kinds by the name that the knob `generate.pipeline` takes; the same names as in rules.RULES."""


def pictures(frames: np.ndarray) -> list[Any]:
    """Return frames (n, h, w, 3) within 0..1 as 8-bit pictures, the one form that every pipeline reads alike."""
    from PIL import Image

    codes = np.rint(np.clip(frames, 0, 1) * 255).astype(np.uint8)
    return [Image.fromarray(frame) for frame in codes]
