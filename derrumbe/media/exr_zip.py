"""Scanline EXR files of many channels, half and float mixed, ZIP-compressed (OpenEXR file layout, 2013; single part).

For dozens of channels the general library spends most of its time on turning pixels into bytes and back. Here each channel is a plane, and
rows that are all alike in every channel are packed once.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numba as nb
import numpy as np

MAGIC = b"\x76\x2f\x31\x01\x02\x00\x00\x00"
CHUNK = 16
"""Rows that are compressed together."""
ZIP = 3
HALF, FLOAT = 1, 2
LEVEL = 1
KEPT = 4
"""Chunks that a reader keeps unpacked."""

Fill = Callable[[np.ndarray, int], None]
"""Fills blank planes (channels,rows,w) float32 that start at row `top`."""


def write_planes(
    file: BinaryIO, width: int, height: int, channels: Sequence[str], full: Sequence[str], blank: Sequence[float], fill: Fill
) -> None:
    """Write a picture whose `channels` are half, those in `full` float, and hold the values `blank` until `fill` changes them."""
    order = sorted(range(len(channels)), key=channels.__getitem__)
    kinds = [FLOAT if channels[index] in full else HALF for index in order]
    file.write(_header(width, height, [channels[index] for index in order], kinds))
    table = file.tell()
    offsets = np.zeros(-(-height // CHUNK), np.uint64)
    file.write(offsets.tobytes())
    packed = _Packer(np.array(order), np.array(kinds), np.asarray(blank, np.float32), width)
    planes = np.empty((len(channels), CHUNK, width), np.float32)
    for index, top in enumerate(range(0, height, CHUNK)):
        part = planes[:, : min(CHUNK, height - top)]
        part[:] = packed.blank[:, None, None]
        fill(part, top)
        data = packed(part)
        offsets[index] = file.tell()
        file.write(struct.pack("<ii", top, len(data)))
        file.write(data)
    file.seek(table)
    file.write(offsets.tobytes())


@dataclass
class _Packer:
    """Packs chunks of rows. Blank ones are packed once."""

    order: np.ndarray
    kinds: np.ndarray
    blank: np.ndarray
    width: int

    def __post_init__(self) -> None:
        self._known: dict[int, bytes] = {}

    def __call__(self, planes: np.ndarray) -> bytes:
        rows = planes.shape[1]
        bare = all(_constant(plane, value) for plane, value in zip(planes, self.blank, strict=True))
        if bare and rows in self._known:
            return self._known[rows]
        raw = np.empty(rows * self.width * int((2 * self.kinds).sum()), np.uint8)
        _interleave(planes.view(np.uint32), self.order, self.kinds, raw)
        data = zlib.compress(raw.data, LEVEL)
        if len(data) >= len(raw):
            # what does not shrink is stored as it is
            data = _undone(raw).reshape(2, -1).T.tobytes()
        if bare:
            self._known[rows] = data
        return data


class ZipReader:
    """Reads what `write_planes` writes. Raises ValueError for another kind of file, or a broken one.

    full: a channel asked for is stored as float; mixed: the file holds both kinds.
    """

    def __init__(self, path: Path, channels: Sequence[str]) -> None:
        self._file = path.open("rb")
        try:
            names, kinds, self.width, self.height = _read_header(self._file)
            pairs = np.concatenate([[0], np.cumsum(kinds)])
            where = [names.index(name) for name in channels]
            self._first, self._kinds, self._pairs = pairs[where], np.array(kinds)[where], int(pairs[-1])
            self._offsets = np.fromfile(self._file, np.uint64, -(-self.height // CHUNK))
            self.full: bool = bool((self._kinds == FLOAT).any())
            self.mixed: bool = len(set(kinds)) > 1
        except BaseException:
            self._file.close()
            raise
        self._known: dict[bytes, np.ndarray] = {}

    def close(self) -> None:
        self._file.close()

    def read(self, top: int, bottom: int, floats: bool) -> np.ndarray:
        """Return rows top..bottom (bottom excluded) as (rows,w,c): float32, or the bits of halves as uint16."""
        out = np.empty((bottom - top, self.width, len(self._first)), np.float32 if floats else np.uint16)
        for index in range(top // CHUNK, (bottom - 1) // CHUNK + 1):
            start = index * CHUNK
            raw = self._raw(index, min(CHUNK, self.height - start))
            low, high = max(top, start), min(bottom, start + CHUNK)
            part = out[low - top : high - top]
            (_floats if floats else _halves)(
                raw, self._pairs, self._first, self._kinds, low - start, part.view(np.uint32) if floats else part
            )
        return out

    def _raw(self, index: int, rows: int) -> np.ndarray:
        """Return the bytes of a chunk, even ones first."""
        self._file.seek(int(self._offsets[index]))
        size = struct.unpack("<ii", self._file.read(8))[1]
        data = self._file.read(size)
        if data not in self._known:
            # bands overlap, and blank chunks are all alike
            if len(self._known) == KEPT:
                del self._known[next(iter(self._known))]
            self._known[data] = _bytes_of(data, 2 * rows * self.width * self._pairs)
        return self._known[data]


def _bytes_of(data: bytes, count: int) -> np.ndarray:
    """Return the `count` bytes (uint8) of a chunk, even ones first."""
    if len(data) == count:
        return np.ascontiguousarray(np.frombuffer(data, np.uint8).reshape(-1, 2).T).reshape(-1)
    try:
        raw = _undone(np.frombuffer(zlib.decompress(data), np.uint8))
    except zlib.error as error:
        raise ValueError("a chunk that is broken") from error
    if len(raw) != count:
        raise ValueError("a chunk of the wrong size")
    return raw


@nb.njit(cache=True)
def _undone(data):  # type: ignore[no-untyped-def]
    """Return the bytes (n,) whose differences were stored."""
    out = np.empty_like(data)
    last = np.uint8(128)
    for i in range(data.shape[0]):
        last = np.uint8(last + data[i] - 128)
        out[i] = last
    return out


@nb.njit(cache=True)
def _halves(raw, pairs, first, kinds, skip, out):  # type: ignore[no-untyped-def]
    middle = raw.shape[0] // 2
    width = out.shape[1]
    for y in range(out.shape[0]):
        for c in range(first.shape[0]):
            k = ((y + skip) * pairs + first[c]) * width
            old, half = np.uint32(0), np.uint16(0)
            for x in range(width):
                if kinds[c] == HALF:
                    out[y, x, c] = np.uint16(raw[k + x]) | (np.uint16(raw[middle + k + x]) << 8)
                else:
                    bits = _word(raw, middle, k + 2 * x)
                    if bits != old:
                        old, half = bits, _half(bits)
                    out[y, x, c] = half


@nb.njit(cache=True)
def _floats(raw, pairs, first, kinds, skip, out):  # type: ignore[no-untyped-def]
    middle = raw.shape[0] // 2
    width = out.shape[1]
    for y in range(out.shape[0]):
        for c in range(first.shape[0]):
            k = ((y + skip) * pairs + first[c]) * width
            for x in range(width):
                if kinds[c] == HALF:
                    out[y, x, c] = _single(np.uint16(raw[k + x]) | (np.uint16(raw[middle + k + x]) << 8))
                else:
                    out[y, x, c] = _word(raw, middle, k + 2 * x)


@nb.njit(cache=True, inline="always")
def _word(raw, middle, k):  # type: ignore[no-untyped-def]
    low = np.uint32(raw[k]) | (np.uint32(raw[middle + k]) << 8)
    return np.uint32(low | (np.uint32(raw[k + 1]) << 16) | (np.uint32(raw[middle + k + 1]) << 24))


@nb.njit(cache=True, inline="always")
def _single(half):  # type: ignore[no-untyped-def]
    """Return the float's bits (uint32) of a half's (uint16)."""
    sign = (np.uint32(half) & np.uint32(0x8000)) << np.uint32(16)
    rest = np.uint32(half) & np.uint32(0x7FFF)
    if rest >= np.uint32(0x7C00):
        return np.uint32(sign | np.uint32(0x7F800000) | ((rest & np.uint32(0x3FF)) << np.uint32(13)))
    if rest >= np.uint32(0x400):
        return np.uint32(sign | ((rest << np.uint32(13)) + np.uint32(0x38000000)))
    if rest == 0:
        return np.uint32(sign)
    exponent = np.uint32(113)
    while rest < np.uint32(0x400):
        rest <<= np.uint32(1)
        exponent -= np.uint32(1)
    return np.uint32(sign | (exponent << np.uint32(23)) | ((rest & np.uint32(0x3FF)) << np.uint32(13)))


@nb.njit(cache=True)
def _constant(plane, value):  # type: ignore[no-untyped-def]
    for y in range(plane.shape[0]):
        for x in range(plane.shape[1]):
            if plane[y, x] != value:
                return False
    return True


@nb.njit(cache=True, inline="always")
def _half(bits):  # type: ignore[no-untyped-def]
    """Return the half (uint16) nearest to a float's bits (uint32), ties to even; what is too large becomes infinite."""
    sign = (bits >> np.uint32(16)) & np.uint32(0x8000)
    bits &= np.uint32(0x7FFFFFFF)
    if bits >= np.uint32(0x47800000):
        return np.uint16(sign | (np.uint32(0x7E00) if bits > np.uint32(0x7F800000) else np.uint32(0x7C00)))
    if bits < np.uint32(0x33000001):
        return np.uint16(sign)
    if bits < np.uint32(0x38800000):
        shift = np.uint32(126) - (bits >> np.uint32(23))
        whole = (bits & np.uint32(0x7FFFFF)) | np.uint32(0x800000)
        rest = whole & ((np.uint32(1) << shift) - np.uint32(1))
        whole >>= shift
        middle = np.uint32(1) << (shift - np.uint32(1))
        return np.uint16(sign | (whole + np.uint32(rest > middle or (rest == middle and (whole & np.uint32(1)) == 1))))
    bits += np.uint32(0xFFF) + ((bits >> np.uint32(13)) & np.uint32(1))
    return np.uint16(sign | ((bits - np.uint32(0x38000000)) >> np.uint32(13)))


@nb.njit(cache=True)
def _interleave(planes, order, kinds, out):  # type: ignore[no-untyped-def]
    """Fill `out` with rows of channels; even bytes first, then odd ones, each as its difference from the one before."""
    middle = (out.shape[0] + 1) // 2
    k = 0
    low = high = np.uint8(0)
    old, half = np.uint32(0), np.uint16(0)
    for y in range(planes.shape[1]):
        for c in range(order.shape[0]):
            row = planes[order[c], y]
            for x in range(row.shape[0]):
                bits = row[x]
                if kinds[c] == FLOAT:
                    a, b = np.uint16(bits & np.uint32(0xFFFF)), np.uint16(bits >> np.uint32(16))
                    one, two = np.uint8(a & 0xFF), np.uint8(a >> 8)
                    out[k], out[middle + k] = np.uint8(one - low + 128), np.uint8(two - high + 128)
                    low, high = np.uint8(b & 0xFF), np.uint8(b >> 8)
                    out[k + 1], out[middle + k + 1] = np.uint8(low - one + 128), np.uint8(high - two + 128)
                    k += 2
                    continue
                if bits != old:
                    old, half = bits, _half(bits)
                one, two = np.uint8(half & 0xFF), np.uint8(half >> 8)
                out[k], out[middle + k] = np.uint8(one - low + 128), np.uint8(two - high + 128)
                low, high = one, two
                k += 1
    # the first byte stands for itself, and the odd bytes follow the even ones
    first = np.uint8(out[0] - 128)
    out[middle] = np.uint8(out[middle] - low)
    out[0] = first


def _header(width: int, height: int, channels: Sequence[str], kinds: Sequence[int]) -> bytes:
    listed = b"".join(name.encode() + b"\0" + struct.pack("<iBxxxii", kind, 0, 1, 1) for name, kind in zip(channels, kinds, strict=True))
    box = struct.pack("<4i", 0, 0, width - 1, height - 1)
    attributes = (
        ("channels", "chlist", listed + b"\0"), ("compression", "compression", bytes([ZIP])), ("dataWindow", "box2i", box),
        ("displayWindow", "box2i", box), ("lineOrder", "lineOrder", b"\0"), ("pixelAspectRatio", "float", struct.pack("<f", 1)),
        ("screenWindowCenter", "v2f", struct.pack("<2f", 0, 0)), ("screenWindowWidth", "float", struct.pack("<f", 1)),
    )  # fmt: skip
    body = b"".join(f"{name}\0{kind}\0".encode() + struct.pack("<i", len(value)) + value for name, kind, value in attributes)
    return MAGIC + body + b"\0"


def _read_header(file: BinaryIO) -> tuple[list[str], list[int], int, int]:
    """Return names and kinds of channels in file order, width and height; leaves the file at the offset table."""
    if file.read(8) != MAGIC:
        raise ValueError("not a single-part scanline EXR")
    found: dict[str, bytes] = {}
    while name := _text(file):
        _text(file)
        found[name] = file.read(struct.unpack("<i", file.read(4))[0])
    x0, y0, x1, y1 = struct.unpack("<4i", found["dataWindow"])
    names, kinds, listed = [], [], found["channels"]
    while listed[0]:
        label, listed = listed.split(b"\0", 1)
        kind, _, across, down = struct.unpack("<iIii", listed[:16])
        if kind not in (HALF, FLOAT) or (across, down) != (1, 1):
            raise ValueError("a kind of channel that isn't read here")
        names.append(label.decode())
        kinds.append(kind)
        listed = listed[16:]
    if found["compression"][0] != ZIP or found["lineOrder"][0] or (x0, y0) != (0, 0):
        raise ValueError("a layout that isn't read here")
    return names, kinds, x1 + 1, y1 + 1


def _text(file: BinaryIO) -> str:
    letters = iter(lambda: file.read(1), b"\0")
    return b"".join(letters).decode()
