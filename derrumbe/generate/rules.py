"""Sizes, lengths and abilities of video models, as data."""

from __future__ import annotations

from dataclasses import dataclass, replace

from derrumbe.generate.windows import WindowRules


@dataclass(frozen=True)
class ModelRules:
    """What a model takes.

    window: lengths and overlap; its size_multiple and most_pixels are the picture's. rate: frames per second that it was trained at,
    None for any. takes_mask: it keeps what the mask says; else it re-makes the whole picture. takes_references: it looks at pictures.
    strength: how much of the physical comp SDEdit forgets, unless the artist says; None when the model takes no start picture.
    """

    window: WindowRules
    rate: float | None = None
    takes_mask: bool = False
    takes_references: bool = False
    strength: float | None = None

    def with_window(self, longest: int | None, overlap: int | None, most_pixels: int | None) -> ModelRules:
        """Return rules with the artist's own window where one is given. Raises DerrumbeError when they make no sense."""
        given = {"longest": longest, "overlap": overlap, "most_pixels": most_pixels}
        return replace(self, window=replace(self.window, **{name: value for name, value in given.items() if value is not None}))


RULES: dict[str, ModelRules] = {
    "wan-vace": ModelRules(
        WindowRules(longest=81, overlap=13, step=4, offset=1, size_multiple=16, most_pixels=832 * 480),
        rate=16,
        takes_mask=True,
        takes_references=True,
    ),
    "wan-v2v": ModelRules(
        WindowRules(longest=81, overlap=13, step=4, offset=1, size_multiple=16, most_pixels=832 * 480), rate=16, strength=0.45
    ),
    "ltx": ModelRules(
        WindowRules(longest=121, overlap=17, step=8, offset=1, size_multiple=32, most_pixels=1216 * 704), rate=24, strength=0.45
    ),
    "ltx2": ModelRules(
        WindowRules(longest=121, overlap=17, step=8, offset=1, size_multiple=32, most_pixels=1280 * 704), rate=24, strength=0.45
    ),
    "ltx2-incontext": ModelRules(WindowRules(longest=121, overlap=17, step=8, offset=1, size_multiple=32, most_pixels=1280 * 704), rate=24),
    "cogvideox-fun": ModelRules(WindowRules(longest=49, overlap=9, step=8, offset=1, size_multiple=16, most_pixels=720 * 480), rate=8),
}
"""Rules by the name that the knob `generate.pipeline` takes. most_pixels is what the model was trained on; raise it with generate.pixels."""
