"""Look at this machine: what Derrumbe needs, what it may use, what is missing and how to get it."""

from __future__ import annotations

import importlib
import importlib.util
import os
import platform
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from derrumbe.core.kernels import VARIABLE

Finding = tuple[str, bool, str]
"""What was looked at, whether it is well, what was found or what to do."""

NEEDED = {
    "numpy": "numpy",
    "scipy": "scipy",
    "pydantic": "pydantic",
    "numba": "numba",
    "cv2": "opencv-python-headless",
    "OpenImageIO": "OpenImageIO",
    "PyOpenColorIO": "opencolorio",
    "av": "av",
    "rapier3d": "rapier3d",
    "manifold3d": "manifold3d",
    "embreex": "embreex",
    "pyoidn": "pyoidn",
    "patchmatch": "pypatchmatch",
    "pxr": "usd-core",
    "pymatting": "pymatting",
    "psutil": "psutil",
    "tomli_w": "tomli-w",
}
OPTIONAL = {
    "sklearn": ("the demo's photograph", "pip install 'derrumbe[demo]'"),
    "mitsuba": ("the reference renderer of benchmarks/dust_reference.py", "pip install 'derrumbe[reference]'"),
    "diffusers": ("big video models in this process (docs/big-models.md)", "pip install 'derrumbe[diffusers]'"),
    "websockets": ("big video models through ComfyUI", "pip install 'derrumbe[comfy]'"),
}


def examine() -> int:
    """Print findings; return 0 when everything needed is there, 2 otherwise."""
    findings = [_python(), *map(_package, NEEDED), _movies(), _colour(), _rays(), _denoiser(), _memory(), _disk(), _numba_cache()]
    for what, well, says in findings:
        print(f"{'ok     ' if well else 'MISSING'} {what}: {says}")
    for name, (purpose, how) in OPTIONAL.items():
        there = importlib.util.find_spec(name) is not None
        print(f"{'ok     ' if there else 'without'} {name}: {purpose}{'' if there else f'; {how}'}")
    print(f"        {os.cpu_count()} cores, {platform.platform()}")
    return 0 if all(well for _, well, _ in findings) else 2


def _python() -> Finding:
    return "python", sys.version_info >= (3, 11), f"{platform.python_version()}; 3.11 or newer is needed"


def _package(module: str) -> Finding:
    try:
        found = importlib.import_module(module)
    except Exception as error:  # a broken wheel can raise anything
        return module, False, f"{error.__class__.__name__}: {error}; pip install {NEEDED[module]}"
    return module, True, str(getattr(found, "__version__", "there"))


def _tried(what: str, attempt: Callable[[], str], remedy: str) -> Finding:
    try:
        return what, True, attempt()
    except Exception as error:
        return what, False, f"{error.__class__.__name__}: {error}; {remedy}"


def _movies() -> Finding:
    def attempt() -> str:
        import av

        for name in ("libx264", "prores_ks", "dnxhd"):
            av.codec.Codec(name, "w")
        return "H.264, ProRes and DNxHR"

    return _tried("movies", attempt, "pip install --force-reinstall av (its wheel carries the codecs)")


def _colour() -> Finding:
    def attempt() -> str:
        import PyOpenColorIO as ocio

        return ocio.Config.CreateFromBuiltinConfig("cg-config-latest").getName()

    return _tried("colour", attempt, "pip install --upgrade opencolorio")


def _rays() -> Finding:
    def attempt() -> str:
        import numpy as np
        from embreex.mesh_construction import TriangleMesh
        from embreex.rtcore_scene import EmbreeScene

        scene = EmbreeScene()
        TriangleMesh(scene, np.array([[[0, 0, 1], [1, 0, 1], [0, 1, 1]]], np.float32))
        hit = scene.run(np.array([[0.2, 0.2, 0]], np.float32), np.array([[0, 0, 1]], np.float32))
        if hit[0] != 0:
            raise RuntimeError("a ray through a triangle misses it")
        return "Embree traces"

    return _tried("rays", attempt, "pip install --force-reinstall embreex")


def _denoiser() -> Finding:
    def attempt() -> str:
        import pyoidn

        device = pyoidn.Device(pyoidn.OIDN_DEVICE_TYPE_CPU)
        device.commit()
        return "Open Image Denoise starts"

    return _tried("denoiser", attempt, "pip install --force-reinstall pyoidn; or --set render.denoise=false")


def _memory() -> Finding:
    import psutil

    available = psutil.virtual_memory().available / 2**30
    return "memory", available > 3, f"{available:.1f} GiB free; a 1080p shot takes up to 6, a preview 2"


def _disk() -> Finding:
    free = shutil.disk_usage(Path.cwd()).free / 1e9
    return "disk", free > 5, f"{free:.0f} GB free here; a 1080p shot of 120 frames takes up to 15"


def _numba_cache() -> Finding:
    folder = Path(os.environ[VARIABLE])
    writable = os.access(next(one for one in (folder, *folder.parents) if one.exists()), os.W_OK)
    return (
        "compiled kernels",
        True,
        f"kept in {folder}" if writable else f"{folder} can't be written, so kernels compile anew each run; set {VARIABLE}",
    )
