"""From words to knobs.

Takes   a sentence in English, Spanish or French, `--set` overrides, or a saved shot file.
Gives   a `ShotSpec` with every knob resolved, and the words that were not understood.
Units   each knob's own, see `knob_table()`.
Fails   with BadBrief on an unknown knob, a value of the wrong type or out of range, or a shot file that can't be read.
        A sentence never fails: what it can't place is listed in `Understanding.not_understood`.
"""

from derrumbe.brief.addresses import KnobRow, knob_table
from derrumbe.brief.overrides import apply_settings
from derrumbe.brief.preview import preview_of
from derrumbe.brief.reader import Understanding, Understood, read_brief
from derrumbe.brief.recipes import Recipe, recipe, recipes
from derrumbe.brief.shotfile import ShotFile, shot_from_toml, shot_to_toml

__all__ = [
    "KnobRow",
    "Recipe",
    "ShotFile",
    "Understanding",
    "Understood",
    "apply_settings",
    "knob_table",
    "preview_of",
    "read_brief",
    "recipe",
    "recipes",
    "shot_from_toml",
    "shot_to_toml",
]
