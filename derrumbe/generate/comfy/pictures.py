"""Pictures as files for a ComfyUI server: PNG, 16 bits for colour, 8 for masks."""

from __future__ import annotations

import cv2
import numpy as np

from derrumbe.core.errors import DerrumbeError

FAST = (cv2.IMWRITE_PNG_COMPRESSION, 1)


def png_of_picture(picture: np.ndarray) -> bytes:
    """Encode (h, w, 3) display codes 0..1 as 16-bit RGB."""
    return _png(np.rint(np.clip(picture, 0, 1) * 65535).astype(np.uint16)[..., ::-1])


def png_of_mask(mask: np.ndarray) -> bytes:
    """Encode (h, w) 0..1 as 8-bit RGB. Grey and 16-bit masks are read wrongly by some versions of Pillow, which older servers use."""
    return _png(np.repeat(np.rint(np.clip(mask, 0, 1) * 255).astype(np.uint8)[..., None], 3, axis=-1))


def picture_of(data: bytes, where: str) -> np.ndarray:
    """Decode a picture of 8 or 16 bits as (h, w, 3) float32, 0..1. Raises DerrumbeError for anything else."""
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED) if data else None
    if pixels is None or pixels.dtype not in (np.uint8, np.uint16):
        raise DerrumbeError(f"{where}: not a picture of 8 or 16 bits; let the node titled derrumbe:output save PNG")
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[..., None], 3, axis=-1)
    largest = 255 if pixels.dtype == np.uint8 else 65535
    return np.asarray(pixels[..., 2::-1] / np.float32(largest), np.float32)


def is_cut_off(data: bytes) -> bool:
    """Tell whether a PNG file ends before its end: decoders fill such pictures up with black and say nothing."""
    return data.startswith(b"\x89PNG") and b"IEND" not in data[-16:]


def _png(pixels: np.ndarray) -> bytes:
    done, data = cv2.imencode(".png", np.ascontiguousarray(pixels), FAST)
    if not done:
        raise DerrumbeError(f"can't encode a picture of shape {pixels.shape} as PNG")
    return data.tobytes()
