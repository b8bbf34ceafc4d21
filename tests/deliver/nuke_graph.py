"""Reads a Nuke script and works it out in numpy, taking Nuke's rules at their word.

Rules relied on: a node takes its inputs from a stack, the first (B) from the top, then A, then the mask. EXR channels R G B A become red,
green, blue, alpha; a lone Y read raw is red. Merge: A over B is A + B (1 - a). Keymix: A where its mask's alpha is 1. Rotation order ZXY
turns about z first. A camera's window is moved by win_translate half widths.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from derrumbe.media.exr import read_exr

Image = dict[str, np.ndarray]
SHORT = {"r": "rgba.red", "g": "rgba.green", "b": "rgba.blue", "a": "rgba.alpha"}
LONG = {"R": "red", "G": "green", "B": "blue", "A": "alpha"}
RGB = ("rgba.red", "rgba.green", "rgba.blue")
SIZE_PER_SIGMA = 2.35
"""Roughly; nothing here may depend on it much."""
FUNCTIONS = {
    "min": np.minimum,
    "max": np.maximum,
    "exp": np.exp,
    "abs": np.abs,
    "clamp": lambda value: np.clip(value, 0, 1),
}


@dataclass(eq=False)
class Node:
    kind: str
    knobs: dict[str, str]
    inputs: list[Node] = field(default_factory=list)

    def __getitem__(self, knob: str) -> str:
        return self.knobs[knob]


class Graph:
    """The nodes of a script by name. Raises AssertionError where the syntax or an input is wrong."""

    def __init__(self, text: str, folder: Path) -> None:
        self.folder = folder
        self.nodes: dict[str, Node] = {}
        self.layers: dict[str, list[str]] = {}
        self.root: dict[str, str] = {}
        self.notes: list[str] = []
        self._stack: list[Node] = []
        self._named: dict[str, Node] = {}
        for kind, body in commands(text):
            self._take(kind, body)

    def _take(self, kind: str, body: str) -> None:
        if kind == "push":
            self._stack.append(self._named[body.removeprefix("$")])
        elif kind == "set":
            name, value = body.split(" ", 1)
            assert value == "[stack 0]"
            self._named[name] = self._stack[-1]
        elif kind == "add_layer":
            layer, *channels = body.strip("{}").split()
            assert all(channel.startswith(f"{layer}.") for channel in channels)
            self.layers[layer] = channels
        elif kind == "Root":
            self.root = knobs(body)
        elif kind == "StickyNote":
            self.notes.append(knobs(body)["label"])
        elif kind != "version":
            node = Node(kind, knobs(body))
            count = int(node.knobs.get("inputs", "1"))
            node.inputs = [self._stack.pop() for _ in range(count)]
            assert node["name"] not in self.nodes
            self.nodes[node["name"]] = node
            self._stack.append(node)

    def image(self, name: str, frame: int) -> Image:
        return self._image(self.nodes[name], frame, {})

    def _image(self, node: Node, frame: int, known: dict[int, Image]) -> Image:
        if id(node) not in known:
            inputs = [self._image(one, frame, known) for one in node.inputs]
            known[id(node)] = getattr(self, f"_{node.kind.lower()}")(node, frame, *inputs)
        return known[id(node)]

    def file(self, node: Node, frame: int) -> Path:
        """The file a node names, its Tcl worked out."""
        text = node["file"]
        here = "[file dirname [value root.name]]/"
        assert text.startswith(here)
        return self.folder / re.sub(r"%04d", f"{frame:04d}", text.removeprefix(here))

    def _read(self, node: Node, frame: int) -> Image:
        assert node["raw"] == "true"
        path = self.file(node, frame)
        pixels, names = read_exr(path), exr_names(path)
        found = {nuke_name(name): pixels[..., index].astype(np.float64) for index, name in enumerate(names)}
        for name in found:
            layer = name.split(".")[0]
            assert layer == "rgba" or name in self.layers[layer], f"{name} isn't declared"
        return found

    def _shuffle(self, node: Node, frame: int, image: Image) -> Image:
        layer = node["in"]
        return {f"rgba.{name.split('.')[1]}": image[name] for name in self.layers[layer]}

    def _copy(self, node: Node, frame: int, b: Image, a: Image) -> Image:
        return {**b, node["to0"]: a[node["from0"]]}

    def _expression(self, node: Node, frame: int, image: Image) -> Image:
        names = {short: image[name] for short, name in SHORT.items() if name in image}
        return self._worked_out(node, image, names, image)

    def _mergeexpression(self, node: Node, frame: int, b: Image, a: Image) -> Image:
        names = {f"{side}{short}": image[name] for side, image in (("A", a), ("B", b)) for short, name in SHORT.items() if name in image}
        return self._worked_out(node, b, names, {})

    def _worked_out(self, node: Node, base: Image, names: dict[str, np.ndarray], layers: Image) -> Image:
        out = dict(base)
        for index, channel in enumerate((*RGB, "rgba.alpha")):
            if text := node.knobs.get(f"expr{index}"):
                out[channel] = evaluated(text, names, layers)
        return out

    def _keymix(self, node: Node, frame: int, b: Image, a: Image, mask: Image) -> Image:
        assert node["channels"] == "rgb"
        alpha = mask["rgba.alpha"]
        return {**b, **{name: np.where(alpha == 0, b[name], b[name] + alpha * (a[name] - b[name])) for name in RGB}}

    def _merge2(self, node: Node, frame: int, b: Image, a: Image) -> Image:
        assert node["output"] == "rgb"
        if node["operation"] == "multiply":
            return {**b, **{name: a[name] * b[name] for name in RGB}}
        if node["operation"] == "plus":
            return {**b, **{name: a[name] + b[name] for name in RGB}}
        assert node["operation"] == "over"
        return {**b, **{name: a[name] + b[name] * (1 - a["rgba.alpha"]) for name in RGB}}

    def _dilate(self, node: Node, frame: int, image: Image) -> Image:
        from scipy.ndimage import maximum_filter, minimum_filter

        size = int(node["size"])
        spread = maximum_filter if size > 0 else minimum_filter
        names = {"rgb": RGB, "alpha": ("rgba.alpha",)}[node["channels"]]
        return {**image, **{name: spread(image[name], 2 * abs(size) + 1, mode="nearest") for name in names}}

    def _blur(self, node: Node, frame: int, image: Image) -> Image:
        from scipy.ndimage import gaussian_filter

        assert node["channels"] == "rgba"
        return {**image, **{name: gaussian_filter(image[name], float(node["size"]) / SIZE_PER_SIGMA) for name in (*RGB, "rgba.alpha")}}

    def _stmap(self, node: Node, frame: int, source: Image, uv: Image) -> Image:
        import cv2

        height, width = source["rgba.red"].shape
        x = (uv["rgba.red"] * width - 0.5).astype(np.float32)
        y = ((1 - uv["rgba.green"]) * height - 0.5).astype(np.float32)
        return {name: cv2.remap(source[name].astype(np.float32), x, y, cv2.INTER_CUBIC) for name in RGB}

    def project(self, name: str, frame: int, world: np.ndarray) -> np.ndarray:
        """Pixels (n, 2), from the top left, in which a camera node sees world points (n, 3)."""
        node = self.nodes[name]
        assert node["rot_order"] == "ZXY"
        width, height = (float(one) for one in self.root["format"].split()[:2])
        x, y, z = np.radians(animated(node["rotate"], frame))
        turn = about(1, y) @ about(0, x) @ about(2, z)
        local = (world - animated(node["translate"], frame)) @ turn
        flat = local[:, :2] / -local[:, 2:] * animated(node["focal"], frame)[0] / (float(node["haperture"]) / 2)
        flat -= animated(node["win_translate"], frame)
        return np.stack([(flat[:, 0] + 1) * width / 2, height / 2 - flat[:, 1] * width / 2], -1)


def commands(text: str) -> list[tuple[str, str]]:
    """Split a script into (command, what follows); braces and quotes must balance."""
    assert text.startswith("#! ")
    found, at = [], text.index("\n") + 1
    while at < len(text):
        end = ending(text, at)
        kind, _, body = text[at:end].partition(" ")
        found.append((kind, body.strip()))
        at = end + 1
    return found


def ending(text: str, start: int) -> int:
    """Where the line that starts at `start` ends, braces and quotes taken together."""
    depth, quoted, at = 0, False, start
    while at < len(text):
        letter = text[at]
        if letter == "\\":
            at += 1
        elif letter == '"':
            quoted = not quoted
        elif not quoted:
            depth += {"{": 1, "}": -1}.get(letter, 0)
            assert depth >= 0
            if letter == "\n" and depth == 0:
                return at
        at += 1
    raise AssertionError("the script ends inside a brace or a quote")


def knobs(body: str) -> dict[str, str]:
    """Read the knobs inside a node's braces, quotes and escapes taken away."""
    assert body.startswith("{\n")
    assert body.endswith("\n}")
    inside, found, at = body[2:-1], {}, 0
    while at < len(inside):
        end = ending(inside, at)
        name, _, value = inside[at:end].strip().partition(" ")
        assert re.fullmatch(r"\w+", name), name
        assert name not in found
        if value.startswith('"'):
            assert value.endswith('"')
            value = re.sub(r"\\(.)", lambda match: "\n" if match[1] == "n" else match[1], value[1:-1])
        found[name] = value
        at = end + 1
    return found


def animated(text: str, frame: int) -> np.ndarray:
    """The numbers of a knob at a frame: plain, or a curve with a key there."""
    parts = re.findall(r"\{curve ([^}]*)\}", text)
    if not parts:
        return np.array([float(one) for one in text.strip("{}").split()])
    return np.array([float(dict(re.findall(r"x(\d+) (\S+)", part))[str(frame)]) for part in parts])


def about(axis: int, angle: float) -> np.ndarray:
    """A rotation matrix about an axis of the world."""
    i, j = (axis + 1) % 3, (axis + 2) % 3
    matrix = np.eye(3)
    matrix[i, i] = matrix[j, j] = np.cos(angle)
    matrix[i, j], matrix[j, i] = -np.sin(angle), np.sin(angle)
    return matrix


def evaluated(text: str, names: dict[str, np.ndarray], layers: Image) -> np.ndarray:
    """Work out an expression: channels by their short names, other layers' as layer.channel."""
    given = dict(names)

    def stand_in(match: re.Match[str]) -> str:
        name = match[0].replace(".", "__")
        given[name] = layers[match[0]]
        return name

    source = re.sub(r"\b[a-z_]+\.[A-Za-z]+\b", stand_in, text)
    with np.errstate(over="ignore"):
        return np.asarray(eval(source, {"__builtins__": {}}, {**FUNCTIONS, **given}), np.float64)


def nuke_name(name: str) -> str:
    """What Nuke's EXR reader calls a channel."""
    if "." in name:
        layer, channel = name.split(".")
        return f"{layer}.{LONG.get(channel, channel)}"
    return "rgba.red" if name == "Y" else f"rgba.{LONG[name]}"


def exr_names(path: Path) -> list[str]:
    import OpenImageIO as oiio

    source = oiio.ImageInput.open(str(path))
    names = list(source.spec().channelnames)
    source.close()
    return names
