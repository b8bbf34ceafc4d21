"""A model's folder, looked at without torch: what kind it is, how big, whose, and its digest. And the one place that may fetch one."""

from __future__ import annotations

import hashlib
import json
import os
import re
import struct
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from derrumbe.core.errors import BadInput

INDEX = "model_index.json"
BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "F8_E4M3": 1, "F8_E5M2": 1, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}
PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl")
FETCHED = ("*.json", "*.safetensors", "*.model", "*.txt", "*.md", "LICENSE*", "*.jinja")
"""What is fetched of a model: never code, never pickles."""
HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")


@dataclass(frozen=True)
class ModelFolder:
    """A folder as diffusers' save_pretrained writes it."""

    folder: Path

    @cached_property
    def index(self) -> dict[str, Any]:
        """Part → [library, class]. Raises BadInput."""
        path = self.folder / INDEX
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise BadInput(
                f"generate.model={self.folder}: no readable {INDEX} in it; give the folder of a model in diffusers' layout "
                "(on the Hugging Face Hub its name often ends in -diffusers)"
            ) from error

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the parts that have weights or files."""
        return tuple(name for name, kind in self.index.items() if isinstance(kind, list) and kind[0] and (self.folder / name).is_dir())

    def class_of(self, part: str) -> str:
        kind = self.index.get(part)
        return str(kind[1]) if isinstance(kind, list) and kind[1] else ""

    def parameters(self, part: str) -> int:
        """Number of weights of a part, from the safetensors headers."""
        return sum(_count(path) for path in sorted((self.folder / part).glob("*.safetensors")))

    def refuse_pickles(self) -> None:
        """Raise BadInput when a part has weights that aren't safetensors: such files can run code."""
        for part in self.parts:
            folder = self.folder / part
            pickled = sorted(path.name for path in folder.iterdir() if path.suffix in PICKLES)
            if pickled and not any(folder.glob("*.safetensors")):
                raise BadInput(
                    f"{folder / pickled[0]}: weights that can run code are refused; give a model with safetensors, or convert it with save_pretrained"
                )

    def files(self) -> list[Path]:
        """Everything that decides pictures, in a fixed order."""
        wanted = (".safetensors", ".json", ".model", ".txt", ".jinja")
        return sorted(path for path in self.folder.rglob("*") if path.suffix in wanted and ".cache" not in path.parts and path.is_file())

    def identity(self) -> str:
        """Return a quick digest: names and sizes, contents of small files, times of big ones."""
        told = hashlib.blake2b(digest_size=16)
        for path in self.files():
            found = path.stat()
            told.update(f"{path.relative_to(self.folder)} {found.st_size} ".encode())
            told.update(str(found.st_mtime_ns).encode() if path.suffix == ".safetensors" else path.read_bytes())
        return told.hexdigest()

    def digest(self) -> str:
        """Return the BLAKE2 digest of all files' names and contents. Reads every weight: some seconds per 10 GB."""
        told = hashlib.blake2b(digest_size=32)
        for path in self.files():
            told.update(f"{path.relative_to(self.folder).as_posix()}\0{path.stat().st_size}\0".encode())
            with path.open("rb") as handle:
                while block := handle.read(1 << 22):
                    told.update(block)
        return f"blake2b-256:{told.hexdigest()}"

    def licence(self) -> str:
        """Return what the folder itself states: its README's licence field, else the title of its licence file."""
        readme = self.folder / "README.md"
        if readme.is_file():
            text = readme.read_text(encoding="utf-8", errors="replace")
            head = text.split("---")[1] if text.startswith("---") and text.count("---") > 1 else ""
            stated = re.findall(r"^license(?:_name|_link)?:\s*(.+)$", head, re.MULTILINE)
            if stated:
                return ", ".join(one.strip().strip("'\"") for one in stated)
        for path in sorted(self.folder.glob("LICEN[SC]E*")):
            lines = (line.strip() for line in path.read_text(encoding="utf-8", errors="replace").splitlines())
            return f"{path.name}: {next(filter(None, lines), 'empty')}"
        return str(self.index.get("license", "not stated in the model's folder"))


def found(model: str) -> ModelFolder | None:
    """Return the folder that `model` names, or None when it names no folder here."""
    path = Path(model).expanduser()
    return ModelFolder(path.resolve()) if path.is_dir() else None


def is_hub_id(model: str) -> bool:
    return bool(HUB_ID.fullmatch(model))


def offline() -> bool:
    """Return whether the environment forbids the network (HF_HUB_OFFLINE)."""
    return os.environ.get("HF_HUB_OFFLINE", "").lower() in ("1", "true", "yes", "on")


def cached(model: str) -> ModelFolder | None:
    """Return an earlier fetched model of that id. No network."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        folder = ModelFolder(Path(snapshot_download(model, local_files_only=True, allow_patterns=list(FETCHED))))
    except (LocalEntryNotFoundError, OSError):
        return None
    return folder if (folder.folder / INDEX).is_file() else None


def fetched(model: str) -> ModelFolder:
    """Return a model by its id, from the cache or, unless HF_HUB_OFFLINE says no, from the hub. Raises BadInput."""
    from huggingface_hub import snapshot_download

    if offline():
        known = cached(model)
        if known is None:
            raise BadInput(f"generate.model={model}: not in this machine's cache, and HF_HUB_OFFLINE forbids fetching it; give a folder")
        return known
    try:
        return ModelFolder(Path(snapshot_download(model, allow_patterns=list(FETCHED))))
    except Exception as error:
        raise BadInput(
            f"generate.model={model}: can't fetch it ({error.__class__.__name__}: {_line(error)}); give a local folder"
        ) from error


def _line(error: Exception) -> str:
    return (str(error).strip().splitlines() or ["no reason given"])[0][:200]


def _count(path: Path) -> int:
    with path.open("rb") as handle:
        (length,) = struct.unpack("<Q", handle.read(8))
        header = json.loads(handle.read(length))
    total = 0
    for name, tensor in header.items():
        if name != "__metadata__":
            first, last = tensor["data_offsets"]
            total += (last - first) // BYTES.get(tensor["dtype"], 4)
    return total
