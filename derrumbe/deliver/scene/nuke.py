"""Nuke scripts: nodes on a stack, their inputs pushed by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

HERE = r"\[file dirname \[value root.name]]"
"""The folder of the script itself, in Tcl, as it stands inside quotes."""


class Raw(str):
    """A knob's value that is written in Nuke's own syntax already."""

    __slots__ = ()


class Script:
    """A script being put together. Nodes are referred to by name."""

    def __init__(self) -> None:
        self.lines = ["#! Nuke -nx", "version 12.0 v1"]
        self.names: set[str] = set()

    def node(self, kind: str, name: str, *inputs: str, at: tuple[float, float], **knobs: object) -> str:
        """Add a node and return its name. inputs: B, A, mask, as Nuke counts them. at: column and row in the graph."""
        if missing := [one for one in inputs if one not in self.names]:
            raise KeyError(f"{name}: no node {missing[0]}")
        self.lines += [f"push $N_{one}" for one in reversed(inputs)]  # the first input is on top of the stack
        x, y = at
        given = {"inputs": len(inputs), **knobs, "name": name, "xpos": round(110 * x), "ypos": round(90 * y)}
        if len(inputs) == 1:
            del given["inputs"]
        self.block(kind, given)
        self.lines.append(f"set N_{name} [stack 0]")
        self.names.add(name)
        return name

    def block(self, kind: str, knobs: dict[str, object]) -> None:
        """Add a block of knobs that takes no part in the graph."""
        self.lines += [f"{kind} {{", *(f" {key} {knob(value)}" for key, value in knobs.items()), "}"]

    def layer(self, name: str, channels: Iterable[str]) -> None:
        """Declare a layer of channels that files may hold."""
        self.lines.append(f"add_layer {{{name} {' '.join(f'{name}.{channel}' for channel in channels)}}}")

    def text(self) -> str:
        return "\n".join(self.lines) + "\n"


def knob(value: object) -> str:
    """Write a knob's value: text in quotes where it has to be, numbers, numbers in braces."""
    if isinstance(value, Raw):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "{" + " ".join(number(one) for one in value) + "}"
    text = str(value)
    if text and all(letter.isalnum() or letter in "._-/" for letter in text):
        return text
    for letter in '\\"[$':
        text = text.replace(letter, "\\" + letter)
    return '"' + text.replace("\n", "\\n") + '"'


def number(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.10g}"


def curves(frames: Sequence[int], columns: Iterable[Sequence[float]]) -> Raw:
    """Write a knob of one or several numbers, each with a key per frame where there is more than one."""
    texts = [[number(float(value)) for value in column] for column in columns]
    if len(frames) == 1:
        values = [column[0] for column in texts]
        return Raw(values[0] if len(values) == 1 else "{" + " ".join(values) + "}")
    keys = (" ".join(f"x{frame} {value}" for frame, value in zip(frames, column, strict=True)) for column in texts)
    return Raw("{" + " ".join(f"{{curve {one}}}" for one in keys) + "}")


def here(path: str) -> Raw:
    """Write a file beside the script; {frame} becomes Nuke's %04d."""
    return Raw(f'"{HERE}/{path.replace("{frame}", "%04d")}"')
