"""The demo: a photograph that a pip package carries, an outline, a brief."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from derrumbe.core.errors import BadInput
from derrumbe.pipeline.prepare import Request

OUTLINE = Path(__file__).with_name("china.outline.json")
BRIEF = "41 m tall, collapses progressively from the ground floor at frame 1009, dust rolling to the right"


def photograph() -> Path:
    """Return the path of china.jpg in scikit-learn. Raises BadInput when it isn't installed."""
    spec = importlib.util.find_spec("sklearn")  # found, not imported: importing takes seconds
    if spec is None or not spec.submodule_search_locations:
        raise BadInput("demo: its photograph comes with scikit-learn, which isn't installed; pip install 'derrumbe[demo]'")
    return Path(spec.submodule_search_locations[0]) / "datasets" / "images" / "china.jpg"


def request_for(out: Path, preview: bool) -> Request:
    """Return the demo's request."""
    return Request(str(photograph()), str(OUTLINE), BRIEF, out, frames="1001-1144", preview=preview)
