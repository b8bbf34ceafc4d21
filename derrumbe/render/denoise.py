"""Noise out of light, with Open Image Denoise (Afra). Same input, same bits, for any number of threads."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np


@lru_cache(maxsize=1)
def _filter() -> Any:
    """Return the one filter of this process; making a second device in a process can abort it."""
    import pyoidn

    device = pyoidn.Device()
    device.set_int("numThreads", 1)
    device.commit()
    made = pyoidn.Filter(device, pyoidn.OIDN_FILTER_TYPE_RT)
    made.set_bool("hdr", True)
    made.set_quality(pyoidn.OIDN_QUALITY_FAST)
    return device, made


def denoised(light: np.ndarray, albedo: np.ndarray, normal: np.ndarray) -> np.ndarray:
    """Return `light` (h,w,3) float32 without noise, guided by albedo (0..1) and unit normals of the same shape."""
    import pyoidn

    device, made = _filter()
    images = [np.ascontiguousarray(image, np.float32) for image in (light, np.clip(albedo, 0, 1), normal)]
    out = np.zeros_like(images[0])
    for name, image in zip(("color", "albedo", "normal", "output"), (*images, out), strict=True):
        made.set_image(name, image, pyoidn.OIDN_FORMAT_FLOAT3)
    made.commit()
    made.execute()
    fault = device.get_error()
    if fault:
        from derrumbe.core.errors import DerrumbeError

        raise DerrumbeError(f"Open Image Denoise: {fault}; set render.denoise=false to go on without it")
    return np.maximum(out, 0)


def filled(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return (h,w,3) values with unknown pixels taken from known ones nearby, so that edges of coverage are no edges of light."""
    import cv2

    out = np.where(known[..., None], values, 0).astype(np.float32)
    if not known.any():
        return out
    out[~known] = out[known].mean(0)
    for reach in (31, 5):
        weight = cv2.blur(known.astype(np.float32), (reach, reach))
        near = cv2.blur(np.where(known[..., None], values, 0).astype(np.float32), (reach, reach))
        usable = ~known & (weight > 1e-6)
        out[usable] = near[usable] / weight[usable][:, None]
    return out
