"""GrabCut: Rother, Kolmogorov and Blake, "GrabCut: interactive foreground extraction using iterated graph cuts" (2004), by OpenCV."""

from __future__ import annotations

import cv2
import numpy as np

SEED = 7


def grab_cut(codes: np.ndarray, labels: np.ndarray, rounds: int = 4) -> np.ndarray:
    """Return the thing (h, w) bool that labels (h, w), OpenCV's GC_BGD to GC_PR_FGD, begin with, by the colours of codes (h, w, 3) uint8.

    The same bits every time.
    """
    cut = np.ascontiguousarray(labels, np.uint8).copy()
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.setRNGSeed(SEED)
    cv2.grabCut(np.ascontiguousarray(codes[..., ::-1]), cut, (0, 0, 1, 1), *models, rounds, cv2.GC_INIT_WITH_MASK)
    return np.isin(cut, (cv2.GC_FGD, cv2.GC_PR_FGD))
